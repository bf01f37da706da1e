"""Sums over isotropic components N(m_k, v_k I), at one noise level or one for each point: the path that the window draws with.

The exponents |x - m|^2 / 2v reach 10^6 for a far point and a narrow component, where float32 cannot tell neighbouring
components apart; they are formed and normalised in float64 by one matrix product, and only the result takes x's dtype.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from scoreviz.maths.sde import Time
from scoreviz.maths.targets.target import Posterior, column

CHUNK = 64_000
"""Responsibilities held at once: half a megabyte of float64 stays in the cache (measured: 4 times slower in one piece)."""


class Isotropic:
    """w (K,), m (K, D), v (K,) float64. Methods take x (B, D) and the a and std (floats or (B,)) of x = a x_0 + std z."""

    def __init__(self, w: Tensor, m: Tensor, v: Tensor) -> None:
        """Weights that sum to one, means, variances."""
        self._w, self._m, self._v = w, m, v
        self._dim = m.shape[1]

    def log_prob(self, x: Tensor, a: Time, s: Time) -> Tensor:
        """log p(x), (B,)."""
        parts = [torch.logsumexp(logits, 1) for _, _, _, logits in self._chunks(x, a, s)]
        return (torch.cat(parts) - 0.5 * self._dim * math.log(2 * math.pi)).to(x.dtype)

    def responsibilities(self, x: Tensor, a: Time, s: Time) -> Tensor:
        """p(k|x), (B, K)."""
        return torch.cat([torch.softmax(logits, 1) for _, _, _, logits in self._chunks(x, a, s)]).to(x.dtype)

    def score(self, x: Tensor, a: Time, s: Time) -> Tensor:
        """(a sum r_k m_k/v_k - x sum r_k/v_k) / sum r_k; the three sums are one product when all points share a t."""
        parts = []
        shared = not isinstance(a, Tensor) and not isinstance(s, Tensor)
        v = a * a * self._v + s * s if shared else self._v
        columns = torch.cat([self._m.T / v, 1 / v[None], torch.ones_like(v)[None]]).to(x)
        for rows, a_rows, s_rows, logits in self._chunks(x, a, s):
            r = _relative(logits, x.dtype)
            if shared:
                sums = (columns @ r.T).T  # this way round it is a quarter of the time
            else:
                pull = r / (a_rows * a_rows * self._v + s_rows * s_rows).to(r)
                sums = torch.cat([pull @ self._m.to(r), pull.sum(1, keepdim=True), r.sum(1, keepdim=True)], 1)
            scale = a_rows.to(r) if isinstance(a_rows, Tensor) else a_rows
            parts.append((sums[:, : self._dim] * scale - rows.to(r) * sums[:, -2:-1]) / sums[:, -1:])
        return torch.cat(parts)

    def posterior(self, x: Tensor, a: Time, s: Time) -> Posterior:
        """Component k sends x to the mean m_k s^2/v + x a v_k/v with covariance v_k s^2/v I, where v = a^2 v_k + s^2."""
        means, traces = [], []
        for rows, a_rows, s_rows, logits in self._chunks(x, a, s):
            r = torch.softmax(logits, 1)
            v = a_rows * a_rows * self._v + s_rows * s_rows
            own, kept = s_rows * s_rows / v, a_rows * self._v / v  # weights of m_k and of x
            pulled, held = r * own, r * kept
            mean = pulled @ self._m + rows * held.sum(1, keepdim=True)
            square = (pulled * own) @ self._m.square().sum(1) + rows.square().sum(1) * (held * kept).sum(1)
            square = square + 2 * (rows * ((pulled * kept) @ self._m)).sum(1)
            spread = (square - mean.square().sum(1)).clamp(min=0)  # of the components' means; float64 bears the difference
            means.append(mean)
            traces.append(spread + self._dim * (pulled @ self._v))
        return Posterior(torch.cat(means).to(x.dtype), torch.cat(traces).to(x.dtype))

    def _chunks(self, x: Tensor, a: Time, s: Time) -> Iterator[tuple[Tensor, Time, Time, Tensor]]:
        """Rows of x, their a and s, and their logits log(w_k N(x; a m_k, v_k)) + D/2 log 2 pi, all float64."""
        size = max(1, CHUNK // len(self._w))
        x = x.double()
        if not isinstance(a, Tensor) and not isinstance(s, Tensor):
            v = a * a * self._v + s * s
            bias = self._w.log() - 0.5 * self._dim * v.log() - (0.5 * a * a) * self._m.square().sum(1) / v
            slope = torch.cat([a * self._m.T / v, -0.5 / v[None]])
            features = torch.cat([x, x.square().sum(1, keepdim=True)], 1)
            for rows, f in zip(torch.split(x, size), torch.split(features, size), strict=True):
                yield rows, a, s, torch.addmm(bias, f, slope)
            return
        columns = (torch.split(column(value, x), size) for value in (a, s))
        for rows, a_rows, s_rows in zip(torch.split(x, size), *columns, strict=True):
            v = a_rows * a_rows * self._v + s_rows * s_rows
            m2 = self._m.square().sum(1)
            distance = rows.square().sum(1, keepdim=True) - 2 * a_rows * (rows @ self._m.T) + a_rows.square() * m2
            yield rows, a_rows, s_rows, self._w.log() - 0.5 * (self._dim * v.log() + distance / v)


def _relative(logits: Tensor, dtype: torch.dtype) -> Tensor:
    """exp(logits) relative to each row's largest, in `dtype`; below e^-80 they stay there: denormal numbers cost ten times as much."""
    shifted = logits.sub_(logits.detach().amax(1, keepdim=True)).to(dtype)
    return shifted.clamp(min=-80).exp_()
