"""The whole picture, drawn without a widget: on screen, under test and offline it is this same code."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from scoreviz.gui.canvas.arrows import grid_spacing, paint_arrows
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.caption import EDGE, Line, inspect_lines, lines, paint_caption, paint_message
from scoreviz.gui.canvas.contours import paint_contours
from scoreviz.gui.canvas.frame import ArrowGrid, Caption, DensityGrid, Frames, MapGrid, MeanGrid, Overlay
from scoreviz.gui.canvas.heatmap import colour_range, paint_density
from scoreviz.gui.canvas.legend import Legend, LegendSpec
from scoreviz.gui.canvas.maps import paint_map
from scoreviz.gui.canvas.means import paint_means
from scoreviz.gui.canvas.palette import CanvasPalette, PaletteName, palette
from scoreviz.gui.canvas.particles import MOST_DISCS, Counts, Particles
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.streamlines import paint_streamlines
from scoreviz.gui.canvas.trails import Trails
from scoreviz.scene.view import View

_LEGEND_AT_MOST = 0.15  # of the picture: a thumbnail goes without


@dataclass(frozen=True, eq=False)
class Content:
    """Everything that is shown, but for the camera: that comes with the size of the picture."""

    view: View = field(default_factory=View)
    palette: PaletteName = "dark"
    density: DensityGrid | None = None
    arrows: ArrowGrid | None = None
    map: MapGrid | None = None
    means: MeanGrid | None = None
    frames: Frames | None = None
    k: int = 0
    caption: Caption | None = None
    message: str | None = None
    due: bool = False  # a map is wanted, and none has come so far
    note: str | None = None  # why a map or lines that are wanted cannot be shown; a message goes before it
    overlays: tuple[tuple[str, Overlay], ...] = ()  # by name, painted in this order

    @property
    def shown_density(self) -> DensityGrid | None:
        return self.density if self.view.density and self.view.map == "none" else None

    @property
    def shown_map(self) -> MapGrid | None:
        """In the density's place."""
        return self.map if self.map is not None and self.map.kind == self.view.map else None

    @property
    def contoured(self) -> DensityGrid | None:
        return self.density if self.view.lines == "contours" else None

    @property
    def streaming(self) -> ArrowGrid | None:
        return self.arrows if self.view.lines == "streamlines" else None

    @property
    def shown_means(self) -> MeanGrid | None:
        return self.means if self.view.lines == "posterior_mean" else None

    @property
    def shown_arrows(self) -> ArrowGrid | None:
        return self.arrows if self.view.arrows else None

    @property
    def at(self) -> int:
        """The index of the frame on screen: one past either end means that end, -1 that there is none."""
        return min(max(self.k, 0), len(self.frames) - 1) if self.frames is not None else -1

    @property
    def points(self) -> np.ndarray | None:
        """The frame on screen."""
        return self.frames.at(self.at) if self.frames is not None and self.view.particles and self.at >= 0 else None


def ground_key(content: Content, camera: Camera, scale: float) -> tuple[Any, ...]:
    """What the ground is drawn from: the same grids, by identity, give the same ground."""
    grounds = (content.shown_density, content.shown_map, content.view.density_scale)
    over = (content.shown_arrows, content.contoured, content.streaming, content.shown_means)
    return (*grounds, *over, content.palette, camera, scale)


class Ground:
    """Everything beneath the particles: the density or a map, arrows and lines. Drawn again only for another key, a layer at a time."""

    def __init__(self) -> None:
        self.image = QImage()
        self.key: tuple[Any, ...] = ()  # of what it is; nothing until it is whole
        self.begun: tuple[Any, ...] = ()
        self.missing_arrows = 0
        self._layers: list[Callable[[QPainter], None]] = []  # still to be drawn

    def draw(self, content: Content, camera: Camera, scale: float) -> None:
        """Make it whole, as that of `content`."""
        while not self.advance(content, camera, scale):
            pass

    def advance(self, content: Content, camera: Camera, scale: float) -> bool:
        """Draw one layer more; whether it is whole."""
        key = ground_key(content, camera, scale)
        if key != self.begun:
            self.begun, self.key = key, ()
            self._begin(content, camera, scale)
        if self._layers:
            with painting(self.image) as painter:
                self._layers.pop(0)(painter)
        if not self._layers:
            self.key = key
        return not self._layers

    def _begin(self, content: Content, camera: Camera, scale: float) -> None:
        colours = palette(content.palette)
        if (self.image.width(), self.image.height()) != (camera.width_px, camera.height_px):
            self.image = QImage(camera.width_px, camera.height_px, QImage.Format.Format_RGB32)
        self.image.fill(colours.ground)
        self.missing_arrows, layers = 0, self._layers
        layers.clear()
        if (density := content.shown_density) is not None:
            layers.append(lambda painter: paint_density(painter, density, content.view.density_scale, camera, colours))
        if (map_ := content.shown_map) is not None:
            layers.append(lambda painter: paint_map(painter, map_, camera, colours))
        if (arrows := content.shown_arrows) is not None:
            layers.append(lambda painter: self._arrows(painter, arrows, camera, scale, colours))
        if (contoured := content.contoured) is not None:
            layers.append(lambda painter: paint_contours(painter, contoured, camera, scale, colours))
        if (streaming := content.streaming) is not None:
            layers.append(lambda painter: paint_streamlines(painter, streaming, camera, scale, colours))
        if (means := content.shown_means) is not None:
            layers.append(lambda painter: paint_means(painter, means, camera, scale, colours))

    def _arrows(self, painter: QPainter, grid: ArrowGrid, camera: Camera, scale: float, colours: CanvasPalette) -> None:
        self.missing_arrows = paint_arrows(painter, grid, camera, scale, colours)


class Picture:
    """Draws a Content; each layer is kept until what it shows changes.

    trail_seconds: for trails in one go (`Trails.image`), so that long ones do not stop the window after a jump; `unfinished` then says
    that more is to come. Without it every picture is whole.
    """

    def __init__(self, trail_seconds: float = math.inf) -> None:
        self._trail_seconds = trail_seconds
        self.unfinished = False
        self._ground, self._next = Ground(), Ground()
        self._whole = QImage()
        self._whole_key: tuple[Any, ...] = ()
        self._trails = Trails()
        self._particles = Particles()
        self._legend = Legend()
        self.counts = Counts()

    def image(self, content: Content, camera: Camera, scale: float) -> QImage:
        """The picture in camera.width_px x camera.height_px device pixels, `scale` of them to a logical one.

        Treat it as read only: the same image is handed out again while nothing changes.
        """
        points = content.points
        fields = (content.density, content.arrows, content.map, content.means)
        key = (
            *fields,
            content.view,
            content.palette,
            content.caption,
            content.message,
            content.due,
            content.note,
            content.overlays,
            camera,
            scale,
        )
        whole = (*key, id(content.frames), content.at)
        if whole != self._whole_key or self.unfinished:
            self._draw(content, points, camera, scale)
            self._whole_key = whole
            self._held = content.frames  # an id is only good while its object lives
        return self._whole

    def has_ground(self, content: Content, camera: Camera, scale: float) -> bool:
        """Is the ground of this picture drawn?"""
        return ground_key(content, camera, scale) in (self._ground.key, self._next.key)

    def prepare(self, content: Content, camera: Camera, scale: float) -> bool:
        """Draw one layer more of the ground of a picture that comes, beside the one in use; whether it is whole."""
        return self.has_ground(content, camera, scale) or self._next.advance(content, camera, scale)

    def _draw(self, content: Content, points: np.ndarray | None, camera: Camera, scale: float) -> None:
        if ground_key(content, camera, scale) in (self._next.key, self._next.begun):
            self._ground, self._next = self._next, self._ground
        self._ground.draw(content, camera, scale)
        ground, colours = self._ground.image, palette(content.palette)
        size = (camera.width_px, camera.height_px)
        if self._whole.size() != ground.size():
            self._whole = QImage(ground.size(), ground.format())
        with painting(self._whole) as painter:  # not copy(): fresh pages for every frame cost more than the drawing
            painter.drawImage(0, 0, ground)
        self.counts, self.unfinished = Counts(), False
        if points is not None:
            self._paint_trails(content, points, camera, scale)
            self.counts = self._particles.paint(self._whole, points, camera, scale, colours)
        with painting(self._whole) as painter:
            for _name, overlay in content.overlays:
                painter.save()
                overlay.paint(painter, camera, scale, colours)
                painter.restore()
            plate = paint_caption(painter, content.caption, self._words(content), size, scale, colours)
            self._paint_legend(painter, content, camera, scale, plate)
            if message := content.message or content.note:
                paint_message(painter, message, size, scale, colours, aside=not content.message)

    def _words(self, content: Content) -> list[Line]:
        """What stands beneath the caption."""
        density, arrows = content.shown_density or content.contoured, content.shown_arrows or content.streaming
        fields = lines(content.caption, density, arrows, self.counts, self._ground.missing_arrows)
        return inspect_lines(content.caption, content.shown_map, content.shown_means, due=content.due) + fields

    def _paint_trails(self, content: Content, points: np.ndarray, camera: Camera, scale: float) -> None:
        if content.frames is None or len(points) > MOST_DISCS:
            return
        colours = palette(content.palette)
        image = self._trails.image(content.frames, content.at, camera, content.view.trails, scale, colours, self._trail_seconds)
        self.unfinished = self._trails.unfinished
        if image is not None:
            with painting(self._whole) as painter:
                painter.drawImage(0, 0, image)

    def _paint_legend(self, painter: QPainter, content: Content, camera: Camera, scale: float, caption: QRectF) -> None:
        density, arrows = content.shown_density, content.shown_arrows
        spec = LegendSpec(
            palette=content.palette,
            scale=scale,
            colours=colour_range(density, content.view.density_scale) if density is not None else None,
            density_scale=content.view.density_scale,
            map=content.shown_map.kind if content.shown_map is not None else None,
            kind=arrows.kind if arrows is not None else None,
            spacing=grid_spacing(arrows, camera) if arrows is not None and arrows.vectors.ndim == 3 else 0.0,
        )
        image = self._legend.image(spec)
        if image is None:
            return
        left = camera.width_px - image.width() - round(EDGE * scale)
        top = camera.height_px - image.height() - round(EDGE * scale)
        room = QRectF(left, top, image.width(), image.height())
        large = room.width() * room.height() > _LEGEND_AT_MOST * camera.width_px * camera.height_px
        if not large and min(left, top) >= EDGE * scale and not room.intersects(caption):
            painter.drawImage(left, top, image)
