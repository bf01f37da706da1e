"""The two panels beside the plot: the drawn curve, and the present law with the particles' histogram."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF

from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.text import SMALL, font
from scoreviz.gui.dynamics.spacetime.content import Content
from scoreviz.gui.dynamics.spacetime.ground import faded
from scoreviz.gui.dynamics.spacetime.layout import Layout

BINS = 52
"""Of the histogram, over the visible range of x."""


def histogram(points: np.ndarray, x0: float, x1: float, bins: int = BINS) -> np.ndarray:
    """(bins,) density of the points: counts over n and the width of a bin. What lies outside counts in n."""
    finite = points[np.isfinite(points)]
    counts, _ = np.histogram(finite, bins=bins, range=(x0, x1))
    return counts / (max(len(points), 1) * (x1 - x0) / bins)


def paint_drawn(painter: QPainter, content: Content, layout: Layout, colours: CanvasPalette) -> None:
    """The drawing, or the curve under the hand; `content.top` is the largest density, here and in the other panel."""
    panel, curve = layout.drawn, content.draft or content.curve
    painter.save()
    painter.setClipRect(panel)
    if curve is not None:
        outline = layout.curve_points(panel, curve.x, curve.f, content.top, leftwards=layout.data_left)
        tint = colours.brush if content.draft is not None else colours.legend_arrow
        base = panel.right() if layout.data_left else panel.left()
        ends = [(base, float(outline[-1, 1])), (base, float(outline[0, 1]))]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(tint, 0.14))
        painter.drawPolygon(_polygon([*map(tuple, outline.tolist()), *ends]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tint, 1.6 * layout.scale))
        painter.drawPolyline(_polygon(list(map(tuple, outline.tolist()))))
    painter.restore()
    _title(painter, panel, QCoreApplication.translate("SpaceTime", "p₀ · draw here"), layout, colours)


def paint_now(painter: QPainter, content: Content, points: np.ndarray | None, layout: Layout, colours: CanvasPalette) -> None:
    """The particles' histogram, and the exact p_t of the frame on screen where it is known."""
    panel = layout.now
    painter.save()
    painter.setClipRect(panel)
    if points is not None and content.view.particles:
        density = histogram(points, content.x0, content.x1)
        edges = layout.pixel_y(np.linspace(content.x0, content.x1, len(density) + 1))
        lengths = layout.curve_points(panel, np.zeros(len(density)), density, content.top)[:, 0] - panel.left()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(colours.particle, 0.5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # else a seam shows between two bars
        for low, high, length in zip(edges[:-1].tolist(), edges[1:].tolist(), lengths.tolist(), strict=True):
            if length > 0:
                painter.drawRect(QRectF(panel.left(), round(high), length, round(low) - round(high)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    if (p := content.now) is not None and content.heat is not None:
        outline = layout.curve_points(panel, content.heat.x, np.nan_to_num(p), content.top)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.text, 1.4 * layout.scale))
        painter.drawPolyline(_polygon(list(map(tuple, outline.tolist()))))
    painter.restore()
    _title(painter, panel, QCoreApplication.translate("SpaceTime", "pₜ now"), layout, colours)


def _title(painter: QPainter, panel: QRectF, text: str, layout: Layout, colours: CanvasPalette) -> None:
    """Below the panel, in the row of the time axis's figures."""
    type_ = font(SMALL, layout.scale)
    painter.setFont(type_)
    painter.setPen(colours.text_dim)
    metrics = QFontMetricsF(type_)
    painter.drawText(QPointF(panel.left(), panel.bottom() + 6 * layout.scale + metrics.ascent()), text)


def _polygon(points: list[tuple[float, ...]]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])
