"""The data set on the canvas: small rings, wherever its points are what is learned or what the score knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.questions import Questions
from scoreviz.gui.store import Store
from scoreviz.protocol.questions import AskData, DataPoints
from scoreviz.scene.document import Scene
from scoreviz.scene.parameters import Invalidates

RADIUS, MOST_LARGE, SMALL = 4.0, 256, 2.5
"""Logical pixels; of more points than so many the rings are smaller."""


@dataclass(frozen=True, eq=False)
class Rings:
    """Points (n, 2) in the drawing's units."""

    points: np.ndarray

    def paint(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        """A light ring on a dark one: seen on particles and on every ground."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = (RADIUS if len(self.points) <= MOST_LARGE else SMALL) * scale
        pixels = camera.to_pixels(self.points)
        inside = ((pixels > -radius) & (pixels < (camera.width_px + radius, camera.height_px + radius))).all(1)
        for color, width in ((palette.ground, 3.0), (palette.text, 1.4)):
            painter.setPen(QPen(color, width * scale))
            for x, y in pixels[inside].tolist():
                painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.restore()


class DataOnCanvas(QObject):
    """Asks for the points while they matter and the plane is on screen, and takes the rings away when they do not."""

    def __init__(self, canvas: Canvas, store: Store, questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._inquiry = questions.inquiry("data", depends=Invalidates.TARGET | Invalidates.TRAINING)
        self._inquiry.answered.connect(self._show)
        self._inquiry.refused.connect(lambda _sentence, _details: canvas.set_overlay("data", None))  # nothing drawn: the canvas says so
        self._wanted = False
        store.changed.connect(lambda _old, new, _origin: self._ask(new))
        self._ask(store.scene)

    def _ask(self, scene: Scene) -> None:
        matters = scene.score.source == "data" or scene.data.train
        wanted = matters and scene.density.dimensions == "2" and scene.view.tab == "dynamics"
        if self._wanted and not wanted:
            self._canvas.set_overlay("data", None)
            self._inquiry.forget()
        self._wanted = wanted
        self._inquiry.ask(AskData() if wanted else None)

    def _show(self, answer: object) -> None:
        if self._wanted and isinstance(answer, DataPoints):
            self._canvas.set_overlay("data", Rings(answer.points.numpy()))
