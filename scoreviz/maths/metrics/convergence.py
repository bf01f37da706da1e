"""How the error of a solver falls with its work: the exact end of the ODE, and the order as a slope."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.sampling import build_sampler, rng_from_seed, trajectory
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.grids import KarrasGrid
from scoreviz.scene.samplers import RK4

REFERENCE_STEPS = 400
"""Of RK4 on Karras' grid: on the presets it is within 1e-8 of 800 steps for VE and VP (in float64), far below what is measured with it."""

FITTED = 3
"""An order is the slope through the last so many numbers of evaluations: those before are not small enough to show it."""

EXACT = 1e-7
"""Errors below this are as much the reference's own as the solver's, and enter no slope."""


class Order(NamedTuple):
    """Minus the least-squares slope of ln error against ln evaluations, and its standard error (NaN for two points)."""

    value: float
    error: float


def fitted_order(evaluations: Sequence[float], errors: Sequence[float], last: int = FITTED) -> Order | None:
    """The order through the last `last` points whose error is a number above EXACT; None where there are fewer than two.

    The standard error is that of a straight line through points of equal scatter.
    """
    seen = [(math.log(n), math.log(e)) for n, e in zip(evaluations, errors, strict=True) if n > 0 and math.isfinite(e) and e > EXACT]
    points = torch.tensor(sorted(seen)[-last:], dtype=torch.float64).reshape(-1, 2)
    x, y = points[:, 0], points[:, 1]
    spread = (x - x.mean()).square().sum() if len(x) else torch.zeros(())
    if len(x) < 2 or not float(spread) > 0:
        return None
    slope = ((x - x.mean()) * (y - y.mean())).sum() / spread
    rest = (y - y.mean() - slope * (x - x.mean())).square().sum()
    error = float((rest / (len(x) - 2) / spread).sqrt()) if len(x) > 2 else math.nan
    return Order(-float(slope), error)


def ode_end(sde: SDE, score_fn: ScoreFn, x: Tensor, steps: int = REFERENCE_STEPS) -> Iterator[Tensor | None]:
    """Where the probability-flow ODE takes points x (B, *) from t = 1 to t = eps: None on the way, the end at last.

    By many steps of RK4; in float64 where x is.
    """
    sampler = build_sampler(RK4(steps=steps, grid=KarrasGrid()), sde, score_fn)
    state = sampler.init(x, rng_from_seed(0))
    for _, state, _ in trajectory(sampler, state):  # noqa: B007, B020
        yield None
    yield state.x


def rms_distance(x: Tensor, y: Tensor) -> float:
    """The root mean square over points (N, *) of |x_i - y_i|, in data units; NaN where a number is not finite."""
    value = float((x - y).flatten(1).double().square().sum(1).mean().sqrt())
    return value if math.isfinite(value) else math.nan
