"""Streamlines of the score: where its directions lead, from evenly spaced places, always as many and as long."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QPainter

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import ArrowGrid, Bounds, cell_centres
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.paths import segments_path, thickened

EVERY = 2
"""One line for so many arrows along each side."""
STEPS = 9
"""Each way from where a line begins."""
STEP = 0.2
"""Length of a step, in spacings of the arrows."""
STILL = 1e-9
"""A field weaker than this has no direction, and the line ends."""
_HEAD = 4.5


def interpolate(vectors: np.ndarray, bounds: Bounds, at: np.ndarray) -> np.ndarray:
    """The field (ny, nx, 2) at places (n, 2), bilinear between the cells' centres, beyond the outermost ones as at them."""
    ny, nx = vectors.shape[:2]
    column = (at[:, 0] - bounds.x0) * (nx / (bounds.x1 - bounds.x0)) - 0.5
    row = (at[:, 1] - bounds.y0) * (ny / (bounds.y1 - bounds.y0)) - 0.5
    column, row = np.minimum(np.maximum(column, 0), nx - 1), np.minimum(np.maximum(row, 0), ny - 1)  # np.clip takes thrice as long
    i, j = np.minimum(row.astype(np.intp), max(ny - 2, 0)), np.minimum(column.astype(np.intp), max(nx - 2, 0))
    v, u = (row - i)[:, None], (column - j)[:, None]
    right, above = min(1, nx - 1), nx * min(1, ny - 1)
    flat, corner = vectors.reshape(ny * nx, -1), i * nx + j
    lower, upper = flat.take(corner, axis=0), flat.take(corner + above, axis=0)
    lower += (flat.take(corner + right, axis=0) - lower) * u
    upper += (flat.take(corner + (above + right), axis=0) - upper) * u
    lower += (upper - lower) * v
    return lower


def streamlines(grid: ArrowGrid) -> np.ndarray:
    """(n, 2 STEPS + 1, 2) points of n lines in the drawing's units, along the field from first to last.

    dx/dl = v/|v| by the midpoint rule, both ways from each seed. A line that meets no direction, the edge, or a ridge at which the field
    turns about, stays where it is.
    """
    if grid.vectors.ndim != 3 or min(grid.vectors.shape[:2]) < 2:
        return np.empty((0, 2 * STEPS + 1, 2))
    ny, nx = grid.vectors.shape[:2]
    b = grid.bounds
    vectors = np.nan_to_num(np.asarray(grid.vectors, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    h = STEP * min((b.x1 - b.x0) / nx, (b.y1 - b.y0) / ny)
    seeds = cell_centres(b, max(1, nx // EVERY), max(1, ny // EVERY))
    sign = np.concatenate([np.ones(len(seeds)), -np.ones(len(seeds))])[:, None]
    at = np.concatenate([seeds, seeds])
    path, ended = [at], np.zeros(len(at), bool)
    here = _direction(vectors, b, at)
    for _ in range(STEPS):
        halfway = _direction(vectors, b, at + sign * (h / 2) * here)
        there = at + sign * h * halfway
        after = _direction(vectors, b, there)
        out = (there[:, 0] < b.x0) | (there[:, 0] > b.x1) | (there[:, 1] < b.y0) | (there[:, 1] > b.y1)
        ended |= out | ((here * halfway).sum(axis=1) <= 0) | ((here * after).sum(axis=1) <= 0)
        at, here = np.where(ended[:, None], at, there), after
        path.append(at)
    both = np.stack(path, axis=1)
    on, back = both[: len(seeds)], both[len(seeds) :]
    return np.concatenate([back[:, :0:-1], on], axis=1)


def _direction(vectors: np.ndarray, bounds: Bounds, at: np.ndarray) -> np.ndarray:
    """Unit vectors; zero where the field is still."""
    field = interpolate(vectors, bounds, at)
    size = np.hypot(field[:, 0], field[:, 1])
    field *= ((size > STILL) / np.maximum(size, STILL))[:, None]
    return field


def line_segments(lines: np.ndarray, scale: float) -> np.ndarray:
    """(m, 2, 2) straight pieces of lines (n, k, 2) in pixels, and a small head at the end of each line that has one."""
    pieces = np.stack([lines[:, :-1], lines[:, 1:]], axis=2).reshape(-1, 2, 2)
    pieces = pieces[(np.abs(pieces[:, 1] - pieces[:, 0]) > 1e-6).any(axis=1)]
    along = np.diff(lines, axis=1)
    size = np.linalg.norm(along, axis=2)
    last = along.shape[1] - 1 - np.argmax(size[:, ::-1] > 1e-6, axis=1)  # the last piece that is one
    each = np.arange(len(lines))
    moved = size[each, last] > 1e-6
    along, tips = along[each, last][moved] / size[each, last][moved, None], lines[moved, -1]
    back = tips - along * _HEAD * scale
    wing = np.stack([-along[:, 1], along[:, 0]], -1) * _HEAD * scale * 0.45
    heads = [np.stack([back + way * wing, tips], axis=1) for way in (1, -1)]
    return np.concatenate([pieces, *heads])


def paint_streamlines(painter: QPainter, grid: ArrowGrid, camera: Camera, scale: float, palette: CanvasPalette) -> None:
    """Draw them: direction alone, nothing of their length is the score's."""
    lines = streamlines(grid)
    if not len(lines):
        return
    pixels = camera.to_pixels(lines.reshape(-1, 2)).reshape(lines.shape)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(palette.line)
    painter.drawPath(segments_path(thickened(line_segments(pixels, scale), scale)))
