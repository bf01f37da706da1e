"""The whole picture, drawn without a widget: on screen, under test and offline it is this same code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from scoreviz.gui.canvas.arrows import grid_spacing, paint_arrows
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.caption import EDGE, lines, paint_caption, paint_message
from scoreviz.gui.canvas.frame import ArrowGrid, Caption, DensityGrid, Frames, Overlay
from scoreviz.gui.canvas.heatmap import colour_range, paint_density
from scoreviz.gui.canvas.legend import Legend, LegendSpec
from scoreviz.gui.canvas.palette import PaletteName, palette
from scoreviz.gui.canvas.particles import MOST_DISCS, Counts, Particles
from scoreviz.gui.canvas.paths import painting
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
    frames: Frames | None = None
    k: int = 0
    caption: Caption | None = None
    message: str | None = None
    overlays: tuple[tuple[str, Overlay], ...] = ()  # by name, painted in this order

    @property
    def shown_density(self) -> DensityGrid | None:
        return self.density if self.view.density else None

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


class Picture:
    """Draws a Content; each layer is kept until what it shows changes."""

    def __init__(self) -> None:
        self._ground = QImage()
        self._ground_key: tuple[Any, ...] = ()
        self._whole = QImage()
        self._whole_key: tuple[Any, ...] = ()
        self._missing_arrows = 0
        self._trails = Trails()
        self._particles = Particles()
        self._legend = Legend()
        self.counts = Counts()

    def image(self, content: Content, camera: Camera, scale: float) -> QImage:
        """The picture in camera.width_px x camera.height_px device pixels, `scale` of them to a logical one.

        Treat it as read only: the same image is handed out again while nothing changes.
        """
        points = content.points
        shown = (content.density, content.arrows, content.view, content.palette, content.caption, content.message, content.overlays)
        key = (*shown, camera, scale)
        whole = (*key, id(content.frames), content.at)
        if whole != self._whole_key:
            self._draw(content, points, camera, scale)
            self._whole_key = whole
            self._held = content.frames  # an id is only good while its object lives
        return self._whole

    def _draw(self, content: Content, points: np.ndarray | None, camera: Camera, scale: float) -> None:
        self._draw_ground(content, camera, scale)
        colours = palette(content.palette)
        size = (camera.width_px, camera.height_px)
        if self._whole.size() != self._ground.size():
            self._whole = QImage(self._ground.size(), self._ground.format())
        with painting(self._whole) as painter:  # not copy(): fresh pages for every frame cost more than the drawing
            painter.drawImage(0, 0, self._ground)
        self.counts = Counts()
        if points is not None:
            self._paint_trails(content, points, camera, scale)
            self.counts = self._particles.paint(self._whole, points, camera, scale, colours)
        with painting(self._whole) as painter:
            for _name, overlay in content.overlays:
                painter.save()
                overlay.paint(painter, camera, scale, colours)
                painter.restore()
            below = lines(content.caption, content.shown_density, content.shown_arrows, self.counts, self._missing_arrows)
            plate = paint_caption(painter, content.caption, below, size, scale, colours)
            self._paint_legend(painter, content, camera, scale, plate)
            if content.message:
                paint_message(painter, content.message, size, scale, colours)

    def _draw_ground(self, content: Content, camera: Camera, scale: float) -> None:
        key = (content.shown_density, content.shown_arrows, content.view.density_scale, content.palette, camera, scale)
        if key == self._ground_key:
            return
        colours = palette(content.palette)
        if (self._ground.width(), self._ground.height()) != (camera.width_px, camera.height_px):
            self._ground = QImage(camera.width_px, camera.height_px, QImage.Format.Format_RGB32)
        self._ground.fill(colours.ground)
        self._missing_arrows = 0
        with painting(self._ground) as painter:
            if content.shown_density is not None:
                paint_density(painter, content.shown_density, content.view.density_scale, camera, colours)
            if content.shown_arrows is not None:
                self._missing_arrows = paint_arrows(painter, content.shown_arrows, camera, scale, colours)
        self._ground_key = key

    def _paint_trails(self, content: Content, points: np.ndarray, camera: Camera, scale: float) -> None:
        if content.frames is None or len(points) > MOST_DISCS:
            return
        image = self._trails.image(content.frames, content.at, camera, content.view.trails, scale, palette(content.palette))
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
