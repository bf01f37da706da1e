"""The figures of one substep's rule, by the names of `scene.pseudocode.FIGURES`: from the sampler's own plan and the SDE's closed forms."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from scoreviz.engine.plan import Plan
from scoreviz.maths.inpainting import Inpainting
from scoreviz.maths.pc import PredictorCorrectorSampler
from scoreviz.maths.sampling import Info, Sampler, Stage, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.solvers.edm import EDMSampler
from scoreviz.maths.solvers.levels import LevelSampler
from scoreviz.maths.solvers.ode import EulerSampler
from scoreviz.scene.control import ByClass
from scoreviz.scene.samplers import EulerMaruyama

Figures = dict[str, float]


def figures_of(plan: Plan, sampler: Sampler, substep: Substep, info: Info) -> Figures:
    """All that is known of this substep."""
    inner = sampler.sampler if isinstance(sampler, Inpainting) else sampler
    found = _times(plan.sde, substep) | _lengths(info) | _settings(plan)
    match inner:
        case PredictorCorrectorSampler():
            found |= _of_levels(inner, substep, isinstance(getattr(plan.scene.sampler, "predictor", None), EulerMaruyama))
        case LevelSampler():
            found |= _of_solver(inner, substep, found)
        case _:
            found |= _of_plan(plan, inner, substep, found)
    if info.step_size is not None:
        found["eps"] = float(info.step_size.mean())
        found["alpha_i"] = found["eps"] * (2.0 if getattr(plan.scene.sampler, "convention", "code") == "paper" else 1.0)
        found["alpha_step"] = 2.0 * found["eps"]
    if substep.stage is Stage.CORRECT and "eps" in found and info.noise is not None:
        found["|z|"] = _drawn(info, found)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def start_figures(plan: Plan) -> Figures:
    """Of the first points: the prior, or the data where the run begins there."""
    upwards = plan.scene.sampler.AXIS == "forward"
    t = 0.0 if upwards else 1.0
    found = _times(plan.sde, Substep(0, Stage.PREDICT, t, t)) | {"prior": plan.sde.prior_std()} | _settings(plan)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _times(sde: SDE, substep: Substep) -> Figures:
    """The SDE's closed forms at both ends; at t = 0 the data themselves may be meant, so the samplers' own levels go before these."""
    t, s = substep.t, substep.s
    found = {"t": t, "t1": s}
    for end, mark in ((t, ""), (s, "1")):
        a, std = float(sde.mean_coefficient(end)), float(sde.std(end))
        found |= {f"a{mark}": a, f"abar{mark}": a * a, f"std{mark}": std, f"sigma{mark}": std / a}
    f, g = float(sde.drift_coefficient(t)), float(sde.diffusion(t))
    return found | {"f": f, "g2": g * g}


def _lengths(info: Info) -> Figures:
    """Mean lengths over all particles; a substep without noise has a noise of length 0."""
    parts: dict[str, Tensor | None] = {"|s|": info.score, "|drift|": info.drift, "|noise|": info.noise, "|x0|": info.x0}
    found = {name: float(_lengths_of(value).mean()) for name, value in parts.items() if value is not None}
    found.setdefault("|noise|", 0.0)
    if info.accepted is not None:
        found["accepted"] = float(info.accepted.double().mean())
    return found


def _lengths_of(x: Tensor) -> Tensor:
    return x.flatten(1).double().square().sum(1).sqrt()


def _drawn(info: Info, found: Figures) -> float:
    """|z| of a Langevin step: its noise is sqrt(2 e) z, with a step size of its own for each sample where there is one."""
    assert info.step_size is not None and info.noise is not None
    shake = (2 * info.step_size.double()).sqrt().reshape(-1)
    return float((_lengths_of(info.noise) / shake).mean())


def _settings(plan: Plan) -> Figures:
    """What was chosen by hand."""
    spec: Any = plan.scene.sampler
    found: Figures = {}
    for name, field in (("eta", "eta"), ("gamma", "friction")):
        if (value := getattr(spec, field, None)) is not None:
            found[name] = float(value)
    if (snr := getattr(getattr(spec, "corrector", None), "snr", None)) is not None:
        found["r"] = float(snr)
    if isinstance(plan.scene.control, ByClass):
        found["w"] = plan.scene.control.weight
    return found


def _of_levels(sampler: PredictorCorrectorSampler, substep: Substep, euler: bool) -> Figures:
    """Of the reference's discretisation: kernels x_k = c x_{k-1} + G z, of which beta_k is G^2; level -1 is the data.

    A step of t is for Euler's predictor alone, which takes it positive; the others take variances.
    """
    levels, k = sampler.levels, sampler.places[substep.index]
    n, (scale, noise) = len(levels), levels.kernels[k]
    found = {"k": float(k + 1), "T": float(n), "i": float(n - k), "L": float(n), "c": scale, "G2": noise**2, "alpha": levels.alphas[k]}
    if substep.stage is Stage.PREDICT:
        found |= {"shake": sampler.rules[k].shake} | ({"dt": levels.euler_steps[k]} if euler else {})
        if k == 0:
            found |= {"std1": 0.0, "sigma1": 0.0, "a1": 1.0, "abar1": 1.0}
    return found


def _of_solver(sampler: LevelSampler, substep: Substep, found: Figures) -> Figures:
    """Of the levels that it goes through, the data being sigma 0."""
    here, there = sampler.ends(substep)
    n = len(sampler.plan)
    index = substep.index
    if isinstance(sampler, EDMSampler):
        here = sampler.raised[index]
    left = n - index + (0 if sampler.levels[-1].sigma == 0.0 else 1)
    out = {"k": float(left), "T": float(left + index), "i": float(index + 1), "L": float(left + index)}
    out |= {"sigma": here.sigma, "std": here.std, "a": here.a, "abar": here.a**2}
    out |= {"sigma1": there.sigma, "std1": there.std, "a1": there.a, "abar1": there.a**2, "gap": there.sigma - here.sigma}
    if isinstance(sampler, EulerSampler):
        out["dt"] = there.t - here.t
    if isinstance(sampler, EDMSampler):
        out["raised"] = sampler.raised[index + 1].sigma
    if there.sigma > 0.0:
        up = found.get("eta", 0.0) * there.sigma * math.sqrt(max(0.0, here.sigma**2 - there.sigma**2)) / here.sigma
        down = math.sqrt(there.sigma**2 - up**2)
        middle = math.sqrt(here.sigma * there.sigma)
        out |= {"h": math.log(here.sigma / there.sigma), "sigma_m": middle, "sigma_u": up, "sigma_d": down, "v": up * there.a}
    return out


def _of_plan(plan: Plan, sampler: Sampler, substep: Substep, found: Figures) -> Figures:
    """Langevin's family counts iterations, annealed at levels; the forward SDE has its exact transitions."""
    spec: Any = plan.scene.sampler
    out: Figures = {"m": float(substep.index + 1)}
    if hasattr(spec, "steps_per_level"):
        level, step = divmod(substep.index, spec.steps_per_level)
        if substep.stage is Stage.DENOISE:
            level, step = spec.levels - 1, spec.steps_per_level - 1
        out |= {"i": float(level + 1), "L": float(spec.levels), "j": float(step + 1)}
    if hasattr(spec, "friction") or hasattr(spec, "leapfrog_steps"):
        out["step_h"] = float(spec.step_size)
    if spec.AXIS == "forward" and substep.s > substep.t:
        scale, noise = plan.sde.transition(substep.t, substep.s)
        out |= {"c": scale, "G2": noise**2, "k": float(substep.index + 1), "T": float(len(sampler.plan))}
    if spec.AXIS == "reverse":
        out["h"] = math.log(found["sigma"] / found["sigma1"]) if found["sigma1"] > 0 else math.inf
    return out


def parts_of(value: Tensor | None, particles: list[int]) -> Any:
    """The rows of some particles as float32, or None."""
    return None if value is None else value[torch.tensor(particles, dtype=torch.long)].float().numpy()
