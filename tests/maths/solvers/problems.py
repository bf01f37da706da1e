"""Problems with closed forms, on which solvers are measured."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from scoreviz.maths import SDE, GaussianMixture, Info, Sampler, Substep, rng_from_seed, trajectory
from scoreviz.maths.sde import VESDE, VPSDE, SubVPSDE

SDES = {"ve": VESDE(0.05, 5.0), "vp": VPSDE(), "sub_vp": SubVPSDE()}
MEAN, STD = 0.3, 0.6
MIXTURE = GaussianMixture(
    torch.tensor([0.3, 0.7], dtype=torch.float64), torch.tensor([[-0.7], [0.8]], dtype=torch.float64), torch.tensor([0.4, 0.5]).double()
)


def gaussian_score(sde: SDE, mean: float = MEAN, std: float = STD) -> Callable[[Tensor, float], Tensor]:
    """Of data N(mean, std^2)."""

    def score(x: Tensor, t: float) -> Tensor:
        a = sde.mean_coefficient(t)
        return -(x - a * mean) / (a**2 * std**2 + sde.std(t) ** 2)

    return score


def gaussian_flow(sde: SDE, x: Tensor, t: float, s: float) -> Tensor:
    """The probability-flow ODE from t to s on that data: a_s m + (x - a_t m) S_s/S_t, S^2 = a^2 std^2 + sigma^2."""

    def spread(time: float) -> float:
        return math.sqrt((sde.mean_coefficient(time) * STD) ** 2 + sde.std(time) ** 2)

    return sde.mean_coefficient(s) * MEAN + (x - sde.mean_coefficient(t) * MEAN) * (spread(s) / spread(t))


def mixture_flow(sde: SDE, x: Tensor, t: float, s: float) -> Tensor:
    """In one dimension the ODE keeps quantiles: F_s^-1(F_t(x)), by bisection in float64."""

    def cdf(points: Tensor, time: float) -> Tensor:
        a = sde.mean_coefficient(time)
        spread = (a**2 * MIXTURE.stds**2 + sde.std(time) ** 2).sqrt()
        return torch.special.ndtr((points - a * MIXTURE.means[:, 0]) / spread) @ MIXTURE.weights[:, None]

    wanted = cdf(x, t)
    low, high = torch.full_like(x, -20.0), torch.full_like(x, 20.0)
    for _ in range(100):
        middle = (low + high) / 2
        below = cdf(middle, s) < wanted
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2


def lines(sde: SDE, n: int = 9) -> Tensor:
    """n points (n, 1) within two standard deviations of the prior, float64."""
    return sde.prior_std() * torch.linspace(-2, 2, n, dtype=torch.float64)[:, None]


def slope(ns: list[int], errors: list[float]) -> float:
    """The order: minus the least-squares slope of log error against log n."""
    x, y = torch.tensor(ns).double().log(), torch.tensor(errors).double().log()
    return -float(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum())


def run(sampler: Sampler, x: Tensor, seed: int = 0) -> tuple[Tensor, list[tuple[Substep, Info]]]:
    """The end of a run, and all its substeps."""
    state, told = sampler.init(x, rng_from_seed(seed)), []
    for substep, state, info in trajectory(sampler, state):  # noqa: B007, B020
        told.append((substep, info))
    return state.x, told


def counted(score: Callable[..., Tensor]) -> tuple[Callable[..., Tensor], list[Any]]:
    """The score, and the list of times at which it was asked for."""
    calls: list[Any] = []

    def score_fn(x: Tensor, t: Any) -> Tensor:
        calls.append(t)
        return score(x, t)

    return score_fn, calls
