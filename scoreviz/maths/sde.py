"""Noise as a stochastic differential equation: dx = f(x, t) dt + g(t) dw, from data at t = 0 to noise at t = 1.

Every SDE here is linear, f(x, t) = c(t) x, so that x_t = a(t) x_0 + std(t) z with z ~ N(0, I) exactly. All schedule formulas
live in this file; the samplers use nothing but the methods of `SDE`, so a new SDE is a subclass and no more.

Source: Song et al. 2021, "Score-Based Generative Modeling through Stochastic Differential Equations", section 3.4 and appendix C.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

import torch
from torch import Tensor

from scoreviz.maths.registry import implementation, implements
from scoreviz.scene.learning import VE

Time = float | Tensor
"""A time t in [0, 1]: one float for all of a batch, or a tensor (B,)."""

_T = TypeVar("_T", float, Tensor, float | Tensor)


@overload
def expand_as(value: float, x: Tensor) -> float: ...
@overload
def expand_as(value: Tensor, x: Tensor) -> Tensor: ...
def expand_as(value: Time, x: Tensor) -> Time:
    """`value` (a float or (B,)) so that it multiplies x (B, *) sample by sample; tensors take x's dtype and device."""
    if isinstance(value, Tensor):
        value = value.to(x)
        if value.ndim == 0:
            return value
        if value.ndim != 1 or (value.shape[0] != x.shape[0] and value.shape[0] != 1):
            raise ValueError(f"expected a float or a tensor of shape ({x.shape[0]},), got shape {tuple(value.shape)}")
        return value.reshape(-1, *[1] * (x.ndim - 1))
    return value


def log(value: _T) -> _T:
    """Natural logarithm of a float or a tensor."""
    return torch.log(value) if isinstance(value, Tensor) else math.log(value)


class SDE(ABC):
    """A linear noise process on t in [0, 1].

    Methods of t alone take a float and return a float, or take a tensor and return a tensor of its shape.
    x has shape (B, *), t is a float or (B,).
    """

    eps: float = 0.0
    """Smallest t at which the score exists; solvers in continuous time stop there."""

    @abstractmethod
    def mean_coefficient(self, t: _T) -> _T:
        """a(t) in x_t = a x_0 + std z."""

    @abstractmethod
    def std(self, t: _T) -> _T:
        """Marginal standard deviation std(t) of x_t given x_0, in data units."""

    @abstractmethod
    def drift_coefficient(self, t: _T) -> _T:
        """c(t) in f(x, t) = c(t) x, per unit of t."""

    @abstractmethod
    def diffusion(self, t: _T) -> _T:
        """g(t), in data units per square root of t."""

    @abstractmethod
    def t_of_sigma(self, sigma: _T) -> _T:
        """The time at which std/a equals sigma. ValueError (floats) outside [sigma(0), sigma(1)]."""

    @abstractmethod
    def forward_kernel(self, k: int, n: int) -> tuple[float, float]:
        """(scale, G) of x_k = scale x_{k-1} + G z, level k (0 the smallest) of the n levels; level -1 is the data itself."""

    def drift(self, x: Tensor, t: Time) -> Tensor:
        """f(x, t), shape of x."""
        return x * expand_as(self.drift_coefficient(t), x)

    def marginal_prob(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        """Mean (B, *) and standard deviation (scalar tensor, or (B,)) of x_t given x_0 = x."""
        mean = x * expand_as(self.mean_coefficient(t), x)
        return mean, torch.as_tensor(self.std(t), dtype=x.dtype, device=x.device)

    def sigma(self, t: _T) -> _T:
        """EDM's noise-to-signal ratio std(t)/a(t)."""
        return self.std(t) / self.mean_coefficient(t)

    def log_snr(self, t: _T) -> _T:
        """ln(a^2/std^2)."""
        return -2.0 * log(self.sigma(t))

    def transition(self, t: float, s: float) -> tuple[float, float]:
        """(scale, std) of the exact x_s = scale x_t + std z, for t <= s (t = s is (1, 0))."""
        scale = self.mean_coefficient(s) / self.mean_coefficient(t)
        return scale, math.sqrt(max(0.0, self.std(s) ** 2 - (scale * self.std(t)) ** 2))

    def prior_std(self) -> float:
        """Standard deviation of the normal law from which sampling starts: std(1)."""
        return self.std(1.0)

    def prior_sampling(self, shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """Draw x_1 ~ N(0, prior_std^2 I) of the given shape, on the generator's device."""
        noise = torch.randn(tuple(shape), generator=generator, dtype=dtype, device=generator.device)
        return noise * self.prior_std()

    def prior_logp(self, x: Tensor) -> Tensor:
        """log N(x; 0, prior_std^2 I) in nats, shape (B,)."""
        points = x.flatten(1)
        std = self.prior_std()
        return -0.5 * points.square().sum(1) / std**2 - points.shape[1] * math.log(std * math.sqrt(2 * math.pi))

    def times(self, n: int) -> list[float]:
        """The n times of the reference discretisation, k/(n-1), ascending; n = 1 is [1]."""
        if n < 1:
            raise ValueError(f"a discretisation needs at least 1 level, got {n}")
        return [k / (n - 1) for k in range(n)] if n > 1 else [1.0]


class VESDE(SDE):
    """Variance exploding: dx = sigma(t) sqrt(2 ln(sigma_max/sigma_min)) dw, sigma(t) = sigma_min (sigma_max/sigma_min)^t.

    a = 1, std = sigma(t); at t = 0 the noise is sigma_min, not zero. The prior N(0, sigma_max^2) forgets the data's
    own mean and variance: relative error var/(2 sigma_max^2) of the standard deviation. Source: NCSN, as in Song et al. 2021.
    """

    def __init__(self, sigma_min: float = 0.01, sigma_max: float = 50.0) -> None:
        """Noise levels at t = 0 and t = 1, in data units, 0 < sigma_min < sigma_max."""
        if not (0 < sigma_min < sigma_max < math.inf):
            raise ValueError(f"VESDE needs 0 < sigma_min < sigma_max, got sigma_min={sigma_min}, sigma_max={sigma_max}")
        self.sigma_min, self.sigma_max = float(sigma_min), float(sigma_max)
        self.ratio = self.sigma_max / self.sigma_min

    def __repr__(self) -> str:
        """VESDE(sigma_min=0.01, sigma_max=5)."""
        return f"VESDE(sigma_min={self.sigma_min:g}, sigma_max={self.sigma_max:g})"

    def mean_coefficient(self, t: _T) -> _T:
        """1."""
        return torch.ones_like(t) if isinstance(t, Tensor) else 1.0

    def std(self, t: _T) -> _T:
        """sigma(t)."""
        sigma: _T = self.sigma_min * self.ratio**t
        return sigma

    def drift_coefficient(self, t: _T) -> _T:
        """0."""
        return torch.zeros_like(t) if isinstance(t, Tensor) else 0.0

    def diffusion(self, t: _T) -> _T:
        """sigma(t) sqrt(2 ln(sigma_max/sigma_min)), so that the integral of g^2 is the growth of sigma^2."""
        return self.std(t) * math.sqrt(2 * math.log(self.ratio))

    def t_of_sigma(self, sigma: _T) -> _T:
        """ln(sigma/sigma_min) / ln(sigma_max/sigma_min)."""
        if not isinstance(sigma, Tensor) and not self.sigma_min * (1 - 1e-9) <= sigma <= self.sigma_max * (1 + 1e-9):
            raise ValueError(f"sigma={sigma} lies outside [{self.sigma_min}, {self.sigma_max}]")
        return log(sigma / self.sigma_min) / math.log(self.ratio)

    def levels(self, n: int) -> Tensor:
        """exp(linspace(ln sigma_min, ln sigma_max, n)), ascending, float64 (n,)."""
        return torch.tensor([self.std(t) for t in self.times(n)], dtype=torch.float64)

    def forward_kernel(self, k: int, n: int) -> tuple[float, float]:
        """(1, sqrt(sigma_k^2 - sigma_{k-1}^2)), sigma_{-1} = 0."""
        times = self.times(n)
        below = self.std(times[k - 1]) if k else 0.0
        return 1.0, math.sqrt(self.std(times[k]) ** 2 - below**2)


@implements(VE)
def _ve(spec: VE, diameter: float) -> VESDE:
    sigma_max = spec.sigma_max if spec.sigma_max is not None else max(diameter, 2 * spec.sigma_min)
    return VESDE(spec.sigma_min, sigma_max)


def build_sde(spec: object, diameter: float) -> SDE:
    """The SDE of a scene's noise spec; `diameter` (of the target) is sigma_max where the spec leaves it automatic."""
    sde: SDE = implementation(spec)(spec, diameter)
    return sde
