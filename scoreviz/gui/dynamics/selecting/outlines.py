"""The outlines of all marks, each in the colour of its class: drawn once for a camera and a drawing, since there may be thousands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.classes import class_colour
from scoreviz.gui.canvas.corners import to_polygon
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.paths import painting, segments_path
from scoreviz.gui.dynamics.selecting.figures import Figure, figure
from scoreviz.scene.marks import Digest, Erase, Mark

ERASES = -1
"""Stands for the erasures among the classes."""


class Outlines:
    """Keeps the picture that it painted last."""

    def __init__(self) -> None:
        self._marks: tuple[Mark, ...] = ()
        self._key: tuple[object, ...] = ()
        self._image = QImage()

    def paint(
        self, painter: QPainter, camera: Camera, palette: CanvasPalette, marks: tuple[Mark, ...], blobs: Mapping[Digest, bytes]
    ) -> None:
        """All marks, the lowest first; another drawing is another tuple. In logical pixels."""
        ratio = painter.deviceTransform().m11()
        key = (camera, palette.name, ratio)
        if key != self._key or marks is not self._marks:
            self._key, self._marks = key, marks
            self._image = self._drawn(camera, palette, blobs, ratio)
        painter.setOpacity(0.75)  # of all at once: lines meet without seams
        painter.drawImage(QPointF(0, 0), self._image)
        painter.setOpacity(1.0)

    def _drawn(self, camera: Camera, palette: CanvasPalette, blobs: Mapping[Digest, bytes], ratio: float) -> QImage:
        image = QImage(round(camera.width_px * ratio), round(camera.height_px * ratio), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        image.setDevicePixelRatio(ratio)
        groups: dict[int, list[Figure]] = {}
        for mark in self._marks:
            shown = figure(mark, blobs)
            if shown is not None:
                groups.setdefault(ERASES if isinstance(mark, Erase) else mark.label, []).append(shown)
        with painting(image) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            for label, figures in groups.items():
                colour = QColor(palette.erase if label == ERASES else class_colour(label, palette.name))
                painter.setPen(QPen(colour, 1.0))  # Qt strokes a wider line far more slowly
                painter.drawPath(segments_path(_segments([line for shown in figures for line in shown.lines], camera)))
                dots = [shown.dots for shown in figures if len(shown.dots)]
                if dots:
                    painter.setPen(QPen(colour, 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                    painter.drawPoints(QPolygonF(to_polygon(np.concatenate(dots), camera)))
        return image


def _segments(lines: list[np.ndarray], camera: Camera) -> np.ndarray:
    """(n, 2, 2): the straight pieces of polylines, in pixels; a line of one point is a short dash."""
    if not lines:
        return np.empty((0, 2, 2))
    points = camera.to_pixels(np.concatenate(lines))
    counts = np.array([len(line) for line in lines])
    ends = np.cumsum(counts)
    inner = np.ones(len(points), bool)
    inner[ends - 1] = False  # no piece from one line to the next
    pieces = np.stack([points[:-1], points[1:]], 1)[inner[:-1]]
    single = points[ends[counts == 1] - 1]
    dash = np.array([3.0, 0.0])
    return np.concatenate([pieces, np.stack([single - dash, single + dash], 1)])


def paint_figure(painter: QPainter, shown: Figure, camera: Camera, colour: QColor, width: float) -> None:
    """Lines and dots of one mark."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    for line in shown.lines:
        pixels = to_polygon(line, camera)
        if pixels.size() == 1:
            painter.drawEllipse(pixels.first(), 3.0, 3.0)
        else:
            painter.drawPolyline(pixels)
    if len(shown.dots):
        painter.setPen(QPen(colour, width + 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints(QPolygonF(to_polygon(shown.dots, camera)))
