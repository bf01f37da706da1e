"""What the hand does on the canvas: strokes, lines, corners, Gaussians, panning; and the preview of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.classes import class_colour
from scoreviz.gui.canvas.corners import Corners, snapped, to_polygon
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.stroke import Band, StrokePath, paint_band, paint_ring, within
from scoreviz.gui.canvas.tools import TOOLS, Ink, Tool
from scoreviz.scene.density import WORLD

__all__ = ["NARROWEST", "TOOLS", "WIDEST", "Guest", "Hand", "Tool"]

CLICK = 3.0
"""Pixels below which a press and release is a click and not a drag."""
NARROWEST, WIDEST = 0.01, 5.0
"""What the document takes as a width or a standard deviation, in the drawing's units."""
POINTING: tuple[Tool, ...] = ("select", "probe", "drop")
"""Tools that draw nothing."""
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Guest(Protocol):
    """A tool that is made elsewhere, since it needs to know what is drawn. Positions are logical pixels."""

    @property
    def busy(self) -> bool:
        """A drag is under way."""
        ...

    def press(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier) -> None: ...
    def move(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier) -> None: ...
    def release(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier) -> None: ...
    def cancel(self) -> None: ...

    def key(self, event: QKeyEvent, camera: Camera) -> bool:
        """Whether the key was for it."""
        ...

    def wants(self, event: QKeyEvent) -> bool:
        """Whether `key` would take it."""
        ...

    def paint(self, painter: QPainter, camera: Camera, palette: CanvasPalette) -> None: ...

    def cursor(self) -> Qt.CursorShape:
        """Of the place where the pointer was last."""
        ...


class Hand:
    """Turns presses, moves and releases at logical pixels into finished gestures.

    It has no widget: `done` is called with the gesture's name and its values, `look` with another camera.
    """

    def __init__(self, done: Callable[..., None], look: Callable[[Camera], None]) -> None:
        self.tool: Tool = "brush"
        self.width = 0.12
        self.ink = Ink()
        self.pointer: QPointF | None = None
        self.guests: dict[Tool, Guest] = {}
        self.corners: Corners | None = None  # of a polygon or a curve that is being set
        self._done = done
        self._look = look
        self._stroke: StrokePath | None = None
        self._start: QPointF | None = None  # of a line, of a Gaussian
        self._grip: QPointF | None = None
        self._pointing = False  # the probe or the dropper is down
        self._bands = (Band(2.0, 0.16), Band(1.0, 0.30))  # standard deviations of the brush; the eraser reaches just one width

    @property
    def guest(self) -> Guest | None:
        """The tool in hand, if it is a guest."""
        return self.guests.get(self.tool)

    @property
    def busy(self) -> bool:
        """A button is down in a gesture: the camera has to stay."""
        guest = self.guest
        held = self._stroke is not None or self._start is not None or self._grip is not None or self._pointing
        return held or (guest is not None and guest.busy)

    @property
    def gripping(self) -> bool:
        """The picture is being dragged."""
        return self._grip is not None

    def press(self, at: QPointF, button: Qt.MouseButton, camera: Camera, modifiers: Qt.KeyboardModifier = NONE) -> bool:
        """Begin a gesture; whether there is one for this button."""
        if self.busy:
            return True
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self.tool == "pan"):
            self._grip = at
            return True
        if button != Qt.MouseButton.LeftButton:
            return False
        match self.tool:
            case "gaussian" | "line":
                self._start = at
            case "polygon" | "curve" as kind:
                self._set_corner(kind, at, camera)
            case "probe" | "drop":
                self._point("begin", at, camera)
            case "select":
                if self.guest is not None:
                    self.guest.press(at, camera, modifiers)
            case _:
                self._stroke = StrokePath(camera)
                self._stroke.add(at)
        return True

    def move(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Go on with the gesture."""
        self.pointer = self._end(at, modifiers)
        if self._grip is not None:
            moved = at - self._grip
            self._grip = at
            self._look(camera.panned(moved.x(), moved.y()))
        elif self._stroke is not None:
            self._stroke.add(at)
        elif self._pointing:
            self._point("move", at, camera)
        elif self.guest is not None:
            self.guest.move(at, camera, modifiers)

    def release(self, at: QPointF, camera: Camera, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Finish the gesture."""
        stroke, start, end = self._stroke, self._start, self._end(at, modifiers)
        if self._pointing:
            self._point("end", at, camera)
        elif self._grip is None and self.guest is not None:
            self.guest.release(at, camera, modifiers)
        self._stroke = self._start = self._grip = None
        self._pointing = False
        if stroke is not None:
            stroke.add(at)
            points = stroke.points()
            self._done("outside") if not len(points) else self._done(self.tool, points)
        elif start is not None:
            first = within(camera, start)
            if first is None:
                self._done("outside")
            elif self.tool == "line":
                self._done("line", self._line(start, end, camera))
            else:
                self._done("gaussian", *first, self.std(start, at, camera))

    def cancel(self) -> None:
        """Drop the gesture and the corners; nothing is emitted."""
        self._stroke = self._start = self._grip = self.corners = None
        self._pointing = False
        if self.guest is not None:
            self.guest.cancel()

    def close(self, closed: bool = False) -> None:
        """The corners are all set: polygons close in any case, curves where `closed`."""
        corners, self.corners = self.corners, None
        if corners is None:
            return
        if self.tool == "polygon" and self.ink.filled:
            self._done("area", np.array(corners.points, np.float32)) if len(corners.points) > 2 else self._done("too few corners")
        else:
            self._done(self.tool, corners.path(closed or self.tool == "polygon"))

    def take_back(self) -> None:
        """The last corner was a mistake."""
        if self.corners is not None:
            self.corners.points.pop()
            if not self.corners.points:
                self.corners = None

    def std(self, centre: QPointF, at: QPointF, camera: Camera) -> float:
        """The dragged distance in data units; a mere click takes the brush's width."""
        moved = at - centre
        distance = float(np.hypot(moved.x(), moved.y()))
        std = distance / camera.pixels_per_unit if distance >= CLICK else self.width
        return min(max(std, NARROWEST), WIDEST)

    def _end(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> QPointF:
        return snapped(self._start, at) if self.tool == "line" and self._start is not None and modifiers & SHIFT else at

    @staticmethod
    def _line(start: QPointF, end: QPointF, camera: Camera) -> np.ndarray:
        """Both ends (2, 2) float32, the second held within the world; one for a click."""
        points = [camera.to_data(start.x(), start.y()), camera.to_data(end.x(), end.y())]
        one = (end - start).manhattanLength() < CLICK
        return np.clip(np.array(points[: 1 if one else 2], np.float32), -WORLD, WORLD)

    def _set_corner(self, kind: Tool, at: QPointF, camera: Camera) -> None:
        point = within(camera, at)
        if point is None:
            self._done("outside")
            return
        if self.corners is None:
            self.corners = Corners("polygon" if kind == "polygon" else "curve")
        if self.corners.add(point, camera):
            self.close(closed=True)

    def _point(self, what: str, at: QPointF, camera: Camera) -> None:
        self._pointing = what != "end"
        self._done(f"{self.tool} {what}", *camera.to_data(at.x(), at.y()))

    # ---- the preview

    def paint(self, painter: QPainter, camera: Camera, palette: CanvasPalette) -> None:
        """The gesture under way, and the brush about the pointer. In logical pixels."""
        if self.guest is not None:
            self.guest.paint(painter, camera, palette)
        if self.tool == "pan" or self.tool in POINTING or self._grip is not None:
            return
        colour = palette.erase if self.tool == "erase" else class_colour(self.ink.label, palette.name)
        radius = self.width * camera.pixels_per_unit
        hard = self.ink.hardness if self.tool not in ("erase", "gaussian") else 0.0
        self._bands[0].reach, self._bands[1].reach = 2.0 - 0.1 * hard, 1.0 + 0.55 * hard  # a hard band is even nearly to its edge
        if self._stroke is not None and not self._stroke.pixels.isEmpty():
            for band in self._bands if self.tool != "erase" else self._bands[-1:]:
                band.paint(painter, self._stroke, (camera.width_px, camera.height_px), radius, colour)
        self._paint_path(painter, camera, radius, colour, hard)
        centre = self._start if self._start is not None and self.tool == "gaussian" else self.pointer
        if centre is None:
            return
        if self._start is not None and self.tool == "gaussian" and self.pointer is not None:
            radius = self.std(self._start, self.pointer, camera) * camera.pixels_per_unit
        paint_ring(painter, centre, radius, colour)
        if self.tool != "erase":  # a brush and a Gaussian reach further than one standard deviation
            paint_ring(painter, centre, 2 * radius, colour, 0.4)

    def _paint_path(self, painter: QPainter, camera: Camera, radius: float, colour: QColor, hard: float) -> None:
        """The line or the corners that are being set."""
        path = QPolygonF()
        if self.corners is not None:
            to = None if self.pointer is None else camera.to_data(self.pointer.x(), self.pointer.y())
            closes = to is not None and self.corners.closes(to, camera)
            path = to_polygon(self.corners.path(closes, None if closes else to), camera)
        elif self.tool == "line" and self._start is not None and self.pointer is not None:
            path = QPolygonF([self._start, self.pointer])
        if path.isEmpty():
            return
        filled = self.ink.filled and self.tool == "polygon"
        if filled:
            tint = QColor(colour)
            tint.setAlphaF(0.25)
            painter.setPen(QPen(colour, 1.2))
            painter.setBrush(tint)
            painter.drawPolygon(path, Qt.FillRule.OddEvenFill)
        else:
            paint_band(painter, path, (4.0 - 0.2 * hard) * radius, colour, 0.16)
            paint_band(painter, path, (2.0 + 1.1 * hard) * radius, colour, 0.30)
        if self.corners is not None:
            painter.setBrush(colour)
            painter.setPen(Qt.PenStyle.NoPen)
            for corner in to_polygon(np.array(self.corners.points, np.float32), camera).toList():
                painter.drawEllipse(corner, 3.0, 3.0)
            paint_ring(painter, to_polygon(np.array(self.corners.points[:1], np.float32), camera).first(), 8.0, colour, 0.7)
