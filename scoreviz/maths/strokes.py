"""Brush strokes as rows of Gaussians along a path.

Across a stroke the density has standard deviation `width` w at every hardness h. It is a band of half width a, even inside, whose edges
are as soft as a Gaussian of standard deviation s = (1 - 0.7 h) w:

    p(y) = [Phi((y + a)/s) - Phi((y - a)/s)] / 2a,   a^2/3 + s^2 = w^2,

and at h = 0 the Gaussian N(0, w^2) itself. It is made of rows of components of width s, at most 1.2 s apart, spread so that the variance is
w^2 exactly: the sum differs from the formula by at most 2 % of its peak, at the edges.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scoreviz.maths.parts import Array, Components, Labels, join, moved, take
from scoreviz.scene.density import Digest, Erase, Placement, Stroke
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

SPACING = 0.7
"""Distance between the components along a soft stroke, in units of its width."""
SHARPEST = 0.3
"""Standard deviation of a hard edge, in units of the width."""
ROWS, ALONG = 1.2, 1.4
"""Distances between components across and along a hard stroke, at most, in units of their standard deviation."""
MAX_PIECES = 1_000_000
"""A scribble of thin lines longer than this many pieces is cut into longer ones: they are merged anyway."""
FARTHEST = 1000.0
"""No coordinate that a person drew lies beyond."""


class Profile(NamedTuple):
    """Across a stroke of width 1: standard deviation of a row, and where the rows lie (n,)."""

    std: float
    offsets: Array


@functools.lru_cache(maxsize=256)
def profile(hardness: float) -> Profile:
    """The rows of a stroke of width 1."""
    std = 1.0 - (1.0 - SHARPEST) * hardness
    spread = 1.0 - std * std  # what the rows' distance adds to the variance
    if spread <= 0:
        return Profile(1.0, np.zeros(1))
    n = max(2, math.ceil(2 * math.sqrt(3 * spread) / (ROWS * std)))
    half = math.sqrt(3 * spread / (1 - 1 / n**2))
    return Profile(std, half * ((2 * np.arange(n) + 1) / n - 1))


@functools.lru_cache(maxsize=256)
def _disc(hardness: float) -> Array:
    """Centres (K, 2) of a hard dot of width 1: an even disc with the edge of a stroke, standard deviation 1 along both axes."""
    std = profile(hardness).std
    spread = 1.0 - std * std
    if spread <= 0:
        return np.zeros((1, 2))
    radius, step = 2 * math.sqrt(spread), ALONG * std
    line = np.arange(-math.ceil(radius / step), math.ceil(radius / step) + 1) * step
    grid = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    inside = grid[np.hypot(*grid.T) <= radius]
    if len(inside) < 4:
        inside = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    centres: Array = inside * math.sqrt(2 * spread / float((inside**2).sum(1).mean()))
    return centres


def path_points(marks: Sequence[Stroke | Erase], blobs: Mapping[Digest, bytes]) -> tuple[Array, Labels]:
    """All points of the paths (N, 2) as they were drawn, and how many each has (len(marks),). SceneError: missing or damaged."""
    missing = [mark.points for mark in marks if mark.points not in blobs]
    if missing:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The points of a stroke are missing ({digest}). Open the document again."), digest=missing[0]
        )
    data = [blobs[mark.points] for mark in marks]
    sizes = np.array([len(blob) for blob in data])
    if (sizes % 8).any() or not sizes.all():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The points of a stroke are damaged: they are not pairs of numbers. Delete it."))
    points = np.frombuffer(b"".join(data), "<f4").reshape(-1, 2).astype(np.float64)
    if not (np.abs(points) <= FARTHEST).all():  # NaN too
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The points of a stroke are damaged: some are not finite or far away. Delete it."))
    return points, sizes // 8


class _Paths:
    """Many paths along one common arc length, jumps between them included."""

    def __init__(self, points: Array, counts: Labels) -> None:
        self.points = points
        self.last = np.cumsum(counts) - 1
        self.first = self.last - counts + 1
        self.arc = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        self.start, self.end = self.arc[self.first], self.arc[self.last]

    def at(self, arc: Array, owner: Labels) -> Array:
        """The points (N, 2) at arc lengths (N,) of the paths `owner` (N,)."""
        # the segment that holds it; clipped to the path against rounding at its ends
        low, high = self.first[owner], np.maximum(self.last - 1, self.first)[owner]
        first = np.clip(np.searchsorted(self.arc, arc, side="right") - 1, low, high)
        second = np.minimum(first + 1, self.last[owner])
        span = self.arc[second] - self.arc[first]
        share = np.divide(arc - self.arc[first], span, out=np.zeros_like(arc), where=span > 0)[:, None]
        between: Array = self.points[first] * (1 - share) + self.points[second] * share
        return between

    def normals(self, arc: Array, owner: Labels, reach: Array) -> Array:
        """Unit normals (N, 2), of the chord from `reach` before to `reach` after: a hand's trembling does not turn them."""
        ends = [self.at(np.clip(arc + sign * reach, self.start[owner], self.end[owner]), owner) for sign in (-1, 1)]
        chord = ends[1] - ends[0]
        length = np.hypot(*chord.T)
        chord = np.where(length[:, None] > 0, chord, (1.0, 0.0)) / np.where(length > 0, length, 1.0)[:, None]
        return np.column_stack([-chord[:, 1], chord[:, 0]])


def stroke_components(marks: Sequence[Stroke], blobs: Mapping[Digest, bytes]) -> Components:
    """Equal pieces of each path, one component (hard: one row) in the middle of each; all strokes at once."""
    soft = [mark for mark in marks if not mark.hardness]
    if len(soft) == len(marks):
        return _rows(marks, blobs, None)
    by_hardness: dict[float, list[Stroke]] = {}
    for mark in marks:
        by_hardness.setdefault(mark.hardness, []).append(mark)
    return join([_rows(alike, blobs, hardness or None) for hardness, alike in by_hardness.items()])


def _rows(marks: Sequence[Stroke], blobs: Mapping[Digest, bytes], hardness: float | None) -> Components:
    """The components of strokes of one hardness; None: of soft ones."""
    points, counts = path_points(marks, blobs)
    width, weight = (np.array([getattr(mark, name) for mark in marks]) for name in ("width", "weight"))
    paths, rows = _Paths(points, counts), profile(hardness or 0.0)
    length = paths.end - paths.start
    wanted = length / (min(SPACING, ALONG * rows.std) * width) * len(rows.offsets)
    pieces = np.maximum(1, np.ceil(wanted * min(1.0, MAX_PIECES / max(wanted.sum(), 1.0)) / len(rows.offsets))).astype(np.int64)
    owner = np.repeat(np.arange(len(marks)), pieces)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    at = paths.start[owner] + (within + 0.5) * (length / pieces)[owner]
    mean = paths.at(at, owner)
    mass = weight * np.where(length > 0, length, width) / pieces
    if hardness is None:
        return _owned(marks, owner, mass[owner], mean, width)
    line = length[owner] > 0
    normal = paths.normals(at[line], owner[line], width[owner[line]])
    offsets = (normal[:, None, :] * rows.offsets[:, None]) * width[owner[line], None, None]
    spread, dots = (mean[line, None, :] + offsets).reshape(-1, 2), owner[~line]
    disc = _disc(hardness)
    around = (mean[~line, None, :] + disc * width[dots, None, None]).reshape(-1, 2)
    whose = np.concatenate([np.repeat(owner[line], len(rows.offsets)), np.repeat(dots, len(disc))])
    share = np.concatenate([np.full(len(spread), 1 / len(rows.offsets)), np.full(len(around), 1 / len(disc))])
    return _owned(marks, whose, mass[whose] * share, np.concatenate([spread, around]), width * rows.std)


def _owned(marks: Sequence[Stroke], owner: Labels, mass: Array, mean: Array, std: Array) -> Components:
    """Components with the class of their stroke, where it was moved to."""
    if any(mark.place is not None for mark in marks):
        stays = Placement()
        places = [mark.place or stays for mark in marks]
        scale, angle, dx, dy = (np.array([getattr(p, name) for p in places]) for name in ("scale", "angle", "dx", "dy"))
        c, s = (scale * np.cos(angle))[owner], (scale * np.sin(angle))[owner]
        mean = np.column_stack([c * mean[:, 0] - s * mean[:, 1] + dx[owner], s * mean[:, 0] + c * mean[:, 1] + dy[owner]])
        std = std * scale
    label = np.array([mark.label for mark in marks])
    return Components(mass, mean, std[owner], label[owner] if label.any() else None)


def erased(parts: Components, mark: Erase, blobs: Mapping[Digest, bytes]) -> Components:
    """Without the components whose centre lies within `width` of an erasing path."""
    path, _ = path_points([mark], blobs)
    path = moved(path, mark.place)
    width = mark.width * (1.0 if mark.place is None else mark.place.scale)
    low, high = path.min(0) - width, path.max(0) + width
    near = np.flatnonzero(((parts.mean >= low) & (parts.mean <= high)).all(1))
    hit = near[distance(parts.mean[near], path) <= width]
    keep = np.ones(len(parts.mass), bool)
    keep[hit] = False
    return take(parts, keep)


def distance(points: Array, path: Array) -> Array:
    """Distance (N,) of points (N, 2) to a path of segments (M, 2)."""
    best = np.full(len(points), math.inf)
    for a, b in zip(path, path[1:] if len(path) > 1 else path, strict=False):
        along = b - a
        square = float(along @ along)
        share = np.clip((points - a) @ along / square, 0, 1) if square > 0 else np.zeros(len(points))
        best = np.minimum(best, np.hypot(*(points - a - share[:, None] * along).T))
    return best
