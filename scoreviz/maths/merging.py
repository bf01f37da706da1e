"""Fewer components of a mixture with the same mass, mean and mean square radius."""

from __future__ import annotations

import math

import numpy as np

from scoreviz.maths.parts import Components

BINS = 256
ENDLESS = 1e6
"""Widths; cells of this size have taken in all that they can."""


def merge(parts: Components, limit: int) -> Components:
    """At most `limit` components (K, D), unless more widths and classes than that are present. Those of one class whose widths agree to
    20% and whose centres share a cell become one with their mass, mean and mean square radius; the cell starts at a quarter of the width
    and grows by 1.4 until enough have met.
    """
    cell = 0.25
    while len(parts.mass) > limit:
        scale = np.floor(np.log(parts.std) / math.log(1.2))
        size = cell * 1.2**scale
        keys = np.column_stack([scale, np.floor(parts.mean / size[:, None])]).astype(np.int64)
        if parts.label is not None:
            keys = np.column_stack([keys, parts.label])
        keys -= keys.min(0)
        flat = keys[:, 0]
        for column, span in zip(keys.T[1:], keys.max(0)[1:] + 1, strict=True):
            flat = flat * span + column
        _, group = np.unique(flat, return_inverse=True)
        mass = np.bincount(group, parts.mass).astype(np.float64)
        mean = np.column_stack([np.bincount(group, parts.mass * column) / mass for column in parts.mean.T])
        radius = parts.std**2 + ((parts.mean - mean[group]) ** 2).sum(1) / parts.mean.shape[1]
        label = None
        if parts.label is not None:
            label = np.empty(len(mass), np.int64)
            label[group] = parts.label  # one for all that met
        parts = Components(mass, mean, np.sqrt(np.bincount(group, parts.mass * radius) / mass), label)
        cell *= 1.4
        if cell > ENDLESS:
            break
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
