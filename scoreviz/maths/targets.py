"""Densities whose score is known in closed form at every noise level: isotropic Gaussian mixtures.

With x_t = a x_0 + s z a component N(m_k, v_k I) becomes N(a m_k, (a^2 v_k + s^2) I), so log p_t, its gradient and the whole
posterior of x_0 given x_t are sums over components.

The exponents |x - m|^2 / 2v reach 10^6 for a far point and a narrow component, where float32 cannot tell neighbouring
components apart; they are formed and normalised in float64 by one matrix product, and only the result takes x's dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE, Time

ScoreFn = Callable[[Tensor, Time], Tensor]
"""score_fn(x, t): x (B, *) and t (a float or (B,)) to grad log p_t(x), shape of x."""

LogProbFn = Callable[[Tensor, Time], Tensor]
"""log_prob_fn(x, t): x (B, *) and t (a float or (B,)) to log p_t(x) in nats, (B,)."""

CHUNK = 64_000
"""Responsibilities held at once: half a megabyte of float64 stays in the cache (measured: 4 times slower in one piece)."""

GRID_FLOOR = -600.0
"""`log_prob_grid` reports nothing lower: float64 ends near -700 nats."""


class Posterior(NamedTuple):
    """The law of x_0 given x_t: its mean (B, D) (Tweedie's denoiser) and the trace (B,) of its covariance."""

    mean: Tensor
    trace: Tensor


class GaussianMixture:
    """p(x) = sum_k w_k N(x; m_k, std_k^2 I) over D dimensions.

    weights (K,) positive, normalised here; means (K, D) in data units; stds (K,) positive.
    Methods take x (B, D) of any float dtype on the mixture's device and answer in that dtype.
    """

    def __init__(self, weights: Tensor, means: Tensor, stds: Tensor) -> None:
        """Check and store; ValueError names what is wrong."""
        if means.ndim != 2 or weights.shape != means.shape[:1] or stds.shape != means.shape[:1] or not len(weights):
            raise ValueError(
                f"a mixture needs weights (K,), means (K, D), stds (K,) with K >= 1, "
                f"got {tuple(weights.shape)}, {tuple(means.shape)}, {tuple(stds.shape)}"
            )
        for name, value, positive in (("weights", weights, True), ("means", means, False), ("stds", stds, True)):
            if not bool(torch.isfinite(value).all()) or (positive and not bool((value > 0).all())):
                raise ValueError(f"{name} must be finite{' and positive' if positive else ''}, got {value.tolist()[:8]}")
        self.weights, self.means, self.stds = weights / weights.sum(), means, stds
        self._w, self._m, self._v = (weights / weights.sum()).double(), means.double(), stds.double().square()
        self._cumulative = self._w.cumsum(0).to(weights.dtype)

    def __len__(self) -> int:
        """Number of components K."""
        return len(self.weights)

    @property
    def dim(self) -> int:
        """Number of dimensions D."""
        return int(self.means.shape[1])

    def mean(self) -> Tensor:
        """E x, float64 (D,)."""
        return self._w @ self._m

    def cov(self) -> Tensor:
        """Cov x, float64 (D, D)."""
        centred = self._m - self.mean()
        return (centred * self._w[:, None]).T @ centred + torch.eye(self.dim).to(centred) * (self._w @ self._v)

    @property
    def sigma_data(self) -> float:
        """Root mean square of the per-coordinate standard deviations, sqrt(tr Cov / D)."""
        return math.sqrt(float(self.cov().trace()) / self.dim)

    def diameter(self) -> float:
        """Largest distance between data points: the widest of 64 projections of the components' discs of radius 3 std.

        Rounded up to two significant figures. This is sigma_max after Song & Ermon 2020 (technique 1).
        """
        shadows = self._m @ _directions(self.dim).to(self._m)
        reach = 3 * self._v.sqrt()[:, None]
        width = float(((shadows + reach).amax(0) - (shadows - reach).amin(0)).max())
        unit = 10.0 ** (math.floor(math.log10(width)) - 1)
        return float(f"{math.ceil(width / unit - 1e-9) * unit:.2g}")

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n independent draws (n, D)."""
        u = torch.rand(n, generator=generator, dtype=self.means.dtype, device=self.means.device)
        return self.sample_at(u, torch.randn(n, self.dim, generator=generator, dtype=self.means.dtype, device=self.means.device))

    def sample_at(self, u: Tensor, z: Tensor) -> Tensor:
        """The points (n, D) that uniform u (n,) in [0, 1] and normal z (n, D) stand for: u chooses the component."""
        k = torch.searchsorted(self._cumulative, u).clamp_(max=len(self) - 1)
        return torch.addcmul(self.means[k], z, self.stds[k, None])

    def log_prob(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """log p_t(x) in nats, (B,); without sde and t the density itself."""
        return self._log_prob(x, *_level(sde, t))

    def score(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """grad log p_t(x) = sum_k r_k(x) (a m_k - x) / (a^2 std_k^2 + s^2), shape of x, in inverse data units."""
        return self._score(x, *_level(sde, t))

    def score_fn(self, sde: SDE) -> ScoreFn:
        """The exact score as f(x, t), for samplers."""
        return lambda x, t: self.score(x, sde, t)

    def log_prob_fn(self, sde: SDE) -> LogProbFn:
        """The exact log p_t as f(x, t), for samplers that accept or reject."""
        return lambda x, t: self.log_prob(x, sde, t)

    def marginal(self, sde: SDE, t: float) -> GaussianMixture:
        """The law p_t itself, again a mixture: means a m_k, standard deviations sqrt(a^2 s_k^2 + std^2)."""
        a, std = sde.mean_coefficient(t), sde.std(t)
        return GaussianMixture(self.weights, a * self.means, ((a * self.stds).square() + std**2).sqrt())

    def log_prob_at(self, x: Tensor, sigma: Time) -> Tensor:
        """log density of x_0 + sigma z in nats, (B,)."""
        return self._log_prob(x, 1.0, _double(sigma))

    def score_at(self, x: Tensor, sigma: Time) -> Tensor:
        """Gradient of `log_prob_at`, shape of x."""
        return self._score(x, 1.0, _double(sigma))

    def denoise(self, x: Tensor, sde: SDE, t: Time) -> Tensor:
        """E[x_0 | x_t = x], shape of x: Tweedie's (x + std^2 score)/a, summed without its cancellation."""
        return self.posterior(x, sde, t).mean

    def posterior(self, x: Tensor, sde: SDE, t: Time) -> Posterior:
        """Mean (B, D) and trace of the covariance (B,) of x_0 given x_t = x."""
        return self._posterior(x, *_level(sde, t))

    def posterior_at(self, x: Tensor, sigma: Time) -> Posterior:
        """`posterior` for x = x_0 + sigma z."""
        return self._posterior(x, 1.0, _double(sigma))

    def log_prob_grid(self, xs: Tensor, ys: Tensor, sde: SDE | None = None, t: float | None = None) -> Tensor:
        """log p_t at every (x, y) of a grid, (len(ys), len(xs)), for D = 2.

        Isotropic components are products of one factor per axis, so the sum over components is a matrix product. In float64 it
        is exact to 1e-12 down to `GRID_FLOOR` = -600 nats, and reported as that below.
        """
        if self.dim != 2:
            raise ValueError(f"log_prob_grid is for 2 dimensions, this mixture has {self.dim}")
        a, s = _level(sde, t)
        if isinstance(a, Tensor) or isinstance(s, Tensor):
            raise ValueError("log_prob_grid takes one t, got a tensor")
        v = a * a * self._v + s * s
        across = (xs.to(self._m)[:, None] - a * self._m[:, 0]).square() / (-2 * v)
        along = (ys.to(self._m)[:, None] - a * self._m[:, 1]).square() / (-2 * v) + (self._w / (2 * math.pi * v)).log()
        p = along.exp() @ across.exp().T
        return p.clamp_(min=math.exp(GRID_FLOOR)).log_().to(xs.dtype)

    def _log_prob(self, x: Tensor, a: Time, s: Time) -> Tensor:
        parts = [torch.logsumexp(logits, 1) for _, _, _, logits in self._chunks(x, a, s)]
        return (torch.cat(parts) - 0.5 * self.dim * math.log(2 * math.pi)).to(x.dtype)

    def _score(self, x: Tensor, a: Time, s: Time) -> Tensor:
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
            parts.append((sums[:, : self.dim] * scale - rows.to(r) * sums[:, -2:-1]) / sums[:, -1:])
        return torch.cat(parts)

    def _posterior(self, x: Tensor, a: Time, s: Time) -> Posterior:
        """Component k sends x to the mean m_k s^2/v + x a std_k^2/v with covariance std_k^2 s^2/v I, where v = a^2 std_k^2 + s^2."""
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
            traces.append(spread + self.dim * (pulled @ self._v))
        return Posterior(torch.cat(means).to(x.dtype), torch.cat(traces).to(x.dtype))

    def _chunks(self, x: Tensor, a: Time, s: Time) -> Iterator[tuple[Tensor, Time, Time, Tensor]]:
        """Rows of x, their a and s, and their logits log(w_k N(x; a m_k, v_k)) + D/2 log 2 pi, all float64."""
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(f"expected points of shape (B, {self.dim}), got {tuple(x.shape)}")
        size = max(1, CHUNK // len(self))
        x = x.double()
        if not isinstance(a, Tensor) and not isinstance(s, Tensor):
            v = a * a * self._v + s * s
            bias = self._w.log() - 0.5 * self.dim * v.log() - (0.5 * a * a) * self._m.square().sum(1) / v
            slope = torch.cat([a * self._m.T / v, -0.5 / v[None]])
            features = torch.cat([x, x.square().sum(1, keepdim=True)], 1)
            for rows, f in zip(torch.split(x, size), torch.split(features, size), strict=True):
                yield rows, a, s, torch.addmm(bias, f, slope)
            return
        columns = (torch.split(_column(value, x), size) for value in (a, s))
        for rows, a_rows, s_rows in zip(torch.split(x, size), *columns, strict=True):
            v = a_rows * a_rows * self._v + s_rows * s_rows
            m2 = self._m.square().sum(1)
            distance = rows.square().sum(1, keepdim=True) - 2 * a_rows * (rows @ self._m.T) + a_rows.square() * m2
            yield rows, a_rows, s_rows, self._w.log() - 0.5 * (self.dim * v.log() + distance / v)


def _relative(logits: Tensor, dtype: torch.dtype) -> Tensor:
    """exp(logits) relative to each row's largest, in `dtype`; below e^-80 they stay there: denormal numbers cost ten times as much."""
    shifted = logits.sub_(logits.detach().amax(1, keepdim=True)).to(dtype)
    return shifted.clamp(min=-80).exp_()


def _level(sde: SDE | None, t: Time | None) -> tuple[Time, Time]:
    """(a, std) in float64; (1, 0) without an SDE."""
    if (sde is None) != (t is None):
        raise ValueError(f"give both sde and t, or neither: got sde={sde}, t={t}")
    if sde is None or t is None:
        return 1.0, 0.0
    t = _double(t)
    return sde.mean_coefficient(t), sde.std(t)


def _double(value: Time) -> Time:
    if not isinstance(value, Tensor):
        return float(value)
    return float(value) if value.numel() == 1 and not value.requires_grad else value.double()


def _column(value: Time, x: Tensor) -> Tensor:
    """(B, 1) from a float or (B,)."""
    if not isinstance(value, Tensor):
        return x.new_full((len(x), 1), value)
    if value.shape != x.shape[:1]:
        raise ValueError(f"expected a float or a tensor of shape ({len(x)},), got shape {tuple(value.shape)}")
    return value.to(x)[:, None]


def _directions(dim: int) -> Tensor:
    """64 unit vectors (D, 64), float64: evenly over the half circle in 2-D, one in 1-D, seeded normal ones beyond."""
    if dim == 1:
        return torch.ones(1, 1, dtype=torch.float64)
    if dim == 2:
        angle = torch.arange(64, dtype=torch.float64) * (math.pi / 64)
        return torch.stack([angle.cos(), angle.sin()])
    z = torch.randn(dim, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.nn.functional.normalize(z, dim=0)
