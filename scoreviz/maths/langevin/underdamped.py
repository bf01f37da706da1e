"""Underdamped Langevin dynamics: dx = v dt, dv = s(x) dt - gamma v dt + sqrt(2 gamma) dw, whose law at rest is p(x) N(v; 0, I).

Discretised by BAOAB, here V R O R V: half a kick, half a flight, friction and noise, half a flight, half a kick. On a Gaussian the law of
x is exact at every stable step (h < 2 std); elsewhere its error shrinks with h^2. For large friction a step is x + e s + sqrt(e/2)(z + z'),
e = h^2/2, in which each z serves two steps.
Source: Leimkuhler & Matthews 2013, "Rational construction of stochastic numerical methods for molecular sampling".
"""

from __future__ import annotations

import math

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.langevin.overdamped import check_step, level_time
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep, draw_noise
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import Underdamped


class UnderdampedSampler(Sampler):
    """BAOAB at one noise level; every substep is a CORRECT with t = s and one evaluation of the score.

    memory: (v,), the velocity (B, *) before the last half kick h/2 s(x) of its step: it and the first one of the next step take the
    score at the same x, so they are one kick. The first substep draws v ~ N(0, I) from the state's generator.
    """

    def __init__(self, sde: SDE, score_fn: ScoreFn, t: float, step_size: float, friction: float, steps: int) -> None:
        """step_size h in data units (the mass is 1), friction gamma per unit of h. ValueError unless all are positive and t in [0, 1]."""
        check_step(t, step_size)
        if not 0 < friction < math.inf:
            raise ValueError(f"friction must be positive and finite, got {friction}")
        if steps < 1:
            raise ValueError(f"a run needs at least 1 step, got {steps}")
        self.score_fn, self.step_size = score_fn, float(step_size)
        self.kept, self.shake = math.exp(-friction * step_size), math.sqrt(-math.expm1(-2 * friction * step_size))
        self.noise_level = sde.mean_coefficient(t), sde.std(t) ** 2
        self.plan = [Substep(i, Stage.CORRECT, t, t) for i in range(steps)]

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """x + h/2 (v + w), w = e^(-gamma h) v + sqrt(1 - e^(-2 gamma h)) z, after the kick on v."""
        x, h = state.x, self.step_size
        score = self.score_fn(x, substep.t)
        if state.memory:
            (v,), rng, kick = state.memory, state.rng, h
        else:
            (v, rng), kick = draw_noise(state.rng, x), 0.5 * h
        if v.shape != x.shape:
            raise ValueError(f"the memory is of points {tuple(v.shape)}, the state has {tuple(x.shape)}")
        v = v.add(score, alpha=kick)
        z, rng = self.draw(State(x, x, state.cursor, rng), substep)
        shake = z.mul_(self.shake)
        drift, noise = v * (0.5 * h * (1 + self.kept)), shake * (0.5 * h)
        x_mean = x + drift
        new = State(x_mean + noise, x_mean, state.cursor + 1, rng, (shake.add(v, alpha=self.kept),))
        return new, Info(score, drift, noise, tweedie(x, score, *self.noise_level), None, 1)


@implements(Underdamped)
def _underdamped(spec: Underdamped, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return UnderdampedSampler(sde, score_fn, level_time(sde, spec.sigma), spec.step_size, spec.friction, spec.steps)
