"""The loss that no network can go below: a denoising target is random given x_t, and its variance is left over.

Given x_t the target -(x_t - a x_0)/std^2 of the score has variance a^2 tr Cov(x_0|x_t)/std^4, the noise z has std^2 times that, and
x_0 itself tr Cov(x_0|x_t). The score field minimises the mean square, and the mean of that variance remains. Source: Vincent 2011.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.estimates import Estimate, mean_of
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import Target


def posterior_trace_expectation(target: Target, sde: SDE, t: float, points: int = 4096, seed: int = 0) -> Estimate:
    """E tr Cov(x_0|x_t) over x_t ~ p_t, in squared data units: the trace is exact, the mean over x_t from `points` seeded draws."""
    generator = torch.Generator(target.mean().device).manual_seed(seed)
    x0 = target.sample(points, generator).double()
    z = torch.randn(x0.shape, generator=generator, dtype=x0.dtype, device=x0.device)
    x = sde.mean_coefficient(t) * x0 + sde.std(t) * z
    return mean_of(target.posterior(x, sde, t).trace)


@dataclass(frozen=True, slots=True)
class Floors:
    """The floor in three units, each (L,) float64, with the relative standard error of all three; `t` and `sigma` = std/a say where."""

    t: Tensor
    sigma: Tensor
    x0: Tensor
    """E tr Cov(x_0|x_t): of |D - x_0|^2, in squared data units."""
    noise: Tensor
    """a^2/std^2 of it: of |s std + z|^2, the eps-objective and lambda = std^2. For VE E tr Cov/sigma^2."""
    score: Tensor
    """a^2/std^4 of it: of the unweighted |s + z/std|^2, in inverse squared data units. For VE E tr Cov/sigma^4."""
    relative_error: Tensor


def floor_curve(target: Target, sde: SDE, times: Sequence[float], points: int = 4096, seed: int = 0) -> Floors:
    """The floor at each time. The same draws serve every level, so that the curve is smooth. ValueError where std(t) = 0."""
    t = torch.tensor(times, dtype=torch.float64)
    a, std = sde.mean_coefficient(t), sde.std(t)
    if not bool((std > 0).all()):
        raise ValueError(f"a floor needs noise, got std = {std.tolist()[:8]} at t = {t.tolist()[:8]}")
    found = [posterior_trace_expectation(target, sde, time, points, seed) for time in times]
    trace, error = (torch.tensor(column, dtype=torch.float64) for column in zip(*found, strict=True))
    noise = trace * (a / std) ** 2
    return Floors(t, std / a, trace, noise, noise / std**2, error / trace)
