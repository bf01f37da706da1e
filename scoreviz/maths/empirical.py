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
from scoreviz.maths.targets import ScoreFn

PIECE = 2**18
"""Numbers of the data held in float64 at once: 2 MB stay in the cache."""
TABLE = 2**20
"""Weights (points of a batch times stored points) held at once: 8 MB."""
NEGLIGIBLE = 1e-30
"""Weights below it are 0: denormal numbers cost ten times as much, and no sum notices."""


class Empirical:
    """p(x) = 1/N sum_k delta(x - m_k) over points of any shape.

    points (N, *), float32 or float64, in data units. Methods take x (B, *) of any float dtype and answer in that dtype; beside their
    answers they hold at most some 40 MB, however large the data.
    """

    def __init__(self, points: Tensor) -> None:
        """Store without a copy; ValueError if there is none or one is not finite."""
        if points.ndim < 2 or not len(points) or not points.is_floating_point():
            raise ValueError(f"expected float points of shape (N, *) with N >= 1, got {points.dtype} of shape {tuple(points.shape)}")
        self.points = points.contiguous()
        self._flat = self.points.flatten(1)
        self._squares = torch.empty(len(points), dtype=torch.float64)
        for rows, piece in self._pieces():
            self._squares[rows] = piece.square_().sum(1)
        if not bool(self._squares.isfinite().all()):
            raise ValueError("points must be finite")

    def __len__(self) -> int:
        """Number of points N."""
        return len(self.points)

    @property
    def shape(self) -> torch.Size:
        """Shape of one point."""
        return self.points.shape[1:]

    def mean(self) -> Tensor:
        """E x, float64, shape of a point."""
        total = torch.zeros(self._flat.shape[1], dtype=torch.float64)
        for _, piece in self._pieces():
            total += piece.sum(0)
        return (total / len(self)).reshape(self.shape)

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

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """n independent draws (n, *): stored points, each as likely."""
        return self.points[torch.randint(len(self), (n,), generator=generator, device=generator.device)]

    def denoise(self, x: Tensor, sde: SDE, t: Time) -> Tensor:
        """E[x_0 | x_t = x] = sum_k r_k m_k, shape of x."""
        self._check(x)
        u = (x.double() / expand_as(sde.mean_coefficient(_double(t)), x.double())).flatten(1)
        sigma = sde.sigma(_double(t))
        precision = (1.0 / sigma**2).expand(len(x)) if isinstance(sigma, Tensor) else u.new_full((len(x),), 1.0 / sigma**2)
        rows = max(1, TABLE // len(self))
        parts = [
            self._average(torch.softmax((self._products(u_rows) - 0.5 * self._squares) * precision_rows[:, None], 1), x.dtype)
            for u_rows, precision_rows in zip(torch.split(u, rows), torch.split(precision, rows), strict=True)
        ]
        return torch.cat(parts).reshape(x.shape)

    def score(self, x: Tensor, sde: SDE, t: Time) -> Tensor:
        """grad log p_t(x) = (a D - x)/std^2, shape of x, in inverse data units."""
        a, std = expand_as(sde.mean_coefficient(_double(t)), x), expand_as(sde.std(_double(t)), x)
        return (a * self.denoise(x, sde, t) - x) / std**2

    def score_fn(self, sde: SDE) -> ScoreFn:
        """The exact score as f(x, t), for samplers."""
        return lambda x, t: self.score(x, sde, t)

    def nearest(self, x: Tensor) -> Tensor:
        """Largest |difference| in any coordinate to the stored point nearest in Euclidean distance, (B,)."""
        self._check(x)
        flat, rows = x.flatten(1), max(1, TABLE // len(self))
        return torch.cat([(part - self._flat[self._distances(part).argmin(1)].to(part)).abs().amax(1) for part in torch.split(flat, rows)])

    def _average(self, r: Tensor, dtype: torch.dtype) -> Tensor:
        """sum_k r_k m_k, (B, D): one product in float32, or piece by piece in float64."""
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
        buffer = torch.empty(min(n, max(1, PIECE // dim)), dim, dtype=torch.float64)
        for start in range(0, n, len(buffer)):
            part = self._flat[start : start + len(buffer)]
            yield slice(start, start + len(part)), buffer[: len(part)].copy_(part)

    def _check(self, x: Tensor) -> None:
        if x.shape[1:] != self.shape:
            raise ValueError(f"expected points of shape (B, {', '.join(map(str, self.shape))}), got {tuple(x.shape)}")


def _double(value: Time) -> Time:
    return value.double() if isinstance(value, Tensor) else float(value)
