"""Type on the canvas: tabular figures, numbers as people write them, one plate behind words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

SIZE = 12.5
"""Of the caption, in logical pixels."""
SMALL = 11.0
EDGE = 10.0
"""From a plate to the canvas's edge, in logical pixels."""


def font(size: float, scale: float, *, bold: bool = False) -> QFont:
    """The application's font at a size in logical pixels, its figures all equally wide so that running numbers do not jitter."""
    made = QFont()
    made.setPixelSize(max(1, round(size * scale)))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(QFont.Tag.fromString("tnum"), 1)
    return made


def signed(value: float, digits: int, *, plus: bool = False) -> str:
    """A number with a true minus sign, and none before a zero."""
    value = round(value, digits) + 0.0
    return f"{value:{'+' if plus else ''}.{digits}f}".replace("-", "−")


def sigma_text(sigma: float) -> str:
    """Three figures after the point below 10, fewer above."""
    return signed(sigma, 3 if abs(sigma) < 10 else 1)


def count_text(count: int) -> str:
    """Thousands set apart by a narrow space that does not break."""
    return f"{count:,}".replace(",", "\u202f")


def paint_plate(painter: QPainter, rect: QRectF, colour: QColor, scale: float) -> None:
    """A quiet ground behind words, so that arrows do not cross them."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(rect, 5 * scale, 5 * scale)
