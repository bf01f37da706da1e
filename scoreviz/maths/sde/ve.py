"""Variance exploding."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from scoreviz.maths.registry import implements
from scoreviz.maths.sde.base import SDE, Levels, checked_eps
from scoreviz.maths.sde.elementary import T, checked, clamp, log, within
from scoreviz.scene.noise import VE


class VESDE(SDE):
    """Variance exploding: dx = sigma(t) sqrt(2 ln(sigma_max/sigma_min)) dw, sigma(t) = sigma_min (sigma_max/sigma_min)^t.

    a = 1, std = sigma(t); at t = 0 the noise is sigma_min, not zero. The prior N(0, sigma_max^2) forgets the data's
    own mean and variance: relative error var/(2 sigma_max^2) of the standard deviation. Source: NCSN, as in Song et al. 2021.
    """

    eps = 1e-5

    def __init__(self, sigma_min: float = 0.01, sigma_max: float = 50.0, eps: float = 1e-5) -> None:
        """Noise levels at t = 0 and t = 1, in data units, 0 < sigma_min < sigma_max; 0 <= eps < 1."""
        if not (0 < sigma_min < sigma_max < math.inf):
            raise ValueError(f"VESDE needs 0 < sigma_min < sigma_max, got sigma_min={sigma_min}, sigma_max={sigma_max}")
        self.sigma_min, self.sigma_max = float(sigma_min), float(sigma_max)
        self.ratio, self.eps = self.sigma_max / self.sigma_min, checked_eps(eps, "VESDE")

    def __repr__(self) -> str:
        """VESDE(sigma_min=0.01, sigma_max=5)."""
        return f"VESDE(sigma_min={self.sigma_min:g}, sigma_max={self.sigma_max:g})"

    def mean_coefficient(self, t: T) -> T:
        """1."""
        checked(t)
        return torch.ones_like(t) if isinstance(t, Tensor) else 1.0

    def std(self, t: T) -> T:
        """sigma(t)."""
        sigma: T = self.sigma_min * self.ratio ** checked(t)
        return sigma

    def drift_coefficient(self, t: T) -> T:
        """0."""
        checked(t)
        return torch.zeros_like(t) if isinstance(t, Tensor) else 0.0

    def diffusion(self, t: T) -> T:
        """sigma(t) sqrt(2 ln(sigma_max/sigma_min)), so that the integral of g^2 is the growth of sigma^2."""
        return self.std(t) * math.sqrt(2 * math.log(self.ratio))

    def t_of_sigma(self, sigma: T) -> T:
        """ln(sigma/sigma_min) / ln(sigma_max/sigma_min)."""
        within(sigma, self.sigma_min, self.sigma_max, "sigma")
        return clamp(log(sigma / self.sigma_min) / math.log(self.ratio), 0.0, 1.0)

    def discretise(self, n: int) -> Levels:
        """sigma_k = exp(linspace(ln sigma_min, ln sigma_max, n)), G^2 = sigma_k^2 - sigma_{k-1}^2 with sigma_{-1} = 0; Euler's step 1/n."""
        sigmas = tuple(self.std(t) for t in self.times(n))
        growth = [math.sqrt(high**2 - low**2) for low, high in zip((0.0, *sigmas), sigmas, strict=False)]
        return Levels(self, tuple(self.timesteps(n)), tuple((1.0, noise) for noise in growth), sigmas, (1.0,) * n, (1 / n,) * n)


@implements(VE)
def _ve(spec: VE, diameter: float) -> VESDE:
    sigma_max = spec.sigma_max if spec.sigma_max is not None else max(diameter, 2 * spec.sigma_min)
    return VESDE(spec.sigma_min, sigma_max)
