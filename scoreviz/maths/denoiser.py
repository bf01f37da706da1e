"""One field in three units: denoiser D(x, sigma) = E[x_0 | x_0 + sigma z], score s, and noise prediction eps.

For x_t = a x_0 + std z:  s = (a D - x_t)/std^2 = -eps/std. Source: Efron 2011 (Tweedie); Karras et al. 2022, eq. 3.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from scoreviz.maths.sde import SDE, Time, expand_as
from scoreviz.maths.targets import ScoreFn


class Denoiser(Protocol):
    """Anything that denoises: x (B, *) = x_0 + sigma z and sigma (a float or (B,)) to E[x_0 | x]."""

    def denoiser(self, x: Tensor, sigma: Time) -> Tensor:
        """E[x_0 | x], shape of x."""
        ...


def score_from_denoiser(x: Tensor, denoised: Tensor, sde: SDE, t: Time) -> Tensor:
    """s = (a D - x)/std^2, shape of x."""
    a, std = expand_as(sde.mean_coefficient(t), x), expand_as(sde.std(t), x)
    return (a * denoised - x) / std**2


def denoiser_from_score(x: Tensor, score: Tensor, sde: SDE, t: Time) -> Tensor:
    """Tweedie: D = (x + std^2 s)/a, shape of x."""
    a, std = expand_as(sde.mean_coefficient(t), x), expand_as(sde.std(t), x)
    return (x + std**2 * score) / a


def tweedie(x: Tensor, score: Tensor, a: float, variance: float) -> Tensor:
    """(x + std^2 s)/a for numbers at hand, in as few passes as it takes: samplers show it at every substep."""
    denoised = x.add(score, alpha=variance)
    return denoised if a == 1.0 else denoised.div_(a)


def eps_from_score(score: Tensor, sde: SDE, t: Time) -> Tensor:
    """E[z | x_t] = -std s."""
    return -expand_as(sde.std(t), score) * score


def score_from_eps(eps: Tensor, sde: SDE, t: Time) -> Tensor:
    """s = -eps/std."""
    return -eps / expand_as(sde.std(t), eps)


def score_fn_of(network: Denoiser, sde: SDE) -> ScoreFn:
    """The network's score as f(x, t): the denoiser at x/a and sigma = std/a, in the units of x_t."""

    def score_fn(x: Tensor, t: Time) -> Tensor:
        a, sigma = expand_as(sde.mean_coefficient(t), x), sde.sigma(t)
        scaled = x / a
        return (network.denoiser(scaled, sigma) - scaled) / (a * expand_as(sigma, x) ** 2)

    return score_fn


def clipped(score_fn: ScoreFn, sde: SDE, low: float, high: float) -> ScoreFn:
    """The score whose denoised estimate is clamped to [low, high]: s + a (clamp(D) - D)/std^2; where D lies within, s itself.

    What `clip_sample` of diffusers does, for every sampler. Source: Ho et al. 2020 (code).
    """

    def clipped_score(x: Tensor, t: Time) -> Tensor:
        a, std = expand_as(sde.mean_coefficient(t), x), expand_as(sde.std(t), x)
        score = score_fn(x, t)
        denoised = (x + std**2 * score) / a
        return score + (denoised.clamp(low, high) - denoised) * (a / std**2)

    return clipped_score
