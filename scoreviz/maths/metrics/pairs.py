"""Measures made of the distances of all pairs of points: maximum mean discrepancy, energy distance, nearest neighbours.

The pairs are visited in blocks that fit the cache, in float64 (float32 squares cannot tell near points apart), so the memory beside the
clouds is a few megabytes whatever their size; the time is N^2/2 + M^2/2 + N M pairs.
Sources: Gretton et al. 2012 (eq. 3, the unbiased estimate); Szekely & Rizzo 2013 (energy distance).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.metrics.clouds import finite, paired, unit_of

BLOCK = 2**16
"""Pairs in a block: half a megabyte of float64 (measured: 20,000 x 20,000 points in 3.4 s of one core)."""
NUMBERS = 2**20
"""Coordinates of a cloud in a block: 8 MB of float64."""
MEDIAN_POINTS = 1000
"""Data points whose pairs give the median distance."""

Kernel = Callable[[Tensor], Tensor]
"""Squared distances to what is summed, elementwise; it may work in place."""


def max_mean_discrepancy(a: Tensor, b: Tensor, bandwidth: float | Sequence[float] | None = None) -> float:
    """Unbiased squared maximum mean discrepancy of the points a (N, *) from the data b (M, *), no unit.

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) with k(x, y) = exp(-|x - y|^2 / 2 h^2); several bandwidths h, in data units, average
    their kernels. None is the median distance between data points (the first 1000). Its mean is 0 for two samples of one law, so it may
    be negative; at most 2. NaN if a point of a is not finite.
    """
    a, b = paired(a, b, least=2)
    widths = _widths(b, bandwidth)
    if not finite(a):
        return math.nan

    def kernel(d2: Tensor) -> Tensor:
        if len(widths) == 1:
            return d2.mul_(-0.5 / widths[0] ** 2).exp_()
        return torch.stack([(d2 * (-0.5 / h**2)).exp_() for h in widths]).mean(0)

    n, m = len(a), len(b)
    own_a = (_sum_within(a, kernel) - n) / (n * (n - 1))  # k(x, x) = 1 is no pair
    own_b = (_sum_within(b, kernel) - m) / (m * (m - 1))
    return own_a + own_b - 2 * _sum_across(a, b, kernel) / (n * m)


def energy_distance(a: Tensor, b: Tensor) -> float:
    """Energy distance of the points a (N, *) from the data b (M, *), in units of b's standard deviation (as `sliced_wasserstein`).

    2 E|x - y| - E|x - x'| - E|y - y'| over the two empirical laws: never negative, 0 only for equal clouds. Two samples of one law score
    E|x - x'| (1/N + 1/M) on average, which is the noise floor. In one dimension it is twice the squared L2 distance of the distribution
    functions. NaN if a point of a is not finite.
    """
    a, b = paired(a, b)
    unit = unit_of(b)
    if not finite(a):
        return math.nan
    n, m = len(a), len(b)
    across = 2 * _sum_across(a, b, Tensor.sqrt_) / (n * m)
    within = _sum_within(a, Tensor.sqrt_) / n**2 + _sum_within(b, Tensor.sqrt_) / m**2
    return max(0.0, across - within) / unit  # what is below 0 is rounding


class Nearest(NamedTuple):
    """For each point the Euclidean distance (B,) to the nearest data point, and the row of the data where that is (B,)."""

    distance: Tensor
    row: Tensor


def nearest_point(x: Tensor, data: Tensor) -> Nearest:
    """The data point (of (M, *)) nearest to each x (B, *), and its distance in data units, of x's dtype: 0 for an exact copy.

    A point that is not finite has no finite distance, and row 0.
    """
    x, data = paired(x, data)
    best = x.new_full((len(x),), math.inf, dtype=torch.float64)
    row = torch.zeros(len(x), dtype=torch.long, device=x.device)
    for rows, columns, d2 in _blocks(x, data):
        found = d2.min(1)
        closer = found.values < best[rows]
        best[rows] = torch.where(closer, found.values, best[rows])
        row[rows] = torch.where(closer, found.indices + columns.start, row[rows])
    gaps = [(u.double() - data[i].double()).norm(dim=1) for u, i in zip(*(torch.split(v, 4096) for v in (x, row)), strict=True)]
    return Nearest(torch.cat(gaps).to(x.dtype), row)


def nearest_distance(a: Tensor, b: Tensor) -> float:
    """Mean distance from the points a (N, *) to their nearest data point of b (M, *), in units of b's standard deviation.

    A model that only remembers its training points scores 0; fresh draws of the truth score the noise floor. NaN if a point of a is not
    finite.
    """
    a, b = paired(a, b)
    unit = unit_of(b)
    if not finite(a):
        return math.nan
    return float(nearest_point(a, b).distance.mean(dtype=torch.float64)) / unit


def _widths(b: Tensor, bandwidth: float | Sequence[float] | None) -> tuple[float, ...]:
    if bandwidth is None:
        median = float(torch.pdist(b[:MEDIAN_POINTS].double()).median())
        if not median > 0:
            raise ValueError("half of the data are one point, which gives no bandwidth: give one")
        return (median,)
    widths = tuple(float(h) for h in (bandwidth if isinstance(bandwidth, Sequence) else (bandwidth,)))
    if not widths or not all(0 < h < math.inf for h in widths):
        raise ValueError(f"bandwidths must be positive, got {list(widths)}")
    return widths


def _sum_across(a: Tensor, b: Tensor, kernel: Kernel) -> float:
    """Sum of kernel(|x - y|^2) over all pairs."""
    return sum(float(kernel(d2).sum()) for _, _, d2 in _blocks(a, b))


def _sum_within(a: Tensor, kernel: Kernel) -> float:
    """Sum of kernel(|x - x'|^2) over all N^2 ordered pairs, a point with itself among them (at distance 0 exactly)."""
    total = 0.0
    for rows, columns, d2 in _blocks(a, a, upper=True):
        if rows == columns:
            total += float(kernel(d2.fill_diagonal_(0.0)).sum())
        else:
            total += 2 * float(kernel(d2).sum())
    return total


def _blocks(a: Tensor, b: Tensor, upper: bool = False) -> Iterator[tuple[slice, slice, Tensor]]:
    """Rows of a, rows of b, and their squared distances, float64, each only until the next; `upper` leaves out what symmetry repeats."""
    side = max(1, min(math.isqrt(BLOCK), NUMBERS // a.shape[1]))
    centre = b[:side].double().mean(0)  # squares are small where the points are
    for i in range(0, len(a), side):
        u = a[i : i + side].double() - centre
        left = torch.cat([u, u.square().sum(1, keepdim=True), torch.ones_like(u[:, :1])], 1)
        for j in range(i if upper else 0, len(b), side):
            v = b[j : j + side].double() - centre
            right = torch.cat([v * -2, torch.ones_like(v[:, :1]), v.square().sum(1, keepdim=True)], 1)
            yield slice(i, i + len(u)), slice(j, j + len(v)), (left @ right.T).clamp_(min=0)  # |u|^2 - 2 u v + |v|^2 in one product
