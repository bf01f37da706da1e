"""Losses of the network that samples, measured on draws of their own: at each noise level, and in three forms."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.trainer import shown_network, state_of
from scoreviz.maths.empirical import Law
from scoreviz.maths.networks import ScoreMLP
from scoreviz.maths.objectives import Batch, ImplicitScoreMatching, Objective
from scoreviz.maths.sde import SDE
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.losses import AskLossBySigma, AskObjectives, LossBySigma, Objectives

ROUND = 512
"""Draws at one level between two polls: an implicit loss of the default network takes 4 ms."""


def noise_levels(sde: SDE, objective: Objective, levels: int) -> Tensor:
    """Centres of so many equal bins of ln sigma over the range of the noise (L,) float64; an objective's one level is among them."""
    low, high = math.log(sde.sigma(sde.t_min)), math.log(sde.sigma(1.0))
    sigma = torch.exp(low + (torch.arange(levels, dtype=torch.float64) + 0.5) * ((high - low) / levels))
    least, most = objective.sigma_range
    if least == most:
        sigma[(sigma.log() - math.log(least)).abs().argmin()] = least
    return sigma


def draw(law: Law, objective: Objective, sigma: float, points: int, generator: torch.Generator) -> Batch:
    """A batch at one level, z and -z for each x_0, as an odd error of either cancels."""
    half = law.sample((points + 1) // 2, generator)
    z = torch.randn(half.shape, generator=generator, dtype=half.dtype)
    x0, noise = torch.cat([half, half])[:points], torch.cat([z, -z])[:points]
    return Batch(x0, torch.full((points,), sigma, dtype=x0.dtype), noise, None, objective.probes(x0.shape, generator))


@answers(AskLossBySigma)
def loss_by_sigma(question: AskLossBySigma, world: World) -> Iterator[Part | None]:
    """One level after the other; the whole answer at the end."""
    state = state_of(world.trainer)
    network, objective, law = shown_network(world.trainer), state.objective, state.target
    sigmas = noise_levels(world.sde, objective, question.levels)
    generator = torch.Generator().manual_seed(0)
    rows = []
    for sigma in sigmas.tolist():
        weight = float(objective.weight(torch.tensor(sigma, dtype=torch.float64)))
        off, least = [], []
        for points in _pieces(question.points):
            x = draw(law, objective, sigma, points, generator).noisy()
            exact, _ = law.posterior_at(x.double(), sigma)
            off.append(weight * (network.denoiser(x, sigma).double() - exact).square().sum(1))
            least.append(weight * objective.least(law, x.double(), sigma))
            yield None
        excess, floor = torch.cat(off), float(torch.cat(least).mean())
        rows.append((floor + float(excess.mean()), floor, float(excess.mean()), float(excess.std()) / math.sqrt(len(excess))))
    low, high = objective.sigma_range
    loss, floors, excesses, errors = (Array.of(column.numpy()) for column in torch.tensor(rows, dtype=torch.float64).T.contiguous())
    trained = ((sigmas >= low * (1 - 1e-9)) & (sigmas <= high * (1 + 1e-9))).to(torch.uint8)
    yield (
        1.0,
        LossBySigma(
            sigma=Array.of(sigmas.numpy()), loss=loss, floor=floors, excess=excesses, error=errors, trained=Array.of(trained.numpy()),
            points=question.points,
        ),
    )  # fmt: skip


@answers(AskObjectives)
def objectives(question: AskObjectives, world: World) -> Iterator[Part | None]:
    """Round after round over all levels, each part the mean of all draws so far."""
    state = state_of(world.trainer)
    network, law = shown_network(world.trainer), state.target
    sigmas = noise_levels(world.sde, state.objective, question.levels)
    implicit = ImplicitScoreMatching(state.objective.law, state.objective.weight)
    generator = torch.Generator().manual_seed(0)
    sums = torch.zeros(2, 3, len(sigmas), dtype=torch.float64)  # of values and of their squares
    for done in range(1, question.rounds + 1):
        for i, sigma in enumerate(sigmas.tolist()):
            values = three_forms(network, law, implicit, draw(law, implicit, sigma, ROUND, generator))
            sums[0, :, i] += values.sum(1)
            sums[1, :, i] += values.square().sum(1)
            yield None
        yield done / question.rounds, _objectives(sigmas, sums, done * ROUND // 2)


def three_forms(network: ScoreMLP, law: Law, implicit: ImplicitScoreMatching, batch: Batch) -> Tensor:
    """Explicit, implicit and denoising loss at one level, each less the exact score's on the same draws, (3, B/2) float64.

    Means over z and -z. tr grad s* = (tr Cov(x_0|x)/sigma^2 - dim)/sigma^2 by Tweedie.
    """
    x, sigma, x0 = batch.noisy().double(), float(batch.sigma[0]), batch.x0.double()
    weight = float(implicit.weight(torch.tensor(sigma, dtype=torch.float64)))
    exact, trace = law.posterior_at(x, sigma)
    denoised = network.denoiser(batch.noisy(), sigma).double()
    explicit = weight * (denoised - exact).square().sum(1)
    denoising = weight * ((denoised - x0).square().sum(1) - (exact - x0).square().sum(1))
    of_exact = weight * (2 * (trace - sigma**2 * x.shape[1]) + (exact - x).square().sum(1))
    hyvarinen = implicit.loss(network, batch, law).double() - of_exact
    return torch.stack([explicit, hyvarinen, denoising]).view(3, 2, -1).mean(1)


def _objectives(sigmas: Tensor, sums: Tensor, pairs: int) -> Objectives:
    mean = sums[0] / pairs
    error = ((sums[1] / pairs - mean.square()).clamp(min=0) / max(pairs - 1, 1)).sqrt()
    explicit, implicit, denoising = (Array.of(row.numpy()) for row in mean)
    errors = [Array.of(row.numpy()) for row in error]
    return Objectives(
        sigma=Array.of(sigmas.numpy()), explicit=explicit, implicit=implicit, denoising=denoising,
        explicit_error=errors[0], implicit_error=errors[1], denoising_error=errors[2], points=2 * pairs,
    )  # fmt: skip


def _pieces(points: int) -> list[int]:
    """Even numbers of at most ROUND draws, so that z and -z stay together."""
    whole, rest = divmod(points, ROUND)
    return [ROUND] * whole + ([rest] if rest else [])
