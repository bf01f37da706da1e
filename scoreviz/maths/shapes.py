"""Text, pictures, tables of points and filled areas as components of a Gaussian mixture.

The first three have a total mass of `weight` times `PRESET_LENGTH` each, an area `weight` per unit of area.

Filled shapes are cut into square cells of side h; each cell becomes one Gaussian with the cell's mass at the cell's centre of mass,
standard deviation `SPREAD` h, so that an even area ripples by two parts in a thousand. Against the shape itself the mean is exact and
the covariance is larger by SPREAD^2 h^2 less the spread within a cell, h^2/12 for a full one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import msgspec
import numpy as np

from scoreviz.maths.merging import binned, merge
from scoreviz.maths.parts import Array, Components
from scoreviz.scene.density import Area, Bitmap, Digest, Points, Text, blob_of
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PRESET_LENGTH = 10.0
"""A preset, a text, a picture and a table weigh as much as a stroke of this length."""
MOST_LETTERS, MOST_CELLS, MOST_POINTS = 2000, 2500, 2048
"""Components of a text, a picture, a table: an evaluation of the exact score at 2000 points then takes some 20 ms."""
AREA_CELLS = 500
"""About as many as a filled area is cut into."""
SPREAD = 0.6
ACROSS, DOWN = 3, 12
"""Cells at least across a letter's stroke and down its height, where the limit allows."""
FAINT = 0.01
"""Cells with less than this share of the fullest one's mass are left out."""
RASTER = 400_000
"""Pixels of the raster on which letters are filled."""
LINES = 2
"""Scan lines a pixel."""
FARTHEST = 1000.0


Shape = Text | Bitmap | Points | Area


def shape_components(mark: Shape, blobs: Mapping[Digest, bytes]) -> Components:
    """The components of one mark, before it is moved. SceneError: its data are missing, damaged, or hold nothing."""
    digest = blob_of(mark)
    assert digest is not None
    if digest not in blobs:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The data of {mark} are missing ({digest}). Open the document again."),
                         mark=_called(mark), digest=digest)  # fmt: skip
    alone = msgspec.structs.replace(mark, label=0, layer=0, place=None, weight=1.0)
    parts = _of(alone, blobs[digest])
    return parts._replace(mass=parts.mass * mark.weight)


@functools.lru_cache(maxsize=16)
def _of(mark: Shape, data: bytes) -> Components:
    """Of weight 1. Kept, so that a stroke drawn beside a large table compiles as quickly as alone."""
    match mark:
        case Text():
            return _normalised(_text(mark, data))
        case Bitmap():
            return _normalised(_bitmap(mark, data))
        case Points():
            return _normalised(_table(mark, data))
        case Area():
            return _area(data)


def _normalised(parts: Components) -> Components:
    return parts._replace(mass=parts.mass * (PRESET_LENGTH / parts.mass.sum()))


def _called(mark: Shape) -> str:
    return "an area" if isinstance(mark, Area) else f"“{mark.text if isinstance(mark, Text) else mark.name}”"


# ---- areas


def _area(data: bytes) -> Components:
    """Cells of one size, each with the mass of the area that it covers: those at the edge too."""
    damaged = SceneError(QT_TRANSLATE_NOOP("errors", "The outline of an area is damaged. Delete it."))
    if len(data) % 8 or not data:
        raise damaged
    points = np.frombuffer(data, "<f4").reshape(-1, 2).astype(np.float64)
    if not (np.abs(points) <= FARTHEST).all():  # NaN too
        raise damaged
    filled = _filled(points, np.zeros(len(points), bool))
    if filled is None:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "An area encloses nothing. Give it three corners that are not in a line."))
    values, pixel, left, top, _ = filled
    mass, mean, cell = _pooled(values, max(1.0, math.sqrt(float(values.sum()) / AREA_CELLS)), MOST_CELLS)
    mean = np.array([left, top]) + mean * np.array([pixel, -pixel])
    return Components(mass * pixel**2, mean, np.full(len(mass), SPREAD * cell * pixel))


# ---- letters


def _text(mark: Text, data: bytes) -> Components:
    damaged = SceneError(
        QT_TRANSLATE_NOOP("errors", "The outline of {mark} is damaged. Delete the text and write it again."), mark=_called(mark)
    )
    if len(data) % 8:
        raise damaged
    points = np.frombuffer(data, "<f4").reshape(-1, 2).astype(np.float64)
    gaps = np.isnan(points)
    if (gaps[:, 0] != gaps[:, 1]).any() or not (np.abs(points[~gaps[:, 0]]) <= FARTHEST).all():
        raise damaged
    filled = _filled(points, gaps[:, 0])
    if filled is None:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The text {mark} has no ink. Write some letters."), mark=_called(mark))
    values, pixel, left, top, stroke = filled
    mass, mean, cell = _pooled(values, max(1.0, min(stroke / ACROSS / pixel, len(values) / DOWN)), MOST_LETTERS)
    mean = (np.array([left, top]) + mean * np.array([pixel, -pixel])) * mark.height + (mark.x, mark.y)
    return Components(mass, mean, np.full(len(mass), SPREAD * cell * pixel * mark.height))


def _filled(points: Array, gaps: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[Array, float, float, float, float] | None:
    """Closed polygons by the even-odd rule: covered share of each pixel (row 0 at the top), side of a pixel, left, top, width of a stroke.

    Coverage along a scan line is exact. The width of a stroke is twice the area by the outline's length. None without an area.
    """
    a, b = _edges(points, gaps)
    low, high = (end.reshape(-1) for end in (np.minimum(a, b), np.maximum(a, b)))
    if not len(a) or not ((size := high.reshape(-1, 2).max(0) - (corner := low.reshape(-1, 2).min(0))) > 0).all():
        return None
    pixel = math.sqrt(float(size.prod()) / RASTER)
    columns, rows = (max(1, math.ceil(extent / pixel)) for extent in size)
    step = pixel / LINES
    top = corner[1] + rows * pixel
    x, line = _crossings(a, b, corner[1] + (np.arange(rows * LINES) + 0.5) * step)
    at = np.clip((x - corner[0]) / pixel, 0, columns)
    column = np.minimum(at.astype(np.int64), columns - 1)
    sign = np.where(np.arange(len(at)) % 2, -1.0, 1.0)  # a closed outline crosses a line an even number of times
    flat = (line // LINES) * (columns + 1) + column
    part = at - column
    ramps = np.bincount(flat, sign * (1 - part), rows * (columns + 1)) + np.bincount(flat + 1, sign * part, rows * (columns + 1))
    values = np.clip(ramps.reshape(rows, columns + 1).cumsum(1)[::-1, :columns] / LINES, 0, 1)
    area = float(values.sum()) * pixel**2
    length = float(np.hypot(*(b - a).T).sum())
    return (values, pixel, float(corner[0]), float(top), 2 * area / length) if area > 1e-6 * float(size.prod()) else None


def _edges(points: Array, gaps: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[Array, Array]:
    """Both ends (E, 2) of every edge, those that close the polygons included."""
    polygon = np.cumsum(gaps)[~gaps]
    points = points[~gaps]
    if not len(points):
        return points, points
    first = np.flatnonzero(np.r_[True, np.diff(polygon) > 0])
    after = np.arange(1, len(points) + 1)
    after[np.r_[first[1:], len(points)] - 1] = first
    return points, points[after]


def _crossings(a: Array, b: Array, lines: Array) -> tuple[Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """x of every crossing of the edges with horizontal lines, and the line's number; by line, then from left to right."""
    low, high = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    first = np.searchsorted(lines, low)
    counts = np.searchsorted(lines, high) - first  # low <= line < high: a corner on a line counts once
    edge = np.repeat(np.arange(len(a)), counts)
    line = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (lines[line] - a[edge, 1]) / (b[edge, 1] - a[edge, 1])
    x = a[edge, 0] + share * (b[edge, 0] - a[edge, 0])
    order = np.lexsort((x, line))
    return x[order], line[order]


# ---- grey values


def _bitmap(mark: Bitmap, data: bytes) -> Components:
    if len(data) != mark.rows * mark.columns:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The picture {mark} is damaged: it has {n} grey values instead of {rows} × {columns}. Delete it."),
            mark=_called(mark), n=len(data), rows=mark.rows, columns=mark.columns,
        )  # fmt: skip
    values = np.frombuffer(data, np.uint8).reshape(mark.rows, mark.columns).astype(np.float64)
    if not values.any():
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The picture {mark} is empty everywhere: no density can be made of it."), mark=_called(mark)
        )
    pixel = mark.height / mark.rows
    mass, mean, cell = _pooled(values, 1.0, MOST_CELLS)
    mean = (mean - (mark.columns / 2, mark.rows / 2)) * (pixel, -pixel) + (mark.x, mark.y)
    return Components(mass, mean, np.full(len(mass), SPREAD * cell * pixel))


def _pooled(values: Array, cell: float, most: int) -> tuple[Array, Array, float]:
    """Mass (K,) and centre of mass (K, 2: column, row) of square cells, and their side, in pixels: `cell`, or larger until K <= most."""
    while True:
        rows, columns = ((n - math.ceil(n / cell) * cell) / 2 + cell * np.arange(math.ceil(n / cell) + 1) for n in values.shape)
        sums, moments = _sums(values, rows)
        mass, across = _sums(sums.T, columns)
        down, _ = _sums(moments.T, columns)
        kept = mass > FAINT * mass.max()
        if np.count_nonzero(kept) <= most:
            mass = mass[kept]
            return mass, np.column_stack([across[kept], down[kept]]) / mass[:, None], cell
        cell *= 1.05


def _sums(values: Array, edges: Array) -> tuple[Array, Array]:
    """Integrals of v and of v times the row over rows edges[i] to edges[i + 1]; `values` (n, m) are constant within a row."""
    n = len(values)
    at = np.clip(edges, 0, n)
    whole = np.minimum(at.astype(np.int64), n - 1)
    part = at - whole
    row = values[whole]
    padding = np.zeros((1, values.shape[1]))
    total = np.concatenate([padding, values.cumsum(0)])[whole] + part[:, None] * row
    first = np.concatenate([padding, (values * (np.arange(n)[:, None] + 0.5)).cumsum(0)])[whole]
    return np.diff(total, axis=0), np.diff(first + (part * (whole + part / 2))[:, None] * row, axis=0)


# ---- tables


def _table(mark: Points, data: bytes) -> Components:
    if len(data) % 8 or not data:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The points {mark} are damaged: they are not pairs of numbers. Delete them."), mark=_called(mark)
        )
    points = np.frombuffer(data, "<f4").reshape(-1, 2)
    if not np.abs(points).max() <= 1.01:  # NaN too
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The points {mark} are damaged: some are not finite or far away. Delete them."), mark=_called(mark)
        )
    means = points.astype(np.float64) * mark.radius + (mark.x, mark.y)
    parts = Components(np.ones(len(means)), means, np.full(len(means), mark.width))
    return merge(binned(parts) if len(means) > 8 * MOST_POINTS else parts, MOST_POINTS)
