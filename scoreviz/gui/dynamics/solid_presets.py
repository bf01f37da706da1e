"""Small pictures of the shapes in space: a few samples of each, recorded by the engine, seen from half above."""

from __future__ import annotations

import functools

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from scoreviz import resources
from scoreviz.gui import theme
from scoreviz.gui.dynamics.space.eye import Eye
from scoreviz.gui.dynamics.thumbnail import Thumbnail
from scoreviz.gui.widgets.words import scene_text
from scoreviz.protocol.arrays import Array
from scoreviz.scene.solid import SOLID_LABELS, SolidPresetName

FILE = "solid_presets.bin"
HALF = 2.1  # of the square of the projected picture that a thumbnail shows
ELEVATION = 50.0
SHADES = (0.45, 0.7, 0.95)
"""Alpha of the far, middle and near third."""


@functools.cache
def _recorded() -> dict[str, Array]:
    return msgspec.msgpack.decode(resources.asset(FILE).read_bytes(), type=dict[str, Array])


@functools.cache
def thirds(name: SolidPresetName) -> tuple[np.ndarray, ...]:
    """The samples in the square -1..1, y upwards, (n, 2) each: the farthest third, the middle one, the nearest."""
    eye, points = Eye(elevation=ELEVATION), _recorded()[name].numpy()
    order = np.argsort(eye.depth(points), kind="stable")
    return tuple(eye.project(points[some]) / HALF for some in np.array_split(order, len(SHADES)))


class SolidPresetButton(Thumbnail):
    """Its picture is what `thirds` gives."""

    def __init__(self, name: SolidPresetName, parent: QWidget | None = None) -> None:
        super().__init__(scene_text(SOLID_LABELS[name]), f"solid_preset.{name}", parent)
        self.name = name

    def draw(self, painter: QPainter, rect: QRectF, now: theme.Theme, colour: str) -> None:
        """The samples, far ones first."""
        centre, scale = rect.center(), rect.width() / 2 - now.px(5)
        for points, alpha in zip(thirds(self.name), SHADES, strict=True):
            pen = QPen(now.color(colour, alpha), 1.25 * now.scale)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPoints(QPolygonF([QPointF(centre.x() + scale * x, centre.y() - scale * y) for x, y in points.tolist()]))
