"""The parts of one substep on the plane: from where each point was, its drift, then its noise, head to tail to where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import CanvasPalette

WIDTH, HEAD, DIRECTION = 1.8, 6.0, 18.0
"""Logical pixels: of a shaft, an arrow's head, and the thin line that shows which way the score points."""


def colours(palette: CanvasPalette) -> tuple[QColor, QColor, QColor]:
    """Of drift, noise and score."""
    return QColor("#7dffb0" if palette.name == "dark" else "#00743a"), palette.erase, palette.legend_arrow


@dataclass(frozen=True, eq=False)
class SubstepOverlay:
    """Each (m, 2) in the drawing's units; drift and noise at their true length, of the score only its direction."""

    before: np.ndarray
    drift: np.ndarray | None
    noise: np.ndarray | None
    score: np.ndarray | None

    def paint(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        """Noise dashed, so that it is told from drift without colours; a halo of the ground under both."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        drift_colour, noise_colour, score_colour = colours(palette)
        halo = QColor(palette.ground)
        halo.setAlphaF(0.5)
        start = self.before.astype(np.float64)
        middle = start if self.drift is None else start + self.drift
        if self.score is not None:
            self._directions(painter, camera, scale, score_colour)
        for part, begin, colour, dashed in ((self.drift, start, drift_colour, False), (self.noise, middle, noise_colour, True)):
            if part is None:
                continue
            tails, tips = camera.to_pixels(begin), camera.to_pixels(begin + part)
            shafts, heads = _paths(tails, tips, scale)
            _stroke(painter, shafts, halo, (WIDTH + 1.6) * scale)
            _stroke(painter, heads, halo, (WIDTH + 1.6) * scale)
            _stroke(painter, shafts, colour, WIDTH * scale, dashed=dashed)
            _stroke(painter, heads, colour, WIDTH * scale)
        painter.setPen(QPen(palette.text, 1.0 * scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for x, y in camera.to_pixels(start).tolist():
            painter.drawEllipse(QPointF(x, y), 2.2 * scale, 2.2 * scale)

    def _directions(self, painter: QPainter, camera: Camera, scale: float, colour: QColor) -> None:
        assert self.score is not None
        length = np.linalg.norm(self.score, axis=1, keepdims=True)
        tails = camera.to_pixels(self.before)
        tips = tails + self.score / np.maximum(length, 1e-12) * (1.0, -1.0) * DIRECTION * scale
        shafts, _heads = _paths(tails, tips, scale)
        _stroke(painter, shafts, colour, 1.0 * scale)


def _stroke(painter: QPainter, path: QPainterPath, colour: QColor, width: float, *, dashed: bool = False) -> None:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap)
    if dashed:
        pen.setDashPattern([2.6, 1.6])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def _paths(tails: np.ndarray, tips: np.ndarray, scale: float) -> tuple[QPainterPath, QPainterPath]:
    """Shafts, and heads that are never longer than 0.4 of their arrow; what is not finite is left out."""
    shafts, heads = QPainterPath(), QPainterPath()
    along = tips - tails
    length = np.linalg.norm(along, axis=1)
    for (x0, y0), (x1, y1), (dx, dy), size in zip(tails.tolist(), tips.tolist(), along.tolist(), length.tolist(), strict=True):
        if not np.isfinite((x0, y0, x1, y1)).all() or size < 0.5:
            continue
        shafts.moveTo(x0, y0)
        shafts.lineTo(x1, y1)
        h = min(HEAD * scale, 0.4 * size)
        ux, uy = dx / size * h, dy / size * h
        heads.moveTo(x1 - ux - 0.45 * uy, y1 - uy + 0.45 * ux)
        heads.lineTo(x1, y1)
        heads.lineTo(x1 - ux + 0.45 * uy, y1 - uy - 0.45 * ux)
    return shafts, heads
