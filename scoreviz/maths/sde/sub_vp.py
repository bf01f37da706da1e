"""Sub-VP: VP's mean with a variance that is never above VP's."""

from __future__ import annotations

import math

from scoreviz.maths.registry import implements
from scoreviz.maths.sde.base import Levels
from scoreviz.maths.sde.elementary import T, asinh, expm1, sinh, sqrt, within
from scoreviz.maths.sde.vp import LinearBetaSDE
from scoreviz.scene.noise import SubVP


class SubVPSDE(LinearBetaSDE):
    """dx = -beta x/2 dt + sqrt(beta (1 - e^4L)) dw. a = e^L, std = 1 - e^2L, sigma = e^-L - e^L.

    Near the data its noise grows like t, not like sqrt(t): best likelihoods of the three in the paper. It has no published ancestral step,
    and its discretisation is Euler-Maruyama's. Source: Song et al. 2021, section 3.4 and eqs. 29 and 33.
    """

    has_ancestral = False

    def std(self, t: T) -> T:
        """1 - e^2L."""
        return -expm1(2 * self.log_mean(t))

    def sigma(self, t: T) -> T:
        """e^-L - e^L = 2 sinh(-L)."""
        return 2 * sinh(-self.log_mean(t))

    def diffusion(self, t: T) -> T:
        """sqrt(beta (1 - e^4L))."""
        return sqrt(self.beta(t) * -expm1(4 * self.log_mean(t)))

    def t_of_sigma(self, sigma: T) -> T:
        """Where -L = asinh(sigma/2)."""
        within(sigma, 0.0, self.sigma(1.0), "sigma")
        return self.t_of_log_mean(-asinh(0.5 * sigma))

    def discretise(self, n: int) -> Levels:
        """Euler-Maruyama's step 1/n at the times of the score, as published: x_k = (1 + c/n) x_{k-1} + g/sqrt(n) z.

        alpha_k is the ratio a_k^2/a_{k-1}^2 of the levels k/(n-1); the published code has none, and its corrector fails.
        """
        times, dt = self.timesteps(n), 1 / n
        kernels = tuple((1 + self.drift_coefficient(t) * dt, self.diffusion(t) * math.sqrt(dt)) for t in times)
        log_means = [self.log_mean(t) for t in self.times(n)]
        below = [0.0, *log_means[:-1]]
        alphas = tuple(math.exp(2 * (high - low)) for low, high in zip(below, log_means, strict=True))
        return Levels(self, tuple(times), kernels, tuple(self.std(t) for t in times), alphas, (dt,) * n)


@implements(SubVP)
def _sub_vp(spec: SubVP, diameter: float) -> SubVPSDE:
    """The diameter plays no part: the noise ends at N(0, I)."""
    return SubVPSDE(spec.beta_min, spec.beta_max)
