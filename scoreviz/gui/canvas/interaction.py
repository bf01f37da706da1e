"""What the hand does on the canvas: strokes, Gaussians, panning, zooming; and the preview of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.paths import painting
from scoreviz.scene.density import WORLD

Tool = Literal["brush", "erase", "gaussian", "pan"]
TOOLS: tuple[Tool, ...] = ("brush", "erase", "gaussian", "pan")
SPACING = 1.5
"""Pixels between kept points of a stroke."""
CLICK = 3.0
"""Pixels below which a press and release is a click and not a drag."""
NARROWEST, WIDEST = 0.01, 5.0
"""What the document takes as a width or a standard deviation, in the drawing's units."""


class StrokePath:
    """A stroke in progress: its points in data units and in pixels, thinned, without those off the canvas."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._data: list[tuple[float, float]] = []
        self.pixels = QPolygonF()

    def add(self, at: QPointF) -> None:
        """Keep a point unless it lies off the canvas, off the world, or too near the last one."""
        if not (0 <= at.x() < self._camera.width_px and 0 <= at.y() < self._camera.height_px):
            return
        if self._data and (at - self.pixels.last()).manhattanLength() < SPACING:
            return
        x, y = self._camera.to_data(at.x(), at.y())
        if abs(x) <= WORLD and abs(y) <= WORLD:
            self._data.append((x, y))
            self.pixels.append(at)

    def points(self) -> np.ndarray:
        """(n, 2) float32; one point for a click, none where all lay outside."""
        return np.array(self._data, np.float32).reshape(-1, 2)


class Band:
    """The preview of a stroke: the band it will fill. Only what is new is drawn, else a long stroke would lag behind the hand."""

    def __init__(self, reach: float, alpha: float) -> None:
        self._reach = reach
        self._alpha = alpha
        self._image = QImage()
        self._drawn = 0
        self._key: tuple[object, ...] = ()

    def paint(self, painter: QPainter, path: StrokePath, size: tuple[int, int], width_px: float, colour: QColor) -> None:
        """Draw the band about `path`, of `width_px` times this band's reach to either side."""
        ratio = painter.deviceTransform().m11()
        key = (path, size, width_px, colour.rgb(), ratio)
        if key != self._key:
            self._key, self._drawn = key, 0
            self._image = QImage(round(size[0] * ratio), round(size[1] * ratio), QImage.Format.Format_ARGB32_Premultiplied)
            self._image.fill(Qt.GlobalColor.transparent)
            self._image.setDevicePixelRatio(ratio)
        self._extend(path.pixels, max(2 * self._reach * width_px, 1.0), colour)
        painter.save()
        painter.setOpacity(self._alpha)
        painter.drawImage(QPointF(0, 0), self._image)
        painter.restore()

    def _extend(self, pixels: QPolygonF, width: float, colour: QColor) -> None:
        if self._drawn == pixels.size():
            return
        new = QPolygonF([pixels.at(i) for i in range(max(self._drawn - 1, 0), pixels.size())])
        if new.size() == 1:
            new.append(new.last() + QPointF(0.01, 0))  # Qt draws no line to where it starts
        with painting(self._image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(new)
        self._drawn = pixels.size()


def paint_ring(painter: QPainter, at: QPointF, radius: float, colour: QColor, alpha: float = 1.0) -> None:
    """A circle about the pointer."""
    tint = QColor(colour)
    tint.setAlphaF(alpha)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(tint, 1.2))
    painter.drawEllipse(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius))


class Hand:
    """Turns presses, moves and releases at logical pixels into finished gestures.

    It has no widget: `done` is called with the gesture's name and its values, `look` with another camera.
    """

    def __init__(self, done: Callable[..., None], look: Callable[[Camera], None]) -> None:
        self.tool: Tool = "brush"
        self.width = 0.12
        self.panning = False  # the pan key is down
        self.pointer: QPointF | None = None
        self._done = done
        self._look = look
        self._stroke: StrokePath | None = None
        self._centre: QPointF | None = None
        self._grip: QPointF | None = None
        self._bands = (Band(2.0, 0.16), Band(1.0, 0.30))  # standard deviations of the brush; the eraser reaches just one width

    @property
    def busy(self) -> bool:
        """A gesture is under way."""
        return self._stroke is not None or self._centre is not None or self._grip is not None

    @property
    def gripping(self) -> bool:
        """The picture is being dragged."""
        return self._grip is not None

    def press(self, at: QPointF, button: Qt.MouseButton, camera: Camera) -> bool:
        """Begin a gesture; whether there is one for this button."""
        if self.busy:
            return True
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and (self.panning or self.tool == "pan")):
            self._grip = at
        elif button != Qt.MouseButton.LeftButton:
            return False
        elif self.tool == "gaussian":
            self._centre = at
        else:
            self._stroke = StrokePath(camera)
            self._stroke.add(at)
        return True

    def move(self, at: QPointF, camera: Camera) -> None:
        """Go on with the gesture."""
        self.pointer = at
        if self._grip is not None:
            moved = at - self._grip
            self._grip = at
            self._look(camera.panned(moved.x(), moved.y()))
        elif self._stroke is not None:
            self._stroke.add(at)

    def release(self, at: QPointF, camera: Camera) -> None:
        """Finish the gesture."""
        stroke, centre = self._stroke, self._centre
        self.cancel()
        if stroke is not None:
            stroke.add(at)
            points = stroke.points()
            self._done("outside") if not len(points) else self._done(self.tool, points)
        elif centre is not None:
            x, y = camera.to_data(centre.x(), centre.y())
            inside = 0 <= centre.x() < camera.width_px and 0 <= centre.y() < camera.height_px
            if inside and abs(x) <= WORLD and abs(y) <= WORLD:
                self._done("gaussian", x, y, self.std(centre, at, camera))
            else:
                self._done("outside")

    def cancel(self) -> None:
        """Drop the gesture; nothing is emitted."""
        self._stroke = self._centre = self._grip = None

    def std(self, centre: QPointF, at: QPointF, camera: Camera) -> float:
        """The dragged distance in data units; a mere click takes the brush's width."""
        moved = at - centre
        distance = float(np.hypot(moved.x(), moved.y()))
        std = distance / camera.pixels_per_unit if distance >= CLICK else self.width
        return min(max(std, NARROWEST), WIDEST)

    def paint(self, painter: QPainter, camera: Camera, palette: CanvasPalette) -> None:
        """The gesture under way, and the brush about the pointer. In logical pixels."""
        if self.tool == "pan" or self.panning or self._grip is not None:
            return
        colour = palette.erase if self.tool == "erase" else palette.brush
        radius = self.width * camera.pixels_per_unit
        if self._stroke is not None and not self._stroke.pixels.isEmpty():
            for band in self._bands if self.tool == "brush" else self._bands[-1:]:
                band.paint(painter, self._stroke, (camera.width_px, camera.height_px), radius, colour)
        centre = self._centre if self._centre is not None else self.pointer
        if centre is None:
            return
        if self._centre is not None and self.pointer is not None:
            radius = self.std(self._centre, self.pointer, camera) * camera.pixels_per_unit
        paint_ring(painter, centre, radius, colour)
        if self.tool != "erase":  # a brush and a Gaussian reach further than one standard deviation
            paint_ring(painter, centre, 2 * radius, colour, 0.4)
