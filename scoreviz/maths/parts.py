"""Components on their way to a mixture: what marks are turned into, joined, moved, and merged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoreviz.scene.placement import Placement

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


class Components(NamedTuple):
    """Masses (K,), centres (K, D), standard deviations (K,) of isotropic Gaussians, and their classes (K,); None: all of class 0."""

    mass: Array
    mean: Array
    std: Array
    label: Labels | None = None


NOTHING = Components(np.empty(0), np.empty((0, 2)), np.empty(0))


def join(parts: Sequence[Components]) -> Components:
    """All of them, in order."""
    if len(parts) == 1:
        return parts[0]
    mass, mean, std = (np.concatenate([part[i] for part in parts]) for i in range(3))
    if all(part.label is None for part in parts):
        return Components(mass, mean, std)
    labels = [np.zeros(len(part.mass), np.int64) if part.label is None else part.label for part in parts]
    return Components(mass, mean, std, np.concatenate(labels))


def take(parts: Components, which: NDArray[np.bool_] | Labels) -> Components:
    """Those that an index or a mask chooses."""
    label = None if parts.label is None else parts.label[which]
    return Components(parts.mass[which], parts.mean[which], parts.std[which], label)


def labelled(parts: Components, label: int) -> Components:
    """All of one class."""
    return parts._replace(label=np.full(len(parts.mass), label, np.int64) if label else None)


def placed(parts: Components, place: Placement | None) -> Components:
    """Where a placement takes them: centres p -> scale R(angle) p + (dx, dy), widths times scale."""
    if place is None:
        return parts
    return parts._replace(mean=moved(parts.mean, place), std=parts.std * place.scale)


def moved(points: Array, place: Placement | None) -> Array:
    """Points (N, 2) where a placement takes them."""
    if place is None:
        return points
    c, s = place.scale * math.cos(place.angle), place.scale * math.sin(place.angle)
    turned: Array = points @ np.array([[c, s], [-s, c]]) + (place.dx, place.dy)
    return turned
