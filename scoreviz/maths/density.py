"""From a drawing to the Gaussian mixture that it denotes.

Mass: a stroke has `weight` per unit of length (a dot counts as a stroke as long as it is wide), a Gaussian has `weight`, and a preset,
a text, a picture or a table of points `weight` times `PRESET_LENGTH`, as much as a stroke of that length: so a stroke over one is seen.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
import torch

from scoreviz.maths.merging import merge
from scoreviz.maths.presets import PRESETS, Array, Components
from scoreviz.maths.shapes import PRESET_LENGTH, shape_components
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.density import Bitmap, Density, Digest, Erase, Gaussian, Mark, Points, Preset, PresetName, Stroke, Text
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

MAX_COMPONENTS = 4096
SPACING = 0.7
"""Distance between the components of a stroke, in units of its width."""
MAX_PIECES = 1_000_000
"""A scribble of thin lines longer than this many pieces is cut into longer ones: they are merged anyway."""
FARTHEST = 1000.0
"""No coordinate that a person drew lies beyond."""


def compile_density(density: Density, blobs: Mapping[Digest, bytes]) -> GaussianMixture:
    """The mixture (float32, D = 2) of the marks in order; an erasure removes what earlier marks put under it.

    Components beyond 4096 are merged: those of like width in one cell of a grid become one with their mass, mean and mean square
    radius. Mass and mean of the whole stay exact; the shape changes below the size of a cell (`merge`).
    SceneError: an empty drawing, a mark whose data are missing, damaged or not finite.
    """
    parts = Components(np.empty(0), np.empty((0, 2)), np.empty(0))
    for kind, run in groupby(density.marks, type):
        marks = list(run)
        parts = _erase(parts, marks, blobs) if kind is Erase else _join([parts, _components(kind, marks, blobs)])
    if not len(parts.mass):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The drawing is empty. Draw a stroke, or choose a preset."))
    parts = merge(parts, MAX_COMPONENTS)
    parts = parts._replace(mass=parts.mass / parts.mass.sum())
    kept = parts.mass > 1e-30  # float32 holds no less
    return GaussianMixture(*(torch.from_numpy(column[kept].astype(np.float32)) for column in parts))


def preset(name: PresetName) -> GaussianMixture:
    """A preset alone, by name."""
    return compile_density(Density(marks=(Preset(name=name),)), {})


def _components(kind: type[Mark], marks: Sequence[Mark], blobs: Mapping[Digest, bytes]) -> Components:
    if kind is Stroke:
        return _strokes([mark for mark in marks if isinstance(mark, Stroke)], blobs)
    if kind is Gaussian:
        rows = np.array([(g.weight, g.x, g.y, g.std) for g in marks if isinstance(g, Gaussian)])
        return Components(rows[:, 0], rows[:, 1:3], rows[:, 3])
    if kind is Preset:
        return _join([_preset(mark) for mark in marks if isinstance(mark, Preset)])
    return _join([shape_components(mark, blobs) for mark in marks if isinstance(mark, Text | Bitmap | Points)])


def _preset(mark: Preset) -> Components:
    if mark.name not in PRESETS:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no preset called “{name}”."), name=mark.name)
    parts = _preset_parts(mark.name)
    return parts._replace(mass=parts.mass * (mark.weight * PRESET_LENGTH / parts.mass.sum()))


@functools.cache
def _preset_parts(name: PresetName) -> Components:
    return PRESETS[name]()


def _points(marks: Sequence[Stroke | Erase], blobs: Mapping[Digest, bytes]) -> tuple[Array, Array]:
    """All points of the paths (N, 2), and how many each has (len(marks),)."""
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


def _strokes(marks: Sequence[Stroke], blobs: Mapping[Digest, bytes]) -> Components:
    """Equal pieces of each path, one component in the middle of each; all strokes at once, along one common arc length (jumps included)."""
    points, counts = _points(marks, blobs)
    width, weight = (np.array([getattr(mark, name) for mark in marks]) for name in ("width", "weight"))
    step = np.hypot(*np.diff(points, axis=0).T)
    last = np.cumsum(counts) - 1
    arc = np.concatenate([[0.0], np.cumsum(step)])
    start, length = arc[last - counts + 1], arc[last] - arc[last - counts + 1]
    wanted = length / (SPACING * width)
    pieces = np.maximum(1, np.ceil(wanted * min(1.0, MAX_PIECES / max(wanted.sum(), 1.0)))).astype(np.int64)
    owner = np.repeat(np.arange(len(marks)), pieces)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    at = start[owner] + (within + 0.5) * (length / pieces)[owner]
    # the segment that holds `at`; clipped to the stroke against rounding at its ends
    first = np.clip(np.searchsorted(arc, at, side="right") - 1, (last - counts + 1)[owner], np.maximum(last - 1, last - counts + 1)[owner])
    second = np.minimum(first + 1, last[owner])
    span = arc[second] - arc[first]
    share = np.divide(at - arc[first], span, out=np.zeros_like(at), where=span > 0)[:, None]
    mean = points[first] * (1 - share) + points[second] * share
    mass = weight * np.where(length > 0, length, width) / pieces
    return Components(mass[owner], mean, width[owner])


def _erase(parts: Components, marks: Sequence[Mark], blobs: Mapping[Digest, bytes]) -> Components:
    """Drop the components whose centre lies within `width` of an erasing path; a very large drawing is merged first, for speed."""
    if len(parts.mass) > 16 * MAX_COMPONENTS:
        parts = merge(parts, MAX_COMPONENTS)
    for mark in marks:
        if not isinstance(mark, Erase):
            continue
        path, _ = _points([mark], blobs)
        low, high = path.min(0) - mark.width, path.max(0) + mark.width
        near = np.flatnonzero(((parts.mean >= low) & (parts.mean <= high)).all(1))
        hit = near[_distance(parts.mean[near], path) <= mark.width]
        keep = np.ones(len(parts.mass), bool)
        keep[hit] = False
        parts = Components(*(column[keep] for column in parts))
    return parts


def _distance(points: Array, path: Array) -> Array:
    """Distance (N,) of points (N, 2) to a path of segments (M, 2)."""
    best = np.full(len(points), math.inf)
    for a, b in zip(path, path[1:] if len(path) > 1 else path, strict=False):
        along = b - a
        square = float(along @ along)
        share = np.clip((points - a) @ along / square, 0, 1) if square > 0 else np.zeros(len(points))
        best = np.minimum(best, np.hypot(*(points - a - share[:, None] * along).T))
    return best


def _join(parts: Sequence[Components]) -> Components:
    return Components(*(np.concatenate(column) for column in zip(*parts, strict=True)))
