"""Sliced Wasserstein distance. Sources: Rabin et al. 2012; Bonneel et al. 2015."""

from __future__ import annotations

import functools
import math

import numpy as np
import torch
from torch import Tensor

from scoreviz.maths.metrics.clouds import finite, paired, unit_of

PROJECTIONS = 128


@functools.cache
def _projections(dim: int) -> Tensor:
    """128 fixed directions (D, 128), float64: evenly over the half circle in 2-D, seeded normal ones beyond."""
    if dim == 1:
        return torch.ones(1, 1, dtype=torch.float64)
    if dim == 2:
        angle = (torch.arange(PROJECTIONS, dtype=torch.float64) + 0.5) * (math.pi / PROJECTIONS)
        return torch.stack([angle.cos(), angle.sin()])
    z = torch.randn(dim, PROJECTIONS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.nn.functional.normalize(z, dim=0)


def sliced_wasserstein(a: Tensor, b: Tensor) -> float:
    """Sliced Wasserstein distance, p = 1, between the points a (N, *) and the data b (M, *), in units of b's standard deviation.

    Mean over 128 fixed projections of the area between the two empirical quantile functions; the unit is the root mean square of b's
    per-coordinate standard deviations. NaN if a point is not finite. Unequal N and M compare quantiles at max(N, M) midpoints.
    """
    a, b = paired(a, b)
    unit = unit_of(b)
    if not finite(a):
        return math.nan
    w = _projections(a.shape[1]).to(device=a.device, dtype=torch.float32)
    centre = b.mean(0)  # float32 sorts faster, and centred it loses nothing
    u, v = (_sorted(w.T @ (points - centre).float().T) for points in (a, b))
    if len(a) != len(b):
        n = max(len(a), len(b))
        u, v = (_quantiles(q, n) for q in (u, v))
    return float((u - v).abs().mean(dtype=torch.float64)) / unit


def _sorted(rows: Tensor) -> Tensor:
    """Each row in ascending order. On the CPU by numpy, whose vectorised sort takes a tenth of torch's time."""
    if rows.device.type == "cpu":
        return torch.from_numpy(np.sort(rows.numpy(), axis=1))
    return rows.sort(1).values


def _quantiles(ordered: Tensor, n: int) -> Tensor:
    """The empirical quantile function of sorted rows at the n midpoints (i + 1/2)/n."""
    index = ((torch.arange(n, device=ordered.device) + 0.5) * (ordered.shape[1] / n)).long()
    return ordered[:, index.clamp_(max=ordered.shape[1] - 1)]
