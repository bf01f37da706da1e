"""Noise without Monte Carlo error: the moments of a run whose steps are affine are those of its law."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor

from scoreviz.maths import Sampler, State, sample


@functools.cache
def _columns(size: int) -> Tensor:
    columns = torch.randn(size, size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    columns[:, 0] = 1.0
    return torch.linalg.qr(columns).Q[:, 1:] * math.sqrt(size)


class Orthogonal:
    """Stands where `Sampler.draw` does. Start and noises are orthogonal columns of mean 0 and variance 1.

    So the mean and variance over the points of x + shake z are mean and variance + shake^2 to rounding, as for independent x and z.
    """

    def __init__(self, count: int) -> None:
        self.columns = _columns(count + 3)

    def start(self, mean: float, std: float) -> Tensor:
        """Points (count + 3, 1) of this mean and standard deviation."""
        return mean + std * self.columns[:, :1]

    def draw(self, state: State, substep: Any) -> tuple[Tensor, Tensor]:
        return self.columns[:, substep.index + 1, None].clone(), state.rng


def moments(x: Tensor) -> tuple[float, float]:
    """Mean and standard deviation of all of x."""
    return float(x.mean()), float(x.std(correction=0))


def moments_of_run(sampler: Sampler, mean: float, std: float) -> tuple[float, float]:
    """Mean and standard deviation at the end of a run from points with these."""
    noise = Orthogonal(len(sampler.plan))
    sampler.draw = noise.draw  # type: ignore[method-assign]
    return moments(sample(sampler, noise.start(mean, std), 0))
