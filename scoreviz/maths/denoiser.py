"""One field in three units: denoiser D(x, sigma) = E[x_0 | x_0 + sigma z], score s, and noise prediction eps.

For x_t = a x_0 + std z:  s = (a D - x_t)/std^2 = -eps/std. Source: Efron 2011 (Tweedie); Karras et al. 2022, eq. 3.
"""

from __future__ import annotations

import functools
from typing import Protocol, runtime_checkable

from torch import Tensor

from scoreviz.maths.sde import SDE, Time, expand_as
from scoreviz.maths.targets import LogProbFn, ScoreFn
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Denoiser(Protocol):
    """Anything that denoises: x (B, *) = x_0 + sigma z and sigma (a float or (B,)) to E[x_0 | x]."""

    def denoiser(self, x: Tensor, sigma: Time) -> Tensor:
        """E[x_0 | x], shape of x."""
        ...


@runtime_checkable
class LabelledDenoiser(Protocol):
    """A denoiser that also knows classes: labels one integer or (B,), -1 or None for no class."""

    classes: int

    def denoiser(self, x: Tensor, sigma: Time, labels: int | Tensor | None = None) -> Tensor:
        """E[x_0 | x, class], shape of x."""
        ...


@runtime_checkable
class EnergyDenoiser(Protocol):
    """A denoiser whose score is the gradient of a density that it knows up to a constant of each sigma."""

    def log_density(self, x: Tensor, sigma: Time, labels: int | Tensor | None = None) -> Tensor:
        """Log-density of x_0 + sigma z at x (B, *) up to that constant, in nats (B,)."""
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


def score_from_v(v: Tensor, x: Tensor, sde: SDE, t: Time) -> Tensor:
    """s = -eps/std with eps = alpha v + beta x_t/c, where c = sqrt(a^2 + std^2), alpha = a/c, beta = std/c; c is 1 for VP.

    v = alpha z - beta x_0 belongs to the variance-preserving x_t/c = alpha x_0 + beta z. Source: Salimans & Ho 2022, appendix D.
    """
    a, std = expand_as(sde.mean_coefficient(t), x), expand_as(sde.std(t), x)
    square = a**2 + std**2
    return -(a * v / square**0.5 + std * x / square) / std


def v_from_score(score: Tensor, x: Tensor, sde: SDE, t: Time) -> Tensor:
    """The inverse of `score_from_v`."""
    a, std = expand_as(sde.mean_coefficient(t), x), expand_as(sde.std(t), x)
    square = a**2 + std**2
    return -(std * score + std * x / square) * square**0.5 / a


def score_fn_of(network: Denoiser | LabelledDenoiser, sde: SDE, labels: int | Tensor | None = None) -> ScoreFn:
    """The network's score as f(x, t): the denoiser at x/a and sigma = std/a, in the units of x_t; of one class where labels are given.

    labels: an integer for all points, or (B,); -1 or None for no class. ValueError if the network knows none.
    """
    denoiser = network.denoiser
    if labels is not None:
        if not isinstance(network, LabelledDenoiser) or not network.classes:
            raise ValueError(f"this network knows no classes, got labels={labels}")
        denoiser = functools.partial(network.denoiser, labels=labels)

    def score_fn(x: Tensor, t: Time) -> Tensor:
        a, sigma = expand_as(sde.mean_coefficient(t), x), sde.sigma(t)
        scaled = x / a
        return (denoiser(scaled, sigma) - scaled) / (a * expand_as(sigma, x) ** 2)

    return score_fn


def log_prob_fn_of(network: Denoiser, sde: SDE, labels: int | Tensor | None = None) -> LogProbFn:
    """log p_t(x) of an energy network as f(x, t), (B,) in nats, up to a constant of each t: what MALA and HMC need.

    SceneError for a free vector field, which is the gradient of nothing; ValueError for labels that the network does not know.
    """
    if not isinstance(network, EnergyDenoiser):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "This network is a free vector field and has no density: choose “gradient of an energy” for it.")
        )

    def log_prob_fn(x: Tensor, t: Time) -> Tensor:
        return network.log_density(x / expand_as(sde.mean_coefficient(t), x), sde.sigma(t), labels)

    return log_prob_fn


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
