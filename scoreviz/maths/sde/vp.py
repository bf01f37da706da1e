"""Variance preserving, and the linear beta that it shares with sub-VP."""

from __future__ import annotations

import math
from itertools import accumulate

from scoreviz.maths.registry import implements
from scoreviz.maths.sde.base import SDE, Levels, checked_eps
from scoreviz.maths.sde.elementary import T, checked, clamp, exp, expm1, log1p, sqrt, within
from scoreviz.scene.noise import VP


class LinearBetaSDE(SDE):
    """dx = -beta(t) x/2 dt + g dw with beta(t) = b0 + t (b1 - b0), hence a = e^L, L = -t^2 (b1 - b0)/4 - t b0/2.

    The noise vanishes at t = 0, so samplers stop at eps. Sampling starts from N(0, I).
    """

    eps = 1e-3

    def __init__(self, beta_min: float = 0.1, beta_max: float = 20.0, eps: float = 1e-3) -> None:
        """Rates of the noise at t = 0 and t = 1, per unit of t, 0 < beta_min <= beta_max; 0 < eps < 1."""
        kind = type(self).__name__
        if not (0 < beta_min <= beta_max < math.inf):
            raise ValueError(f"{kind} needs 0 < beta_min <= beta_max, got beta_min={beta_min}, beta_max={beta_max}")
        if not eps > 0:
            raise ValueError(f"{kind} has no noise at t = 0 and no score there: it needs eps > 0, got eps={eps}")
        self.beta_min, self.beta_max, self.eps = float(beta_min), float(beta_max), checked_eps(eps, kind)

    def __repr__(self) -> str:
        """VPSDE(beta_min=0.1, beta_max=20)."""
        return f"{type(self).__name__}(beta_min={self.beta_min:g}, beta_max={self.beta_max:g})"

    def beta(self, t: T) -> T:
        """b0 + t (b1 - b0), per unit of t."""
        return self.beta_min + checked(t) * (self.beta_max - self.beta_min)

    def log_mean(self, t: T) -> T:
        """L(t) = ln a(t) = -(1/2) int_0^t beta."""
        return -0.25 * checked(t) ** 2 * (self.beta_max - self.beta_min) - 0.5 * t * self.beta_min

    def mean_coefficient(self, t: T) -> T:
        """e^L."""
        return exp(self.log_mean(t))

    def drift_coefficient(self, t: T) -> T:
        """-beta/2."""
        return -0.5 * self.beta(t)

    def t_of_log_mean(self, value: T) -> T:
        """Where L(t) has this value <= 0: the positive root of (b1 - b0) t^2/4 + b0 t/2 + L = 0, in the form without cancellation."""
        return clamp(-4 * value / (self.beta_min + sqrt(self.beta_min**2 - 4 * (self.beta_max - self.beta_min) * value)), 0.0, 1.0)

    def prior_std(self) -> float:
        """1: sampling starts from N(0, I), though std(1) is a little less."""
        return 1.0


class VPSDE(LinearBetaSDE):
    """Variance preserving: dx = -beta x/2 dt + sqrt(beta) dw. a = e^L, std = sqrt(1 - e^2L), sigma = sqrt(e^-2L - 1).

    DDPM's noise in the limit of many steps; data of unit variance keep it at every t. Source: Song et al. 2021, eqs. 11, 32 and 33.
    """

    def std(self, t: T) -> T:
        """sqrt(1 - e^2L)."""
        return sqrt(-expm1(2 * self.log_mean(t)))

    def sigma(self, t: T) -> T:
        """sqrt(e^-2L - 1)."""
        return sqrt(expm1(-2 * self.log_mean(t)))

    def diffusion(self, t: T) -> T:
        """sqrt(beta)."""
        return sqrt(self.beta(t))

    def t_of_sigma(self, sigma: T) -> T:
        """Where -2 L = ln(1 + sigma^2)."""
        within(sigma, 0.0, self.sigma(1.0), "sigma")
        return self.t_of_log_mean(-0.5 * log1p(sigma**2))

    def discretise(self, n: int) -> Levels:
        """DDPM's chain x_k = sqrt(1 - beta_k) x_{k-1} + sqrt(beta_k) z with beta_k = linspace(b0/n, b1/n, n); Euler's step 1/n.

        Where a beta would reach 1 (n <= b1) nothing of x would be left: there the levels are `timesteps(n)` with exact transitions,
        so that 1 - beta_k is the ratio of the continuous a^2.
        """
        if n <= self.beta_max:
            return Levels.at(self, self.timesteps(n), euler_steps=[1 / n] * n)
        betas = [self.beta(t) / n for t in self.times(n)]
        log_abars = accumulate(math.log1p(-beta) for beta in betas)
        stds = tuple(math.sqrt(-math.expm1(value)) for value in log_abars)
        kernels = tuple((math.sqrt(1 - beta), math.sqrt(beta)) for beta in betas)
        return Levels(self, tuple(self.timesteps(n)), kernels, stds, tuple(1 - beta for beta in betas), (1 / n,) * n)


@implements(VP)
def _vp(spec: VP, diameter: float) -> VPSDE:
    """The diameter plays no part: the noise ends at N(0, I)."""
    return VPSDE(spec.beta_min, spec.beta_max)
