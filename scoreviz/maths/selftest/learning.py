"""Objectives and networks: what the exact score costs, what an error costs, and whether training arrives at the exact score.

With D the exact denoiser, each objective's mean loss is its floor; with D +- c it is w(sigma) |c|^2 more, whichever objective: they are one
loss up to constants that no network changes. The same batches serve both, so only the noise of their difference counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from scoreviz.maths.denoiser import score_fn_of
from scoreviz.maths.fields import fisher_divergence
from scoreviz.maths.noise_levels import build_law
from scoreviz.maths.objectives import Batch, Objective, build_objective
from scoreviz.maths.sde import VESDE, Time, expand_as
from scoreviz.maths.selftest import gaussian
from scoreviz.maths.selftest.check import Check, Outcome
from scoreviz.maths.targets import GaussianMixture
from scoreviz.maths.training import init_training, train_step
from scoreviz.scene.choice import tag_of
from scoreviz.scene.learning import (
    MLP,
    Denoising,
    Implicit,
    LogNormalSigma,
    LogUniformSigma,
    NetworkSpec,
    ObjectiveSpec,
    OneSigma,
    SigmaSpec,
    Sliced,
    Training,
    UniformTimeSigma,
)

LEVELS, POINTS = 8, 4096
SHIFT = (0.3, -0.2)
"""c, in units of each level's sigma."""

AT, STEPS, RELATIVE = 0.3, 500, 0.05
"""Training ends with a Fisher divergence at this sigma, relative to E|s|^2, below five per cent."""

ONE_LEVEL: dict[type[Any], dict[str, Any]] = {kind: {"sigmas": OneSigma(sigma=AT)} for kind in (Implicit, Sliced)}
"""Objectives whose gradient is too noisy to learn all levels in a few seconds are trained at the one that is measured."""

LOW, HIGH = 1e-4, 1e2
"""A range that cuts nothing off the log-normal law."""

MEAN_LOG: dict[type[Any], float] = {
    LogUniformSigma: 0.5 * math.log(LOW * HIGH), UniformTimeSigma: 0.5 * math.log(LOW * HIGH),
    LogNormalSigma: -1.2, OneSigma: math.log(0.3),
}  # fmt: skip
"""E ln sigma of each law with its default settings; uniform t is log-uniform in sigma for VE."""


def checks() -> Iterator[Check]:
    """Three for each objective, one for each network."""
    for kind in ObjectiveSpec.members():
        spec = kind(**ONE_LEVEL.get(kind, {}))
        name = tag_of(spec)
        yield Check("objective", name, "loss of the exact score, and the objective's floor", partial(_exact_loss, spec))
        yield Check("objective", name, "price of an error c of the denoiser, over w |c|²", partial(_price, spec))
        yield Check("objective", name, f"{STEPS} steps: relative Fisher divergence at sigma {AT}", partial(_trained, MLP(), spec))
    for kind in NetworkSpec.members():
        says = f"{STEPS} steps of denoising: relative Fisher divergence at sigma {AT}"
        yield Check("network", tag_of(kind), says, partial(_trained, kind(), Denoising()))
    for kind in MEAN_LOG:
        yield Check(SigmaSpec.FAMILY, tag_of(kind), "mean of ln sigma over its quantiles, VE", partial(_mean_log, kind()))


def _mean_log(spec: SigmaSpec) -> Outcome:
    """The midpoints of 1000 equal shares."""
    u = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    return Outcome(float(build_law(spec, VESDE(LOW, HIGH)).quantile(u).log().mean()), MEAN_LOG[type(spec)], 1e-3)


def problem() -> tuple[GaussianMixture, VESDE]:
    """Two unequal modes that overlap, and VE noise."""
    means = torch.tensor([[-1.0, 0.2], [0.8, -0.3]])
    return GaussianMixture(torch.tensor([0.35, 0.65]), means, torch.tensor([0.3, 0.4])), VESDE(0.01, gaussian.SIGMA_MAX)


class _Exact:
    """The exact denoiser x + sigma^2 s, shifted by `shift` sigma."""

    def __init__(self, target: GaussianMixture, shift: tuple[float, float] = (0.0, 0.0)) -> None:
        self.target, self.shift = target, torch.tensor(shift)

    def denoiser(self, x: Tensor, sigma: Time) -> Tensor:
        """E[x_0 | x] + shift sigma."""
        level = expand_as(sigma, x)
        return x + level**2 * self.target.score_at(x, sigma) + level * self.shift


def _levels(objective: Objective) -> list[tuple[float, Batch]]:
    """Batches at the midpoints of the training law's quantiles."""
    target, _ = problem()
    generator = torch.Generator().manual_seed(0)
    found = []
    for sigma in objective.sigma((torch.arange(LEVELS) + 0.5) / LEVELS).tolist():
        x0 = target.sample(POINTS, generator)
        z = torch.randn(x0.shape, generator=generator)
        found.append((sigma, Batch(x0, torch.full((POINTS,), sigma), z, probes=objective.probes(x0.shape, generator))))
    return found


def _objective(spec: Any) -> Objective:
    target, sde = problem()
    return build_objective(spec, sde, target.sigma_data)


@torch.no_grad()
def _exact_loss(spec: Any) -> Outcome:
    """Both times sigma^2-normalised: w sigma^2 is of order one at every level for every weighting that is."""
    objective, (target, _) = _objective(spec), problem()
    losses, floors, error = 0.0, 0.0, 0.0
    for sigma, batch in _levels(objective):
        loss = objective.loss(_Exact(target), batch, target).double()
        least = float(objective.weight(torch.tensor(sigma))) * objective.least(target, batch.noisy(), sigma).double()
        losses, floors = losses + float(loss.mean()) / LEVELS, floors + float(least.mean()) / LEVELS
        error += float((loss - least).var()) / POINTS / LEVELS**2
    return Outcome(losses, floors, 5 * math.sqrt(error) + 1e-5 * abs(floors) + 1e-5)


@torch.no_grad()
def _price(spec: Any) -> Outcome:
    objective, (target, _) = _objective(spec), problem()
    size = SHIFT[0] ** 2 + SHIFT[1] ** 2
    price, error = 0.0, 0.0
    for sigma, batch in _levels(objective):
        there, exact, back = (_Exact(target, (k * SHIFT[0], k * SHIFT[1])) for k in (1, 0, -1))
        losses = [objective.loss(denoiser, batch, target).double() for denoiser in (there, exact, back)]
        ratio = (losses[0] / 2 + losses[2] / 2 - losses[1]) / (  # the part that is linear in c, zero on average, falls out
            float(objective.weight(torch.tensor(sigma))) * sigma**2 * size
        )
        price += float(ratio.mean()) / LEVELS
        error += float(ratio.var()) / POINTS / LEVELS**2
    return Outcome(price, 1.0, 5 * math.sqrt(error) + 1e-3)


def _trained(network: Any, objective: Any) -> Outcome:
    target, sde = problem()
    state = init_training(network, Training(), objective, sde, target)
    for _ in range(STEPS):
        state, _ = train_step(state)
    generator = torch.Generator().manual_seed(1)
    found = fisher_divergence(score_fn_of(state.ema, sde), target, sde, sde.t_of_sigma(AT), POINTS, generator)
    return Outcome(found.relative.value, 0.0, RELATIVE)
