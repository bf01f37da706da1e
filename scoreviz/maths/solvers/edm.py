"""EDM's stochastic sampler: Heun's rule, with noise added and removed again on the way."""

from __future__ import annotations

import math
from itertools import pairwise

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.solvers.levels import Level, LevelSampler, grid_levels, level_of
from scoreviz.maths.solvers.ode import HeunSampler
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import EDMHeun


class EDMSampler(LevelSampler):
    """Heun from the raised level sigma^ = (1 + gamma) sigma to the next level sigma', then noise S_noise sqrt(sigma'^^2 - sigma'^2) z.

    gamma = min(S_churn/n, sqrt 2 - 1) where S_min <= sigma <= S_max, else 0. A substep goes from raised level to raised level, so that its
    score is the one at its x: the same chain as the paper's, cut after the noise instead of before. sigma^ is held at sigma(1), where the
    score is known, so that the first level is not raised, and none is after the last step. All in y = x/a.
    Source: Karras et al. 2022, algorithm 2.
    """

    def __init__(
        self, sde: SDE, score_fn: ScoreFn, levels: list[Level], churn: float, low: float = 0.0, high: float = math.inf, scale: float = 1.0
    ) -> None:
        """churn = S_churn, low = S_min, high = S_max (sigma, data units), scale = S_noise."""
        super().__init__(sde, score_fn, levels)
        if churn < 0 or scale <= 0 or not 0 <= low <= high:
            raise ValueError(f"EDM needs S_churn >= 0, S_noise > 0 and 0 <= S_min <= S_max, got {churn}, {scale}, {low}, {high}")
        gamma, top, self.scale = min(churn / len(self.plan), math.sqrt(2) - 1), levels[0].sigma, scale
        rises = [gamma > 0 and 0 < i < len(self.plan) and low <= each.sigma <= high for i, each in enumerate(levels)]
        self.raised = [
            level_of(sde, min(each.sigma * (1 + gamma), top)) if rise else each for each, rise in zip(levels, rises, strict=True)
        ]
        self.heun = HeunSampler(sde, score_fn, levels)
        self.clock = self.plan
        self.plan = [Substep(i, Stage.PREDICT, here.t, there.t) for i, (here, there) in enumerate(pairwise(self.raised))]

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """Two evaluations, one where the step goes to the data."""
        x, i = state.x, substep.index
        here, there, raised = self.raised[i], self.levels[i + 1], self.raised[i + 1]
        score = self.score_fn(x, here.t)
        x0 = tweedie(x, score, here.a, here.std**2)
        x_mean, more = (x0, 0) if there.sigma == 0.0 else self.heun.advance(x, score, here, there)
        if raised.sigma <= there.sigma:
            return State(x_mean, x_mean, state.cursor + 1, state.rng), Info(score, x_mean - x, None, x0, None, 1 + more)
        x_mean = x_mean * (raised.a / there.a)
        z, rng = self.draw(state, self.clock[i])  # on a shared path the noise is that of the grid's own interval
        noise = z * (raised.a * self.scale * math.sqrt(raised.sigma**2 - there.sigma**2))
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(score, x_mean - x, noise, x0, None, 1 + more)


@implements(EDMHeun)
def _edm(spec: EDMHeun, sde: SDE, score_fn: ScoreFn) -> Sampler:
    found = grid_levels(sde, spec.grid, spec.steps, spec.to_data)
    return EDMSampler(sde, score_fn, found, spec.s_churn, spec.s_min, spec.s_max, spec.s_noise)
