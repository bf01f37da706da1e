"""Samplers on a Gaussian: where a run starts with the exact law of its first noise level, it must end with that of its last.

Reverse and forward: mean and standard deviation at the end, within what the discretisation and the Monte Carlo error of its noise allow.
Iterations: the sampler's own stationary law at one level, which for unadjusted Langevin is not p. Levels: annealed Langevin's recursion.
A sampler that is registered is checked by that alone; `STATIONARY` holds the laws that are not p.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from scoreviz.maths.sampling import build_sampler, rng_from_seed, trajectory
from scoreviz.maths.sde import SDE
from scoreviz.maths.selftest import gaussian
from scoreviz.maths.selftest.check import Check, Outcome
from scoreviz.scene.choice import tag_of
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import AnnealedLangevin, Langevin, SamplerSpec

STEPS = 200
DISCRETISATION = 0.025
"""Relative error of mean and standard deviation that the coarsest rule, first order, has in 200 steps from sigma 5 to 0.01."""

OVER = ("ve", "vp")
"""Noise processes that every sampler is run over; the others are checked for themselves, and with every predictor."""

LEVEL, RELAXATION, ITERATIONS = 0.3, 0.05, 100
"""Iterations: the noise level, Langevin's step size in units of p's variance there, and how many of its steps."""

STATIONARY: dict[type[Any], Callable[[Any, float], float]] = {
    Langevin: lambda spec, v: v / (1 - spec.step_size / (2 * v)),  # var = (1 - e/v)^2 var + 2 e
}


def checks() -> Iterator[Check]:
    """Two for each sampler and noise process that it can serve."""
    processes = gaussian.processes()
    for kind in SamplerSpec.members():
        for noise in OVER:
            yield from sampler_checks(kind, noise, processes[noise])


def sampler_checks(kind: type[Any], noise: str, sde: SDE) -> Iterator[Check]:
    """Those of one sampler over one noise process; none where it says that it does not serve that one."""
    spec = _settled(kind, sde)
    try:
        _built(spec, sde)
    except SceneError:
        return
    what = {
        "reverse": f"{noise}, from p(1) to the data", "forward": f"{noise}, from the data to p(1)",
        "iterations": f"{noise}, stationary law at one level", "levels": f"{noise}, from p(1) down the levels",
    }[spec.AXIS]  # fmt: skip
    yield Check("sampler", tag_of(spec), f"{what}: standard deviation", partial(spread_after, spec, sde))
    yield Check("sampler", tag_of(spec), f"{what}: mean, in standard deviations off", partial(shift_after, spec, sde))


def _settled(kind: type[Any], sde: SDE) -> Any:
    """Its default settings with enough steps, and Langevin's steps in proportion to the laws that they sample."""
    fields = kind.__struct_fields__
    wishes: dict[str, Any] = {"steps": STEPS} if "steps" in fields else {}
    if kind.AXIS == "iterations":
        variance = gaussian.law_std(sde, sde.t_of_sigma(LEVEL)) ** 2
        wishes |= {"steps": ITERATIONS, "sigma": LEVEL} | ({"step_size": RELAXATION * variance} if "step_size" in fields else {})
    if kind is AnnealedLangevin:  # at a level sigma far above the data's width it is a tenth of the variance
        wishes |= {"levels": 40, "steps_per_level": 20, "epsilon": 0.1 * _smallest(sde) ** 2}
    return kind(**wishes)


def _built(spec: Any, sde: SDE) -> Any:
    target = gaussian.target()
    return build_sampler(spec, sde, target.score_fn(sde), target.log_prob_fn(sde))


@functools.lru_cache(maxsize=1)  # mean and standard deviation are of one run
@torch.no_grad()
def _run(spec: Any, sde: SDE) -> tuple[Tensor, float]:
    """The last points, and the time of their noise level."""
    sampler = _built(spec, sde)
    state = sampler.init(gaussian.points(sde, _first_time(spec, sde)), rng_from_seed(1))
    last = 1.0
    for substep, state, _ in trajectory(sampler, state):  # noqa: B007, B020 - the last state is what is wanted
        last = substep.s
    return state.x, last


def _first_time(spec: Any, sde: SDE) -> float:
    if spec.AXIS == "forward":
        return 0.0
    return sde.t_of_sigma(LEVEL) if spec.AXIS == "iterations" else 1.0


def spread_after(spec: Any, sde: SDE) -> Outcome:
    """Standard deviation of the last points, and that of the law they should have."""
    x, t = _run(spec, sde)
    variance = annealed(spec, sde)[1] if isinstance(spec, AnnealedLangevin) else gaussian.law_std(sde, t) ** 2
    own = STATIONARY.get(type(spec))
    expected = math.sqrt(variance if own is None else own(spec, variance))
    return Outcome(gaussian.spread(x), expected, expected * (gaussian.MONTE_CARLO + _discretisation(spec)))


def shift_after(spec: Any, sde: SDE) -> Outcome:
    """How far their mean is off."""
    x, t = _run(spec, sde)
    expected = gaussian.law_mean(sde, t) * (annealed(spec, sde)[0] if isinstance(spec, AnnealedLangevin) else 1.0)
    return Outcome(gaussian.shift(x, expected, gaussian.law_std(sde, t)), 0.0, math.sqrt(2) * gaussian.MONTE_CARLO + _discretisation(spec))


def _discretisation(spec: Any) -> float:
    """Forward runs are exact, and the laws of the Langevin family are those of its own step."""
    return DISCRETISATION if spec.AXIS == "reverse" else 0.0


def annealed(spec: AnnealedLangevin, sde: SDE) -> tuple[float, float]:
    """Mean, in units of a_L m, and variance after T steps at each level i, from p(1): with e_i = eps std_i^2/std_L^2,

    mean <- a_i m + k (mean - a_i m) and var <- k^2 var + 2 e_i, where k = 1 - e_i/v_i and v_i = a_i^2 v + std_i^2.
    Levels are geometric in sigma, from sigma(1) to the smallest, which is not below NCSN's 0.01.
    """
    first, last = sde.sigma(1.0), _smallest(sde)
    mean, variance, a = sde.mean_coefficient(1.0), gaussian.law_std(sde, 1.0) ** 2, 1.0
    for i in range(spec.levels):
        t = sde.t_of_sigma(first * (last / first) ** (i / (spec.levels - 1)))
        a, step = sde.mean_coefficient(t), spec.epsilon * (sde.std(t) / sde.std(sde.t_of_sigma(last))) ** 2
        keep = 1 - step / gaussian.law_std(sde, t) ** 2
        for _ in range(spec.steps_per_level):
            mean, variance = a + keep * (mean - a), keep**2 * variance + 2 * step
    return mean / a, variance


def _smallest(sde: SDE) -> float:
    return max(sde.sigma(sde.t_min), 0.01)
