"""Small pictures of the shapes in space: a few samples of each, recorded by the engine, seen from half above."""

from __future__ import annotations

import functools

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from scoreviz import resources
from scoreviz.gui import theme
from scoreviz.gui.dynamics.space.eye import Eye
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined
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


class SolidPresetButton(QAbstractButton):
    """A thumbnail; the present one is outlined in the accent."""

    def __init__(self, name: SolidPresetName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._dots_key: tuple[object, ...] = ()
        self._dots_kept = QPixmap()
        text = scene_text(SOLID_LABELS[name])
        self.setObjectName(f"solid_preset.{name}")
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
        """The samples, far ones first; kept, since a film of the tab paints them for every frame."""
        key = (self.size(), self.devicePixelRatioF(), now, colour)
        if key != self._dots_key:
            self._dots_key = key
            self._dots_kept = QPixmap(self.size() * self.devicePixelRatioF())
            self._dots_kept.setDevicePixelRatio(self.devicePixelRatioF())
            self._dots_kept.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._dots_kept)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            centre, scale = QRectF(self.rect()).center(), self.width() / 2 - now.px(5)
            for points, alpha in zip(thirds(self.name), SHADES, strict=True):
                pen = QPen(now.color(colour, alpha), 1.25 * now.scale)
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawPoints(QPolygonF([QPointF(centre.x() + scale * x, centre.y() - scale * y) for x, y in points.tolist()]))
            painter.end()
        return self._dots_kept
