"""Small pictures of the preset densities: points along their shapes, enough to tell them apart."""

from __future__ import annotations

import functools

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.density import PRESET_LABELS, PresetName

POINTS = 260


def _arm(u: np.ndarray, turn: float) -> np.ndarray:
    radius, angle = np.sqrt(u), 3.0 * np.pi * np.sqrt(u) + turn
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


@functools.cache
def shape(name: PresetName) -> np.ndarray:
    """(n, 2) points of a preset in the square -1..1, y upwards. Only for the thumbnail: the density itself is `maths.targets`'."""
    rng = np.random.default_rng(3)
    u, v, z = rng.random(POINTS), rng.random(POINTS), rng.standard_normal((POINTS, 2))
    pick = rng.integers(0, 1 << 16, POINTS)
    two = (pick % 2).astype(float)
    match name:
        case "two_spirals":
            points = _arm(0.03 + 0.97 * u, 0.0) * (1 - 2 * two)[:, None] + 0.035 * z
        case "two_moons":
            angle = np.pi * u
            x, y = np.cos(angle), np.sin(angle)
            points = np.stack([np.where(two > 0, 1 - x, x) - 0.5, np.where(two > 0, 0.5 - y, y) - 0.25], 1) * 0.66 + 0.035 * z
        case "eight_gaussians":
            angle = 2 * np.pi * (pick % 8) / 8
            points = 0.82 * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.07 * z
        case "checkerboard":
            column, half = pick % 4, (pick >> 4) % 2
            row = 2 * half + column % 2
            points = np.stack([(column + u) / 2 - 1, (row + v) / 2 - 1], 1) * 0.94
        case "rings":
            angle, radius = 2 * np.pi * u, np.array([0.34, 0.63, 0.63, 0.92, 0.92, 0.92])[pick % 6]
            points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.025 * z
        case "pinwheel":
            radius = np.clip(0.58 + 0.2 * z[:, 0], 0.12, 1.0)
            angle = 2 * np.pi * (pick % 5) / 5 + 0.09 * z[:, 1] / radius + 1.5 * radius
            points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        case "s_curve":
            angle = 3 * np.pi * (u - 0.5)
            points = np.stack([0.62 * np.sin(angle), 0.46 * np.sign(angle) * (np.cos(angle) - 1)], 1) + 0.035 * z
    return np.asarray(points)


class PresetButton(QAbstractButton):
    """A thumbnail; the present one is outlined in the accent."""

    def __init__(self, name: PresetName, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
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
        scale = rect.width() / 2 - now.px(5)
        pen = QPen(now.color("accent" if on else "track" if not now.dark else "dim", 0.8), 1.25 * now.scale)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        centre = rect.center()
        painter.drawPoints(QPolygonF([QPointF(centre.x() + scale * x, centre.y() - scale * y) for x, y in shape(self.name).tolist()]))
        focus_ring(painter, self, rect, now.px(5))
