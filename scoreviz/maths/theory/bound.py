"""The variational bound as a ledger: what each level adds to E[-log p(x_0)] when a score is turned into a chain of Gaussian steps.

For levels t_1 < ... < t_n and x_0 below them,
    L_T     = KL(q(x_n|x_0) | N(0, prior_std^2 I)),
    L_{i}   = E KL(q(x_i|x_{i+1}, x_0) | N(mu~(x_{i+1}, D), v_i I)), i = 1 ... n-1,
    L_0     = E[-log N(x_0; D(x_1), v_0 I)],
with the estimate D of x_0 that the score gives (Tweedie). |x_0 - D|^2 enters through its mean given x_{i+1}, tr Cov(x_0|x_{i+1}) +
|E[x_0|x_{i+1}] - D|^2, which a mixture knows: what is left of the Monte Carlo error is that of the mean over x_{i+1}. The sum of the
terms is at least E[-log p_0(x_0)]; the gap is the KL divergence of the two chains: that of p_T and the prior, which no number of levels
removes, and that of each reverse step, which falls like 1/n.
Source: Ho et al. 2020, equation 5; the optimal variances: Bao et al. 2022, "Analytic-DPM", theorem 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from scoreviz.maths.estimates import Estimate, mean_of
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, ScoreFn
from scoreviz.maths.theory.kernels import data_posterior, jump

VARIANCES = ("small", "large", "optimal")
MORE = 16
"""The entropy's draws for each of the ledger's: it is one evaluation, and its error would else be the gap's."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All in nats, means with their Monte Carlo standard errors."""

    times: tuple[float, ...]
    prior: Estimate
    """L_T."""
    steps: tuple[Estimate, ...]
    """L_1 ... L_{n-1}, steps[i] from times[i+1] to times[i]."""
    decoder: Estimate
    """L_0."""
    total: Estimate
    """L_T + sum L_i + L_0 >= E[-log p_0]."""
    surprise: Estimate
    """E[-log p_0(x_0)], the entropy of the target, over `MORE` times as many x_0."""
    gap: Estimate
    """total - surprise."""
    prior_gap: Estimate
    """KL(p_T | prior), the part of the gap that no number of levels removes."""


@dataclass(frozen=True, slots=True)
class _Draws:
    """x_0 of a target and its noised versions, from one seed."""

    x0: Tensor
    generator: torch.Generator

    def noised(self, sde: SDE, t: float) -> Tensor:
        z = torch.randn(self.x0.shape, generator=self.generator, dtype=self.x0.dtype, device=self.x0.device)
        return sde.mean_coefficient(t) * self.x0 + sde.std(t) * z


def bound_ledger(
    target: GaussianMixture,
    sde: SDE,
    times: Sequence[float],
    score_fn: ScoreFn | None = None,
    variance: str = "optimal",
    points: int = 4096,
    seed: int = 0,
    mean: Tensor | None = None,
) -> Ledger:
    """The ledger of the chain over the levels `times` (ascending), from `points` draws of x_0; score_fn None: the exact score.

    variance: v_i of a step, "small" beta~, "large" the variance of q(x_{i+1}|x_i) (DDPM's two), "optimal" beta~ + c^2 E|x_0 - D|^2/D',
    c the coefficient of x_0 in mu~ and D' the dimension, which minimises the bound (its expectation is over other draws).
    The decoder has no beta~: both of DDPM's give it the variance of q(x_1|x_0). mean: the prior is centred at a(t_n) mean, as runs
    are; None is 0. ValueError for times that do not ascend strictly within (0, 1], or without noise at the lowest.
    """  # fmt: skip
    levels = tuple(float(t) for t in times)
    if not levels or any(s >= t for s, t in pairwise(levels)) or not sde.std(levels[0]) > 0:
        raise ValueError(f"expected strictly ascending times with noise at the lowest, got {list(levels)[:8]}")
    if variance not in VARIANCES:
        raise ValueError(f"there is no variance called “{variance}”; known: {', '.join(VARIANCES)}")
    score_fn = score_fn or target.score_fn(sde)
    generator = torch.Generator(target.means.device).manual_seed(seed)
    surprise = mean_of(-target.log_prob(target.sample(MORE * points, generator).double()))
    pilot, draws = (_Draws(target.sample(points, generator).double(), generator) for _ in range(2))
    below: list[float | None] = [None, *levels[:-1]]
    terms = [_step(target, sde, s, t, score_fn, variance, pilot, draws) for s, t in zip(below, levels, strict=True)]
    prior, mismatch = _prior(target, sde, levels[-1], draws, mean)
    total = mean_of(prior + torch.stack(terms).sum(0))
    gap = Estimate(total.value - surprise.value, math.hypot(total.error, surprise.error))
    return Ledger(
        levels, Estimate(prior), tuple(mean_of(term) for term in terms[1:]), mean_of(terms[0]), total, surprise, gap, mean_of(mismatch)
    )


def _step(
    target: GaussianMixture, sde: SDE, s: float | None, t: float, score_fn: ScoreFn, variance: str, pilot: _Draws, draws: _Draws
) -> Tensor:
    """The term of the step from t to s for each x_t, (points,); s = None is the decoder's."""
    kernel, dim = data_posterior(sde, s, t), target.dim
    if variance == "optimal":
        v = kernel.std**2 + kernel.of_data**2 * float(_error(target, sde, t, score_fn, pilot).mean()) / dim
    else:
        v = kernel.std**2 if variance == "small" and s is not None else jump(sde, s, t).std ** 2
    error = _error(target, sde, t, score_fn, draws)
    if s is None:
        return 0.5 * (error / v + dim * math.log(2 * math.pi * v))
    ratio = kernel.std**2 / v
    return 0.5 * (kernel.of_data**2 * error / v + dim * (ratio - 1 - math.log(ratio)))


def _error(target: GaussianMixture, sde: SDE, t: float, score_fn: ScoreFn, draws: _Draws) -> Tensor:
    """E[|x_0 - D(x_t)|^2 | x_t] with Tweedie's D = (x_t + std^2 score)/a, (points,)."""
    x = draws.noised(sde, t)
    estimate = (x + sde.std(t) ** 2 * score_fn(x, t)) / sde.mean_coefficient(t)
    mean, trace = target.posterior(x, sde, t)
    return trace + (mean - estimate).flatten(1).square().sum(1)


def _prior(target: GaussianMixture, sde: SDE, t: float, draws: _Draws, mean: Tensor | None) -> tuple[float, Tensor]:
    """L_T, exactly, and log p_T - log prior at draws of x_T, (points,)."""
    a, width = sde.mean_coefficient(t), sde.prior_std()
    centre = torch.zeros_like(draws.x0[0]) if mean is None else a * mean.to(draws.x0)
    dim, ratio, x = centre.numel(), (sde.std(t) / width) ** 2, draws.noised(sde, t)
    far = (a**2 * target.cov().trace() + (a * target.mean() - centre).square().sum()) / width**2
    log_prior = -0.5 * ((x - centre).flatten(1).square().sum(1) / width**2 + dim * math.log(2 * math.pi * width**2))
    return float(0.5 * (far + dim * (ratio - 1 - math.log(ratio)))), target.log_prob(x, sde, t) - log_prior
