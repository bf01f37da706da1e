"""The whole picture, drawn without a widget: on screen, under test and offline it is this same code."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from scoreviz.gui.canvas.arrows import grid_spacing
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.caption import Line, inspect_lines, lines, paint_caption, paint_message
from scoreviz.gui.canvas.content import Content
from scoreviz.gui.canvas.heatmap import colour_range
from scoreviz.gui.canvas.layers import Advance, Brush, Layers
from scoreviz.gui.canvas.legend import Legend, LegendSpec
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.canvas.particles import Counts
from scoreviz.gui.canvas.paths import painting


class Picture:
    """Draws a Content: its layers, over them overlays and words. What is drawn is kept until what it shows changes.

    trail_seconds: see `layers.Brush`; `unfinished` then says that more is to come. Without it every picture is whole.
    """

    def __init__(self, trail_seconds: float = math.inf) -> None:
        self.brush = Brush(trail_seconds)
        self._layers, self._coming = Layers(self.brush), Layers(self.brush)
        self._whole = QImage()
        self._whole_key: tuple[Any, ...] = ()
        self._legend = Legend()

    @property
    def counts(self) -> Counts:
        """Of the picture last drawn."""
        return self._layers.counts

    @property
    def unfinished(self) -> bool:
        """Is more of the trails to come?"""
        return self._layers.unfinished

    def image(self, content: Content, camera: Camera, scale: float) -> QImage:
        """The picture in camera.width_px x camera.height_px device pixels, `scale` of them to a logical one.

        Treat it as read only: the same image is handed out again while nothing changes.
        """
        if not self.use(content, camera, scale) and self._coming.of(content, camera, scale):
            self._swap()  # begun, and now made whole
        fields = (content.density, content.arrows, content.map, content.means)
        words = (content.caption, content.message, content.due, content.note, content.covered)
        key = (*fields, *words, content.view, content.palette, content.overlays, camera, scale)
        same = key == self._whole_key and self._layers.whole(content, camera, scale)
        if not same or self.unfinished:
            if same:
                self._layers.lengthen_trails(content, camera, scale)
            self._layers.draw(content, camera, scale)
            self._draw(content, camera, scale)
            self._whole_key = key
        return self._whole

    def use(self, content: Content, camera: Camera, scale: float) -> bool:
        """Turn to the layers of this picture if they were drawn ahead; whether they are all drawn."""
        if self._coming.whole(content, camera, scale):
            self._swap()
        return self._layers.whole(content, camera, scale)

    def prepare(self, content: Content, camera: Camera, scale: float, room: float = math.inf) -> Advance:
        """Draw one layer more of a picture that comes, beside the one in use, if that takes no longer than `room` seconds."""
        if self._layers.whole(content, camera, scale):
            return "whole"
        return self._coming.advance(content, camera, scale, room)

    def _swap(self) -> None:
        self._layers, self._coming = self._coming, self._layers
        self._whole_key = ()

    def _draw(self, content: Content, camera: Camera, scale: float) -> None:
        layers, colours, size = self._layers.image, palette(content.palette), (camera.width_px, camera.height_px)
        if self._whole.size() != layers.size():
            self._whole = QImage(layers.size(), layers.format())
        shares = content.covered
        covered = shares and QRectF(shares.x() * size[0], shares.y() * size[1], shares.width() * size[0], shares.height() * size[1])
        with painting(self._whole) as painter:
            painter.drawImage(0, 0, layers)
            for _name, overlay in content.overlays:
                painter.save()
                overlay.paint(painter, camera, scale, colours)
                painter.restore()
            plate = paint_caption(painter, content.caption, self._words(content), size, scale, colours)
            self._legend.paint(painter, self._legend_spec(content, camera, scale), size, plate, covered)
            if message := content.message or content.note:
                paint_message(painter, message, size, scale, colours, aside=not content.message)

    def _words(self, content: Content) -> list[Line]:
        """What stands beneath the caption."""
        density, arrows = content.shown_density or content.contoured, content.shown_arrows or content.streaming
        fields = lines(content.caption, density, arrows, self.counts, self._layers.missing_arrows)
        return inspect_lines(content.caption, content.shown_map, content.shown_means, due=content.due) + fields

    def _legend_spec(self, content: Content, camera: Camera, scale: float) -> LegendSpec:
        density, map_, arrows = content.shown_density, content.shown_map, content.shown_arrows
        return LegendSpec(
            palette=content.palette,
            scale=scale,
            colours=colour_range(density, content.view.density_scale) if density is not None else None,
            density_scale=content.view.density_scale,
            map=map_.kind if map_ is not None else None,
            kind=arrows.kind if arrows is not None else None,
            spacing=grid_spacing(arrows, camera) if arrows is not None and arrows.vectors.ndim == 3 else 0.0,
        )
