"""What two clouds of points must have in common before they can be compared."""

from __future__ import annotations

import torch
from torch import Tensor


def finite(x: Tensor) -> bool:
    """Whether every number of x is finite, asked a thousand points at a time: the answer holds no copy of a data set."""
    return all(bool(torch.isfinite(part).all()) for part in torch.split(x, 1024))


def paired(a: Tensor, b: Tensor, least: int = 1) -> tuple[Tensor, Tensor]:
    """Points a (N, *) and data b (M, *) flattened to (N, D) and (M, D), detached.

    ValueError unless they agree in dimension and device, N >= `least`, M >= max(least, 2), and the data are finite (points need not be).
    """
    a, b = a.detach(), b.detach()
    if a.ndim < 2 or b.ndim < 2 or a.shape[1:].numel() != b.shape[1:].numel():
        raise ValueError(f"expected two clouds (N, *) of the same dimension, got {tuple(a.shape)} and {tuple(b.shape)}")
    if a.device != b.device:
        raise ValueError(f"expected two clouds on one device, got {a.device} and {b.device}")
    if len(a) < least or len(b) < max(least, 2):
        raise ValueError(f"too few points to compare: {len(a)} and {len(b)}; at least {least} and {max(least, 2)} are needed")
    if not finite(b):
        raise ValueError("the second cloud, the data, holds values that are not finite")
    return a.flatten(1), b.flatten(1)


def unit_of(b: Tensor) -> float:
    """The root mean square of the per-coordinate standard deviations of the data b (M, D). ValueError if it is 0."""
    unit = float(b.double().var(0, correction=0).mean().sqrt())
    if not unit > 0:
        raise ValueError("the second cloud has no spread to serve as the unit")
    return unit
