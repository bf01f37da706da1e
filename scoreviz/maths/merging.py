"""Fewer components of a mixture with the same mass, mean and mean square radius."""

from __future__ import annotations

import math

import numpy as np

from scoreviz.maths.presets import Components

BINS = 256


def merge(parts: Components, limit: int) -> Components:
    """At most `limit` components. Those whose widths agree to 20% and whose centres share a cell become one with their mass, mean and
    mean square radius; the cell starts at a quarter of the width and grows by 1.4 until enough have met.
    """
    cell = 0.25
    while len(parts.mass) > limit:
        scale = np.floor(np.log(parts.std) / math.log(1.2))
        size = cell * 1.2**scale
        keys = np.column_stack([scale, np.floor(parts.mean / size[:, None])]).astype(np.int64)
        keys -= keys.min(0)
        spans = keys.max(0) + 1
        flat = (keys[:, 0] * spans[1] + keys[:, 1]) * spans[2] + keys[:, 2]
        _, group = np.unique(flat, return_inverse=True)
        mass = np.bincount(group, parts.mass).astype(np.float64)
        mean = np.column_stack([np.bincount(group, parts.mass * column) / mass for column in parts.mean.T])
        radius = parts.std**2 + ((parts.mean - mean[group]) ** 2).sum(1) / 2
        parts = Components(mass, mean, np.sqrt(np.bincount(group, parts.mass * radius) / mass))
        cell *= 1.4
    return parts


def binned(parts: Components) -> Components:
    """For components of one mass and width: one for each occupied cell of a grid of BINS x BINS, as in `merge`.

    A million take a tenth of a second.
    """
    low = parts.mean.min(0)
    size = float((parts.mean.max(0) - low).max()) / BINS or 1.0
    column, row = np.minimum((parts.mean - low) / size, BINS - 1).astype(np.int64).T
    cell = row * BINS + column
    mass = np.bincount(cell, minlength=BINS * BINS).astype(np.float64)
    x, y = (np.bincount(cell, values, BINS * BINS) for values in (parts.mean - low).T)
    square = np.bincount(cell, ((parts.mean - low) ** 2).sum(1), BINS * BINS)
    kept = mass > 0
    mass, x, y, square = mass[kept], x[kept], y[kept], square[kept]
    mean = np.column_stack([x, y]) / mass[:, None]
    spread = np.maximum(square / mass - (mean**2).sum(1), 0) / 2
    return Components(mass, mean + low, np.sqrt(parts.std[0] ** 2 + spread))
