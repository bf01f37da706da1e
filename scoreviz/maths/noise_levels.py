"""Which noise levels are trained how often, and how an error at each of them counts.

A law of sigma is its quantile function, so that evenly spread u in [0, 1] gives evenly spread levels. A weighting is w(sigma) on
|D - x_0|^2; on errors of the score it is lambda(sigma) = w sigma^4.
Sources: Song & Ermon 2019 (ladder, lambda = sigma^2); Ho et al. 2020; Karras et al. 2022 (log-normal); Song et al. 2021b (likelihood).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import SDE, VPSDE
from scoreviz.scene.learning import LogNormalSigma, LogUniformSigma, OneSigma, SigmaSpec, UniformTimeSigma

Weight = Callable[[Tensor], Tensor]
"""w(sigma), shape of sigma."""


class SigmaLaw(ABC):
    """A law of sigma > 0 in data units."""

    levels: int | None = None
    """How many sigmas there are, None for a continuous law."""

    @abstractmethod
    def quantile(self, u: Tensor) -> Tensor:
        """u in [0, 1] to sigma, shape and dtype of u, never falling."""

    @property
    def sigma_range(self) -> tuple[float, float]:
        """Least and largest sigma; equal where only one is trained."""
        low, high = self.quantile(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist()
        return low, high


class LogUniform(SigmaLaw):
    """ln sigma uniform in [ln low, ln high]: uniform in t for VE."""

    def __init__(self, low: float, high: float) -> None:
        """0 < low < high."""
        if not 0 < low < high < math.inf:
            raise ValueError(f"expected 0 < sigma_min < sigma_max, got {low} and {high}")
        self.low, self.high = low, high

    def quantile(self, u: Tensor) -> Tensor:
        """low (high/low)^u."""
        return self.low * (self.high / self.low) ** u


class UniformTime(SigmaLaw):
    """t uniform in [t_min, 1]: what the likelihood weighting is made for, and score_sde's own choice."""

    def __init__(self, sde: SDE) -> None:
        """Over all of the SDE's time."""
        self.sde = sde

    def quantile(self, u: Tensor) -> Tensor:
        """sigma(t_min + u (1 - t_min))."""
        low = self.sde.t_min
        return self.sde.sigma((low + u * (1 - low)).clamp(max=1.0))


class LogNormal(SigmaLaw):
    """ln sigma ~ N(mean, std^2), cut off outside [low, high] (never, by default: then at 4.75 std)."""

    def __init__(self, mean: float, std: float, low: float = 0.0, high: float = math.inf) -> None:
        """std > 0, 0 <= low < high; ValueError also if no more than a millionth of the law lies between them."""
        if not (math.isfinite(mean) and 0 < std < math.inf):
            raise ValueError(f"a log-normal law needs a finite mean and a positive std, got {mean} and {std}")
        if not 0 <= low < high:
            raise ValueError(f"expected 0 <= low < high, got {low} and {high}")
        self.mean, self.std = mean, std
        below, above = (_normal_cdf((math.log(s) - mean) / std) if 0 < s < math.inf else float(s > 0) for s in (low, high))
        if above - below < 1e-6:
            raise ValueError(f"ln sigma ~ N({mean}, {std}²) never comes to lie between {low} and {high}")
        self.below, self.above = max(below, 1e-6), min(above, 1 - 1e-6)

    def quantile(self, u: Tensor) -> Tensor:
        """exp(mean + std Phi^-1(u)), u rescaled to what is not cut off."""
        p = self.below + u * (self.above - self.below)
        normal: Tensor = torch.special.ndtri(p)
        return (self.mean + self.std * normal).exp()


class Levels(SigmaLaw):
    """Finitely many sigmas, each as often."""

    def __init__(self, sigmas: Tensor) -> None:
        """sigmas (L,) positive, ascending."""
        if sigmas.ndim != 1 or not len(sigmas) or not bool((sigmas > 0).all()) or not bool((sigmas.diff() > 0).all()):
            raise ValueError(f"expected noise levels (L,) that are positive and ascend, got {sigmas.tolist()[:8]}")
        self.sigmas, self.levels = sigmas.double(), len(sigmas)

    def quantile(self, u: Tensor) -> Tensor:
        """sigma_floor(u L)."""
        place = (u * len(self.sigmas)).long().clamp_(max=len(self.sigmas) - 1)
        return self.sigmas.to(u)[place]


def one_sigma(sigma: float) -> Levels:
    """The law of one level. ValueError unless it is positive and finite."""
    if not 0 < sigma < math.inf:
        raise ValueError(f"sigma must be positive, got {sigma}")
    return Levels(torch.tensor([sigma], dtype=torch.float64))


def ladder(low: float, high: float, levels: int) -> Levels:
    """NCSN's geometric ladder of at least two levels, both ends included."""
    if levels < 2 or not 0 < low < high < math.inf:
        raise ValueError(f"a ladder needs at least 2 levels and 0 < low < high, got {levels}, {low} and {high}")
    return Levels(torch.linspace(math.log(low), math.log(high), levels, dtype=torch.float64).exp())


def ddpm_levels(steps: int, beta_min: float, beta_max: float) -> Levels:
    """sigma_k = sqrt(1/abar_k - 1) of DDPM's betas linspace(beta_min/T, beta_max/T, T), k = 1 ... T.

    With T <= beta_max a beta would reach 1; there the levels are those of the continuous VP noise (`VPSDE.discretise`).
    """
    if steps < 2:
        raise ValueError(f"expected at least 2 steps, got {steps}")
    stds = torch.tensor(VPSDE(beta_min, beta_max).discretise(steps).stds, dtype=torch.float64)
    return Levels(stds / (1 - stds.square()).sqrt())


def edm_weight(sigma_data: float) -> Weight:
    """w = (sigma^2 + sd^2)/(sigma sd)^2: 1/c_out^2, so that every sigma counts alike."""
    return lambda sigma: sigma**-2 + sigma_data**-2


def sigma2_weight(sigma: Tensor) -> Tensor:
    """lambda = sigma^2, w = 1/sigma^2: errors of the noise, eps. NCSN's, and DDPM's simple loss."""
    return sigma**-2


def likelihood_weight(sde: SDE) -> Weight:
    """lambda = g^2/a^2, w = lambda/sigma^4: g^2 on the score of x_t = a (x_0 + sigma z).

    With t uniform the explicit loss is then twice the rate at which KL grows along the noise (Song et al. 2021b, theorem 1).
    Beyond the SDE's range g^2/a^2 stays what it is at its end.
    """
    low, high = sde.sigma(sde.t_min), sde.sigma(1.0)

    def weight(sigma: Tensor) -> Tensor:
        t = sde.t_of_sigma(sigma.clamp(low, high)).clamp(sde.t_min, 1.0)
        return (sde.diffusion(t) / sde.mean_coefficient(t)).square() * sigma**-4

    return weight


def uniform_weight(sigma: Tensor) -> Tensor:
    """lambda = 1, w = 1/sigma^4."""
    return sigma**-4


def weight_of(name: str, sde: SDE, sigma_data: float) -> Weight:
    """The weighting called `name`; ValueError for another."""
    match name:
        case "edm":
            return edm_weight(sigma_data)
        case "sigma2":
            return sigma2_weight
        case "likelihood":
            return likelihood_weight(sde)
        case "uniform":
            return uniform_weight
    raise ValueError(f"there is no weighting called “{name}”; known: edm, sigma2, likelihood, uniform")


@implements(LogUniformSigma)
def _log_uniform(spec: LogUniformSigma, sde: SDE) -> SigmaLaw:
    return LogUniform(sde.sigma(sde.t_min), sde.sigma(1.0))


@implements(UniformTimeSigma)
def _uniform_time(spec: UniformTimeSigma, sde: SDE) -> SigmaLaw:
    return UniformTime(sde)


@implements(LogNormalSigma)
def _log_normal(spec: LogNormalSigma, sde: SDE) -> SigmaLaw:
    return LogNormal(spec.p_mean, spec.p_std, sde.sigma(sde.t_min), sde.sigma(1.0))


@implements(OneSigma)
def _one(spec: OneSigma, sde: SDE) -> SigmaLaw:
    return one_sigma(spec.sigma)


def build_law(spec: SigmaSpec, sde: SDE) -> SigmaLaw:
    """The law behind a scene's spec, over the noise levels of `sde`."""
    law: SigmaLaw = implementation(spec)(spec, sde)
    return law


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))
