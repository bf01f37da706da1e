"""What the network minimises, and the exact value below which no network can take it.

At one sigma, with x = x_0 + sigma z ~ p_sigma, D the network's denoiser, s = (D - x)/sigma^2 its score, s* the exact one and
lambda = w sigma^4, the losses are

    explicit   lambda E |s - s*|^2                        = w E |D - D*|^2
    denoising  lambda E |s - (x_0 - x)/sigma^2|^2         = w E |D - x_0|^2
    implicit   lambda E [2 tr grad s + |s|^2]             = w E [2 sigma^2 (tr grad D - dim) + |D - x|^2]
    sliced     lambda E [2 v^T (grad s) v + (v^T s)^2],   E v v^T = I; variance reduced: |s|^2 for the second term

(Hyvarinen 2005 and Song et al. 2019 write half of the last two.) They are one loss up to constants that no network changes,

    explicit = denoising - w E tr Cov(x_0|x) = implicit + lambda E |s*|^2 = sliced + lambda E |s*|^2,
    implicit = denoising - w sigma^2 dim,

so what an exact network leaves is the objective's floor: 0, w E tr Cov(x_0|x), and -lambda E |s*|^2.
Sources: Hyvarinen 2005; Vincent 2011; Song & Ermon 2019; Song et al. 2019 (sliced); Karras et al. 2022.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths import noise_levels
from scoreviz.maths.denoiser import Denoiser, LabelledDenoiser
from scoreviz.maths.empirical import Law
from scoreviz.maths.noise_levels import SigmaLaw, Weight, build_law, weight_of
from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import SDE
from scoreviz.scene.learning import DDPMSimple, Denoising, EDMLoss, Explicit, Implicit, Ladder, Sliced


class Batch(NamedTuple):
    """x_0 (B, D), sigma (B,), noise z (B, D); labels (B,), -1 for none; probes (M, B, D), sliced score matching's v."""

    x0: Tensor
    sigma: Tensor
    noise: Tensor
    labels: Tensor | None = None
    probes: Tensor | None = None

    def noisy(self) -> Tensor:
        """x = x_0 + sigma z."""
        return torch.addcmul(self.x0, self.sigma[:, None], self.noise)


class Objective(ABC):
    """A law of sigma, a weight w(sigma) on |D - x_0|^2 (so lambda = w sigma^4 on the score), and a loss at each sigma."""

    def __init__(self, law: SigmaLaw, weight: Weight, weighting: str = "") -> None:
        """`weighting` is the weight's name, where it has one."""
        self.law, self.weight, self.weighting = law, weight, weighting

    @property
    def sigma_range(self) -> tuple[float, float]:
        """Least and largest sigma trained. Equal for an objective at one sigma: its network cannot anneal."""
        return self.law.sigma_range

    def sigma(self, u: Tensor) -> Tensor:
        """The training law's quantile function: u in [0, 1] to sigma, shape of u."""
        return self.law.quantile(u)

    def probes(self, shape: Sequence[int], generator: torch.Generator) -> Tensor | None:
        """Random directions for a batch of x_0 of this shape, None where none are needed (and no random number is used)."""
        return None

    @abstractmethod
    def loss(self, network: Denoiser, batch: Batch, target: Law) -> Tensor:
        """Per-sample loss (B,), differentiable in the network's weights; the target's exact score is used by explicit matching alone."""

    @abstractmethod
    def least(self, target: Law, x: Tensor, sigma: float) -> Tensor:
        """(B,), whose mean over x ~ p_sigma, times w, is the loss of the exact score at sigma."""


class Regression(Objective):
    """A loss w |D - aim|^2, whose gradient can be had by hand."""

    @abstractmethod
    def aims(self, batch: Batch, target: Law) -> tuple[Tensor, Tensor]:
        """The denoiser to be matched (B, D), and the noise (x - it)/sigma that belongs to it, without cancellation."""

    def loss(self, network: Denoiser, batch: Batch, target: Law) -> Tensor:
        """w |D - aim|^2."""
        aim, _ = self.aims(batch, target)
        return self.weight(batch.sigma) * (_denoised(network, batch.noisy(), batch) - aim).square().sum(1)


class DenoisingScoreMatching(Regression):
    """Match x_0: w |D - x_0|^2. Its floor is w E tr Cov(x_0|x)."""

    def aims(self, batch: Batch, target: Law) -> tuple[Tensor, Tensor]:
        """x_0 and z as they were drawn."""
        return batch.x0, batch.noise

    def least(self, target: Law, x: Tensor, sigma: float) -> Tensor:
        """tr Cov(x_0|x)."""
        return target.posterior_at(x, sigma).trace


class ExplicitScoreMatching(Regression):
    """Match the exact score: w |D - D*|^2. Its floor is 0."""

    def aims(self, batch: Batch, target: Law) -> tuple[Tensor, Tensor]:
        """D* = x + sigma^2 s* and -sigma s*; of the sample's own class where it has a label."""
        x, sigma = batch.noisy(), batch.sigma
        noise = -sigma[:, None] * target.score_at(x, sigma)
        if batch.labels is not None:
            for label in set(batch.labels.tolist()):
                if label >= 0:
                    rows = batch.labels == label
                    noise[rows] = -sigma[rows, None] * target.of_class(label).score_at(x[rows], sigma[rows])
        return x - sigma[:, None] * noise, noise

    def least(self, target: Law, x: Tensor, sigma: float) -> Tensor:
        """0."""
        return x.new_zeros(len(x))


class ImplicitScoreMatching(Objective):
    """lambda (2 tr grad s + |s|^2), with the exact trace: one derivative for each of the D outputs. Its floor is -lambda E |s*|^2.

    Only samples of p_sigma enter. Where there are none the loss says nothing, and a network may do there what it likes.
    """

    def loss(self, network: Denoiser, batch: Batch, target: Law) -> Tensor:
        """w (2 sigma^2 (tr grad D - dim) + |D - x|^2)."""
        training, dim = torch.is_grad_enabled(), batch.x0.shape[1]
        with torch.enable_grad():
            x = batch.noisy().requires_grad_()
            denoised = _denoised(network, x, batch)
            trace = x.new_zeros(len(x))
            for i in range(dim):
                (row,) = torch.autograd.grad(denoised[:, i].sum(), x, create_graph=training, retain_graph=training or i < dim - 1)
                trace = trace + row[:, i]
            pull = (denoised - x.detach()).square().sum(1)
            value = self.weight(batch.sigma) * (2 * batch.sigma.square() * (trace - dim) + pull)
        return value if training else value.detach()

    def least(self, target: Law, x: Tensor, sigma: float) -> Tensor:
        """-sigma^4 |s*|^2."""
        return -(sigma**4) * target.score_at(x, sigma).square().sum(1)


class SlicedScoreMatching(ImplicitScoreMatching):
    """Implicit score matching along random v: lambda (2 v^T (grad s) v + (v^T s)^2), or |s|^2 in place of the second term.

    v is Rademacher or normal, so that E v v^T = I and the losses' means agree. In grad s = (grad D - I)/sigma^2 the part of I is
    known and takes its mean: its noise would be in the loss and not in the gradient. Source: Song et al. 2019, eqs. 7 and 8.
    """

    def __init__(
        self, law: SigmaLaw, weight: Weight, weighting: str = "", *, projections: int = 1, probe: str = "rademacher", reduced: bool = True
    ) -> None:
        """projections >= 1 for each sample, probe "rademacher" or "gaussian"."""
        super().__init__(law, weight, weighting)
        if projections < 1:
            raise ValueError(f"sliced score matching needs at least 1 projection, got {projections}")
        if probe not in ("rademacher", "gaussian"):
            raise ValueError(f"there is no probe called “{probe}”; known: rademacher, gaussian")
        self.projections, self.probe, self.reduced = projections, probe, reduced

    def probes(self, shape: Sequence[int], generator: torch.Generator) -> Tensor:
        """v (M, *shape)."""
        size = (self.projections, *shape)
        if self.probe == "gaussian":
            return torch.randn(size, generator=generator, device=generator.device)
        return torch.randint(2, size, generator=generator, device=generator.device).float().mul_(2).sub_(1)

    def loss(self, network: Denoiser, batch: Batch, target: Law) -> Tensor:
        """w (2 sigma^2 (v^T (grad D) v - dim) + (v^T (D - x))^2), the mean over the probes."""
        training, probes = torch.is_grad_enabled(), batch.probes
        if probes is None:
            raise ValueError("sliced score matching needs a batch with probes: draw it for this objective")
        with torch.enable_grad():
            x = batch.noisy().requires_grad_()
            denoised = _denoised(network, x, batch)
            pull = denoised - x.detach()
            slope = x.new_zeros(len(x))
            for i, v in enumerate(probes.to(x)):
                last = i == len(probes) - 1
                (row,) = torch.autograd.grad((denoised * v).sum(), x, create_graph=training, retain_graph=training or not last)
                slope = slope + (row * v).sum(1) / len(probes)
            second = pull.square().sum(1) if self.reduced else (probes.to(x) * pull).sum(2).square().mean(0)
            value = self.weight(batch.sigma) * (2 * batch.sigma.square() * (slope - x.shape[1]) + second)
        return value if training else value.detach()


def _denoised(network: Denoiser, x: Tensor, batch: Batch) -> Tensor:
    if batch.labels is None:
        return network.denoiser(x, batch.sigma)
    if not isinstance(network, LabelledDenoiser):
        raise ValueError("the batch has labels, and this network knows no classes")
    return network.denoiser(x, batch.sigma, batch.labels)


@dataclass(frozen=True, slots=True)
class Floor:
    """The least possible loss: total, its standard error, and per sigma, w(sigma) times the mean of `least`, at `sigmas` (float64)."""

    total: float
    error: float
    sigmas: Tensor
    per_sigma: Tensor


def loss_floor(target: Law, objective: Objective, levels: int = 32, points: int = 512, seed: int = 0) -> Floor:
    """The floor of `objective` on `target`, by quadrature over the training law of sigma and Monte Carlo over x.

    `levels` midpoints of sigma's quantiles (all levels of a law of few), `points` seeded draws of x_0 and z each; `error` is the Monte
    Carlo standard error of the total (the quadrature's is far below it, but half a per cent under the weighting "uniform", where small
    sigmas are everything). 32 x 512 takes some 30 ms for 150 components.
    """
    if levels < 1 or points < 2:
        raise ValueError(f"a floor needs at least 1 level and 2 points, got {levels} and {points}")
    generator = torch.Generator(target.mean().device).manual_seed(seed)
    if objective.law.levels is not None and objective.law.levels <= 2 * levels:
        levels, points = objective.law.levels, math.ceil(points * levels / objective.law.levels)
    u = (torch.arange(levels, dtype=torch.float64, device=target.mean().device) + 0.5) / levels
    sigmas = objective.sigma(u)
    weights = objective.weight(sigmas)
    means, variances = [], []
    for sigma in sigmas.tolist():
        x0 = target.sample(points, generator)
        z = torch.randn(x0.shape, generator=generator, dtype=x0.dtype, device=x0.device)
        least = objective.least(target, (x0 + sigma * z).double(), sigma)
        means.append(least.mean())
        variances.append(least.var() / points)
    per_sigma = weights * torch.stack(means)
    error = (weights.square() * torch.stack(variances)).sum().sqrt() / levels
    return Floor(float(per_sigma.mean()), float(error), sigmas, per_sigma)


@implements(Denoising)
def _denoising(spec: Denoising, sde: SDE, sigma_data: float) -> DenoisingScoreMatching:
    return DenoisingScoreMatching(build_law(spec.sigmas, sde), weight_of(spec.weighting, sde, sigma_data), spec.weighting)


@implements(Ladder)
def _ladder(spec: Ladder, sde: SDE, sigma_data: float) -> DenoisingScoreMatching:
    law = noise_levels.ladder(sde.sigma(sde.t_min), sde.sigma(1.0), spec.levels)
    return DenoisingScoreMatching(law, noise_levels.sigma2_weight, "sigma2")


@implements(DDPMSimple)
def _ddpm(spec: DDPMSimple, sde: SDE, sigma_data: float) -> DenoisingScoreMatching:
    law = noise_levels.ddpm_levels(spec.steps, spec.beta_min, spec.beta_max)
    return DenoisingScoreMatching(law, noise_levels.sigma2_weight, "sigma2")


@implements(EDMLoss)
def _edm(spec: EDMLoss, sde: SDE, sigma_data: float) -> DenoisingScoreMatching:
    return DenoisingScoreMatching(noise_levels.LogNormal(spec.p_mean, spec.p_std), noise_levels.edm_weight(sigma_data), "edm")


@implements(Explicit)
def _explicit(spec: Explicit, sde: SDE, sigma_data: float) -> ExplicitScoreMatching:
    return ExplicitScoreMatching(build_law(spec.sigmas, sde), weight_of(spec.weighting, sde, sigma_data), spec.weighting)


@implements(Implicit)
def _implicit(spec: Implicit, sde: SDE, sigma_data: float) -> ImplicitScoreMatching:
    return ImplicitScoreMatching(build_law(spec.sigmas, sde), weight_of(spec.weighting, sde, sigma_data), spec.weighting)


@implements(Sliced)
def _sliced(spec: Sliced, sde: SDE, sigma_data: float) -> SlicedScoreMatching:
    return SlicedScoreMatching(
        build_law(spec.sigmas, sde), weight_of(spec.weighting, sde, sigma_data), spec.weighting,
        projections=spec.projections, probe=spec.probe, reduced=spec.variance_reduced,
    )  # fmt: skip


def build_objective(spec: object, sde: SDE, sigma_data: float) -> Objective:
    """The objective of a scene's spec over the noise levels of `sde`."""
    objective: Objective = implementation(spec)(spec, sde, sigma_data)
    return objective
