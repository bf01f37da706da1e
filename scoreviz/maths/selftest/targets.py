"""Exact targets: the score against the gradient of log p, Tweedie against it, and the total of p."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE, VESDE
from scoreviz.maths.selftest.check import Check, Outcome
from scoreviz.maths.targets import GaussianMixture

TIMES = (0.0, 0.3, 0.6, 1.0)


def checks() -> Iterator[Check]:
    """Of the Gaussian mixture that every drawing becomes."""
    yield Check("target", "mixture", "score against autograd of log p at four times: largest difference", _score)
    yield Check("target", "mixture", "Tweedie: (x + std² s)/a against the posterior mean: largest difference", _tweedie)
    yield Check("target", "mixture", "p summed over a plane, at sigma 0.5", _total)


def _mixture() -> GaussianMixture:
    means = torch.tensor([[1.0, 0.5], [-1.0, 0.0], [0.2, -0.8]], dtype=torch.float64)
    return GaussianMixture(torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), means, torch.tensor([0.3, 0.5, 0.2], dtype=torch.float64))


def _problem() -> tuple[GaussianMixture, SDE, Tensor]:
    x = 2 * torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return _mixture(), VESDE(0.01, 5.0), x


def _score() -> Outcome:
    target, sde, x = _problem()
    worst = 0.0
    for t in TIMES:
        y = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(target.log_prob(y, sde, t).sum(), y)
        worst = max(worst, float((gradient - target.score(x, sde, t)).abs().max()))
    return Outcome(worst, 0.0, 1e-9)


def _tweedie() -> Outcome:
    target, sde, x = _problem()
    worst = 0.0
    for t in TIMES:
        mean = (x + sde.std(t) ** 2 * target.score(x, sde, t)) / sde.mean_coefficient(t)
        worst = max(worst, float((mean - target.posterior(x, sde, t).mean).abs().max()))
    return Outcome(worst, 0.0, 1e-9)


def _total() -> Outcome:
    target, sde, _ = _problem()
    axis = torch.linspace(-5, 5, 201, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    density = target.log_prob(grid, sde, sde.t_of_sigma(0.5)).exp()
    return Outcome(float(density.sum()) * float(axis[1] - axis[0]) ** 2, 1.0, 1e-7)
