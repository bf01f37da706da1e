"""Contours of log p: marching squares over the density's grid, all levels at once, and a label on each."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import DensityGrid
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.paths import segments_path, thickened
from scoreviz.gui.canvas.text import font, signed

LEVELS = np.arange(-8.0, 4.0)
"""In nats, the same for every t; far below the drawing they would crowd."""
_LABEL = 10.0
_MARGIN = 26.0  # a label's distance to the picture's edge, in logical pixels
_TURN = 2.4  # radians from one level's label to the next: they fan out around the drawing

# Edges of a cell: 0 bottom, 1 right, 2 top, 3 left. For each of the 16 cases (bit 0 lower left, 1 lower right, 2 upper right, 3 upper
# left above the level) up to two lines between edges. The saddles 5 and 10 are as if the middle lay below the level.
_CASES = np.full((16, 2, 2), -1)
for _case, _lines in {
    1: [(3, 0)], 2: [(0, 1)], 3: [(3, 1)], 4: [(1, 2)], 5: [(3, 0), (1, 2)], 6: [(0, 2)], 7: [(3, 2)], 8: [(2, 3)], 9: [(2, 0)],
    10: [(0, 1), (2, 3)], 11: [(2, 1)], 12: [(1, 3)], 13: [(1, 0)], 14: [(0, 3)],
}.items():  # fmt: skip
    _CASES[_case, : len(_lines)] = _lines
_FROM = np.array([(0, 0), (0, 1), (1, 0), (0, 0)])  # of each edge: row and column of one end within the cell, and of the other
_TO = np.array([(0, 1), (1, 1), (1, 1), (1, 0)])


def contour_segments(grid: DensityGrid, levels: np.ndarray = LEVELS) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2, 2) lines in the drawing's units along which log p is one of `levels`, and for each which, (n,).

    Each end lies on an edge between two cells' centres, where the straight line between their values meets the level. Cells beside one
    that is not finite have none.
    """
    values = np.asarray(grid.log_p, np.float64)
    if values.ndim != 2 or min(values.shape) < 2:
        return np.empty((0, 2, 2)), np.empty(0, np.int64)
    ny, nx = values.shape
    below = np.searchsorted(levels, values).astype(np.int8)  # so many levels lie below each value; the last where there is none
    corners = (below[:-1, :-1], below[:-1, 1:], below[1:, 1:], below[1:, :-1])
    fewest, most = np.minimum.reduce(corners), np.maximum.reduce(corners)
    finite = np.isfinite(values)
    whole = finite[:-1, :-1] & finite[:-1, 1:] & finite[1:, 1:] & finite[1:, :-1]
    row, column = np.nonzero((most > fewest) & whole)  # few cells have a line, and few of those more than one
    crossed = (most - fewest)[row, column].astype(np.int64)
    first = np.repeat(np.cumsum(crossed) - crossed, crossed)
    level = np.repeat(fewest[row, column].astype(np.int64), crossed) + np.arange(len(first)) - first
    row, column = np.repeat(row, crossed), np.repeat(column, crossed)
    case = sum((corner[row, column] > level).astype(np.int64) << bit for bit, corner in enumerate(corners))
    edges = _CASES[case]  # (m, 2 lines, 2 ends)
    which, line = np.nonzero(edges[:, :, 0] >= 0)
    ends = edges[which, line]  # (n, 2)
    corner = np.stack([row[which], column[which]], -1)[:, None, :]
    here, there = corner + _FROM[ends], corner + _TO[ends]  # (n, 2, 2) of (row, column)
    low, high = values[here[..., 0], here[..., 1]], values[there[..., 0], there[..., 1]]
    share = (levels[level[which]][:, None] - low) / (high - low)
    at = here + share[..., None] * (there - here)
    b = grid.bounds
    x = b.x0 + (at[..., 1] + 0.5) * ((b.x1 - b.x0) / nx)
    y = b.y0 + (at[..., 0] + 0.5) * ((b.y1 - b.y0) / ny)
    return np.stack([x, y], -1), level[which]


def label_places(segments: np.ndarray, level: np.ndarray, size: tuple[int, int], margin: float) -> list[tuple[int, float, float]]:
    """(level, x, y) in pixels: for each level with a line well within the picture, that line's point farthest in a direction of its own."""
    middles = 0.5 * (segments[:, 0] + segments[:, 1])
    x, y = middles[:, 0], middles[:, 1]
    inside = np.flatnonzero((x > margin) & (x < size[0] - margin) & (y > margin) & (y < size[1] - margin))
    level, x, y = level[inside], x[inside], y[inside]
    places = []
    for k in np.flatnonzero(np.bincount(level)).tolist():
        of_level = np.flatnonzero(level == k)
        farthest = of_level[np.argmax(math.cos(_TURN * k) * x[of_level] + math.sin(_TURN * k) * y[of_level])]
        places.append((k, float(x[farthest]), float(y[farthest])))
    return places


def paint_contours(painter: QPainter, grid: DensityGrid, camera: Camera, scale: float, palette: CanvasPalette) -> None:
    """Draw the lines, and on each level its log p."""
    segments, level = contour_segments(grid)
    if not len(segments):
        return
    pixels = camera.to_pixels(segments.reshape(-1, 2)).reshape(-1, 2, 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(palette.line)
    painter.drawPath(segments_path(thickened(pixels, scale)))
    type_ = font(_LABEL, scale)
    metrics = QFontMetricsF(type_)
    painter.setFont(type_)
    for k, x, y in label_places(pixels, level, (camera.width_px, camera.height_px), _MARGIN * scale):
        text = signed(float(LEVELS[k]), 0)
        width = metrics.horizontalAdvance(text)
        box = QRectF(x - width / 2 - 2 * scale, y - metrics.height() / 2, width + 4 * scale, metrics.height())
        painter.fillRect(box, palette.plate)
        painter.setPen(palette.text)
        painter.drawText(QPointF(x - width / 2, y + (metrics.ascent() - metrics.descent()) / 2), text)
