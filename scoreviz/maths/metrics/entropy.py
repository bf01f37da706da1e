"""Entropy, cross-entropy and their difference, the Kullback-Leibler divergence, in nats.

H(p) = -E_p log p, H(p, q) = -E_p log q, KL(p|q) = H(p, q) - H(p) >= 0. By Monte Carlo over draws of p with a standard error, and in closed
form for two Gaussians. A model's log q is its likelihood by the ODE (`scoreviz.maths.likelihood`), any other density's its `log_prob`.
Source: Cover & Thomas 2006, chapters 2 and 8.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.estimates import Estimate, mean_of
from scoreviz.maths.targets import GaussianMixture


@dataclass(frozen=True, slots=True)
class Divergence:
    """Of a law p from a law q, in nats: KL = cross-entropy - entropy. The error of KL is that of the differences, draw by draw."""

    entropy: Estimate
    cross_entropy: Estimate
    kl: Estimate


def entropy(target: GaussianMixture, n: int, generator: torch.Generator) -> Estimate:
    """Differential entropy H(p) of a mixture in nats, from n draws (exact for a single component)."""
    if len(target) == 1:
        mean, cov = target.mean().flatten(), target.cov()
        return gaussian_divergence(mean, cov, mean, cov).entropy
    return mean_of(-target.log_prob(target.sample(n, generator).double()))


def kl_divergence(target: GaussianMixture, log_prob: Callable[[Tensor], Tensor], n: int, generator: torch.Generator) -> Divergence:
    """Entropy of `target`, its cross-entropy with a model and KL(target|model), all over the same n draws.

    log_prob(x): x (n, *) of the target's dtype to the model's log q(x) in nats, (n,); for a score model
    `lambda x: log_likelihood(x, sde, score_fn).nats`, which is the model's law at eps: compare it with `target.marginal(sde, eps)` to
    leave the gap of eps out. Infinite where q is 0; NaN if log q is.
    """
    x = target.sample(n, generator)
    with torch.no_grad():
        own, other = target.log_prob(x.double()), log_prob(x).double()
    if other.shape != own.shape:
        raise ValueError(f"a model's log_prob answers with shape {tuple(own.shape)}, got {tuple(other.shape)}")
    return Divergence(mean_of(-own), mean_of(-other), mean_of(own - other))


def gaussian_divergence(mean: Tensor, cov: Tensor, other_mean: Tensor, other_cov: Tensor) -> Divergence:
    """The same three in closed form for p = N(mean, cov) and q = N(other_mean, other_cov); means (D,), covariances (D, D).

    H(p, q) = (ln det(2 pi C_q) + tr C_q^-1 C_p + (m_p - m_q)^T C_q^-1 (m_p - m_q))/2 and H(p) = H(p, p).
    """
    dim = len(mean)
    for name, value, shape in (("cov", cov, (dim, dim)), ("other_mean", other_mean, (dim,)), ("other_cov", other_cov, (dim, dim))):
        if value.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {tuple(value.shape)}")

    def cross(m: Tensor, c: Tensor) -> float:
        factor, failed = torch.linalg.cholesky_ex(c.double())
        if bool(failed):
            raise ValueError("a covariance must be positive definite")
        d = (mean - m).double()[:, None]
        inner = torch.cholesky_solve(torch.cat([cov.double(), d], 1), factor)
        return float(
            factor.diagonal().log().sum() + 0.5 * (dim * math.log(2 * math.pi) + inner[:, :-1].trace() + (d.T @ inner[:, -1:]).sum())
        )

    own, other = cross(mean, cov), cross(other_mean, other_cov)
    return Divergence(Estimate(own), Estimate(other), Estimate(other - own))
