"""The widget that shows space-time, and what the hand does on it. It edits nothing itself: each finished gesture is a signal."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from scoreviz.gui.canvas.palette import PaletteName, palette
from scoreviz.gui.canvas.particles import Counts
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.dynamics.spacetime.content import Content
from scoreviz.gui.dynamics.spacetime.curve import DUST, Heights, nothing
from scoreviz.gui.dynamics.spacetime.layout import Layout
from scoreviz.gui.dynamics.spacetime.picture import SpaceTimePicture
from scoreviz.gui.dynamics.spacetime.start import StartMark
from scoreviz.gui.dynamics.tool_settings import ToolSettings
from scoreviz.gui.widgets.focus import FocusFrame
from scoreviz.gui.widgets.keys import KeyLine
from scoreviz.scene.text import QT_TRANSLATE_NOOP

CLICK = 4.0
"""Logical pixels below which a press and release is a click."""
ZOOM_STEP = 1.15

Key = Qt.Key
KEYS = (
    KeyLine((Key.Key_Up, Key.Key_Down), "↑ ↓", QT_TRANSLATE_NOOP("keys", "Move the place where paths start; with Shift farther")),
    KeyLine((Key.Key_Left, Key.Key_Right), "← →", QT_TRANSLATE_NOOP("keys", "One kept frame back or on")),
    KeyLine((Key.Key_Return, Key.Key_Enter), "Enter", QT_TRANSLATE_NOOP("keys", "Start paths there, at the time of the frame on screen")),
    KeyLine((Key.Key_PageUp, Key.Key_PageDown), "Page Up, Page Down", QT_TRANSLATE_NOOP("keys", "Zoom")),
    KeyLine((Key.Key_Escape,), "Esc", QT_TRANSLATE_NOOP("keys", "Clear those paths; drop a curve that is being drawn")),
)  # fmt: skip

Gesture = Literal["draw", "press", "scrub", "pan"]


class SpaceTime(QWidget):
    """Shows exactly what it was last given."""

    painted = Signal(float)
    pointClicked = Signal(float, float)  # t and x: paths are wanted from there
    cleared = Signal()  # Esc: no such paths any more
    scrubbed = Signal(int)  # frame
    curveDrawn = Signal(object, bool)  # Heights; was it the eraser?
    looked = Signal(float, float)  # centre and half height
    seen = Signal(bool)  # on screen, or not any more
    boundsChanged = Signal()  # the visible part of x, or the size, is another

    def __init__(self, tools: ToolSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("spacetime")
        self.setAccessibleName(self.tr("Space-time"))
        self.setAccessibleDescription(
            self.tr(
                "Time to the right, x upwards. Draw the density in the panel at the data's end. Drag along time to scrub; click, or press "
                "Return, for paths from there to the data, where the up and down keys move the start; Esc clears them. The wheel zooms."
            )
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._tools = tools
        self.content = Content()
        self._picture, self._offline = SpaceTimePicture(), SpaceTimePicture()
        self._ui_scale = 1.0
        self._gesture: Gesture | None = None
        self._pressed = self._last = QPointF()
        self._erased = False
        self.chips: QWidget | None = None  # what the stage lays over the bottom left
        self._start, self._focus = StartMark(), FocusFrame(self)
        self._handlers: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseButtonDblClick: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.KeyPress: self._key,
            QEvent.Type.Show: lambda _: self._tell_seen(True),
            QEvent.Type.Hide: lambda _: self._tell_seen(False),
            QEvent.Type.Resize: lambda _: self._resized(),
        }

    @property
    def layout_(self) -> Layout:
        """Of the widget, in logical pixels."""
        content = self.content
        return Layout(self.width(), self.height(), self._ui_scale, content.x0, content.x1, content.axis.data_left, content.bare)

    @property
    def counts(self) -> Counts:
        """Of the picture last painted: particles in all, outside, not finite."""
        return self._picture.counts

    def show_content(self, **changes: Any) -> None:
        """Replace parts of what is shown, by the names of `Content`."""
        self.content = dataclasses.replace(self.content, **changes)
        self.update()

    def set_palette_name(self, name: PaletteName) -> None:
        """'dark' or 'light'."""
        palette(name)  # an unknown name is an error here, not in a paint event
        self.show_content(palette=name)

    def set_ui_scale(self, scale: float) -> None:
        """Type, lines and points this much larger."""
        self._ui_scale = scale
        self.update()

    def set_bare(self, bare: bool) -> None:
        """Without chips over its foot, or with."""
        self.show_content(bare=bare)

    def render_to(self, size: QSize, scale: float = 1.0) -> QImage:
        """The picture at another size, without a screen."""
        return self._offline.image(self.content, (size.width(), size.height()), scale).copy()

    def event(self, event: QEvent) -> bool:
        handler = self._handlers.get(event.type()) if hasattr(self, "_handlers") else None  # Qt sends some during construction
        if handler is not None and handler(event):
            event.accept()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        with painting(self) as painter:
            ratio = painter.deviceTransform().m11()  # of what is painted on: the screen, or an image given to QWidget.render
            size = (round(self.width() * ratio), round(self.height() * ratio))
            painter.scale(1.0 / ratio, 1.0 / ratio)
            painter.drawImage(0, 0, self._picture.image(self.content, size, ratio * self._ui_scale))
        if self.hasFocus():
            with painting(self) as painter:
                self._start.paint(painter, self.layout_, self.content)
                self._focus.paint(painter)
        self.painted.emit(time.perf_counter() - began)

    # ---- the hand

    def _press(self, event: QMouseEvent) -> bool:
        at, layout = event.position(), self.layout_
        if self._gesture is not None:
            return True
        self._pressed = self._last = at
        middle = event.button() == Qt.MouseButton.MiddleButton
        if not middle and event.button() != Qt.MouseButton.LeftButton:
            return False
        if middle or self._tools.tool == "pan":
            self._gesture = "pan"
        elif layout.holds("drawn", at):
            self._gesture, self._erased = "draw", self._tools.tool == "erase"
            self._draw_to(at)
        elif layout.holds("plot", at):
            self._gesture = "press"
        return self._gesture is not None

    def _move(self, event: QMouseEvent) -> bool:
        at = event.position()
        if self._gesture == "press" and abs(at.x() - self._pressed.x()) >= CLICK:
            self._gesture = "scrub"
        match self._gesture:
            case "draw":
                self._draw_to(at)
            case "scrub":
                self.scrubbed.emit(self.content.axis.frame_at(self.layout_.share_at(at.x())))
            case "pan":
                moved = self.layout_.data_at(at.y()) - self.layout_.data_at(self._last.y())
                self.looked.emit((self.content.x0 + self.content.x1) / 2 - moved, (self.content.x1 - self.content.x0) / 2)
        self._last = at
        self._choose_cursor(at)
        return True

    def _release(self, event: QMouseEvent) -> bool:
        gesture, self._gesture = self._gesture, None
        at, layout = event.position(), self.layout_
        draft = self.content.draft
        if gesture == "draw" and draft is not None:
            self.curveDrawn.emit(draft.without_dust(DUST * self.content.top) if self._erased else draft, self._erased)
        elif gesture == "press" and abs(at.y() - self._pressed.y()) < CLICK:
            self._start_at(layout.share_at(at.x()), layout.data_at(at.y()))
        return True

    def _draw_to(self, at: QPointF) -> None:
        """The curve follows the hand from where it was."""
        layout, content = self.layout_, self.content
        here, before = layout.data_at(at.y()), layout.data_at(self._last.y())
        reach = max(abs(content.x0), abs(content.x1))
        heights: Heights = content.draft or (content.base or nothing()).over(reach)
        if self._erased:
            heights = heights.erased(before, here, self._tools.width)
        else:
            top = content.top
            heights = heights.drawn((before, layout.height_at(self._last.x(), top)), (here, layout.height_at(at.x(), top)))
        self.show_content(draft=heights)

    def _start_at(self, share: float, x: float) -> None:
        t = self.content.axis.t_at(share) if self.content.axis.timed else None
        if t is not None:
            self.pointClicked.emit(t, x)

    def _wheel(self, event: QWheelEvent) -> bool:
        notches = event.angleDelta().y() / 120.0
        if notches and self._gesture is None:
            at, content = self.layout_.data_at(event.position().y()), self.content
            factor = ZOOM_STEP**-notches
            centre = (content.x0 + content.x1) / 2
            self.looked.emit(at + (centre - at) * factor, (content.x1 - content.x0) / 2 * factor)
        return True

    def _key(self, event: QKeyEvent) -> bool:
        content = self.content
        match event.key():
            case Qt.Key.Key_Escape if self._gesture is not None:
                self._gesture = None
                self.show_content(draft=None)
            case Qt.Key.Key_Escape if content.ways:
                self.cleared.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._start_at(*self._start.place(content))
            case Qt.Key.Key_Up | Qt.Key.Key_Down as key:
                self._start.move(
                    content, 1 if key == Qt.Key.Key_Up else -1, far=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                )
                self.update()
            case Qt.Key.Key_Left | Qt.Key.Key_Right as key:
                self.scrubbed.emit(min(max(content.k + (1 if key == Qt.Key.Key_Right else -1), 0), len(content.axis.at) - 1))
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown as key:
                factor = ZOOM_STEP if key == Qt.Key.Key_PageDown else 1 / ZOOM_STEP
                self.looked.emit((content.x0 + content.x1) / 2, (content.x1 - content.x0) / 2 * factor)
            case _:
                return False
        return True

    def _choose_cursor(self, at: QPointF) -> None:
        drawing = self.layout_.holds("drawn", at) or self._gesture == "draw"
        shape = Qt.CursorShape.CrossCursor if drawing or self.layout_.holds("plot", at) else Qt.CursorShape.ArrowCursor
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._tools.tool == "pan" else shape)

    def _tell_seen(self, seen: bool) -> bool:
        self.seen.emit(seen)
        return False

    def _resized(self) -> bool:
        self.boundsChanged.emit()
        return False
