"""A Monte Carlo mean with its standard error."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor


class Estimate(NamedTuple):
    """A value and its standard error, 0 where the value is exact."""

    value: float
    error: float = 0.0


def mean_of(values: Tensor) -> Estimate:
    """The mean of independent draws (n,), n >= 2, and its standard error std/sqrt(n), summed in float64. NaN if a draw is not finite."""
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"a mean with an error needs at least 2 draws, got shape {tuple(values.shape)}")
    draws = values.detach().double()
    return Estimate(float(draws.mean()), float(draws.std()) / math.sqrt(len(draws)))
