"""The canvas: a PictureView that one draws on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QMouseEvent, QPaintEvent, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from scoreviz.gui.canvas import drop
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.interaction import NARROWEST, WIDEST, Guest, Hand
from scoreviz.gui.canvas.keyboard import ZOOM_STEP, Keyboard
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.pen import Pen
from scoreviz.gui.canvas.tools import TOOLS, Ink, Tool
from scoreviz.gui.canvas.view import PictureView
from scoreviz.gui.widgets.focus import FocusFrame
from scoreviz.gui.widgets.keys import KeyLine
from scoreviz.scene.text import QT_TRANSLATE_NOOP

BRUSH_STEP = 1.25
"""Brush width per press of [ or ]."""
KEYS = (
    KeyLine((Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight), "[  ]", QT_TRANSLATE_NOOP("keys", "Size the brush")),
    KeyLine((Qt.Key.Key_Return, Qt.Key.Key_Enter), "Enter", QT_TRANSLATE_NOOP("keys", "Finish a polygon or a curve")),
    KeyLine((Qt.Key.Key_Backspace,), "Backspace", QT_TRANSLATE_NOOP("keys", "Take back the last corner")),
    KeyLine((Qt.Key.Key_Escape,), "Esc", QT_TRANSLATE_NOOP("keys", "Drop the stroke or the corners; hide the cross-hair")),
)  # fmt: skip
"""Beside those of `keyboard.py`."""


class Canvas(PictureView):
    """Tools, pointer and keys; each finished gesture is one signal, in the drawing's units. It edits nothing itself.

    A tablet's pen draws by the mouse event that Qt makes of a pen event that nobody took; only its pressure is noted here.
    """

    strokeFinished = Signal(object)  # (n, 2) float32; n = 1 for a click: brush, line, polygon and curve, see `tool`
    areaFinished = Signal(object)  # (n, 2) float32: the corners of a filled polygon
    cornersMissing = Signal()  # a filled polygon of fewer than three corners
    probed = Signal(float, float)  # with the probe, at a press and while it is dragged
    dropBegan = Signal(float, float)
    dropMoved = Signal(float, float)
    dropEnded = Signal(float, float)
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
            self.tr(
                "Draw a density here. The wheel zooms, the middle button moves the picture, [ and ] size the brush. Arrow keys move a "
                "cross-hair, Enter places what the tool draws there, Page Up and Page Down zoom. With the selection "
                "tool Enter chooses a mark and Tab the next; arrows move it, [ and ] size it, { and } turn it, Delete removes it."
            )
        )
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self._dropping = False  # files are held over the canvas
        self._hand = Hand(self._finish, self._look_by_hand)
        self._keyboard = Keyboard(self._hand, self._look_by_hand, self._point_by_key)
        self._focus = FocusFrame(self)
        self._pen = Pen()
        self._handlers: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseButtonDblClick: self._double_click,
            QEvent.Type.TabletPress: self._tablet,
            QEvent.Type.TabletMove: self._tablet,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.ShortcutOverride: self._own_key,
            QEvent.Type.KeyPress: self._key_press,
            QEvent.Type.Leave: self._leave,
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

    @property
    def pressure(self) -> float:
        """The mean pressure of the pen over the last stroke, 0 to 1; 1 for a mouse."""
        return self._pen.pressure

    @property
    def cross(self) -> tuple[float, float] | None:
        """Where the keyboard's cross-hair is, in the drawing's units; None while there is none."""
        at = self._keyboard.at
        return None if at is None else self.camera.to_data(at.x(), at.y())

    def set_ink(self, ink: Ink) -> None:
        """What is drawn with, for the preview."""
        self._hand.ink = ink
        self.update()

    def lend(self, tool: Tool, guest: Guest) -> None:
        """Give a tool of this name to somebody who knows what is drawn."""
        self._hand.guests[tool] = guest

    def set_tool(self, tool: Tool) -> None:
        """One of TOOLS; a gesture under way is dropped."""
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
            self._keyboard.paint(painter, palette(self._content.palette))
            self._focus.paint(painter)
            if self._dropping:
                drop.paint(painter, QRectF(self.rect()), palette(self._content.palette).brush)
        self.painted.emit(time.perf_counter() - began)

    def _finish(self, gesture: str, *values: Any) -> None:
        match gesture:
            case "brush" | "line" | "polygon" | "curve":
                self.strokeFinished.emit(*values)
            case "area":
                self.areaFinished.emit(*values)
            case "erase":
                self.eraseFinished.emit(*values)
            case "gaussian":
                self.gaussianPlaced.emit(*values)
            case "outside":
                self.strokeOutside.emit()
            case "too few corners":
                self.cornersMissing.emit()
            case "probe begin" | "probe move":
                self.probed.emit(*values)
            case "drop begin":
                self.dropBegan.emit(*values)
            case "drop move":
                self.dropMoved.emit(*values)
            case "drop end":
                self.dropEnded.emit(*values)

    def _look_by_hand(self, camera: Camera) -> None:
        if self._look(camera):
            self.cameraChanged.emit(camera.x, camera.y, camera.half_height)

    def _tablet(self, event: QTabletEvent) -> bool:
        self._pen.feel(event.pressure(), begins=event.type() == QEvent.Type.TabletPress)
        return False  # so that Qt sends the mouse event that it stands for

    def _double_click(self, event: QMouseEvent) -> bool:
        if self.tool not in ("polygon", "curve") or event.button() != Qt.MouseButton.LeftButton:
            return self._press(event)
        self._hand.close()  # its first click has set the last corner, or closed the shape
        self.update()
        return True

    def _point_by_key(self, at: QPointF) -> None:
        self.pointerMoved.emit(*self.camera.to_data(at.x(), at.y()))

    def _press(self, event: QMouseEvent) -> bool:
        self._keyboard.hide()
        self._pen.begin(by_pen=event.pointerType() == QPointingDevice.PointerType.Pen)
        taken = self._hand.press(event.position(), event.button(), self.camera, event.modifiers())
        self._update_cursor()
        self.update()
        return taken

    def _move(self, event: QMouseEvent) -> bool:
        self._keyboard.hide()  # one place at a time
        self._hand.move(event.position(), self.camera, event.modifiers())
        if self._hand.guest is not None:
            self._update_cursor()
        self.update()
        self.pointerMoved.emit(*self.camera.to_data(event.position().x(), event.position().y()))
        return True

    def _release(self, event: QMouseEvent) -> bool:
        if event.buttons() == Qt.MouseButton.NoButton:
            self._hand.release(event.position(), self.camera, event.modifiers())
            self._update_cursor()
            self.update()
        return True

    def _wheel(self, event: QWheelEvent) -> bool:
        notches = event.angleDelta().y() / 120.0
        if notches and not self._hand.busy:  # a stroke keeps the camera that it began with
            at = event.position()
            self._look_by_hand(self.camera.zoomed(ZOOM_STEP**-notches, at.x(), at.y()))
        return True

    def _own_key(self, event: QKeyEvent) -> bool:
        """Before the window's shortcuts: whether the key is for the canvas."""
        corners = self._hand.corners is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace)
        return corners or (self._hand.guest is not None and self._hand.guest.wants(event))

    def _key_press(self, event: QKeyEvent) -> bool:
        if self._hand.guest is not None and self._hand.guest.key(event, self.camera):
            self.update()
            return True
        match event.key():
            case Qt.Key.Key_Backspace if self._hand.corners is not None:
                self._hand.take_back()
                self.update()
            case Qt.Key.Key_BracketLeft | Qt.Key.Key_BracketRight as key:
                self.set_brush_width(self.brush_width * (BRUSH_STEP if key == Qt.Key.Key_BracketRight else 1 / BRUSH_STEP))
                self.brushWidthChanged.emit(self.brush_width)
            case Qt.Key.Key_Escape if self._hand.busy or self._hand.corners is not None:
                self._hand.cancel()
                self._update_cursor()
                self.update()
            case Qt.Key.Key_Escape:
                self.update()
                return self._keyboard.hide()
            case _:
                return self._by_keyboard(event)
        return True

    def _by_keyboard(self, event: QKeyEvent) -> bool:
        if not self._hand.busy:
            self._pen.begin(by_pen=False)
        taken = self._keyboard.key(event, self.camera)
        if taken:
            self.update()
        return taken

    def _leave(self, event: QEvent) -> bool:
        self._hand.pointer = None
        self.update()
        self.pointerLeft.emit()
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
        elif self._hand.tool == "pan":
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._hand.guest is not None:
            self.setCursor(self._hand.guest.cursor())
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)
