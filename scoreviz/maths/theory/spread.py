"""How noise takes over: total variance against t, and the signal to noise of each level. Source: Song et al. 2021, section 3.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import Target


def total_variance(target: Target, sde: SDE, t: Tensor) -> Tensor:
    """tr Cov x_t = a^2 tr Cov x_0 + D std^2, (L,) float64, in squared data units.

    Over D it grows with VE up to sigma_max^2 and more; with VP it tends to 1, with sub-VP it stays at or below VP's.
    """
    a, std = sde.mean_coefficient(t.double()), sde.std(t.double())
    return target.dim * ((a * target.sigma_data).square() + std.square())


@dataclass(frozen=True, slots=True)
class SignalToNoise:
    """A table of levels, each column (L,) float64: t, a, std, sigma = std/a, snr = a^2/std^2 (inf without noise) and its logarithm."""

    t: Tensor
    a: Tensor
    std: Tensor
    sigma: Tensor
    snr: Tensor
    log_snr: Tensor


def signal_to_noise(sde: SDE, times: Sequence[float]) -> SignalToNoise:
    """The signal-to-noise ratio at any table of times: a step grid, `sde.timesteps(n)`, or the table of a DDPM.

    Data of standard deviation sd have sd^2 times it. Source: Kingma et al. 2021, "Variational Diffusion Models", equation 3.
    """
    t = torch.tensor(times, dtype=torch.float64)
    a, std = sde.mean_coefficient(t), sde.std(t)
    return SignalToNoise(t, a, std, std / a, (a / std) ** 2, 2 * (a.log() - std.log()))
