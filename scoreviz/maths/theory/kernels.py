"""The Gaussian kernels of the forward process, for any two times of any linear SDE.

s = None stands for the data themselves (no noise at all), which DDPM calls level 0 and which lies below t = 0 where std(0) > 0.
Source: Ho et al. 2020, equations 4, 6 and 7, written for any a(t) and std(t).
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from scoreviz.maths.sde import SDE


class Jump(NamedTuple):
    """x_t = scale x_s + std z, z ~ N(0, I)."""

    scale: float
    std: float


class DataPosterior(NamedTuple):
    """q(x_s|x_t, x_0) = N(of_data x_0 + of_noisy x_t, std^2 I): DDPM's mu~ and beta~ = std^2."""

    of_data: float
    of_noisy: float
    std: float

    def mean(self, x_t: Tensor, x0: Tensor) -> Tensor:
        """mu~(x_t, x_0), shape of x_t; with E[x_0|x_t] for x_0 it is the mean of DDPM's reverse step."""
        return self.of_data * x0 + self.of_noisy * x_t


def level_of(sde: SDE, s: float | None) -> Jump:
    """(a, std) of x_s given x_0; (1, 0) for the data themselves."""
    return Jump(1.0, 0.0) if s is None else Jump(sde.mean_coefficient(s), sde.std(s))


def jump(sde: SDE, s: float | None, t: float) -> Jump:
    """q(x_t|x_s) = N(scale x_s, std^2 I) in one jump, s <= t: scale = a_t/a_s, std^2 = std_t^2 - scale^2 std_s^2.

    For DDPM's alphas: scale = sqrt(abar_t/abar_s). ValueError for s > t.
    """
    return level_of(sde, t) if s is None else Jump(*sde.transition(s, t))


def data_posterior(sde: SDE, s: float | None, t: float) -> DataPosterior:
    """q(x_s|x_t, x_0), s < t, by Bayes' rule on q(x_t|x_s) q(x_s|x_0).

    mu~ = (a_s step^2/std_t^2) x_0 + (scale std_s^2/std_t^2) x_t and beta~ = std_s^2 step^2/std_t^2, with (scale, step) = q(x_t|x_s). At
    neighbouring levels of DDPM these are its coefficients. ValueError unless s < t and std(t) > 0.
    """
    (a, std_s), (scale, step), std_t = level_of(sde, s), jump(sde, s, t), sde.std(t)
    if (s is not None and s >= t) or not std_t > 0:
        raise ValueError(f"expected s < t and noise at t, got s={s}, t={t}, std(t)={std_t}")
    return DataPosterior(a * (step / std_t) ** 2, scale * (std_s / std_t) ** 2, std_s * step / std_t)
