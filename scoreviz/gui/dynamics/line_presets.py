"""Small pictures of the densities on the line: their curves."""

from __future__ import annotations

import functools

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined
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


class LinePresetButton(QAbstractButton):
    """A thumbnail; the present one is outlined in the accent."""

    def __init__(self, name: LinePresetName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        text = scene_text(LINE_LABELS[name])
        self.setObjectName(f"line_preset.{name}")
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        side = theme.current().px(36)
        return QSize(side, side)

    minimumSizeHint = sizeHint

    def nextCheckState(self) -> None:
        """The store decides what is checked."""

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, on = QRectF(self.rect()), self.isChecked()
        edge = now.color("accent" if on else "faint" if self.underMouse() else "border")
        outlined(painter, rect, now.px(5), fill=now.color("raised"), edge=edge)
        self._paint_curve(painter, rect, now, "accent" if on else "track" if not now.dark else "dim")
        focus_ring(painter, self, rect, now.px(5))

    def _paint_curve(self, painter: QPainter, rect: QRectF, now: theme.Theme, colour: str) -> None:
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
