"""Step grids: n descending times from t = 1 to the smallest time at which a sampler still asks for the score.

Each is even in another coordinate: t ("uniform", the reference's), sigma^(1/rho) (Karras), ln SNR = -2 ln sigma, or sqrt(t).
Sources: Karras et al. 2022, eq. 5; Lu et al. 2022, section 3.3; Song, Meng & Ermon 2021, appendix D.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import SDE, Levels
from scoreviz.scene.grids import GridSpec, KarrasGrid, LogSNRGrid, QuadraticGrid, UniformGrid

Grid = Callable[[SDE, int, float], list[float]]
"""grid(sde, n, low): n descending times, the first 1, the last `low`; n = 1 is [1]."""


def _even(n: int, low: float, there: Callable[[float], float], back: Callable[[float], float]) -> list[float]:
    """n times from 1 to low, evenly spaced in the coordinate u = there(t); both ends exact."""
    if n < 1:
        raise ValueError(f"a step grid needs at least 1 time, got {n}")
    if not 0 <= low < 1:
        raise ValueError(f"a step grid ends at a time in [0, 1), got {low}")
    if n == 1:
        return [1.0]
    first, last = there(1.0), there(low)
    inner = [back(first + (last - first) * i / (n - 1)) for i in range(1, n - 1)]
    return [1.0, *inner, low]


@implements(UniformGrid)
def _uniform(_: UniformGrid) -> Grid:
    return lambda sde, n, low: _even(n, low, lambda t: t, lambda u: u)


@implements(QuadraticGrid)
def _quadratic(_: QuadraticGrid) -> Grid:
    return lambda sde, n, low: _even(n, low, math.sqrt, lambda u: u * u)


@implements(LogSNRGrid)
def _log_snr(_: LogSNRGrid) -> Grid:
    def grid(sde: SDE, n: int, low: float) -> list[float]:
        """ValueError where there is no noise at `low`: the coordinate is infinite there."""
        if sde.sigma(low) == 0:
            raise ValueError(f"{sde!r} has no noise at t={low}, and no logarithm of it: a log-SNR grid ends at a larger t")
        return _even(n, low, lambda t: math.log(sde.sigma(t)), lambda u: sde.t_of_sigma(math.exp(u)))

    return grid


@implements(KarrasGrid)
def _karras(spec: KarrasGrid) -> Grid:
    def grid(sde: SDE, n: int, low: float) -> list[float]:
        return _even(n, low, lambda t: sde.sigma(t) ** (1 / spec.rho), lambda u: sde.t_of_sigma(u**spec.rho))

    return grid


def build_levels(spec: GridSpec, sde: SDE, n: int) -> Levels:
    """The n noise levels on which predictors and correctors stand.

    "uniform" is the reference's own discretisation, `sde.discretise`; on any other grid, from 1 to `sde.eps`, transitions are exact.
    """
    if isinstance(spec, UniformGrid):
        return sde.discretise(n)
    return Levels.at(sde, build_grid(spec)(sde, n, sde.eps)[::-1])


def build_grid(spec: GridSpec) -> Grid:
    """The grid behind a scene's spec."""
    grid: Grid = implementation(spec)(spec)
    return grid
