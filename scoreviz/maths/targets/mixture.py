"""Gaussian mixtures at every noise level.

With x_t = a x_0 + s z a component N(m_k, C_k) becomes N(a m_k, a^2 C_k + s^2 I), so log p_t, its gradient and the whole
posterior of x_0 given x_t are sums over components.
"""

from __future__ import annotations

import math
from functools import cached_property

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE, Time
from scoreviz.maths.targets.components import Components
from scoreviz.maths.targets.isotropic import Isotropic
from scoreviz.maths.targets.spectral import Spectral
from scoreviz.maths.targets.target import Moments, Posterior, Target, double, level

GRID_FLOOR = -600.0
"""`log_prob_grid` reports nothing lower: float64 ends near -700 nats."""


class GaussianMixture(Components, Target):
    """p(x) = sum_k w_k N(x; m_k, C_k) over points of any shape with D coordinates.

    weights (K,) positive masses, divided by their sum here; means (K, *) in data units; then one of
    - stds (K,): C_k = std_k^2 I; or the shape of means: C_k diagonal, a standard deviation for each coordinate;
    - covs (K, D, D): symmetric and positive definite (a point's coordinates flattened). `stds` then holds the coordinates' own, (K, D).
    labels (K,), integers >= 0, make it a law of (x, y). Methods take x (B, *) of any float dtype on the mixture's device and answer in
    that dtype; sums are formed in float64, in pieces that fit the cache.
    """

    def log_prob(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """log p_t(x) in nats, (B,); without sde and t the density itself."""
        return self._law.log_prob(self._flat(x), *level(sde, t))

    def score(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """grad log p_t(x) = sum_k r_k(x) (a^2 C_k + s^2 I)^-1 (a m_k - x), shape of x, in inverse data units."""
        return self._law.score(self._flat(x), *level(sde, t)).reshape(x.shape)

    def log_prob_at(self, x: Tensor, sigma: Time) -> Tensor:
        """log density of x_0 + sigma z in nats, (B,)."""
        return self._law.log_prob(self._flat(x), 1.0, double(sigma))

    def score_at(self, x: Tensor, sigma: Time) -> Tensor:
        """Gradient of `log_prob_at`, shape of x."""
        return self._law.score(self._flat(x), 1.0, double(sigma)).reshape(x.shape)

    def posterior(self, x: Tensor, sde: SDE, t: Time) -> Posterior:
        """Mean, shape of x, and trace of the covariance (B,) of x_0 given x_t = x."""
        mean, trace = self._law.posterior(self._flat(x), *level(sde, t))
        return Posterior(mean.reshape(x.shape), trace)

    def posterior_at(self, x: Tensor, sigma: Time) -> Posterior:
        """`posterior` for x = x_0 + sigma z."""
        mean, trace = self._law.posterior(self._flat(x), 1.0, double(sigma))
        return Posterior(mean.reshape(x.shape), trace)

    def tweedie(self, x: Tensor, sde: SDE, t: Time) -> Moments:
        """Mean, shape of x, and whole covariance (B, D, D) of x_0 given x_t = x.

        E[x_0|x_t] = (x + s^2 score)/a and Cov[x_0|x_t] = (s^2/a^2) (I + s^2 Hessian of log p_t). Source: Efron 2011.
        """
        mean, cov = self._spectral.moments(self._flat(x), *level(sde, t))
        return Moments(mean.reshape(x.shape), cov)

    def responsibilities(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """p_t(k|x), (B, K): how probable it is that x_0 came from component k."""
        return self._law.responsibilities(self._flat(x), *level(sde, t))

    def log_prob_grid(self, xs: Tensor, ys: Tensor, sde: SDE | None = None, t: float | None = None) -> Tensor:
        """log p_t at every (x, y) of a grid, (len(ys), len(xs)), for points (2,).

        Components along the axes are products of one factor per axis, so the sum over components is a matrix product. In float64 it
        is exact to 1e-12 down to `GRID_FLOOR` = -600 nats, and reported as that below. With covs it is the direct sum.
        """
        if self.shape != (2,):
            raise ValueError(f"log_prob_grid is for 2 dimensions, this mixture has {self.dim}")
        a, s = level(sde, t)
        if isinstance(a, Tensor) or isinstance(s, Tensor):
            raise ValueError("log_prob_grid takes one t, got a tensor")
        xs64, ys64 = xs.to(self._m), ys.to(self._m)
        if self.covs is not None:
            points = torch.stack(torch.meshgrid(xs64, ys64, indexing="xy"), -1).reshape(-1, 2)
            return self._law.log_prob(points, a, s).clamp(min=GRID_FLOOR).reshape(len(ys), len(xs)).to(xs.dtype)
        v = a * a * self._v + s * s
        across_v, along_v, area = (v, v, v) if self.isotropic else (v[:, 0], v[:, 1], v.prod(1).sqrt())
        across = (xs64[:, None] - a * self._m[:, 0]).square() / (-2 * across_v)
        along = (ys64[:, None] - a * self._m[:, 1]).square() / (-2 * along_v) + (self._w / (2 * math.pi * area)).log()
        p = along.exp() @ across.exp().T
        return p.clamp_(min=math.exp(GRID_FLOOR)).log_().to(xs.dtype)

    @cached_property
    def _law(self) -> Isotropic | Spectral:
        return Isotropic(self._w, self._m, self._v) if self.isotropic else self._spectral

    @cached_property
    def _spectral(self) -> Spectral:
        if self.isotropic:
            return Spectral(self._w, self._m, self._v[:, None].expand(self._m.shape))
        return Spectral(self._w, self._m, self._v, self._basis)

    def _flat(self, x: Tensor) -> Tensor:
        """x as (B, D); ValueError for another shape."""
        if x.ndim < 2 or x.shape[1:] != self.shape:
            raise ValueError(f"expected points of shape (B, {', '.join(map(str, self.shape))}), got {tuple(x.shape)}")
        return x.flatten(1)
