"""Stored data points as a density: the score of their empirical distribution, blurred by the SDE's noise, is known exactly.

A mixture of N points of no width: with u = x/a and sigma = std/a,
    r = softmax_k(-|u - m_k|^2 / 2 sigma^2),  D = sum_k r_k m_k,  score = (a D - x)/std^2.
It is the score that a network trained on these points without limit would learn, and it can return nothing but them.

The exponents reach 10^7 at small sigma, where float32 products cannot tell two points apart: they are formed in float64, from pieces
of the data that fit the cache. Sources: Vincent 2011; Karras et al. 2022, appendix B.3 (the ideal denoiser).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from scoreviz.maths.sde import SDE, Time, expand_as
from scoreviz.maths.targets.mixture import GaussianMixture
from scoreviz.maths.targets.target import Posterior, Target, checked_labels, level, rows_of_class
from scoreviz.scene.data import DataSet

PIECE = 2**18
"""Numbers of the data held in float64 at once: 2 MB stay in the cache."""
TABLE = 2**20
"""Weights (points of a batch times stored points) held at once: 8 MB."""
NEGLIGIBLE = 1e-30
"""Weights below it are 0: denormal numbers cost ten times as much, and no sum notices."""


class _Drawn:
    """Draws of stored points."""

    points: Tensor

    def __len__(self) -> int:
        """Number of points N."""
        return len(self.points)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n independent draws (n, *): stored points, each as likely."""
        return self.points[torch.randint(len(self), (n,), generator=generator, device=generator.device)]

    def sample_at(self, u: Tensor, z: Tensor) -> Tensor:
        """The points (n, *) that uniform u (n,) in [0, 1] stands for; a stored point has no width for the normal z (n, *) to fill."""
        return self.points[self.components_at(u)]

    def components_at(self, u: Tensor) -> Tensor:
        """The stored point (n,) that uniform u (n,) in [0, 1] stands for."""
        return (u * len(self)).long().clamp_(max=len(self) - 1)


class Empirical(_Drawn, Target):
    """p(x) = 1/N sum_k delta(x - m_k) over points of any shape: the mixture whose components have no width.

    points (N, *), float32 or float64, in data units; labels (N,), integers >= 0, make it a law of (x, y). Methods take x (B, *) of any
    float dtype and answer in that dtype; beside their answers they hold at most some 40 MB, however large the data. p_0 itself, and
    p_t where std(t) = 0, has no density and no score: ValueError. Autograd does not pass; the gradient of `log_prob` is `score`.
    """

    def __init__(self, points: Tensor, labels: Tensor | None = None) -> None:
        """Store without a copy; ValueError if there is none or one is not finite."""
        if points.ndim < 2 or not len(points) or not points.is_floating_point():
            raise ValueError(f"expected float points of shape (N, *) with N >= 1, got {points.dtype} of shape {tuple(points.shape)}")
        self.points = points.contiguous()
        self.labels = checked_labels(labels, len(points))
        self._flat = self.points.flatten(1)
        self._squares = points.new_empty(len(points), dtype=torch.float64)
        for rows, piece in self._pieces():
            self._squares[rows] = piece.square_().sum(1)
        if not bool(self._squares.isfinite().all()):
            raise ValueError("points must be finite")

    @property
    def shape(self) -> torch.Size:
        """Shape of one point."""
        return self.points.shape[1:]

    def mean(self) -> Tensor:
        """E x, float64, shape of a point."""
        total = self._flat.new_zeros(self._flat.shape[1], dtype=torch.float64)
        for _, piece in self._pieces():
            total += piece.sum(0)
        return (total / len(self)).reshape(self.shape)

    @property
    def sigma_data(self) -> float:
        """Root mean square of the per-coordinate standard deviations, sqrt(tr Cov / D); 0 for a single point."""
        return math.sqrt(max(0.0, float(self._squares.mean() - self.mean().square().sum())) / self.dim)

    def diameter(self, sweeps: int = 8, starts: int = 16) -> float:
        """Largest distance between two points, rounded up to two significant figures; 0 for a single point.

        Farthest-point sweeps: from the 16 points farthest from the mean to the farthest point of each, and on from there until nothing
        grows. What they find is a distance between two points, so never too large, and at least half of the largest (usually all of it);
        comparing all pairs would cost N^2. This is sigma_max after Song & Ermon 2020 (technique 1).
        """
        centre = self.mean().flatten()[None]
        ends = self._distances(centre)[0].topk(min(starts, len(self))).indices
        width = 0.0
        for _ in range(sweeps):
            found = self._distances(self._flat[ends])
            widest = math.sqrt(float(found.max()))
            if widest <= width:
                break
            width, ends = widest, torch.unique(found.argmax(1))
        if width == 0.0:
            return 0.0
        unit = 10.0 ** (math.floor(math.log10(width)) - 1)
        return float(f"{math.ceil(width / unit - 1e-9) * unit:.2g}")

    def denoise(self, x: Tensor, sde: SDE, t: Time) -> Tensor:
        """E[x_0 | x_t = x] = sum_k r_k m_k, shape of x."""
        parts = [self._average(torch.softmax(logits, 1), x.dtype) for logits in self._logits(x, *_noisy(sde, t))]
        return torch.cat(parts).reshape(x.shape)

    def posterior(self, x: Tensor, sde: SDE, t: Time) -> Posterior:
        """Mean, shape of x, and trace of the covariance (B,) of x_0 given x_t = x: sum_k r_k |m_k|^2 - |mean|^2, in float64."""
        return self._posterior(x, *_noisy(sde, t))

    def _posterior(self, x: Tensor, a: Time, std: Time) -> Posterior:
        means, traces = [], []
        for logits in self._logits(x, a, std):
            r = torch.softmax(logits, 1)
            means.append(self._average(r, torch.float64))
            traces.append((r @ self._squares - means[-1].square().sum(1)).clamp(min=0))
        return Posterior(torch.cat(means).to(x.dtype).reshape(x.shape), torch.cat(traces).to(x.dtype))

    def responsibilities(self, x: Tensor, sde: SDE, t: Time) -> Tensor:
        """p_t(k|x), (B, N): how probable it is that x is stored point k, noised."""
        return torch.cat([torch.softmax(logits, 1).to(x.dtype) for logits in self._logits(x, *_noisy(sde, t))])

    def log_prob(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """log p_t(x) = log 1/N sum_k N(x; a m_k, std^2 I) in nats, (B,)."""
        a, std = _noisy(sde, t)
        u = x.double().flatten(1) / expand_as(a, x.double().flatten(1))
        sums = torch.cat([torch.logsumexp(logits, 1) for logits in self._logits(x, a, std)])
        width = torch.as_tensor(std, dtype=torch.float64, device=x.device)
        precision = torch.as_tensor(a / std, dtype=torch.float64, device=x.device) ** 2
        norm = math.log(len(self)) + self.dim * (width.log() + 0.5 * math.log(2 * math.pi))
        return (sums - 0.5 * u.square().sum(1) * precision - norm).to(x.dtype)

    def score(self, x: Tensor, sde: SDE | None = None, t: Time | None = None) -> Tensor:
        """grad log p_t(x) = (a D - x)/std^2, shape of x, in inverse data units."""
        a, std = (expand_as(value, x) for value in _noisy(sde, t))
        assert sde is not None and t is not None  # `_noisy` has said so
        return (a * self.denoise(x, sde, t) - x) / std**2

    def score_at(self, x: Tensor, sigma: Time) -> Tensor:
        """(D - x)/sigma^2, the score of x_0 + sigma z, shape of x."""
        mean, _ = self.posterior_at(x, sigma)
        return (mean - x) / expand_as(sigma, x) ** 2

    def posterior_at(self, x: Tensor, sigma: Time) -> Posterior:
        """`posterior` for x = x_0 + sigma z; sigma > 0."""
        return self._posterior(x, 1.0, sigma.double() if isinstance(sigma, Tensor) else float(sigma))

    def of_class(self, y: int) -> Empirical:
        """The stored points labelled y alone (a copy of them), without labels. ValueError if there are none."""
        return Empirical(self.points[rows_of_class(self.labels, y)])

    def _share(self, y: int) -> float:
        return float(rows_of_class(self.labels, y).double().mean())

    def nearest(self, x: Tensor) -> Tensor:
        """Largest |difference| in any coordinate to the stored point nearest in Euclidean distance, (B,)."""
        self._check(x)
        flat, rows = x.flatten(1), max(1, TABLE // len(self))
        return torch.cat([(part - self._flat[self._distances(part).argmin(1)].to(part)).abs().amax(1) for part in torch.split(flat, rows)])

    def _logits(self, x: Tensor, a: Time, std: Time) -> Iterator[Tensor]:
        """(u m_k - |m_k|^2/2)/sigma^2 for some rows of u = x/a after others, (b, N) float64: log r_k but for a constant of each row."""
        self._check(x)
        u = (x.double() / expand_as(a, x.double())).flatten(1)
        sigma = std / a
        precision = (1.0 / sigma**2).expand(len(x)) if isinstance(sigma, Tensor) else u.new_full((len(x),), 1.0 / sigma**2)
        rows = max(1, TABLE // len(self))
        for u_rows, precision_rows in zip(torch.split(u, rows), torch.split(precision, rows), strict=True):
            yield (self._products(u_rows) - 0.5 * self._squares) * precision_rows[:, None]

    def _average(self, r: Tensor, dtype: torch.dtype) -> Tensor:
        """sum_k r_k m_k, (B, D): one product in the points' dtype where that is the answer's, else float64 piece by piece."""
        r = torch.where(r > NEGLIGIBLE, r, 0.0)
        if dtype == self._flat.dtype:
            return r.to(dtype) @ self._flat
        total = r.new_zeros(len(r), self._flat.shape[1])
        for rows, piece in self._pieces():
            total.addmm_(r[:, rows], piece)
        return total.to(dtype)

    def _distances(self, x: Tensor) -> Tensor:
        """|x - m|^2, (B, N) float64, for x (B, D)."""
        x = x.double()
        return (x.square().sum(1, keepdim=True) + self._squares - 2 * self._products(x)).clamp_(min=0)

    def _products(self, x: Tensor) -> Tensor:
        """x m, (B, N) float64, for x (B, D) float64."""
        products = x.new_empty(len(x), len(self))
        for rows, piece in self._pieces():
            torch.mm(x, piece.T, out=products[:, rows])
        return products

    def _pieces(self) -> Iterator[tuple[slice, Tensor]]:
        """The data piece by piece in float64, with the rows that it is. All lie in one buffer, each only until the next.

        A fresh tensor for each would now and then break the heap into as many holes as there are pieces: twice the data's own size.
        """
        n, dim = self._flat.shape
        buffer = self._flat.new_empty(min(n, max(1, PIECE // dim)), dim, dtype=torch.float64)
        for start in range(0, n, len(buffer)):
            part = self._flat[start : start + len(buffer)]
            yield slice(start, start + len(part)), buffer[: len(part)].copy_(part)

    def _check(self, x: Tensor) -> None:
        if x.shape[1:] != self.shape:
            raise ValueError(f"expected points of shape (B, {', '.join(map(str, self.shape))}), got {tuple(x.shape)}")


def _noisy(sde: SDE | None, t: Time | None) -> tuple[Time, Time]:
    """(a, std) in float64. ValueError where there is no noise."""
    a, std = level(sde, t)
    if not (std > 0 if not isinstance(std, Tensor) else bool((std > 0).all())):
        raise ValueError(f"stored points have a density and a score only where there is noise: got std(t) = {std} at t = {t}")
    return a, std


def data_set(target: GaussianMixture, size: int, seed: int) -> Empirical:
    """`size` samples of a drawing, with their classes where it has any, as the law that knows nothing else; always the same for a seed."""
    generator = torch.Generator().manual_seed(seed)
    u = torch.rand(size, generator=generator, dtype=target.means.dtype)
    points = target.sample_at(u, torch.randn(size, *target.shape, generator=generator, dtype=target.means.dtype))
    return Empirical(points, None if target.labels is None else target.labels[target.components_at(u)])


Law = GaussianMixture | Empirical
"""What a network can be trained on: the drawing itself, or a finite number of samples of it."""


def training_law(target: GaussianMixture, data: DataSet) -> Law:
    """What a scene's network is trained on: fresh samples of the drawing for ever, or its data set alone."""
    return data_set(target, data.size, data.seed) if data.train else target
