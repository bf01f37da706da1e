"""The picture of space, drawn without a widget: on screen, under test and offline it is this same code.

From the back: cube, slice with its arrows, data, trails, particles. Points behind the slice are drawn over it, fainter, so that none is
hidden.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.caption import Line, lines, paint_caption, paint_message
from scoreviz.gui.canvas.frame import ArrowGrid, Caption, DensityGrid
from scoreviz.gui.canvas.heatmap import colour_range
from scoreviz.gui.canvas.legend import Legend, LegendSpec
from scoreviz.gui.canvas.palette import PaletteName, palette
from scoreviz.gui.canvas.particles import MOST_DISCS, Counts
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.text import count_text, signed
from scoreviz.gui.canvas.trails import Trails
from scoreviz.gui.dynamics.space.box import paint_axes, paint_box
from scoreviz.gui.dynamics.space.dots import Dots
from scoreviz.gui.dynamics.space.eye import Eye, Projected
from scoreviz.gui.dynamics.space.plane import PlaneGrid, paint_outline, paint_score, paint_slice, spacing_of
from scoreviz.scene.view import View

DATA_SIZE, DATA_LIGHT = 0.72, 0.75
MOVING_TRAILS = 3
"""Substeps of trails while space is being turned: each must be drawn anew for each direction."""


@dataclass(frozen=True, eq=False)
class SpaceContent:
    """Everything that is shown, but for the size of the picture."""

    view: View = field(default_factory=View)
    palette: PaletteName = "dark"
    eye: Eye = field(default_factory=Eye)
    half: float = 2.0  # of the cube
    plane: PlaneGrid | None = None
    cloud: np.ndarray | None = None  # (n, 3)
    frames: Projected | None = None
    k: int = 0
    caption: Caption | None = None
    message: str | None = None
    moving: bool = False  # it is being turned at this moment

    @property
    def shown_plane(self) -> PlaneGrid | None:
        return self.plane if self.view.slice != "none" and (self.view.density or self.view.arrows) else None

    @property
    def shown_density(self) -> DensityGrid | None:
        return self.shown_plane.density if self.shown_plane is not None and self.view.density else None

    @property
    def shown_arrows(self) -> ArrowGrid | None:
        return self.shown_plane.arrows if self.shown_plane is not None and self.view.arrows else None

    @property
    def shown_cloud(self) -> np.ndarray | None:
        return self.cloud if self.view.cloud else None

    @property
    def cut(self) -> tuple[int, float] | None:
        """The plane that points are before or behind."""
        return None if self.shown_plane is None else (self.shown_plane.number, self.shown_plane.at)

    @property
    def at(self) -> int:
        """The index of the frame on screen, -1 if there is none."""
        return min(max(self.k, 0), len(self.frames) - 1) if self.frames is not None else -1

    @property
    def points(self) -> np.ndarray | None:
        """The frame on screen, (n, 3)."""
        return self.frames.frames.at(self.at) if self.frames is not None and self.view.particles and self.at >= 0 else None


class SpacePicture:
    """Draws a SpaceContent; what stands still is kept."""

    def __init__(self, trail_seconds: float = math.inf) -> None:
        """As a `canvas.picture.Picture`."""
        self._trail_seconds = trail_seconds
        self.unfinished = False
        self._cube = QImage()
        self._cube_key: tuple[Any, ...] = ()
        self._ground = QImage()
        self._ground_key: tuple[Any, ...] = ()
        self._whole = QImage()
        self._whole_key: tuple[Any, ...] = ()
        self._missing_arrows = 0
        self._trails = Trails()
        self._dots = Dots()
        self._legend = Legend()
        self.counts = Counts()

    def image(self, content: SpaceContent, camera: Camera, scale: float) -> QImage:
        """The picture in camera.width_px x camera.height_px device pixels. Read only: it is handed out again while nothing changes."""
        key = (
            content.plane, id(content.cloud), content.view, content.palette, content.caption, content.message, content.eye, content.half,
            content.moving, content.frames, content.at, camera, scale,
        )  # fmt: skip
        if key != self._whole_key or self.unfinished:
            self._draw(content, camera, scale)
            self._whole_key, self._held = key, content  # an id is only good while its object lives
        return self._whole

    def _draw(self, content: SpaceContent, camera: Camera, scale: float) -> None:
        self._draw_ground(content, camera, scale)
        colours = palette(content.palette)
        if self._whole.size() != self._ground.size():
            self._whole = QImage(self._ground.size(), self._ground.format())
        with painting(self._whole) as painter:
            painter.drawImage(0, 0, self._ground)
        self.counts, self.unfinished = Counts(), False
        points = content.points
        if points is not None and content.frames is not None:
            self._paint_trails(content, len(points), camera, scale)
            flat = content.frames.at(content.at)
            self.counts = self._dots.paint(
                self._whole, points, flat, content.eye, content.half, camera, scale, colours, plane=content.cut
            )  # fmt: skip
        with painting(self._whole) as painter:
            size = (camera.width_px, camera.height_px)
            plate = paint_caption(painter, content.caption, self._lines(content), size, scale, colours)
            self._legend.paint(painter, self._legend_spec(content, camera, scale), size, plate)
            if content.message:
                paint_message(painter, content.message, size, scale, colours)

    def _draw_ground(self, content: SpaceContent, camera: Camera, scale: float) -> None:
        """The cube, the slice, the data: what does not move with the particles."""
        shown = (content.shown_density, content.shown_arrows, id(content.shown_cloud), content.cut)
        key = (*shown, content.eye, content.half, content.view.density_scale, content.palette, camera, scale)
        if key == self._ground_key:
            return
        self._draw_cube(content, camera, scale)
        colours, plane, eye = palette(content.palette), content.shown_plane, content.eye
        if self._ground.size() != self._cube.size():
            self._ground = QImage(self._cube.size(), self._cube.format())
        self._missing_arrows = 0
        with painting(self._ground) as painter:
            painter.drawImage(0, 0, self._cube)
            if plane is not None:
                if content.shown_density is not None:
                    paint_slice(painter, plane, content.view.density_scale, eye, camera, colours)
                paint_outline(painter, plane, eye, camera, scale, colours)
                if content.shown_arrows is not None:
                    self._missing_arrows = paint_score(painter, plane, content.shown_arrows, eye, camera, scale, colours)
        if (cloud := content.shown_cloud) is not None:
            self._dots.paint(
                self._ground, cloud, eye.project(cloud), eye, content.half, camera, scale, colours, plane=content.cut,
                size=DATA_SIZE, light=DATA_LIGHT, base="text_dim",
            )  # fmt: skip
        self._ground_key = key

    def _draw_cube(self, content: SpaceContent, camera: Camera, scale: float) -> None:
        key = (content.eye, content.half, content.palette, camera, scale)
        if key == self._cube_key:
            return
        colours = palette(content.palette)
        if (self._cube.width(), self._cube.height()) != (camera.width_px, camera.height_px):
            self._cube = QImage(camera.width_px, camera.height_px, QImage.Format.Format_RGB32)
        self._cube.fill(colours.ground)
        with painting(self._cube) as painter:
            paint_box(painter, content.eye, content.half, camera, scale, colours)
            paint_axes(painter, content.eye, content.half, camera, scale, colours)
        self._cube_key = key

    def _paint_trails(self, content: SpaceContent, count: int, camera: Camera, scale: float) -> None:
        if content.frames is None or count > MOST_DISCS:
            return
        length = min(content.view.trails, MOVING_TRAILS) if content.moving else content.view.trails
        colours = palette(content.palette)
        image = self._trails.image(content.frames, content.at, camera, length, scale, colours, self._trail_seconds)
        self.unfinished = self._trails.unfinished
        if image is not None:
            with painting(self._whole) as painter:
                painter.drawImage(0, 0, image)

    def _lines(self, content: SpaceContent) -> list[Line]:
        """What must be said under the caption: the canvas's own words, and what the slice shows."""
        counts = replace(self.counts, as_density=False)  # the canvas's words are of a density in the plane
        out = lines(content.caption, content.shown_density, content.shown_arrows, counts, self._missing_arrows)
        out[0:0] = [Line(text) for text in plane_words(content)]
        if self.counts.as_density:
            text = QCoreApplication.translate("space", "density of {count} particles as the eye sees them, no depth, no trails")
            out.append(Line(text.format(count=count_text(self.counts.total))))
        return out

    def _legend_spec(self, content: SpaceContent, camera: Camera, scale: float) -> LegendSpec:
        density, arrows = content.shown_density, content.shown_arrows
        return LegendSpec(
            palette=content.palette, scale=scale,
            colours=colour_range(density, content.view.density_scale) if density is not None else None,
            density_scale=content.view.density_scale,
            kind=arrows.kind if arrows is not None else None,
            spacing=spacing_of(arrows, camera) if arrows is not None else 0.0,
        )  # fmt: skip


def plane_words(content: SpaceContent) -> list[str]:
    """Which plane, and what lies on it."""
    plane = content.shown_plane
    if plane is None:
        return []
    where = f"{plane.axis} = {signed(plane.at, 2)}"
    out = [QCoreApplication.translate("space", "slice {plane}; points behind it are fainter").format(plane=where)]
    if content.shown_arrows is not None:
        text = QCoreApplication.translate("space", "arrows: the part of σ·score within the slice; lengths as seen straight on")
        out.append(text)
    return out
