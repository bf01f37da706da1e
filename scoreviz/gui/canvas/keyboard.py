"""The hand on the keyboard: a cross-hair that the arrow keys move, and what Enter does there with the tool in hand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.interaction import Hand
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.tools import Tool
from scoreviz.gui.widgets.keys import DIRECTIONS, KeyLine
from scoreviz.scene.text import QT_TRANSLATE_NOOP

STEP, FAR = 4.0, 40.0
"""Logical pixels for an arrow key, and with Shift."""
PAN_SHARE = 0.1
"""Of the canvas's height, by which an arrow key moves the picture."""
ZOOM_STEP = 1.15
"""half_height for a press of Page Up or Page Down, as for a notch of the wheel."""
ARM, GAP = 12.0, 4.0
CROSSED: tuple[Tool, ...] = ("brush", "erase", "line", "polygon", "curve", "gaussian", "probe", "drop")
"""Tools that have a place, and so a cross-hair."""

Key = Qt.Key
KEYS = (
    KeyLine(tuple(DIRECTIONS), "← → ↑ ↓", QT_TRANSLATE_NOOP("keys", "Move the cross-hair (Shift: farther)")),
    KeyLine((Key.Key_Return, Key.Key_Enter), "Enter", QT_TRANSLATE_NOOP("keys", "Place a dot, a Gaussian, an end, a corner there")),
    KeyLine((Key.Key_PageUp, Key.Key_PageDown), "Page Up, Page Down", QT_TRANSLATE_NOOP("keys", "Zoom")),
)  # fmt: skip


class Keyboard:
    """`look` is called with another camera, `pointed` with the cross-hair's pixel, as a moving pointer's."""

    def __init__(self, hand: Hand, look: Callable[[Camera], None], pointed: Callable[[QPointF], None]) -> None:
        self._hand, self._look, self._pointed = hand, look, pointed
        self.at: QPointF | None = None  # logical pixels; None while nobody uses it
        self._moved = False  # since the last corner

    def hide(self) -> bool:
        """No cross-hair any more; whether there was one."""
        shown, self.at = self.at is not None, None
        return shown

    def key(self, event: QKeyEvent, camera: Camera) -> bool:
        """Whether the key was for it."""
        key = event.key()
        if key in DIRECTIONS:
            across, down = DIRECTIONS[Qt.Key(key)]
            return self._arrow(across, down, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier), camera)
        if key in (Key.Key_PageUp, Key.Key_PageDown):
            if not self._hand.busy:
                at = self._place(camera)
                self._look(camera.zoomed(1 / ZOOM_STEP if key == Key.Key_PageUp else ZOOM_STEP, at.x(), at.y()))
            return True
        return key in (Key.Key_Return, Key.Key_Enter) and self._enter(camera)

    def _place(self, camera: Camera) -> QPointF:
        """Where it is, or where it would appear: at the pointer, else in the middle."""
        at = self.at or self._hand.pointer or QPointF(camera.width_px / 2, camera.height_px / 2)
        return QPointF(min(max(at.x(), 0.0), camera.width_px - 1.0), min(max(at.y(), 0.0), camera.height_px - 1.0))

    def _arrow(self, across: int, down: int, far: bool, camera: Camera) -> bool:
        if self._hand.tool == "pan":
            step = PAN_SHARE * camera.height_px
            self._look(camera.panned(-across * step, -down * step))
            return True
        if self._hand.tool not in CROSSED:
            return False
        step = FAR if far else STEP
        at = self._place(camera) + QPointF(across * step, down * step) * (1 if self.at is not None else 0)  # the first press shows it
        self.at = at = QPointF(min(max(at.x(), 0.0), camera.width_px - 1.0), min(max(at.y(), 0.0), camera.height_px - 1.0))
        self._moved = True
        self._hand.move(at, camera)
        self._pointed(at)
        return True

    def _enter(self, camera: Camera) -> bool:
        hand = self._hand
        if hand.tool not in CROSSED or (self.at is None and hand.corners is None):
            return False
        if hand.tool in ("polygon", "curve") and hand.corners is not None and not self._moved:
            hand.close()
        elif self.at is not None and hand.tool in ("polygon", "curve"):
            hand.press(self.at, Qt.MouseButton.LeftButton, camera)
        elif self.at is not None and hand.busy:
            hand.release(self.at, camera)  # the other end of a line
        elif self.at is not None:
            hand.press(self.at, Qt.MouseButton.LeftButton, camera)
            if hand.tool != "line":
                hand.release(self.at, camera)
        self._moved = False
        return True

    def paint(self, painter: QPainter, palette: CanvasPalette) -> None:
        """Four arms about the place, light over dark, so that they are seen on any ground."""
        if self.at is None or self._hand.tool not in CROSSED:
            return
        for colour, width in ((palette.ground, 3.6), (palette.text, 1.4)):
            painter.setPen(QPen(QColor(colour), width))
            for across, down in DIRECTIONS.values():
                way = QPointF(across, down)
                painter.drawLine(self.at + way * GAP, self.at + way * ARM)
