"""What the painted widgets share: outlines, focus rings, pixel-exact rules."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme


def outlined(painter: QPainter, rect: QRectF, radius: float, *, fill: QColor | None = None, edge: QColor | None = None) -> None:
    """A rounded box with a one-pixel outline that lies inside `rect`."""
    painter.setPen(QPen(edge, 1.0) if edge is not None else Qt.PenStyle.NoPen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    inset = 0.5 if edge is not None else 0.0
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)


def focus_ring(painter: QPainter, widget: QWidget, rect: QRectF, radius: float) -> None:
    """The accent ring of the widget that has the keyboard."""
    if widget.hasFocus() and widget.isEnabled():
        painter.setPen(QPen(theme.current().color("accent"), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(0.7, 0.7, -0.7, -0.7), radius, radius)


class Rule(QWidget):
    """A line of one pixel."""

    def __init__(self, parent: QWidget | None = None, *, vertical: bool = False) -> None:
        super().__init__(parent)
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)

    def paintEvent(self, event: object) -> None:
        QPainter(self).fillRect(self.rect(), theme.current().color("rule"))
