"""Small pictures of the preset densities: a few samples of each, recorded by the engine."""

from __future__ import annotations

import functools

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from scoreviz import resources
from scoreviz.gui import theme
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined
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


class PresetButton(QAbstractButton):
    """A thumbnail; the present one is outlined in the accent."""

    def __init__(self, name: PresetName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._dots_key: tuple[object, ...] = ()
        self._dots_kept = QPixmap()
        text = scene_text(PRESET_LABELS[name])
        self.setObjectName(f"preset.{name}")
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        side = theme.current().px(36)
        return QSize(side, side)

    minimumSizeHint = sizeHint

    def nextCheckState(self) -> None:
        """The store decides what is checked."""

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, on = QRectF(self.rect()), self.isChecked()
        edge = now.color("accent" if on else "faint" if self.underMouse() else "border")
        outlined(painter, rect, now.px(5), fill=now.color("raised"), edge=edge)
        painter.drawPixmap(0, 0, self._dots(now, "accent" if on else "track" if not now.dark else "dim"))
        focus_ring(painter, self, rect, now.px(5))

    def _dots(self, now: theme.Theme, colour: str) -> QPixmap:
        """The samples; kept, since a film of the tab paints them for every frame."""
        key = (self.size(), self.devicePixelRatioF(), now, colour)
        if key != self._dots_key:
            self._dots_key = key
            self._dots_kept = QPixmap(self.size() * self.devicePixelRatioF())
            self._dots_kept.setDevicePixelRatio(self.devicePixelRatioF())
            self._dots_kept.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._dots_kept)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(now.color(colour, 0.8), 1.25 * now.scale)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            centre, scale = QRectF(self.rect()).center(), self.width() / 2 - now.px(5)
            painter.drawPoints(QPolygonF([QPointF(centre.x() + scale * x, centre.y() - scale * y) for x, y in shape(self.name).tolist()]))
            painter.end()
        return self._dots_kept
