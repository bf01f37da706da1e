"""The colours of the eight classes, told apart in both themes and by people who see fewer colours; each also has its number.

Class 0 has the brush's own colour: a drawing without classes looks as it always did.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from scoreviz.gui.canvas.palette import PaletteName
from scoreviz.scene.density import CLASSES

_COLOURS: dict[PaletteName, tuple[str, ...]] = {
    "dark": ("#e2fff2", "#ffb454", "#5fa8ff", "#f47fc0", "#c3e04a", "#a98bff", "#ff6a55", "#35d0ba"),
    "light": ("#0f7c6c", "#b35c00", "#1262c4", "#b3267a", "#5d7a00", "#6a35c9", "#c0281d", "#37424c"),
}
_CORNERS = (0, 4, 3, 6, 5, 8, 7, 10)
"""Of each class's sign: a disc, then polygons and stars, so that it is told without its colour."""


def class_colour(label: int, palette: PaletteName) -> QColor:
    """The colour of a class; ValueError if there is none of that number."""
    if not 0 <= label < CLASSES:
        raise ValueError(f"there is no class {label}; there are 0 to {CLASSES - 1}")
    return QColor(_COLOURS[palette][label])


def paint_sign(painter: QPainter, label: int, at: QPointF, radius: float, palette: PaletteName) -> None:
    """The sign of a class: its own shape in its colour, with its number where there is room."""
    colour = class_colour(label, palette)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if _CORNERS[label]:
        painter.drawPolygon(_polygon(_CORNERS[label], at, radius))
    else:
        painter.drawEllipse(at, 0.9 * radius, 0.9 * radius)
    if radius >= 6:
        painter.setPen(QPen(QColor("#0d1117" if colour.lightnessF() > 0.5 else "#ffffff")))
        font = painter.font()
        font.setPixelSize(max(1, round(1.15 * radius)))
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius), int(Qt.AlignmentFlag.AlignCenter), str(label))
    painter.restore()


def _polygon(corners: int, at: QPointF, radius: float) -> QPolygonF:
    """A regular polygon with a corner up; with eight and ten a star."""
    import math

    star = corners in (8, 10)
    points = []
    for k in range(corners):
        r = radius * ((1.1 if k % 2 == 0 else 0.72) if star else 1.08)
        angle = 2 * math.pi * k / corners - math.pi / 2
        points.append(QPointF(at.x() + r * math.cos(angle), at.y() + r * math.sin(angle)))
    return QPolygonF(points)
