"""Icons of one hand: paths on a grid of 24, stroked 1.6 wide with round ends, tinted by the theme.

A path is a string of `M x y`, `L x y`, `C x y x y x y`, `Z` and `O x y r` (a circle); parts are separated by `;`, and a part
that begins with `*` is filled instead of stroked.
"""

from __future__ import annotations

import functools

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from scoreviz.gui import theme

STROKE = 1.6
ICONS: dict[str, str] = {
    "select": "M 6 3.6 L 18.6 12.2 L 12.6 13.2 L 15.8 19.6 L 13.2 20.8 L 10.2 14.4 L 6 18.4 Z",
    "line": "M 5.6 18.4 L 18.4 5.6; *O 5.2 18.8 1.9; *O 18.8 5.2 1.9",
    "polygon": "M 12 4.4 L 19.6 10 L 16.8 19 L 7.2 19 L 4.4 10 Z; *O 12 4.4 1.7; *O 19.6 10 1.7; *O 16.8 19 1.7;"
    " *O 7.2 19 1.7; *O 4.4 10 1.7",
    "curve": "M 4.4 17.6 C 8 4 11.4 6.4 12 12 C 12.6 17.6 16 20 19.6 6.4; *O 4.4 17.6 1.8; *O 12 12 1.8; *O 19.6 6.4 1.8",
    "probe": "O 12 12 5.4; M 12 3.4 L 12 8.6; M 12 15.4 L 12 20.6; M 3.4 12 L 8.6 12; M 15.4 12 L 20.6 12; *O 12 12 1.2",
    "drop": "M 12 3.6 C 15.6 8 17.4 11 17.4 13.6 C 17.4 16.8 15 19.2 12 19.2 C 9 19.2 6.6 16.8 6.6 13.6 C 6.6 11 8.4 8 12 3.6 Z;"
    " M 9.4 14 C 9.4 15.6 10.6 16.6 12 16.6",
    "eye": "M 3.4 12 C 6 7.6 9 5.6 12 5.6 C 15 5.6 18 7.6 20.6 12 C 18 16.4 15 18.4 12 18.4 C 9 18.4 6 16.4 3.4 12 Z; O 12 12 2.8",
    "eye_off": "M 3.4 12 C 6 7.6 9 5.6 12 5.6 C 15 5.6 18 7.6 20.6 12 C 18 16.4 15 18.4 12 18.4 C 9 18.4 6 16.4 3.4 12 Z;"
    " M 4.6 19.4 L 19.4 4.6",
    "brush": "M 20 4 L 11.4 12.6; M 11 12.6 C 8 11.6 5.4 13.6 5.2 16.6 C 5.1 18.3 4.4 19.2 3.2 19.8 C 7 21.3 11.4 20.2 11.8 16.4"
    " C 12 14.8 11.6 13.6 11 12.6 Z",
    "erase": "M 9 19.4 L 4 14.4 L 14 4.4 L 20.4 10.8 L 11.8 19.4 Z; M 8.9 9.5 L 15.3 15.9; M 8 19.4 L 20.5 19.4",
    "gaussian": "*O 12 12 1.7; O 12 12 5; O 12 12 8.8",
    "pan": "M 7.6 13.2 L 7.6 6.9 C 7.6 5.2 10 5.2 10 6.9 L 10 11 M 10 11 L 10 4.9 C 10 3.2 12.5 3.2 12.5 4.9 L 12.5 11"
    " M 12.5 11 L 12.5 5.7 C 12.5 4 15 4 15 5.7 L 15 11.4 M 15 11.4 L 15 8 C 15 6.4 17.5 6.4 17.5 8 L 17.5 14"
    " C 17.5 18.4 15.4 20.7 12.2 20.7 C 9.6 20.7 8.2 19.6 6.9 17.4 L 4.4 13.3 C 3.5 11.7 5.3 10.5 6.5 11.8 L 7.6 13.2",
    "text": "M 5 7.6 L 5 5 L 19 5 L 19 7.6; M 12 5 L 12 19; M 9 19 L 15 19",
    "picture": "M 6.4 4.8 L 17.6 4.8 C 18.8 4.8 19.6 5.6 19.6 6.8 L 19.6 17.2 C 19.6 18.4 18.8 19.2 17.6 19.2 L 6.4 19.2"
    " C 5.2 19.2 4.4 18.4 4.4 17.2 L 4.4 6.8 C 4.4 5.6 5.2 4.8 6.4 4.8 Z; M 4.8 16.4 L 9.4 11.2 L 13.4 15.6 L 15.6 13.4 L 19.2 17;"
    " *O 15 8.8 1.5",
    "clear": "M 4.5 6.8 L 19.5 6.8; M 9.5 6.8 L 9.5 4.2 L 14.5 4.2 L 14.5 6.8; M 6.5 6.8 L 7.4 19.8 L 16.6 19.8 L 17.5 6.8;"
    " M 10.2 10.4 L 10.4 16.2; M 13.8 10.4 L 13.6 16.2",
    "undo": "M 8.4 4.8 L 4.4 8.8 L 8.4 12.8; M 4.4 8.8 L 14 8.8 C 17.4 8.8 19.6 11 19.6 13.8 C 19.6 16.6 17.4 18.8 14 18.8 L 9.6 18.8",
    "redo": "M 15.6 4.8 L 19.6 8.8 L 15.6 12.8; M 19.6 8.8 L 10 8.8 C 6.6 8.8 4.4 11 4.4 13.8 C 4.4 16.6 6.6 18.8 10 18.8 L 14.4 18.8",
    "play": "*M 8.2 5 L 19 12 L 8.2 19 Z",
    "pause": "*M 7 5 L 10 5 L 10 19 L 7 19 Z M 14 5 L 17 5 L 17 19 L 14 19 Z",
    "step_forward": "M 7 6.2 L 7 17.8; *M 11 6.2 L 18.6 12 L 11 17.8 Z",
    "step_back": "M 17 6.2 L 17 17.8; *M 13 6.2 L 5.4 12 L 13 17.8 Z",
    "to_end": "M 19 6.2 L 19 17.8; *M 4 6.2 L 10.4 12 L 4 17.8 Z M 10.4 6.2 L 16.8 12 L 10.4 17.8 Z",
    "to_start": "M 5 6.2 L 5 17.8; *M 20 6.2 L 13.6 12 L 20 17.8 Z M 13.6 6.2 L 7.2 12 L 13.6 17.8 Z",
    "loop": "M 4.8 11.4 C 4.8 8.4 6.8 6.6 9.4 6.6 L 18.4 6.6; M 15.4 3.6 L 18.4 6.6 L 15.4 9.6;"
    " M 19.2 12.6 C 19.2 15.6 17.2 17.4 14.6 17.4 L 5.6 17.4; M 8.6 14.4 L 5.6 17.4 L 8.6 20.4",
    "reset": "M 5 4.6 L 5 9.2 L 9.6 9.2; M 5.4 9 C 6.8 6.2 9.2 4.8 12.2 4.8 C 16.4 4.8 19.4 7.9 19.4 12 C 19.4 16.1 16.3 19.2 12.2 19.2"
    " C 8.7 19.2 6 17.2 5 14.2",
    "record": "*O 12 12 5.6",
    "film": "M 5 5.4 L 19 5.4 L 19 18.6 L 5 18.6 Z; M 9 5.4 L 9 18.6; M 15 5.4 L 15 18.6; M 5 9.8 L 9 9.8; M 5 14.2 L 9 14.2;"
    " M 15 9.8 L 19 9.8; M 15 14.2 L 19 14.2",
    "stop": "*M 7 7 L 17 7 L 17 17 L 7 17 Z",
    "dice": "M 7 4.4 L 17 4.4 C 18.6 4.4 19.6 5.4 19.6 7 L 19.6 17 C 19.6 18.6 18.6 19.6 17 19.6 L 7 19.6 C 5.4 19.6 4.4 18.6 4.4 17"
    " L 4.4 7 C 4.4 5.4 5.4 4.4 7 4.4 Z; *O 8.6 8.6 1.4; *O 15.4 8.6 1.4; *O 12 12 1.4; *O 8.6 15.4 1.4; *O 15.4 15.4 1.4",
    "size": "*O 4.6 12 1.5; *O 10.4 12 2.7; *O 18.2 12 4",
    "menu": "M 4.5 7 L 19.5 7; M 4.5 12 L 19.5 12; M 4.5 17 L 19.5 17",
    "more": "*O 6 12 1.6; *O 12 12 1.6; *O 18 12 1.6",
    "down": "M 6.5 9.5 L 12 15 L 17.5 9.5",
    "up": "M 6.5 14.5 L 12 9 L 17.5 14.5",
    "close": "M 6.5 6.5 L 17.5 17.5; M 17.5 6.5 L 6.5 17.5",
}  # fmt: skip


@functools.cache
def _parts(name: str) -> tuple[tuple[bool, QPainterPath], ...]:
    parts = []
    for text in ICONS[name].split(";"):
        text = text.strip()
        filled = text.startswith("*")
        parts.append((filled, _path(text.removeprefix("*").split())))
    return tuple(parts)


def _path(words: list[str]) -> QPainterPath:
    path, at = QPainterPath(), 0

    def take(count: int) -> list[float]:
        nonlocal at
        at += count
        return [float(word) for word in words[at - count : at]]

    while at < len(words):
        letter = words[at]
        at += 1
        match letter:
            case "M":
                path.moveTo(*take(2))
            case "L":
                path.lineTo(*take(2))
            case "C":
                path.cubicTo(*take(6))
            case "Z":
                path.closeSubpath()
            case "O":
                x, y, r = take(3)
                path.addEllipse(QPointF(x, y), r, r)
    return path


def paint(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Draw an icon into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / 24.0, rect.height() / 24.0)
    pen = QPen(color, STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    for filled, path in _parts(name):
        painter.setPen(Qt.PenStyle.NoPen if filled else pen)
        painter.setBrush(color if filled else Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
    painter.restore()


def icon(name: str, color: str = "text", size: int = 18) -> QIcon:
    """A QIcon in a colour of the present theme, for menus; make it anew when the theme changes."""
    now, result = theme.current(), QIcon()
    for mode, tint in ((QIcon.Mode.Normal, color), (QIcon.Mode.Disabled, "faint")):
        for ratio in (1, 2):
            pixmap = QPixmap(QSize(size, size) * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            paint(painter, name, QRectF(0, 0, size, size), now.color(tint))
            painter.end()
            result.addPixmap(pixmap, mode)
    return result
