"""The noise levels that a solver with fixed steps visits, in the variable in which the probability-flow ODE is simplest.

With y = x/a and sigma = std/a every linear SDE is variance exploding: dy/d sigma = eps(y, sigma) = -std s(x, t), a straight line
wherever the noise prediction is constant. Source: Karras et al. 2022, eq. 4; Song, Meng & Ermon 2021, eq. 14.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, NamedTuple

from torch import Tensor

from scoreviz.maths.grids import build_grid
from scoreviz.maths.sampling import Sampler, Stage, Substep
from scoreviz.maths.sde import SDE, DiscreteVPSDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.grids import GridSpec, UniformGrid


class Level(NamedTuple):
    """One noise level: its time, x_t = a x_0 + std z, sigma = std/a."""

    t: float
    a: float
    std: float
    sigma: float


DATA = Level(0.0, 1.0, 0.0, 0.0)
"""The data themselves. A step to here is Tweedie's estimate for every solver, whatever its order."""


def level(sde: SDE, t: float) -> Level:
    """The level at time t."""
    return Level(t, sde.mean_coefficient(t), sde.std(t), sde.sigma(t))


def level_of(sde: SDE, sigma: float) -> Level:
    """The level whose sigma is given, within [sigma(0), sigma(1)]."""
    return level(sde, sde.t_of_sigma(sigma))


def grid_levels(sde: SDE, grid: GridSpec, n: int, to_data: bool = False) -> list[Level]:
    """n + 1 levels, noisiest first: from t = 1 to `sde.eps`, or n from there to `sde.eps` and then the data.

    The uniform grid of a table of noise levels is the table's own: the n entries that its scheduler visits, and then the data.
    """
    if isinstance(sde, DiscreteVPSDE) and isinstance(grid, UniformGrid):
        return [*(level(sde, t) for t in reversed(sde.timesteps(n))), DATA]
    times = build_grid(grid)(sde, n if to_data else n + 1, sde.eps)
    return [*(level(sde, t) for t in times), *([DATA] if to_data else [])]


def plan_of(times: list[float]) -> list[Substep]:
    """Predictions from each time to the next."""
    return [Substep(i, Stage.PREDICT, t, s) for i, (t, s) in enumerate(pairwise(times))]


class LevelSampler(Sampler):
    """A sampler that goes from level to level in fixed steps. It ends with the last level's noise still in, unless that is `DATA`."""

    upwards: ClassVar[bool] = False
    """True for a rule that may also run through rising levels, from the data to the noise (`encoding`)."""

    def __init__(self, sde: SDE, score_fn: ScoreFn, levels: list[Level]) -> None:
        """At least two levels, sigma falling all the way, or rising all the way for a rule that runs `upwards`."""
        ways = {(here.sigma > there.sigma) - (here.sigma < there.sigma) for here, there in pairwise(levels)}
        if ways != {1} and not (self.upwards and ways == {-1}):
            raise ValueError(f"a solver needs at least two levels of falling sigma, got sigma = {[each.sigma for each in levels]}")
        self.sde, self.score_fn, self.levels = sde, score_fn, levels
        self.plan = plan_of([each.t for each in levels])

    def ends(self, substep: Substep) -> tuple[Level, Level]:
        """The levels from and to which a substep goes."""
        return self.levels[substep.index], self.levels[substep.index + 1]

    def eps(self, y: Tensor, at: Level) -> Tensor:
        """E[z | x_t] = -std s at x = a y: one evaluation."""
        return self.score_fn(y * at.a, at.t) * -at.std
