"""Elementary functions and times that are floats or tensors alike, so that each formula of a schedule is written once."""

from __future__ import annotations

import math
from typing import TypeVar, overload

import torch
from torch import Tensor

Time = float | Tensor
"""A time t in [0, 1]: one float for all of a batch, or a tensor (B,)."""

T = TypeVar("T", float, Tensor, float | Tensor)


@overload
def expand_as(value: float, x: Tensor) -> float: ...
@overload
def expand_as(value: Tensor, x: Tensor) -> Tensor: ...
def expand_as(value: Time, x: Tensor) -> Time:
    """`value` (a float or (B,)) so that it multiplies x (B, *) sample by sample; tensors take x's dtype and device."""
    if isinstance(value, Tensor):
        value = value.to(x)
        if value.ndim == 0:
            return value
        if value.ndim != 1 or (value.shape[0] != x.shape[0] and value.shape[0] != 1):
            raise ValueError(f"expected a float or a tensor of shape ({x.shape[0]},), got shape {tuple(value.shape)}")
        return value.reshape(-1, *[1] * (x.ndim - 1))
    return value


def checked(t: T) -> T:
    """`t` itself. ValueError with the value unless all of it lies in [0, 1]."""
    if isinstance(t, Tensor):
        outside = ~((t >= 0) & (t <= 1))
        if bool(outside.any()):
            raise ValueError(f"a time lies in [0, 1], data at 0 and noise at 1; got t={t[outside].flatten()[0].item():g}")
    elif not 0 <= t <= 1:
        raise ValueError(f"a time lies in [0, 1], data at 0 and noise at 1; got t={t}")
    return t


def within(value: T, low: float, high: float, name: str) -> T:
    """`value` itself. ValueError unless all of it lies in [low, high], rounding of 1e-9 (1e-5 in float32) aside."""
    slack = 1e-5 if isinstance(value, Tensor) and value.dtype != torch.float64 else 1e-9
    least, most = low - slack * abs(low), high + slack * abs(high)
    inside = bool(((value >= least) & (value <= most)).all()) if isinstance(value, Tensor) else least <= value <= most
    if not inside:
        found = value.detach().flatten() if isinstance(value, Tensor) else None
        shown = value if found is None else found[~((found >= least) & (found <= most))][0].item()
        raise ValueError(f"{name}={shown} lies outside [{low}, {high}]")
    return value


def clamp(value: T, low: float, high: float) -> T:
    """`value`, at least low and at most high."""
    return value.clamp(low, high) if isinstance(value, Tensor) else min(max(value, low), high)


def where(condition: bool | Tensor, value: T, other: T) -> T:
    """`value` where the condition holds, else `other`."""
    if isinstance(condition, Tensor) and isinstance(value, Tensor):
        return torch.where(condition, value, other)
    return value if condition else other


def log(value: T) -> T:
    """Natural logarithm; -inf at 0."""
    if isinstance(value, Tensor):
        return torch.log(value)
    return math.log(value) if value else -math.inf


def exp(value: T) -> T:
    """e to the value."""
    return torch.exp(value) if isinstance(value, Tensor) else math.exp(value)


def expm1(value: T) -> T:
    """e to the value, less 1, exact near 0."""
    return torch.expm1(value) if isinstance(value, Tensor) else math.expm1(value)


def log1p(value: T) -> T:
    """ln(1 + value), exact near 0."""
    return torch.log1p(value) if isinstance(value, Tensor) else math.log1p(value)


def sqrt(value: T) -> T:
    """Square root."""
    return torch.sqrt(value) if isinstance(value, Tensor) else math.sqrt(value)


def sinh(value: T) -> T:
    """Hyperbolic sine."""
    return torch.sinh(value) if isinstance(value, Tensor) else math.sinh(value)


def asinh(value: T) -> T:
    """Inverse hyperbolic sine."""
    return torch.asinh(value) if isinstance(value, Tensor) else math.asinh(value)
