"""Sums over components N(m_k, C_k) of any covariance, in the axes of each.

With C_k = U_k diag(l_k) U_k^T the noised covariance a^2 C_k + s^2 I has the same axes and the variances v_k = a^2 l_k + s^2, so one
eigendecomposition serves every noise level. Float64 throughout; only results take x's dtype.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.sde import Time
from scoreviz.maths.targets.isotropic import CHUNK
from scoreviz.maths.targets.target import Moments, Posterior, column


class Rows(NamedTuple):
    """Some rows of x with what a noise level makes of them; b rows, K components, D axes, 1 or b rows of v."""

    logits: Tensor
    """log(w_k N(x; a m_k, v_k)) + D/2 log 2 pi, (b, K)."""
    gap: Tensor
    """U_k^T (x - a m_k), (b, K, D)."""
    v: Tensor
    """a^2 l_k + s^2, (1 or b, K, D)."""
    a: Time
    s: Time


class Spectral:
    """w (K,), m (K, D), variances l (K, D) along the columns of basis U (K, D, D); no basis: along the coordinates. All float64."""

    def __init__(self, w: Tensor, m: Tensor, variances: Tensor, basis: Tensor | None = None) -> None:
        """Weights that sum to one, means, variances, orthonormal axes."""
        self._log_w, self._l, self._basis = w.log(), variances, basis
        self._components, self._dim = m.shape
        self._mu = m if basis is None else torch.einsum("ki,kij->kj", m, basis)

    def log_prob(self, x: Tensor, a: Time, s: Time) -> Tensor:
        """log p(x), (B,)."""
        parts = [torch.logsumexp(rows.logits, 1) for rows in self._chunks(x, a, s)]
        return (torch.cat(parts) - 0.5 * self._dim * math.log(2 * math.pi)).to(x.dtype)

    def responsibilities(self, x: Tensor, a: Time, s: Time) -> Tensor:
        """p(k|x), (B, K)."""
        return torch.cat([torch.softmax(rows.logits, 1) for rows in self._chunks(x, a, s)]).to(x.dtype)

    def score(self, x: Tensor, a: Time, s: Time) -> Tensor:
        """- sum_k r_k U_k (U_k^T (x - a m_k) / v_k)."""
        parts = []
        for rows in self._chunks(x, a, s):
            pull = torch.softmax(rows.logits, 1)[:, :, None] * rows.gap / rows.v
            if self._basis is None:
                parts.append(-pull.sum(1))
            else:
                parts.append(-pull.flatten(1) @ self._basis.transpose(1, 2).reshape(-1, self._dim))
        return torch.cat(parts).to(x.dtype)

    def posterior(self, x: Tensor, a: Time, s: Time) -> Posterior:
        """Component k sends x to the mean m_k + U_k (a l_k/v_k) gap_k with the variances l_k s^2/v_k along its axes."""
        means, traces = [], []
        for rows in self._chunks(x, a, s):
            r, own, kept = self._split(rows)
            mean = (r[:, :, None] * own).sum(1)
            spread = (r * (own - mean[:, None]).square().sum(2)).sum(1)
            means.append(mean)
            traces.append(spread + (r * kept.sum(2)).sum(1))
        return Posterior(torch.cat(means).to(x.dtype), torch.cat(traces).to(x.dtype))

    def moments(self, x: Tensor, a: Time, s: Time) -> Moments:
        """As `posterior`, with the whole covariance: that of the components' means plus the mean of the components' covariances."""
        means, covs = [], []
        for rows in self._chunks(x, a, s, self._dim):
            r, own, kept = self._split(rows)
            mean = (r[:, :, None] * own).sum(1)
            apart = own - mean[:, None]
            spread = (r[:, :, None] * apart).transpose(1, 2) @ apart
            within = r[:, :, None] * kept
            if self._basis is None:
                inner = torch.diag_embed(within.sum(1))
            else:
                inner = (within.transpose(1, 2)[:, None] * self._basis.permute(1, 2, 0)).flatten(2)
                inner = inner @ self._basis.permute(2, 0, 1).reshape(-1, self._dim)
            means.append(mean)
            covs.append(spread + inner)
        return Moments(torch.cat(means).to(x.dtype), torch.cat(covs).to(x.dtype))

    def _split(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """Responsibilities (b, K), each component's posterior mean (b, K, D), and its variances (1 or b, K, D) along its axes."""
        own = self._mu + rows.a * self._l / rows.v * rows.gap
        if self._basis is not None:
            own = torch.einsum("bkj,kij->bki", own, self._basis)
        return torch.softmax(rows.logits, 1), own, self._l * (rows.s * rows.s) / rows.v

    def _chunks(self, x: Tensor, a: Time, s: Time, factor: int = 1) -> Iterator[Rows]:
        """The rows of x, as many at once as `factor` numbers for each of their (K, D) leave room for."""
        size = max(1, CHUNK // (self._components * self._dim * factor))
        x = x.double()
        levels: list[tuple[Time, Time]] = [(a, s)]
        pieces = torch.split(x, size)
        if isinstance(a, Tensor) or isinstance(s, Tensor):
            columns = (torch.split(column(value, x)[:, :, None], size) for value in (a, s))
            levels = list(zip(*columns, strict=True))
        for part, (a_rows, s_rows) in zip(pieces, levels * (len(pieces) // len(levels)), strict=True):
            turned = part[:, None] if self._basis is None else self._turned(part, self._basis)
            gap = turned - a_rows * self._mu
            v = (a_rows * a_rows) * self._l + s_rows * s_rows
            v = v.expand(1, *v.shape) if v.ndim == 2 else v
            yield Rows(self._log_w - 0.5 * (v.log() + gap.square() / v).sum(2), gap, v, a_rows, s_rows)

    def _turned(self, x: Tensor, basis: Tensor) -> Tensor:
        """U_k^T x, (b, K, D)."""
        return (x @ basis.permute(1, 0, 2).reshape(self._dim, -1)).view(len(x), self._components, self._dim)
