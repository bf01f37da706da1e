"""Small pictures of the preset densities: a few samples of each, recorded by the engine."""

from __future__ import annotations

import functools

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from scoreviz import resources
from scoreviz.gui import theme
from scoreviz.gui.dynamics.thumbnail import Thumbnail
from scoreviz.gui.widgets.words import scene_text
from scoreviz.protocol.arrays import Array
from scoreviz.scene.density import PRESET_LABELS, PresetName

FILE = "presets.bin"
HALF = 2.3  # of the square of the drawing that a thumbnail shows


@functools.cache
def _recorded() -> dict[str, Array]:
    return msgspec.msgpack.decode(resources.asset(FILE).read_bytes(), type=dict[str, Array])


@functools.cache
def shape(name: PresetName) -> np.ndarray:
    """(n, 2) exact samples of a preset's mixture in the square -1..1, y upwards, as the engine drew them."""
    return _recorded()[name].numpy() / HALF


class PresetButton(Thumbnail):
    """Its picture is what `shape` gives."""

    def __init__(self, name: PresetName, parent: QWidget | None = None) -> None:
        super().__init__(scene_text(PRESET_LABELS[name]), f"preset.{name}", parent)
        self.name = name

    def draw(self, painter: QPainter, rect: QRectF, now: theme.Theme, colour: str) -> None:
        """The samples."""
        pen = QPen(now.color(colour, 0.8), 1.25 * now.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        centre, scale = rect.center(), rect.width() / 2 - now.px(5)
        painter.drawPoints(QPolygonF([QPointF(centre.x() + scale * x, centre.y() - scale * y) for x, y in shape(self.name).tolist()]))
