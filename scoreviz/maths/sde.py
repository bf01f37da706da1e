"""Noise as a stochastic differential equation: dx = f(x, t) dt + g(t) dw, from data at t = 0 to noise at t = 1.

Every SDE here is linear, f(x, t) = c(t) x, so that x_t = a(t) x_0 + std(t) z with z ~ N(0, I) exactly. All schedule formulas
live in this file; the samplers use nothing but the methods of `SDE`, so a new SDE is a subclass and no more.

Source: Song et al. 2021, "Score-Based Generative Modeling through Stochastic Differential Equations", section 3.4 and appendix C.
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

import torch
from torch import Tensor

from scoreviz.maths.registry import implementation, implements
from scoreviz.scene.errors import SceneError
from scoreviz.scene.noise import VE
from scoreviz.scene.text import QT_TRANSLATE_NOOP

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
    """Smallest t at which samplers in continuous time evaluate the score; they stop there."""

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

    @property
    def t_min(self) -> float:
        """Smallest t whose score exists: 0 where std(0) > 0, else eps."""
        return 0.0 if self.std(0.0) > 0 else self.eps

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
        return list(_even_times(n, 0.0))

    def timesteps(self, n: int) -> list[float]:
        """The n times at which the reference evaluates the score, eps + (1 - eps) k/(n-1), ascending; n = 1 is [1].

        The published code runs over linspace(1, eps, n), while the discretisation's own levels lie at `times(n)`.
        """
        return list(_even_times(n, self.eps))

    def euler_step(self, k: int, n: int) -> float:
        """Euler's step of t from level k of n, positive: 1/n in the published code."""
        return 1 / n


@functools.lru_cache(maxsize=64)
def _even_times(n: int, eps: float) -> tuple[float, ...]:
    if n < 1:
        raise ValueError(f"a discretisation needs at least 1 level, got {n}")
    return (*(eps + (1 - eps) * k / (n - 1) for k in range(n - 1)), 1.0)


class VESDE(SDE):
    """Variance exploding: dx = sigma(t) sqrt(2 ln(sigma_max/sigma_min)) dw, sigma(t) = sigma_min (sigma_max/sigma_min)^t.

    a = 1, std = sigma(t); at t = 0 the noise is sigma_min, not zero. The prior N(0, sigma_max^2) forgets the data's
    own mean and variance: relative error var/(2 sigma_max^2) of the standard deviation. Source: NCSN, as in Song et al. 2021.
    """

    eps = 1e-5

    def __init__(self, sigma_min: float = 0.01, sigma_max: float = 50.0, eps: float = 1e-5) -> None:
        """Noise levels at t = 0 and t = 1, in data units, 0 < sigma_min < sigma_max; 0 <= eps < 1."""
        if not 0 <= eps < 1:
            raise ValueError(f"VESDE needs 0 <= eps < 1, got eps={eps}")
        if not (0 < sigma_min < sigma_max < math.inf):
            raise ValueError(f"VESDE needs 0 < sigma_min < sigma_max, got sigma_min={sigma_min}, sigma_max={sigma_max}")
        self.sigma_min, self.sigma_max = float(sigma_min), float(sigma_max)
        self.ratio, self.eps = self.sigma_max / self.sigma_min, float(eps)

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


class DiscreteVPSDE(SDE):
    """DDPM's table of abar_i = prod (1 - beta_j), i = 0 ... T-1, as a variance-preserving SDE: a = sqrt(abar), std = sqrt(1 - abar).

    Index i stands at t = i/(T-1), and ln abar is linear in between, so that with c(t) = (ln abar)'/2 and g^2 = -(ln abar)' the marginals
    are exact at every t. Level k of n is the index that diffusers' DDPMScheduler visits: `spacing` "leading" k (T//n) + offset,
    "trailing" and "linspace" as there. Below the lowest level comes the data itself (abar = 1). Sampling starts from N(0, 1).
    Sources: Ho et al. 2020; Lin et al. 2023, table 2 (spacings).
    """

    def __init__(self, alphas_cumprod: Tensor, spacing: str = "leading", steps_offset: int = 0) -> None:
        """alphas_cumprod (T,), T >= 2, strictly falling within (0, 1). ValueError otherwise."""
        table = alphas_cumprod.detach().double().cpu()
        if table.ndim != 1 or len(table) < 2 or not bool(((table > 0) & (table < 1)).all()) or not bool((table.diff() < 0).all()):
            raise ValueError("alphas_cumprod must be a table of at least 2 entries that fall strictly within (0, 1)")
        if spacing not in ("leading", "trailing", "linspace"):
            raise ValueError(f"spacing must be leading, trailing or linspace, got {spacing!r}")
        self.spacing, self.steps_offset, self.size = spacing, steps_offset, len(table)
        self._log_abar = table.log()
        self._slope = self._log_abar.diff() * (len(table) - 1)
        self._indices = functools.lru_cache(maxsize=16)(self._spaced)

    def __repr__(self) -> str:
        """DiscreteVPSDE(T=1000, leading)."""
        return f"DiscreteVPSDE(T={self.size}, {self.spacing})"

    def indices(self, n: int) -> list[int]:
        """The n table entries of the n levels, ascending. SceneError if the table has fewer, or if the offset leads beyond its end."""
        return list(self._indices(n))

    def _spaced(self, n: int) -> tuple[int, ...]:
        size = self.size
        if n < 1:
            raise ValueError(f"a discretisation needs at least 1 level, got {n}")
        if n > size:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "This model was trained with {size} noise levels, so it cannot take {n} steps: choose fewer."),
                size=size, n=n,
            )  # fmt: skip
        if self.spacing == "leading":
            found = [k * (size // n) + self.steps_offset for k in range(n)]
        elif self.spacing == "linspace":
            found = [round(k * ((size - 1) / max(n - 1, 1))) for k in range(n)]
        else:
            found = [round(size - k * (size / n)) - 1 for k in reversed(range(n))]
        if found[-1] >= size:
            raise SceneError(
                QT_TRANSLATE_NOOP(
                    "errors", "With steps_offset {offset} step {index} lies beyond this model's {size} noise levels: choose fewer steps."
                ),
                offset=self.steps_offset, index=found[-1], size=size,
            )  # fmt: skip
        return tuple(found)

    def times(self, n: int) -> list[float]:
        """i/(T-1) of `indices(n)`, ascending."""
        return [i / (self.size - 1) for i in self._indices(n)]

    def timesteps(self, n: int) -> list[float]:
        """The same as `times`: DDPM evaluates its network at the levels themselves."""
        return self.times(n)

    def euler_step(self, k: int, n: int) -> float:
        """The distance in t to the level below; below the lowest, one entry of the table beyond its first stands for the data."""
        indices = self._indices(n)
        return (indices[k] - (indices[k - 1] if k else -1)) / (self.size - 1)

    def log_abar(self, t: _T) -> _T:
        """ln abar(t), linear between the table's entries."""
        i, part = self._place(t)
        value = self._log_abar[i] + part * (self._log_abar[i + 1] - self._log_abar[i])
        return value.to(t) if isinstance(t, Tensor) else float(value)

    def _place(self, t: Time) -> tuple[Tensor, Tensor]:
        """The interval of the table that t lies in (at an entry the one below it) and the share of it, float64."""
        position = torch.as_tensor(t, dtype=torch.float64).cpu() * (self.size - 1)
        i = (position.ceil().long() - 1).clamp(0, self.size - 2)
        return i, position - i

    def mean_coefficient(self, t: _T) -> _T:
        """sqrt(abar)."""
        half = 0.5 * self.log_abar(t)
        return torch.exp(half) if isinstance(half, Tensor) else math.exp(half)

    def std(self, t: _T) -> _T:
        """sqrt(1 - abar)."""
        log_abar = self.log_abar(t)
        return torch.sqrt(-torch.expm1(log_abar)) if isinstance(log_abar, Tensor) else math.sqrt(-math.expm1(log_abar))

    def drift_coefficient(self, t: _T) -> _T:
        """(ln abar)'/2; at an entry of the table the slope below it."""
        slope = 0.5 * self._slope[self._place(t)[0]]
        return slope.to(t) if isinstance(t, Tensor) else float(slope)

    def diffusion(self, t: _T) -> _T:
        """sqrt(-(ln abar)')."""
        rate = -2 * self.drift_coefficient(t)
        return torch.sqrt(rate) if isinstance(rate, Tensor) else math.sqrt(rate)

    def t_of_sigma(self, sigma: _T) -> _T:
        """Where ln abar = -ln(1 + sigma^2)."""
        if not isinstance(sigma, Tensor) and not self.sigma(0.0) * (1 - 1e-9) <= sigma <= self.sigma(1.0) * (1 + 1e-9):
            raise ValueError(f"sigma={sigma} lies outside [{self.sigma(0.0)}, {self.sigma(1.0)}]")
        wanted = -torch.log1p(torch.as_tensor(sigma, dtype=torch.float64).cpu().square())
        i = (torch.searchsorted(-self._log_abar, -wanted) - 1).clamp(0, self.size - 2)
        t = ((i + (wanted - self._log_abar[i]) * (self.size - 1) / self._slope[i]) / (self.size - 1)).clamp(0, 1)
        return t.to(sigma) if isinstance(sigma, Tensor) else float(t)

    def prior_std(self) -> float:
        """1: DDPM starts from N(0, 1), though std(1) is a little less."""
        return 1.0

    def forward_kernel(self, k: int, n: int) -> tuple[float, float]:
        """(sqrt(abar_k/abar_{k-1}), sqrt(1 - abar_k/abar_{k-1})) of neighbouring levels, abar_{-1} = 1."""
        indices = self._indices(n)
        below = float(self._log_abar[indices[k - 1]]) if k else 0.0
        ratio = float(self._log_abar[indices[k]]) - below
        return math.exp(0.5 * ratio), math.sqrt(-math.expm1(ratio))


@implements(VE)
def _ve(spec: VE, diameter: float) -> VESDE:
    sigma_max = spec.sigma_max if spec.sigma_max is not None else max(diameter, 2 * spec.sigma_min)
    return VESDE(spec.sigma_min, sigma_max)


def build_sde(spec: object, diameter: float) -> SDE:
    """The SDE of a scene's noise spec; `diameter` (of the target) is sigma_max where the spec leaves it automatic."""
    sde: SDE = implementation(spec)(spec, diameter)
    return sde
