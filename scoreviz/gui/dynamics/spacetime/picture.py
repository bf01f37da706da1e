"""The whole space-time picture, drawn without a widget: on screen, in films and under test it is this same code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from scoreviz.gui.canvas.caption import lines, paint_caption, paint_message
from scoreviz.gui.canvas.palette import CanvasPalette, palette, shades
from scoreviz.gui.canvas.particles import Counts
from scoreviz.gui.canvas.paths import painting, segments_path, thickened
from scoreviz.gui.dynamics.spacetime.content import Content
from scoreviz.gui.dynamics.spacetime.ground import faded, paint_ground, paint_lines
from scoreviz.gui.dynamics.spacetime.key import paint_key
from scoreviz.gui.dynamics.spacetime.layout import EDGE, Layout
from scoreviz.gui.dynamics.spacetime.panels import paint_drawn, paint_now
from scoreviz.gui.playback import Run

FOLLOWED = 40
"""Particles whose paths are drawn as lines."""
RUG = 3.0
"""Half the width of a particle's dash at the present time, in logical pixels."""
_FAR = 1e5  # pixels; what has run off further cannot be seen


class _Layer:
    """An image that is drawn again when what it depends on is another."""

    def __init__(self, format: QImage.Format) -> None:
        self.image = QImage()
        self._format, self._key = format, tuple[Any, ...]()

    def renewed(self, key: tuple[Any, ...], layout: Layout) -> bool:
        """Whether it must be drawn now; it is then of the layout's size, and undrawn."""
        if key == self._key:  # of plain values, and of objects that are equal to nothing but themselves
            return False
        self._key = key
        width, height = round(layout.width), round(layout.height)
        if (self.image.width(), self.image.height()) != (width, height):
            self.image = QImage(width, height, self._format)
        return True


class SpaceTimePicture:
    """Draws a Content; what stands still is kept, and the paths of a run grow by what is new."""

    def __init__(self) -> None:
        opaque, clear = QImage.Format.Format_RGB32, QImage.Format.Format_ARGB32_Premultiplied
        self._ground, self._paths, self._ways = _Layer(opaque), _Layer(clear), _Layer(clear)
        self._whole = QImage()
        self._run: Run | None = None  # whose paths are drawn,
        self._drawn_to = 0  # up to which frame
        self.counts = Counts()

    def image(self, content: Content, size: tuple[int, int], scale: float) -> QImage:
        """The picture in size device pixels, `scale` of them to a logical one. Read only: it is drawn into again."""
        layout = Layout(size[0], size[1], scale, content.x0, content.x1, content.axis.data_left, content.bare)
        colours, points = palette(content.palette), content.points
        self._draw_ground(content, layout, colours)
        if self._whole.size() != self._ground.image.size():
            self._whole = QImage(self._ground.image.size(), self._ground.image.format())
        self.counts = count(points, content) if points is not None else Counts()
        layers = [self._ground.image]
        if content.view.reverse_paths and points is not None:
            layers.append(self._with_paths(content, layout, colours))
        if content.ways and content.axis.timed:
            layers.append(self._with_ways(content, layout, colours))
        with painting(self._whole) as painter:
            for layer in layers:
                painter.drawImage(0, 0, layer)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            if points is not None:
                paint_present(painter, content, points, layout, colours)
            if layout.panels:
                paint_now(painter, content, points, layout, colours)
            self._paint_words(painter, content, layout, colours)
        return self._whole

    def _draw_ground(self, content: Content, layout: Layout, colours: CanvasPalette) -> None:
        view = content.view
        shown = (view.density, view.density_scale, view.forward_paths, view.flow_lines)
        drawn = (content.curve, content.draft, content.top)
        key = (layout, content.palette, content.axis, content.heat, content.forward, content.flow, shown, drawn)
        if self._ground.renewed(key, layout):
            self._ground.image.fill(colours.ground)
            with painting(self._ground.image) as painter:
                paint_ground(painter, content, layout, colours)
                if layout.panels:
                    paint_drawn(painter, content, layout, colours)

    def _with_ways(self, content: Content, layout: Layout, colours: CanvasPalette) -> QImage:
        """From each clicked point a fan of the reverse SDE, and the path of the ODE."""
        if not self._ways.renewed((content.ways, layout, content.palette, content.axis), layout):
            return self._ways.image
        self._ways.image.fill(Qt.GlobalColor.transparent)
        s = layout.scale
        with painting(self._ways.image) as painter:
            painter.setClipRect(layout.plot)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            for way in content.ways:
                paint_lines(painter, way.sde, content, layout, faded(colours.erase, 0.6))
                paint_lines(painter, way.flow, content, layout, colours.brush, 2.2)
                at = QPointF(float(layout.pixel_x(content.axis.place(np.array(way.t)))), float(layout.pixel_y(np.array(way.x))))
                painter.setPen(QPen(colours.brush, 1.6 * s))
                painter.setBrush(faded(colours.ground, 0.8))
                painter.drawEllipse(at, 4.5 * s, 4.5 * s)
        return self._ways.image

    def _with_paths(self, content: Content, layout: Layout, colours: CanvasPalette) -> QImage:
        """Up to the frame on screen, a frame at a time: played and jumped to, the pixels are the same."""
        run = content.run
        assert run is not None
        last = min(content.k, run.ready - 1)
        if self._paths.renewed((layout, content.palette, content.axis), layout) or run is not self._run or last < self._drawn_to:
            self._run = run
            self._paths.image.fill(Qt.GlobalColor.transparent)
            self._drawn_to = 0
        if last == self._drawn_to:
            return self._paths.image
        at = layout.pixel_x(content.axis.at)
        with painting(self._paths.image) as painter:
            painter.setClipRect(layout.plot)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(faded(colours.trail, 0.55), 1))
            for k in range(self._drawn_to + 1, last + 1):
                ends = np.empty((min(FOLLOWED, len(run.at(k))), 2, 2))
                for side, j in enumerate((k - 1, k)):
                    ends[:, side, 0], ends[:, side, 1] = at[j], layout.pixel_y(run.at(j)[:FOLLOWED, 0])
                ends = ends[np.isfinite(ends).all(axis=(1, 2))]
                painter.drawPath(segments_path(thickened(np.clip(ends, -_FAR, _FAR), layout.scale)))
        self._drawn_to = last
        return self._paths.image

    def _paint_words(self, painter: QPainter, content: Content, layout: Layout, colours: CanvasPalette) -> None:
        paint_key(painter, content, layout, colours)
        plot, edge = layout.plot, EDGE * layout.scale
        painter.save()
        painter.translate(plot.left() - 0.5 * edge, plot.top() - 0.5 * edge)
        said = lines(content.caption, None, None, self.counts, 0)
        paint_caption(painter, content.caption, said, (round(plot.width() + edge), round(plot.height())), layout.scale, colours)
        painter.restore()
        if content.message:
            painter.save()
            painter.translate(plot.topLeft())
            paint_message(painter, content.message, (round(plot.width()), round(plot.height())), layout.scale, colours)
            painter.restore()


def paint_present(painter: QPainter, content: Content, points: np.ndarray, layout: Layout, colours: CanvasPalette) -> None:
    """The line of the present, and a dash for each particle on it."""
    s = layout.scale
    x = float(layout.pixel_x(content.axis.at[min(content.k, len(content.axis.at) - 1)]))
    painter.save()
    painter.setClipRect(layout.plot.adjusted(-RUG * s, 0, RUG * s, 0))
    painter.setPen(QPen(faded(colours.text, 0.55), max(1.0, s)))
    painter.drawLine(QPointF(x, layout.plot.top()), QPointF(x, layout.plot.bottom()))
    if content.view.particles:
        _paint_rug(painter, points, x, layout, colours)
    painter.restore()


def _paint_rug(painter: QPainter, points: np.ndarray, x: float, layout: Layout, colours: CanvasPalette) -> None:
    """A dash a pixel high for each particle, all alike and a little transparent: where many lie on one, it is as if drawn so often."""
    y = layout.pixel_y(points)
    rows = math.ceil(layout.height)
    row = y[np.isfinite(y) & (y >= 0) & (y < rows)].astype(np.int64)
    alpha = min(0.6, max(0.1, 200 / len(points)))
    pixels = shades(colours.particle, 1.0 - (1.0 - alpha) ** np.bincount(row, minlength=rows))
    strip = QImage(pixels.data, 1, rows, 4, QImage.Format.Format_ARGB32_Premultiplied)
    half = RUG * layout.scale
    painter.drawImage(QRectF(x - half, 0, 2 * half, rows), strip, QRectF(0, 0, 1, rows))


def count(points: np.ndarray, content: Content) -> Counts:
    """Particles in all, not finite, and beyond the picture's ends."""
    finite = np.isfinite(points)
    inside = finite & (points >= content.x0) & (points <= content.x1)
    return Counts(total=len(points), not_finite=int((~finite).sum()), outside=int((finite & ~inside).sum()))
