"""The test problem of samplers: one Gaussian N(m, v I), whose law at every noise level is again one.

Starting points are drawn and then shifted and scaled to have exactly the mean and variance of p_t, so that a sampler without noise is
compared with its closed form without any Monte Carlo error, and one with noise only with that of its own noise.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE, build_sde
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.noise import NoiseSpec

N, MEAN, STD = 8192, (0.6, -0.4), 0.5
SIGMA_MAX = 5.0
MONTE_CARLO = 5 / math.sqrt(2 * 2 * N)
"""Five standard errors of a standard deviation, relative to it, over N points in two dimensions; the mean's are larger by sqrt 2."""


def target() -> GaussianMixture:
    """N((0.6, -0.4), 0.5^2 I)."""
    return GaussianMixture(torch.ones(1), torch.tensor([MEAN]), torch.tensor([STD]))


def processes() -> dict[str, SDE]:
    """Every noise process that can be chosen, with its default settings; VE up to sigma 5, ten times the target's width."""
    return {kind.__struct_config__.tag: build_sde(kind(), SIGMA_MAX) for kind in NoiseSpec.members()}


def points(sde: SDE, t: float, n: int = N, seed: int = 0) -> Tensor:
    """(n, 2) float32 points whose sample mean and variances are exactly those of p_t."""
    z = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z = (z - z.mean(0)) / z.std(0, correction=0)
    return (law_mean(sde, t) + law_std(sde, t) * z).float()


def law_mean(sde: SDE, t: float) -> Tensor:
    """a(t) m, (2,) float64."""
    return sde.mean_coefficient(t) * torch.tensor(MEAN, dtype=torch.float64)


def law_std(sde: SDE, t: float) -> float:
    """sqrt(a^2 v + std^2)."""
    return math.hypot(sde.mean_coefficient(t) * STD, sde.std(t))


def spread(x: Tensor) -> float:
    """Root mean square of the coordinates' standard deviations."""
    return float(x.double().var(0, correction=0).mean().sqrt())


def shift(x: Tensor, mean: Tensor, std: float) -> float:
    """Distance of the points' mean from `mean`, in units of `std`."""
    return float((x.double().mean(0) - mean).norm()) / std
