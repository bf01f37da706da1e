"""Langevin dynamics at one noise level, and annealed over many.

x <- x + e s + sqrt(2 e) z. "code" takes e as the step size given, "paper" half of it (alpha/2, sqrt(alpha)): the same rule in
other units. Its stationary law at a finite step is not p: on N(0, v) the variance is v/(1 - e/2v).
Sources: Song & Ermon 2019, algorithm 1, and its code; the step size alpha_i = eps sigma_i^2/sigma_L^2 keeps the ratio of signal to noise.
"""

from __future__ import annotations

import math

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import AnnealedLangevin, Langevin


class LangevinSampler(Sampler):
    """Langevin steps (t, e), one after another; every substep is a CORRECT with t = s."""

    def __init__(self, sde: SDE, score_fn: ScoreFn, steps: list[tuple[float, float]], noise: bool = True) -> None:
        """steps: time of the noise level and step size e (squared data units) of each substep."""
        self.score_fn, self.noise = score_fn, noise
        self.step_sizes = [e for _, e in steps]
        self.noise_levels = {t: (sde.mean_coefficient(t), sde.std(t) ** 2) for t in {t for t, _ in steps}}
        self.plan = [Substep(i, Stage.CORRECT, t, t) for i, (t, _) in enumerate(steps)]

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """x + e s, then sqrt(2 e) z unless the noise is off."""
        x, e = state.x, self.step_sizes[substep.index]
        score = self.score_fn(x, substep.t)
        drift = score * e
        x_mean = x + drift
        a, variance = self.noise_levels[substep.t]
        x0 = tweedie(x, score, a, variance)
        if not self.noise:
            return State(x_mean, x_mean, state.cursor + 1, state.rng), Info(score, drift, None, x0, score.new_tensor(e), 1)
        z, rng = self.draw(state, substep)
        noise = z.mul_(math.sqrt(2 * e))
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(score, drift, noise, x0, score.new_tensor(e), 1)


@implements(Langevin)
def _langevin(spec: Langevin, sde: SDE, score_fn: ScoreFn) -> Sampler:
    sigma = min(max(spec.sigma, sde.sigma(sde.t_min)), sde.sigma(1.0))  # beyond it no network is trained
    e = spec.step_size if spec.convention == "code" else spec.step_size / 2
    return LangevinSampler(sde, score_fn, [(sde.t_of_sigma(sigma), e)] * spec.steps, spec.noise)


@implements(AnnealedLangevin)
def _annealed(spec: AnnealedLangevin, sde: SDE, score_fn: ScoreFn) -> Sampler:
    """Level i = cursor // steps_per_level, from the noisiest; levels are evenly spaced in t, for VE geometric in sigma."""
    times = [max(t, sde.t_min) for t in reversed(sde.times(spec.levels))]
    smallest = sde.std(sde.t_min)
    unit = spec.epsilon if spec.convention == "code" else spec.epsilon / 2
    steps = [(t, unit * sde.std(t) ** 2 / smallest**2) for t in times for _ in range(spec.steps_per_level)]
    return LangevinSampler(sde, score_fn, steps)
