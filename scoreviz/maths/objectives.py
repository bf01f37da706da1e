"""What the network minimises, and the exact value below which no network can take it.

Denoising score matching: L = E_sigma E_x0,z [ w(sigma) |D(x_0 + sigma z, sigma) - x_0|^2 ], which in terms of the score is
w sigma^4 |s - (x_0 - x)/sigma^2|^2. Its least value is E_sigma [w(sigma) E tr Cov(x_0 | x)]: the loss of a perfect network.
Sources: Vincent 2011; Karras et al. 2022 (EDM weighting); Song & Ermon 2019 (lambda = sigma^2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.denoiser import Denoiser
from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.learning import Denoising


class DenoisingScoreMatching:
    """Weighting w(sigma) and the training law of sigma: log-uniform in [sigma_min, sigma_max]."""

    def __init__(self, weighting: str, sigma_min: float, sigma_max: float, sigma_data: float) -> None:
        """weighting: "edm" (unit variance of the network's target) or "sigma2" (NCSN). Sigmas in data units."""
        if weighting not in ("edm", "sigma2"):
            raise ValueError(f"there is no weighting called “{weighting}”; known: edm, sigma2")
        if not 0 < sigma_min < sigma_max < math.inf:
            raise ValueError(f"expected 0 < sigma_min < sigma_max, got {sigma_min} and {sigma_max}")
        self.weighting, self.sigma_min, self.sigma_max, self.sigma_data = weighting, sigma_min, sigma_max, sigma_data

    def weight(self, sigma: Tensor) -> Tensor:
        """w(sigma) on |D - x_0|^2: edm (sigma^2 + sd^2)/(sigma sd)^2; sigma2 1/sigma^2."""
        if self.weighting == "sigma2":
            return sigma**-2
        return sigma**-2 + self.sigma_data**-2

    def output_weight(self, sigma: Tensor) -> Tensor | float:
        """w c_out^2, the weight on |F - F_target|^2: edm 1; sigma2 sd^2/(sigma^2 + sd^2)."""
        return 1.0 if self.weighting == "edm" else self.sigma_data**2 / (sigma.square() + self.sigma_data**2)

    def sigma(self, u: Tensor) -> Tensor:
        """The training law's quantile function: u in [0, 1] to sigma, shape of u."""
        return self.sigma_min * (self.sigma_max / self.sigma_min) ** u

    def loss(self, denoiser: Denoiser, x0: Tensor, sigma: Tensor, noise: Tensor) -> Tensor:
        """Per-sample loss (B,) for x0 (B, D), sigma (B,) and noise z (B, D)."""
        error = denoiser.denoiser(torch.addcmul(x0, sigma[:, None], noise), sigma) - x0
        return self.weight(sigma) * error.square().sum(1)


@dataclass(frozen=True, slots=True)
class Floor:
    """The least possible loss: total, its standard error, and per sigma w(sigma) E tr Cov(x_0|x) at `sigmas` (float64)."""

    total: float
    error: float
    sigmas: Tensor
    per_sigma: Tensor


def loss_floor(target: GaussianMixture, objective: DenoisingScoreMatching, levels: int = 32, points: int = 512, seed: int = 0) -> Floor:
    """The floor of `objective` on `target`, by quadrature over the training law of sigma and Monte Carlo over x.

    `levels` midpoints of sigma's quantiles, `points` seeded draws of x_0 and z each; `error` is the Monte Carlo standard error of
    the total (the quadrature's error is far below it). 32 x 512 takes some 30 ms for 150 components.
    """
    generator = torch.Generator(target.means.device).manual_seed(seed)
    u = (torch.arange(levels, dtype=torch.float64, device=target.means.device) + 0.5) / levels
    sigmas = objective.sigma(u)
    weights = objective.weight(sigmas)
    means, variances = [], []
    for sigma in sigmas.tolist():
        x0 = target.sample(points, generator)
        z = torch.randn(x0.shape, generator=generator, dtype=x0.dtype, device=x0.device)
        trace = target.posterior_at((x0 + sigma * z).double(), sigma).trace
        means.append(trace.mean())
        variances.append(trace.var() / points)
    per_sigma = weights * torch.stack(means)
    error = (weights.square() * torch.stack(variances)).sum().sqrt() / levels
    return Floor(float(per_sigma.mean()), float(error), sigmas, per_sigma)


@implements(Denoising)
def _denoising(spec: Denoising, sde: SDE, sigma_data: float) -> DenoisingScoreMatching:
    return DenoisingScoreMatching(spec.weighting, sde.sigma(sde.t_min), sde.sigma(1.0), sigma_data)


def build_objective(spec: object, sde: SDE, sigma_data: float) -> DenoisingScoreMatching:
    """The objective of a scene's spec over the noise levels of `sde`."""
    objective: DenoisingScoreMatching = implementation(spec)(spec, sde, sigma_data)
    return objective
