"""Where Enter starts paths on the line: at the frame on screen, at a height that the up and down keys move."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.dynamics.spacetime.content import Content
from scoreviz.gui.dynamics.spacetime.layout import Layout

SHARE, FAR = 0.01, 0.1
"""Of the visible height, for an arrow key, and with Shift."""
RADIUS = 6.0


class StartMark:
    """Its height stays within what is visible; the middle of it until a key moved it."""

    def __init__(self) -> None:
        self._x: float | None = None

    def place(self, content: Content) -> tuple[float, float]:
        """Share of the plot's width, and x."""
        x = (content.x0 + content.x1) / 2 if self._x is None else self._x
        return float(content.axis.at[min(content.k, len(content.axis.at) - 1)]), min(max(x, content.x0), content.x1)

    def move(self, content: Content, up: int, *, far: bool) -> None:
        """By one press."""
        _, x = self.place(content)
        step = (FAR if far else SHARE) * (content.x1 - content.x0)
        self._x = min(max(x + up * step, content.x0), content.x1)

    def paint(self, painter: QPainter, layout: Layout, content: Content) -> None:
        """A ring with a cross-hair, in logical pixels; nothing until a key moved it."""
        if self._x is None or not content.axis.timed:
            return
        share, x = self.place(content)
        at = QPointF(float(layout.pixel_x(np.array(share))), float(layout.pixel_y(np.array(x))))
        colours = palette(content.palette)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((colours.ground, 3.6), (colours.text, 1.4)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(at, RADIUS, RADIUS)
            for way in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
                painter.drawLine(at + way * RADIUS, at + way * 2 * RADIUS)
