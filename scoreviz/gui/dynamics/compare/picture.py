"""The picture of one pane: looked at and moved, not drawn on."""

from __future__ import annotations

import time

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas import Camera, PictureView
from scoreviz.gui.widgets.keys import ARROWS, KeyLine, keep_keys
from scoreviz.gui.widgets.paint import focus_ring
from scoreviz.scene.text import QT_TRANSLATE_NOOP

ZOOM_STEP = 1.15  # of half the height, for a notch of the wheel and a press of Page Up or Down
STEP_SHARE = 0.1  # of the height, for a press of an arrow
ARROW_KEYS = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}

KEYS = (
    KeyLine(tuple(ARROW_KEYS), "← → ↑ ↓", QT_TRANSLATE_NOOP("keys", "Move all pictures")),
    KeyLine((Qt.Key.Key_PageUp, Qt.Key.Key_PageDown), "Page Up, Page Down", QT_TRANSLATE_NOOP("keys", "Zoom all pictures")),
)


class PanePicture(PictureView):
    """A drag moves the picture, the wheel zooms it; with the keyboard the arrows and Page Up and Down do."""

    moved = Signal(float, float, float)  # x, y, half_height: by hand, not by set_camera
    painted = Signal(float)

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"compare.picture.{number}")
        self.setAccessibleName(self.tr("Picture of pane {n}").format(n=number))
        self.setToolTip("")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, ARROWS)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setMinimumSize(80, 60)
        self._grip: QPointF | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            focus_ring(painter, self, self.rect().toRectF().adjusted(1, 1, -1, -1), theme.current().px(3))
            painter.end()
        self.painted.emit(time.perf_counter() - began)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grip = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            by = event.position() - self._grip
            self._grip = event.position()
            self._look_by_hand(self.camera.panned(by.x(), by.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.buttons() == Qt.MouseButton.NoButton:
            self._grip = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120.0
        if notches:
            self._look_by_hand(self.camera.zoomed(ZOOM_STEP**-notches, event.position().x(), event.position().y()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, step = Qt.Key(event.key()), STEP_SHARE * self.height()
        if key in ARROW_KEYS:
            across, down = ARROW_KEYS[key]
            self._look_by_hand(self.camera.panned(across * step, down * step))
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            factor = ZOOM_STEP if key == Qt.Key.Key_PageDown else 1 / ZOOM_STEP
            self._look_by_hand(self.camera.zoomed(factor, self.width() / 2, self.height() / 2))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _look_by_hand(self, camera: Camera) -> None:
        if self._look(camera):
            self.moved.emit(camera.x, camera.y, camera.half_height)
