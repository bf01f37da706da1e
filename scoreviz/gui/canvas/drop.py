"""Files held over the canvas: which they are, and how the canvas shows that it would take them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen


def files(data: QMimeData) -> list[Path]:
    """Files and folders of this machine; empty for everything else that can be dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile() and url.toLocalFile()]


def paint(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """A frame and a tint over the whole canvas."""
    tint = QColor(colour)
    tint.setAlphaF(0.10)
    painter.fillRect(rect, tint)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2.0, Qt.PenStyle.DashLine))
    painter.drawRoundedRect(rect.adjusted(7, 7, -7, -7), 8, 8)
