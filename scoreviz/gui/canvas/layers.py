"""What of a picture is drawn ahead of its time: its ground, the trails and the particles, a layer at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtGui import QImage, QPainter

from scoreviz.gui.canvas.arrows import paint_arrows
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.content import Content
from scoreviz.gui.canvas.contours import paint_contours
from scoreviz.gui.canvas.frame import ArrowGrid, Frames
from scoreviz.gui.canvas.heatmap import paint_density
from scoreviz.gui.canvas.maps import paint_map
from scoreviz.gui.canvas.means import paint_means
from scoreviz.gui.canvas.palette import CanvasPalette, palette
from scoreviz.gui.canvas.particles import MOST_DISCS, Counts, Particles
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.streamlines import paint_streamlines
from scoreviz.gui.canvas.trails import Trails

Layer = tuple[str, Callable[[], None]]
Advance = Literal["whole", "more", "no room"]
LONGEST = 0.011
"""Seconds of room in which a layer is begun, however long it took the last time: between two ticks there is hardly more."""


def ground_key(content: Content, camera: Camera, scale: float) -> tuple[Any, ...]:
    """What the ground is drawn from: the same grids, by identity, give the same ground."""
    grounds = (content.shown_density, content.shown_map, content.view.density_scale)
    over = (content.shown_arrows, content.contoured, content.streaming, content.shown_means)
    return (*grounds, *over, content.palette, camera, scale)


class Ground:
    """Everything beneath the particles: the density or a map, arrows and lines. Drawn again only for another key."""

    def __init__(self) -> None:
        self.image = QImage()
        self.missing_arrows = 0
        self._key: tuple[Any, ...] = ()
        self._missing = 0  # layers still to be drawn

    def begin(self, content: Content, camera: Camera, scale: float) -> list[Layer]:
        """The layers still to be drawn for this content, in order."""
        key, colours = ground_key(content, camera, scale), palette(content.palette)
        if key == self._key and not self._missing:
            return []
        self._key = key
        if (self.image.width(), self.image.height()) != (camera.width_px, camera.height_px):
            self.image = QImage(camera.width_px, camera.height_px, QImage.Format.Format_RGB32)
        self.image.fill(colours.ground)
        self.missing_arrows, layers = 0, list[Layer]()

        def add(name: str, paint: Callable[[QPainter], None]) -> None:
            layers.append((name, lambda: self._paint(paint)))

        if (density := content.shown_density) is not None:
            add("density", lambda painter: paint_density(painter, density, content.view.density_scale, camera, colours))
        if (map_ := content.shown_map) is not None:
            add("map", lambda painter: paint_map(painter, map_, camera, colours))
        if (arrows := content.shown_arrows) is not None:
            add("arrows", lambda painter: self._arrows(painter, arrows, camera, scale, colours))
        if (contoured := content.contoured) is not None:
            add("contours", lambda painter: paint_contours(painter, contoured, camera, scale, colours))
        if (streaming := content.streaming) is not None:
            add("streamlines", lambda painter: paint_streamlines(painter, streaming, camera, scale, colours))
        if (means := content.shown_means) is not None:
            add("means", lambda painter: paint_means(painter, means, camera, scale, colours))
        self._missing = len(layers)
        return layers

    def _paint(self, paint: Callable[[QPainter], None]) -> None:
        with painting(self.image) as painter:
            paint(painter)
        self._missing -= 1

    def _arrows(self, painter: QPainter, grid: ArrowGrid, camera: Camera, scale: float, colours: CanvasPalette) -> None:
        self.missing_arrows = paint_arrows(painter, grid, camera, scale, colours)


class Brush:
    """What draws the moving layers of all pictures of one widget, and how long each layer took the last times.

    trail_seconds: for trails in one go (`Trails.image`), so that long ones do not stop the window after a jump.
    """

    def __init__(self, trail_seconds: float) -> None:
        self.trail_seconds = trail_seconds
        self.trails, self.particles = Trails(), Particles()
        self._took: dict[str, float] = {}

    def fits(self, layer: Layer, room: float) -> bool:
        """Will this layer be drawn in `room` seconds, as far as one knows?"""
        return room >= min(self._took.get(layer[0], 0.0), LONGEST)

    def draw(self, layer: Layer) -> None:
        """Draw it, and note how long it took."""
        name, paint = layer
        began = time.perf_counter()
        paint()
        took, before = time.perf_counter() - began, self._took.get(name, 0.0)
        self._took[name] = max(took, before + 0.1 * (took - before))  # a longer one counts at once, shorter ones little by little


class Layers:
    """Ground, trails and particles of one content in one image."""

    def __init__(self, brush: Brush) -> None:
        self._brush = brush
        self._ground = Ground()
        self.image = QImage()
        self.counts = Counts()
        self.unfinished = False  # more of the trails is to come
        self._key: tuple[Any, ...] = ()  # of what is drawn or being drawn
        self._frames: Frames | None = None  # of the key, which knows them by id: that is only good while they live
        self._left: list[Layer] = []

    @property
    def missing_arrows(self) -> int:
        return self._ground.missing_arrows

    def of(self, content: Content, camera: Camera, scale: float) -> bool:
        """Is it of this content, drawn so far or not?"""
        return self._key == _key(content, camera, scale)

    def whole(self, content: Content, camera: Camera, scale: float) -> bool:
        """Is it of this content, and all drawn?"""
        return not self._left and self.of(content, camera, scale)

    def advance(self, content: Content, camera: Camera, scale: float, room: float) -> Advance:
        """Draw one layer more, if that takes no longer than `room` seconds."""
        if not self.of(content, camera, scale):
            self._begin(content, camera, scale)
        if not self._left:
            return "whole"
        if not self._brush.fits(self._left[0], room):
            return "no room"
        self._brush.draw(self._left.pop(0))
        return "more" if self._left else "whole"

    def draw(self, content: Content, camera: Camera, scale: float) -> None:
        """Make it whole."""
        while self.advance(content, camera, scale, float("inf")) != "whole":
            pass

    def lengthen_trails(self, content: Content, camera: Camera, scale: float) -> None:
        """What moves is drawn anew: unfinished trails go on by as much as is drawn in one go."""
        self._left = self._moving(content, camera, scale)

    def _begin(self, content: Content, camera: Camera, scale: float) -> None:
        self._key, self._frames = _key(content, camera, scale), content.frames
        self._left = [*self._ground.begin(content, camera, scale), *self._moving(content, camera, scale)]

    def _moving(self, content: Content, camera: Camera, scale: float) -> list[Layer]:
        trails, particles = (lambda: self._trails(content, camera, scale)), (lambda: self._particles(content, camera, scale))
        return [("trails", trails), ("particles", particles)]

    def _trails(self, content: Content, camera: Camera, scale: float) -> None:
        ground, points, brush = self._ground.image, content.points, self._brush
        if self.image.size() != ground.size():
            self.image = QImage(ground.size(), ground.format())
        trails, self.unfinished = None, False
        if content.frames is not None and points is not None and len(points) <= MOST_DISCS:
            colours, length = palette(content.palette), content.view.trails
            trails = brush.trails.image(content.frames, content.at, camera, length, scale, colours, brush.trail_seconds)
            self.unfinished = brush.trails.unfinished
        with painting(self.image) as painter:  # not copy(): fresh pages for every frame cost more than the drawing
            painter.drawImage(0, 0, ground)
            if trails is not None:
                painter.drawImage(0, 0, trails)

    def _particles(self, content: Content, camera: Camera, scale: float) -> None:
        self.counts = Counts()
        if (points := content.points) is not None:
            self.counts = self._brush.particles.paint(self.image, points, camera, scale, palette(content.palette))


def _key(content: Content, camera: Camera, scale: float) -> tuple[Any, ...]:
    """What the layers are drawn from."""
    moving = (id(content.frames), content.at, content.view.trails) if content.points is not None else ()
    return (ground_key(content, camera, scale), *moving)
