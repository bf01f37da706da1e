"""A stroke under the hand: its points, and the band that it will fill."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.paths import painting
from scoreviz.scene.density import WORLD

SPACING = 1.5
"""Pixels between kept points of a stroke."""


def within(camera: Camera, at: QPointF) -> tuple[float, float] | None:
    """The point of the drawing under a pixel; None if it lies off the canvas or beyond the world."""
    if not (0 <= at.x() < camera.width_px and 0 <= at.y() < camera.height_px):
        return None
    x, y = camera.to_data(at.x(), at.y())
    return (x, y) if abs(x) <= WORLD and abs(y) <= WORLD else None


class StrokePath:
    """A stroke in progress: its points in data units and in pixels, thinned, without those off the canvas."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._data: list[tuple[float, float]] = []
        self.pixels = QPolygonF()

    def add(self, at: QPointF) -> None:
        """Keep a point unless it lies off the canvas, off the world, or too near the last one."""
        if self._data and (at - self.pixels.last()).manhattanLength() < SPACING:
            return
        point = within(self._camera, at)
        if point is not None:
            self._data.append(point)
            self.pixels.append(at)

    def points(self) -> np.ndarray:
        """(n, 2) float32; one point for a click, none where all lay outside."""
        return np.array(self._data, np.float32).reshape(-1, 2)


class Band:
    """The preview of a stroke: the band it will fill. Only what is new is drawn, else a long stroke would lag behind the hand."""

    def __init__(self, reach: float, alpha: float) -> None:
        self.reach = reach
        self._alpha = alpha
        self._image = QImage()
        self._drawn = 0
        self._key: tuple[object, ...] = ()

    def paint(self, painter: QPainter, path: StrokePath, size: tuple[int, int], width_px: float, colour: QColor) -> None:
        """Draw the band about `path`, of `width_px` times this band's reach to either side."""
        ratio = painter.deviceTransform().m11()
        key = (path, size, width_px, self.reach, colour.rgb(), ratio)
        if key != self._key:
            self._key, self._drawn = key, 0
            self._image = QImage(round(size[0] * ratio), round(size[1] * ratio), QImage.Format.Format_ARGB32_Premultiplied)
            self._image.fill(Qt.GlobalColor.transparent)
            self._image.setDevicePixelRatio(ratio)
        self._extend(path.pixels, max(2 * self.reach * width_px, 1.0), colour)
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


def paint_band(painter: QPainter, pixels: QPolygonF, width_px: float, colour: QColor, alpha: float) -> None:
    """A band of one alpha along a path of few points."""
    tint = QColor(colour)
    tint.setAlphaF(alpha)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(tint, max(width_px, 1.0), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPolyline(pixels)
    painter.restore()


def paint_ring(painter: QPainter, at: QPointF, radius: float, colour: QColor, alpha: float = 1.0) -> None:
    """A circle about the pointer."""
    tint = QColor(colour)
    tint.setAlphaF(alpha)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(tint, 1.2))
    painter.drawEllipse(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius))
