"""What each line means, and the colours of log p: a row beneath the plot."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from scoreviz.gui.canvas.frame import LOG_P_CEILING, LOG_P_FLOOR
from scoreviz.gui.canvas.heatmap import PEAK
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.text import SMALL, font, signed
from scoreviz.gui.dynamics.spacetime.content import Content
from scoreviz.gui.dynamics.spacetime.ground import faded, flow_colour, forward_colour
from scoreviz.gui.dynamics.spacetime.layout import EDGE, Layout

_SAMPLE = 18.0  # logical pixels of a line beside its name
_BAR = 84.0


def entries(content: Content, colours: CanvasPalette) -> list[tuple[str, QColor, float]]:
    """Name, colour and width of each kind of line that is on the picture."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("SpaceTime", text)

    view, timed, out = content.view, content.axis.timed, []
    if view.reverse_paths and content.run is not None:
        out.append((tr("sampler"), colours.trail, 1.5))
    if timed and view.flow_lines and content.flow is not None:
        out.append((tr("ODE"), flow_colour(colours), 1.5))
    if timed and view.forward_paths and content.forward is not None:
        out.append((tr("forward SDE"), forward_colour(colours), 1.5))
    if timed and content.ways:
        out += [(tr("reverse SDE from a point"), colours.erase, 1.5), (tr("ODE from it"), colours.brush, 2.5)]
    return out


def paint_key(painter: QPainter, content: Content, layout: Layout, colours: CanvasPalette) -> None:
    """Lines from the left, the scale of log p at the right; a picture without room for panels goes without."""
    if not layout.panels:
        return
    s, type_ = layout.scale, font(SMALL, layout.scale)
    metrics = QFontMetricsF(type_)
    painter.setFont(type_)
    x, y = layout.drawn.left() if layout.data_left else layout.plot.left(), layout.key
    end = _paint_scale(painter, content, layout, colours, y) if content.heat is not None and content.view.density else layout.width
    for name, colour, width in entries(content, colours):
        if x + (_SAMPLE + 6) * s + metrics.horizontalAdvance(name) > end - 8 * s:
            break
        painter.setPen(QPen(colour, width * s))
        middle = y - metrics.xHeight() / 2
        painter.drawLine(QPointF(x, middle), QPointF(x + _SAMPLE * s, middle))
        x += (_SAMPLE + 6) * s
        painter.setPen(colours.text_dim)
        painter.drawText(QPointF(x, y), name)
        x += metrics.horizontalAdvance(name) + 16 * s


def _paint_scale(painter: QPainter, content: Content, layout: Layout, colours: CanvasPalette, y: float) -> float:
    """“log p −6 [colours] 2”, right-aligned; returns where it begins."""
    s, metrics = layout.scale, QFontMetricsF(painter.font())
    relative = content.view.density_scale == "relative"
    span = LOG_P_CEILING - LOG_P_FLOOR
    low, high = (-PEAK * span, 0.0) if relative else (LOG_P_FLOOR, LOG_P_CEILING)
    name = QCoreApplication.translate("SpaceTime", "log p below this t's peak" if relative else "log p")
    left, right = f"{name}  {signed(low, 0)}", signed(high, 0)
    end = layout.width - EDGE * s
    painter.setPen(colours.text_dim)
    painter.drawText(QPointF(end - metrics.horizontalAdvance(right), y), right)
    bar = QRectF(
        end - metrics.horizontalAdvance(right) - (_BAR + 6) * s, y - metrics.xHeight() - 1.5 * s, _BAR * s, metrics.xHeight() + 2 * s
    )
    strip = np.ascontiguousarray(colours.density)
    image = QImage(strip.data, 256, 1, 1024, QImage.Format.Format_RGB32)
    painter.drawImage(bar, image, QRectF(0, 0, 256 * PEAK if relative else 256, 1))
    painter.setPen(QPen(faded(colours.text_dim, 0.45), 1))
    painter.drawRect(bar)
    begin = bar.left() - 6 * s - metrics.horizontalAdvance(left)
    painter.setPen(colours.text_dim)
    painter.drawText(QPointF(begin, y), left)
    return begin
