"""The canvas: a PictureView that one draws on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from scoreviz.gui.canvas import drop
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.interaction import NARROWEST, TOOLS, WIDEST, Hand, Tool
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.view import PictureView

ZOOM_STEP = 1.15
"""half_height per notch of the wheel."""
BRUSH_STEP = 1.25
"""Brush width per press of [ or ]."""


class Canvas(PictureView):
    """Tools, pointer and keys; each finished gesture is one signal, in the drawing's units. It edits nothing itself.

    A tablet's pen needs nothing of its own: Qt hands on a pen event that nobody took as a mouse event.
    """

    strokeFinished = Signal(object)  # (n, 2) float32; n = 1 for a click
    eraseFinished = Signal(object)
    gaussianPlaced = Signal(float, float, float)  # x, y, std
    strokeOutside = Signal()  # a gesture of which no point lay on the canvas and within the world
    cameraChanged = Signal(float, float, float)  # x, y, half_height: by hand, not by set_camera
    brushWidthChanged = Signal(float)  # by key
    pointerMoved = Signal(float, float)
    pointerLeft = Signal()
    filesDropped = Signal(object)  # list of paths
    painted = Signal(float)  # seconds that it took

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self.setAccessibleDescription(
            self.tr("Draw a density here. The wheel zooms, the middle button moves the picture, [ and ] size the brush.")
        )
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self._dropping = False  # files are held over the canvas
        self._hand = Hand(self._finish, self._look_by_hand)
        self._handlers: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseButtonDblClick: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.KeyPress: self._key_press,
            QEvent.Type.KeyRelease: self._key_release,
            QEvent.Type.Leave: self._leave,
            QEvent.Type.FocusOut: self._focus_out,
            QEvent.Type.DragEnter: self._drag,
            QEvent.Type.DragMove: self._drag,
            QEvent.Type.DragLeave: self._drag_leave,
            QEvent.Type.Drop: self._drop,
        }
        self._update_cursor()

    @property
    def tool(self) -> Tool:
        """What the left button does."""
        return self._hand.tool

    @property
    def brush_width(self) -> float:
        """Standard deviation across a brush stroke, reach of the eraser; in the drawing's units."""
        return self._hand.width

    def set_tool(self, tool: Tool) -> None:
        """'brush', 'erase', 'gaussian' or 'pan'; a gesture under way is dropped."""
        if tool not in TOOLS:
            raise ValueError(f"no tool is called {tool!r}; there are {', '.join(TOOLS)}")
        self._hand.cancel()
        self._hand.tool = tool
        self._update_cursor()
        self.update()

    def set_brush_width(self, width: float) -> None:
        """In the drawing's units; kept within what the document takes."""
        self._hand.width = min(max(width, NARROWEST), WIDEST)
        self.update()

    def event(self, event: QEvent) -> bool:
        handler = self._handlers.get(event.type()) if hasattr(self, "_handlers") else None  # Qt sends some during construction
        if handler is not None and handler(event):
            event.accept()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        super().paintEvent(event)
        with painting(self) as painter:
            self._hand.paint(painter, self.camera, palette(self._content.palette))
            if self._dropping:
                drop.paint(painter, QRectF(self.rect()), palette(self._content.palette).brush)
        self.painted.emit(time.perf_counter() - began)

    def _finish(self, gesture: str, *values: Any) -> None:
        match gesture:
            case "brush":
                self.strokeFinished.emit(*values)
            case "erase":
                self.eraseFinished.emit(*values)
            case "gaussian":
                self.gaussianPlaced.emit(*values)
            case "outside":
                self.strokeOutside.emit()

    def _look_by_hand(self, camera: Camera) -> None:
        if self._look(camera):
            self.cameraChanged.emit(camera.x, camera.y, camera.half_height)

    def _press(self, event: QMouseEvent) -> bool:
        taken = self._hand.press(event.position(), event.button(), self.camera)
        self._update_cursor()
        self.update()
        return taken

    def _move(self, event: QMouseEvent) -> bool:
        self._hand.move(event.position(), self.camera)
        self.update()
        self.pointerMoved.emit(*self.camera.to_data(event.position().x(), event.position().y()))
        return True

    def _release(self, event: QMouseEvent) -> bool:
        if event.buttons() == Qt.MouseButton.NoButton:
            self._hand.release(event.position(), self.camera)
            self._update_cursor()
            self.update()
        return True

    def _wheel(self, event: QWheelEvent) -> bool:
        notches = event.angleDelta().y() / 120.0
        if notches and not self._hand.busy:  # a stroke keeps the camera that it began with
            at = event.position()
            self._look_by_hand(self.camera.zoomed(ZOOM_STEP**-notches, at.x(), at.y()))
        return True

    def _key_press(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_BracketLeft | Qt.Key.Key_BracketRight as key:
                self.set_brush_width(self.brush_width * (BRUSH_STEP if key == Qt.Key.Key_BracketRight else 1 / BRUSH_STEP))
                self.brushWidthChanged.emit(self.brush_width)
            case Qt.Key.Key_Space:
                self._hold_pan(True)
            case Qt.Key.Key_Escape if self._hand.busy:
                self._hand.cancel()
                self._update_cursor()
                self.update()
            case _:
                return False
        return True

    def _key_release(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            return False
        self._hold_pan(False)
        return True

    def _hold_pan(self, held: bool) -> None:
        self._hand.panning = held
        self._update_cursor()
        self.update()

    def _leave(self, event: QEvent) -> bool:
        self._hand.pointer = None
        self.update()
        self.pointerLeft.emit()
        return False

    def _focus_out(self, event: QEvent) -> bool:
        self._hold_pan(False)  # its release will go elsewhere
        return False

    def _drag(self, event: QDropEvent) -> bool:
        self._hold_files(bool(drop.files(event.mimeData())))
        return self._dropping  # what holds no files is left to others

    def _drag_leave(self, event: QEvent) -> bool:
        self._hold_files(False)
        return True

    def _drop(self, event: QDropEvent) -> bool:
        self._hold_files(False)
        paths = drop.files(event.mimeData())
        if paths:
            event.setDropAction(Qt.DropAction.CopyAction)  # a file manager that moves must not take the file away
            self.filesDropped.emit(paths)
        return bool(paths)

    def _hold_files(self, held: bool) -> None:
        self._dropping = held
        self.update()

    def _update_cursor(self) -> None:
        if self._hand.gripping:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._hand.panning or self._hand.tool == "pan":
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)
