"""Langevin dynamics at one noise level, and annealed over many.

x <- x + e s + sqrt(2 e) z. "code" takes e as the step size given, "paper" half of it (alpha/2, sqrt(alpha)): the same rule in
other units. Its stationary law at a finite step is not p: on N(0, v) the variance is v/(1 - e/2v).
Sources: Song & Ermon 2019, algorithm 1, and its code; the step size alpha_i = eps sigma_i^2/sigma_L^2 keeps the ratio of signal to noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.grids import build_grid
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.grids import LogSNRGrid
from scoreviz.scene.samplers import AnnealedLangevin, Langevin


class LangevinSampler(Sampler):
    """Langevin steps (t, e), one after another: every substep is a CORRECT with t = s, and the last may be a DENOISE."""

    def __init__(
        self, sde: SDE, score_fn: ScoreFn, steps: Sequence[tuple[float, float]], noise: bool = True, denoise: bool = False
    ) -> None:
        """steps: time of the noise level and step size e (squared data units) of each substep. denoise: Tweedie's estimate at the end.

        ValueError for a time outside [0, 1], a step size that is not positive, or no steps at all.
        """
        if not steps:
            raise ValueError("Langevin dynamics needs at least 1 step, got none")
        for t, e in steps:
            check_step(t, e)
        self.score_fn, self.noise = score_fn, noise
        self.step_sizes = [e for _, e in steps]
        self.noise_levels = {t: (sde.mean_coefficient(t), sde.std(t) ** 2) for t in {t for t, _ in steps}}
        self.plan = [Substep(i, Stage.CORRECT, t, t) for i, (t, _) in enumerate(steps)]
        if denoise:
            t = self.plan[-1].t
            self.plan.append(Substep(len(self.plan), Stage.DENOISE, t, t))

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """x + e s, then sqrt(2 e) z unless the noise is off; the denoising substep is (x + std^2 s)/a."""
        x = state.x
        score = self.score_fn(x, substep.t)
        a, variance = self.noise_levels[substep.t]
        x0 = tweedie(x, score, a, variance)
        if substep.stage is Stage.DENOISE:
            return State(x0, x0, state.cursor + 1, state.rng), Info(score, x0 - x, None, x0, None, 1)
        e = self.step_sizes[substep.index]
        drift = score * e
        x_mean = x + drift
        if not self.noise:
            return State(x_mean, x_mean, state.cursor + 1, state.rng), Info(score, drift, None, x0, score.new_tensor(e), 1)
        z, rng = self.draw(state, substep)
        noise = z.mul_(math.sqrt(2 * e))
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(score, drift, noise, x0, score.new_tensor(e), 1)


def check_step(t: float, step_size: float) -> None:
    """ValueError unless t lies in [0, 1] and the step size is positive and finite."""
    if not 0 <= t <= 1:
        raise ValueError(f"t must lie in [0, 1], got {t}")
    if not 0 < step_size < math.inf:
        raise ValueError(f"a step size must be positive and finite, got {step_size}")


def level_time(sde: SDE, sigma: float) -> float:
    """The time of noise level sigma (std/a), held within [sigma(t_min), sigma(1)]: beyond it no network is trained.

    ValueError unless sigma is positive and finite.
    """
    if not 0 < sigma < math.inf:
        raise ValueError(f"a noise level must be positive and finite, got sigma={sigma}")
    return sde.t_of_sigma(min(max(sigma, sde.sigma(sde.t_min)), sde.sigma(1.0)))


def step_size_of(size: float, convention: str) -> float:
    """e of a step size that a person gave: alpha as "code" takes it, alpha/2 as a "paper" does."""
    return size if convention == "code" else size / 2


def _smallest_level(sde: SDE) -> float:
    """The time of sigma_L: t = 0 where the SDE has noise there, else `eps`, but not below NCSN's 0.01.

    Sub-VP has sigma(eps) = 1e-4, for which epsilon = 2e-5, a fifth of NCSN's sigma_L^2, would be 1700 times sigma_L^2 and diverge.
    """
    return 0.0 if sde.t_min == 0 else max(sde.eps, level_time(sde, 0.01))


@implements(Langevin)
def _langevin(spec: Langevin, sde: SDE, score_fn: ScoreFn) -> Sampler:
    e = step_size_of(spec.step_size, spec.convention)
    return LangevinSampler(sde, score_fn, [(level_time(sde, spec.sigma), e)] * spec.steps, spec.noise)


@implements(AnnealedLangevin)
def _annealed(spec: AnnealedLangevin, sde: SDE, score_fn: ScoreFn) -> Sampler:
    """Level i = cursor // steps_per_level, geometric in sigma from sigma(1), so that the overlap of neighbours is the same everywhere."""
    last = _smallest_level(sde)
    times = build_grid(LogSNRGrid())(sde, spec.levels, last)
    smallest = sde.std(last)
    unit = step_size_of(spec.epsilon, spec.convention)
    steps = [(t, unit * sde.std(t) ** 2 / smallest**2) for t in times for _ in range(spec.steps_per_level)]
    return LangevinSampler(sde, score_fn, steps, denoise=spec.denoise)
