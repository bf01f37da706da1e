"""Where Tweedie's formula leads: a thin line from each place x to E[x_0 | x], and a dot there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import MeanGrid, cell_centres
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.paths import segments_path, thickened

DOT = 3.0
"""Diameter, in logical pixels."""
LONG = 48.0
"""Logical pixels from which lines are opaque and not smoothed: a thousand of them would take longer than the rest of a frame."""
FAINT = 0.6
"""Of the lines' opacity: many end at one place."""


def mean_segments(grid: MeanGrid, camera: Camera) -> np.ndarray:
    """(n, 2, 2) in pixels: from each cell's centre to its mean, where that is finite."""
    if grid.means.ndim != 3 or not grid.means.size:
        return np.empty((0, 2, 2))
    ny, nx = grid.means.shape[:2]
    ends = np.asarray(grid.means, np.float64).reshape(-1, 2)
    finite = np.isfinite(ends).all(axis=1)
    tails = cell_centres(grid.bounds, nx, ny)
    return np.stack([camera.to_pixels(tails[finite]), camera.to_pixels(ends[finite])], axis=1)


def paint_means(painter: QPainter, grid: MeanGrid, camera: Camera, scale: float, palette: CanvasPalette) -> None:
    """Draw lines and dots."""
    segments = mean_segments(grid, camera)
    if not len(segments):
        return
    faint = QColor(palette.line)
    faint.setAlphaF(FAINT * palette.line.alphaF())
    long = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1) > LONG * scale
    for some, smooth in ((long, False), (~long, True)):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        painter.setPen(faint if smooth else _mixed(faint, palette.ground))
        painter.drawPath(segments_path(thickened(segments[some], scale)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    opaque = QColor(palette.line)
    opaque.setAlphaF(0.9)
    painter.setPen(QPen(opaque, DOT * scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in segments[:, 1].tolist()]))


def _mixed(colour: QColor, ground: QColor) -> QColor:
    """What a translucent colour looks like on the ground."""
    share = colour.alphaF()
    pairs = ((colour.redF(), ground.redF()), (colour.greenF(), ground.greenF()), (colour.blueF(), ground.blueF()))
    return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in pairs))
