"""Small pictures of the densities on the line: their curves."""

from __future__ import annotations

import functools

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.thumbnail import Thumbnail
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.line import LINE_LABELS, LinePresetName, line_bumps

HALF = 2.4  # of the part of the line that a thumbnail shows
POINTS = 97


@functools.cache
def curve(name: LinePresetName) -> np.ndarray:
    """(97,) exact density of a preset at even places of |x| <= 2.4, its peak 1: sum_k w_k N(x; m_k, s_k^2) up to a factor."""
    x = np.linspace(-HALF, HALF, POINTS)
    weight, mean, std = (np.array(column) for column in zip(*line_bumps(name), strict=True))
    p = (weight / std * np.exp(-0.5 * ((x[:, None] - mean) / std) ** 2)).sum(1)
    return np.asarray(p / p.max())


class LinePresetButton(Thumbnail):
    """Its picture is what `curve` gives."""

    def __init__(self, name: LinePresetName, parent: QWidget | None = None) -> None:
        super().__init__(scene_text(LINE_LABELS[name]), f"line_preset.{name}", parent)
        self.name = name

    def draw(self, painter: QPainter, rect: QRectF, now: theme.Theme, colour: str) -> None:
        """The curve, filled."""
        inner = rect.adjusted(now.px(4), now.px(8), -now.px(4), -now.px(8))
        across = np.linspace(inner.left(), inner.right(), POINTS)
        up = inner.bottom() - curve(self.name) * inner.height()
        points = [QPointF(x, y) for x, y in zip(across.tolist(), up.tolist(), strict=True)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.color(colour, 0.22))
        painter.drawPolygon(QPolygonF([*points, inner.bottomRight(), inner.bottomLeft()]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(now.color(colour), 1.3 * now.scale))
        painter.drawPolyline(QPolygonF(points))
