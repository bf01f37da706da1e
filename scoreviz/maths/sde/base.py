"""What every noise process has: its marginals, its differential equations, its prior, and its discretisation.

Source: Song et al. 2021, "Score-Based Generative Modeling through Stochastic Differential Equations", section 3 and appendices C to E.
"""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor

from scoreviz.maths.sde.elementary import T, Time, exp, expand_as, log


class Schedule(ABC):
    """What a linear noise process says of t alone: a, std, c and g, and what follows from them.

    Methods take a float and return a float, or take a tensor and return a tensor of its shape. In EDM's view (Karras et al. 2022, eq. 2)
    the process is a noise schedule `sigma(t)` = std/a and a scale a(t) = `mean_coefficient(t)`: x_t/a = x_0 + sigma z.
    """

    eps: float = 0.0
    """Smallest t at which samplers in continuous time evaluate the score; they stop there."""

    @abstractmethod
    def mean_coefficient(self, t: T) -> T:
        """a(t) in x_t = a x_0 + std z."""

    @abstractmethod
    def std(self, t: T) -> T:
        """Marginal standard deviation std(t) of x_t given x_0, in data units."""

    @abstractmethod
    def drift_coefficient(self, t: T) -> T:
        """c(t) in f(x, t) = c(t) x, per unit of t."""

    @abstractmethod
    def diffusion(self, t: T) -> T:
        """g(t), in data units per square root of t."""

    @abstractmethod
    def t_of_sigma(self, sigma: T) -> T:
        """The time at which std/a equals sigma. ValueError outside [sigma(0), sigma(1)]."""

    @property
    def t_min(self) -> float:
        """Smallest t whose score exists: 0 where std(0) > 0, else eps."""
        return 0.0 if self.std(0.0) > 0 else self.eps

    def sigma(self, t: T) -> T:
        """EDM's noise-to-signal ratio std(t)/a(t)."""
        return self.std(t) / self.mean_coefficient(t)

    def log_snr(self, t: T) -> T:
        """ln(a^2/std^2) = -2 ln sigma; inf where there is no noise."""
        return -2.0 * log(self.sigma(t))

    def t_of_log_snr(self, value: T) -> T:
        """The time at which ln(a^2/std^2) has this value. ValueError outside [log_snr(1), log_snr(0)]."""
        return self.t_of_sigma(exp(-0.5 * value))

    def transition(self, t: float, s: float) -> tuple[float, float]:
        """(scale, std) of the exact x_s = scale x_t + std z. ValueError unless t <= s (t = s is (1, 0))."""
        if t > s:
            raise ValueError(f"noise grows with time: a transition needs t <= s, got t={t}, s={s}")
        scale = self.mean_coefficient(s) / self.mean_coefficient(t)
        return scale, math.sqrt(max(0.0, self.std(s) ** 2 - (scale * self.std(t)) ** 2))


class SDE(Schedule):
    """A linear noise process dx = c(t) x dt + g(t) dw on t in [0, 1].

    Hence x_t = a(t) x_0 + std(t) z with z ~ N(0, I) exactly, with a' = c a and (std^2)' = 2 c std^2 + g^2.
    x has shape (B, *), t is a float or (B,). A t outside [0, 1] is a ValueError that names it.
    """

    has_ancestral: ClassVar[bool] = True
    """Is there an ancestral step, the posterior of the level below given the data, as published?"""

    def drift(self, x: Tensor, t: Time) -> Tensor:
        """f(x, t), shape of x."""
        return x * expand_as(self.drift_coefficient(t), x)

    def reverse_drift(self, x: Tensor, t: Time, score: Tensor) -> Tensor:
        """f - g^2 s, shape of x: dx = [f - g^2 s] dt + g dw run from t = 1 to 0 undoes the noise (Anderson 1982)."""
        return self.drift(x, t) - expand_as(self.diffusion(t), x) ** 2 * score

    def flow_drift(self, x: Tensor, t: Time, score: Tensor) -> Tensor:
        """f - g^2 s/2, shape of x: the probability-flow ODE dx = [f - g^2 s/2] dt has the same marginals and no noise."""
        return self.drift(x, t) - 0.5 * expand_as(self.diffusion(t), x) ** 2 * score

    def marginal_prob(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        """Mean (B, *) and standard deviation (scalar tensor, or (B,)) of x_t given x_0 = x."""
        mean = x * expand_as(self.mean_coefficient(t), x)
        return mean, torch.as_tensor(self.std(t), dtype=x.dtype, device=x.device)

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

    def discretise(self, n: int) -> Levels:
        """The n noise levels of the reference's uniform grid. Here, where there is no published one: `timesteps`, exact transitions."""
        return Levels.at(self, self.timesteps(n), euler_steps=[1 / n] * n)


@dataclass(frozen=True, slots=True)
class Levels:
    """n noise levels of an SDE, ascending: what predictors and correctors stand on. Level -1 is the data itself.

    times: at which the score of each is asked for. kernels: (scale, G) of x_k = scale x_{k-1} + G z. stds: noise of level k given the data.
    alphas: share of the variance of level k-1 that is left in level k, which correctors take. euler_steps: Euler's positive step of t
    from level k to level k-1. Each of length n.
    """

    sde: SDE
    times: tuple[float, ...]
    kernels: tuple[tuple[float, float], ...]
    stds: tuple[float, ...]
    alphas: tuple[float, ...]
    euler_steps: tuple[float, ...]

    def __post_init__(self) -> None:
        """ValueError unless there are levels, and their times grow within [0, 1]."""
        times = self.times
        if not times or not all(0 <= t <= 1 for t in times) or any(t >= s for t, s in pairwise(times)):
            raise ValueError(f"noise levels need at least 1 time, all in [0, 1] and strictly growing, got {_shown(times)}")

    @staticmethod
    def at(sde: SDE, times: Sequence[float], euler_steps: Sequence[float] | None = None) -> Levels:
        """The levels of `times` (ascending) with their exact transitions; Euler's steps are the distances, the lowest down to t = 0."""
        if not times:
            raise ValueError("a discretisation needs at least 1 level, got 0")
        lowest = (sde.mean_coefficient(times[0]), sde.std(times[0]))
        kernels = (lowest, *(sde.transition(t, s) for t, s in pairwise(times)))
        steps = euler_steps or [s - t for t, s in pairwise([0.0, *times])]
        alphas = tuple(scale**2 for scale, _ in kernels)
        return Levels(sde, tuple(times), kernels, tuple(sde.std(t) for t in times), alphas, tuple(steps))

    def __len__(self) -> int:
        """n."""
        return len(self.times)


def _shown(times: tuple[float, ...]) -> str:
    return str(list(times)) if len(times) < 9 else f"{len(times)} times from {times[0]} to {times[-1]}"


@functools.lru_cache(maxsize=64)
def _even_times(n: int, eps: float) -> tuple[float, ...]:
    if n < 1:
        raise ValueError(f"a discretisation needs at least 1 level, got {n}")
    return (*(eps + (1 - eps) * k / (n - 1) for k in range(n - 1)), 1.0)


def checked_eps(eps: float, kind: str) -> float:
    """`eps` itself. ValueError unless 0 <= eps < 1."""
    if not 0 <= eps < 1:
        raise ValueError(f"{kind} needs 0 <= eps < 1, got eps={eps}")
    return float(eps)
