"""Why a reverse step may be Gaussian: the exact p(x_s|x_t) of a mixture, and its distance to the Gaussian that a sampler draws from.

p(x_s|x_t) is proportional to p_s(x_s) N(x_t; scale x_s, step^2 I): again a mixture, one component for each of the data's, many-humped
where the step is larger than the distance between them. As the step shrinks, the likelihood outweighs p_s, and the law tends to the
Gaussian of the reverse step: their total variation falls like the step. Sources: Feller 1949; Sohl-Dickstein et al. 2015, section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.estimates import Estimate
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.maths.theory.kernels import jump

NODES = 801
"""Points of the quadrature around each component, out to 10 of its standard deviations."""


def backward_kernel(target: GaussianMixture, sde: SDE, s: float | None, t: float, x_t: Tensor) -> GaussianMixture:
    """The exact law p(x_s|x_t), s < t, for one x_t of the shape of a point; s = None is p(x_0|x_t) of the data themselves.

    A component m_k, C_k of p_s (its own noise included) becomes N(m_k + scale C_k V_k^-1 (x_t - scale m_k), step^2 C_k V_k^-1) with
    V_k = scale^2 C_k + step^2 I and weight w_k N(x_t; scale m_k, V_k). Components of negligible weight are dropped.
    ValueError unless s < t and x_t has the shape of a point.
    """
    if s is not None and s >= t:
        raise ValueError(f"a reverse step goes from t to an earlier s, got s={s}, t={t}")
    law = target if s is None else target.marginal(sde, s)
    return law.observed(x_t, *jump(sde, s, t))


def reverse_gaussian(x_t: Tensor, score: Tensor, keep: float, pull: float, shake: float) -> GaussianMixture:
    """The law N(keep x_t + pull score, shake^2 I) that a predictor's step draws x_s from, for one x_t and its score.

    keep, pull (a variance) and shake (a standard deviation) are a predictor's three numbers. ValueError unless shake > 0.
    """
    if not shake > 0:
        raise ValueError(f"a reverse step without noise has no density: expected shake > 0, got {shake}")
    mean = (keep * x_t + pull * score)[None]
    return GaussianMixture(mean.new_ones(1), mean, mean.new_full((1,), shake))


def total_variation(p: GaussianMixture, q: GaussianMixture, points: int = 20_000, seed: int = 0) -> Estimate:
    """TV(p, q) = 1/2 integral |p - q|, in [0, 1].

    In one dimension by quadrature around every component (error 0: it is below 1e-4). Beyond, TV is the mean of |p - q|/(p + q) over the
    even mixture of both, from `points` seeded draws of each, with its standard error (an overlap far below 1/points is not seen).
    ValueError for different shapes.
    """
    if p.shape != q.shape:
        raise ValueError(f"the laws are of points of different shapes, {tuple(p.shape)} and {tuple(q.shape)}")
    if p.dim == 1:
        return Estimate(_line_distance(p, q))
    generator = torch.Generator(p.means.device).manual_seed(seed)
    halves = []
    for law in (p, q):
        x = law.sample(points, generator).double()
        halves.append(torch.tanh(0.5 * (p.log_prob(x) - q.log_prob(x))).abs())
    value = 0.5 * sum(float(half.mean()) for half in halves)
    return Estimate(value, 0.5 * sum(float(half.var()) / points for half in halves) ** 0.5)


def _line_distance(p: GaussianMixture, q: GaussianMixture) -> float:
    """1/2 integral |p - q| on a line, by the trapezoidal rule over nodes that are dense where a component is narrow."""
    steps = torch.linspace(-10, 10, NODES, dtype=torch.float64, device=p.means.device)
    nodes = []
    for law in (p, q):
        seen = law.weights > 1e-9 * law.weights.max()
        mean, std = law.means.double().reshape(-1)[seen], law.stds.double().reshape(-1)[seen]
        nodes.append((mean[:, None] + std[:, None] * steps).flatten())
    x = torch.cat(nodes).sort().values
    gap = (p.log_prob(x[:, None]).exp() - q.log_prob(x[:, None]).exp()).abs()
    return min(1.0, 0.5 * float(torch.trapezoid(gap, x)))


@dataclass(frozen=True, slots=True)
class BackwardView:
    """One particle at x_t, what its past may have been, and what a reverse step draws instead."""

    exact: GaussianMixture
    """p(x_s|x_t)."""
    gaussian: GaussianMixture
    """N(keep x_t + pull score, shake^2 I)."""
    distance: Estimate
    """Their total variation."""


def backward_view(
    target: GaussianMixture, sde: SDE, s: float | None, t: float, x_t: Tensor, affine: tuple[float, float, float], seed: int = 0
) -> BackwardView:
    """The exact p(x_s|x_t) beside the Gaussian of the reverse step (keep, pull, shake) with the exact score at x_t."""
    exact = backward_kernel(target, sde, s, t, x_t)
    gaussian = reverse_gaussian(x_t, target.score(x_t[None], sde, t)[0], *affine)
    return BackwardView(exact, gaussian, total_variation(exact, gaussian, seed=seed))
