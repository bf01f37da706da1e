"""What of space-time stands still while a run plays: the heat map, forward paths, lines of the ODE, and the axes."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from scoreviz.gui.canvas.frame import LOG_P_CEILING, LOG_P_FLOOR, Bounds, DensityGrid
from scoreviz.gui.canvas.heatmap import PEAK, DensityScale, colour_indices
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.text import SMALL, font, signed
from scoreviz.gui.dynamics.spacetime.content import Content, Heat, Lines
from scoreviz.gui.dynamics.spacetime.layout import Layout
from scoreviz.gui.dynamics.spacetime.polylines import polylines


def faded(colour: QColor, alpha: float) -> QColor:
    """The colour, that much opaque."""
    tint = QColor(colour)
    tint.setAlphaF(alpha)
    return tint


def forward_colour(colours: CanvasPalette) -> QColor:
    """Of forward paths."""
    return faded(colours.legend_arrow, 0.5)


def flow_colour(colours: CanvasPalette) -> QColor:
    """Of the ODE's lines."""
    return faded(colours.text, 0.85)


def heat_grid(heat: Heat, columns: np.ndarray, scale: DensityScale) -> DensityGrid:
    """The heat map's columns with the range of their colours; relative: each column to its own peak."""
    log_p, bounds = heat.columns(columns), Bounds(0.0, 1.0, heat.x0, heat.x1)
    if scale == "fixed":
        return DensityGrid(sigma=math.nan, bounds=bounds, log_p=log_p)
    span = LOG_P_CEILING - LOG_P_FLOOR
    peak = np.max(np.nan_to_num(log_p, nan=-np.inf), axis=0)
    relative = log_p - np.where(np.isfinite(peak), peak, 0.0)
    return DensityGrid(sigma=math.nan, bounds=bounds, log_p=relative, floor=-PEAK * span, ceiling=(1 - PEAK) * span)


def paint_heat(painter: QPainter, content: Content, layout: Layout, colours: CanvasPalette) -> None:
    """log p_t behind the plot, smoothly scaled; where it was not computed the ground shows."""
    heat = content.heat
    if heat is None or not content.view.density:
        return
    indices = colour_indices(heat_grid(heat, content.axis.columns(), content.view.density_scale), "fixed")
    pixels = np.ascontiguousarray(colours.density[indices[::-1]])
    rows, columns = pixels.shape
    image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
    top, bottom = layout.pixel_y(np.array([heat.x1, heat.x0])).tolist()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(QRectF(layout.plot.left(), top, layout.plot.width(), bottom - top), image, QRectF(0, 0, columns, rows))


def paint_lines(painter: QPainter, lines: Lines, content: Content, layout: Layout, colour: QColor, width: float = 1.0) -> None:
    """Paths over t, `width` logical pixels wide: as copies a pixel above one another, since Qt strokes a line of width 1 much faster."""
    path = polylines(layout.pixel_x(content.axis.place(lines.t)), layout.pixel_y(lines.x))
    copies = max(1, round(width * layout.scale))
    painter.setPen(QPen(colour, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for copy in range(copies):
        painter.drawPath(path.translated(0.0, copy - (copies - 1) / 2))


def paint_ground(painter: QPainter, content: Content, layout: Layout, colours: CanvasPalette) -> None:
    """Everything behind the run."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.save()
    painter.setClipRect(layout.plot)
    paint_heat(painter, content, layout, colours)
    if content.axis.timed:
        if content.forward is not None and content.view.forward_paths:
            paint_lines(painter, content.forward, content, layout, forward_colour(colours))
        if content.flow is not None and content.view.flow_lines:
            paint_lines(painter, content.flow, content, layout, flow_colour(colours))
    painter.restore()
    _paint_frame(painter, layout, colours)
    _paint_time_ticks(painter, content, layout, colours)
    _paint_data_ticks(painter, layout, colours)


def _paint_frame(painter: QPainter, layout: Layout, colours: CanvasPalette) -> None:
    painter.setPen(QPen(faded(colours.text_dim, 0.35), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    plot = layout.plot
    painter.drawLine(plot.bottomLeft(), plot.bottomRight())
    for panel in (layout.drawn, layout.now) if layout.panels else ():
        edge = panel.right() if layout.data_left and panel == layout.drawn else panel.left()
        painter.drawLine(QPointF(edge, panel.top()), QPointF(edge, panel.bottom()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def _paint_time_ticks(painter: QPainter, content: Content, layout: Layout, colours: CanvasPalette) -> None:
    s, plot, type_ = layout.scale, layout.plot, font(SMALL, layout.scale)
    metrics = QFontMetricsF(type_)
    painter.setFont(type_)
    end = -math.inf
    for number, (share, text) in enumerate(content.axis.ticks()):
        at = plot.left() + share * plot.width()
        label = content.axis.title() + text if number == 0 else text
        width = metrics.horizontalAdvance(label)
        left = min(max(at - width / 2, plot.left()), plot.right() - width)
        painter.setPen(QPen(faded(colours.text_dim, 0.6), 1))
        painter.drawLine(QPointF(at, plot.bottom()), QPointF(at, plot.bottom() + 4 * s))
        if left < end + 6 * s:
            continue
        end = left + width
        painter.setPen(colours.text_dim)
        painter.drawText(QPointF(left, plot.bottom() + 6 * s + metrics.ascent()), label)


def _paint_data_ticks(painter: QPainter, layout: Layout, colours: CanvasPalette) -> None:
    s, plot, type_ = layout.scale, layout.plot, font(SMALL, layout.scale)
    metrics = QFontMetricsF(type_)
    painter.setFont(type_)
    span = layout.x1 - layout.x0
    unit = 10.0 ** math.floor(math.log10(span / 5))
    step = next(m * unit for m in (1, 2, 5, 10) if span / (m * unit) <= 7)
    axis = layout.drawn.left() if layout.data_left and layout.panels else plot.left()
    for k in range(math.ceil(layout.x0 / step), math.floor(layout.x1 / step) + 1):
        y = float(layout.pixel_y(np.array(k * step)))
        painter.setPen(QPen(faded(colours.text_dim, 0.6), 1))
        painter.drawLine(QPointF(axis - 4 * s, y), QPointF(axis, y))
        painter.setPen(colours.text_dim)
        label = signed(k * step, max(0, -math.floor(math.log10(step))))
        painter.drawText(QPointF(axis - 7 * s - metrics.horizontalAdvance(label), y + metrics.capHeight() / 2), label)
