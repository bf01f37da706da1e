"""The widget that shows space, and the hand that turns it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import Frames
from scoreviz.gui.canvas.palette import PaletteName, palette
from scoreviz.gui.canvas.particles import Counts
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.view import TRAIL_SECONDS
from scoreviz.gui.dynamics.space.eye import DEGREES_PER_PIXEL, Eye, Projected
from scoreviz.gui.dynamics.space.picture import SpaceContent, SpacePicture
from scoreviz.gui.widgets.focus import FocusFrame
from scoreviz.gui.widgets.keys import ARROWS, KeyLine, keep_keys
from scoreviz.scene.parameters import parameters
from scoreviz.scene.text import QT_TRANSLATE_NOOP
from scoreviz.scene.view import View

ZOOM_STEP = 1.15
"""Half height per notch of the wheel, or press of + or -."""
KEY_DEGREES = 5.0
"""Turned by one press of an arrow key."""

_KEYS = frozenset({Qt.Key.Key_Home, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Equal})
_TURNS = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
Key = Qt.Key
KEYS = (
    KeyLine((Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down), "← → ↑ ↓", QT_TRANSLATE_NOOP("keys", "Turn by 5°")),
    KeyLine((Key.Key_Plus, Key.Key_Equal, Key.Key_Minus), "+  −", QT_TRANSLATE_NOOP("keys", "Zoom")),
    KeyLine((Key.Key_PageUp, Key.Key_PageDown), "Page Up, Page Down", QT_TRANSLATE_NOOP("keys", "Zoom")),
    KeyLine((Key.Key_Home,), "Home", QT_TRANSLATE_NOOP("keys", "Look from where one began")),
)  # fmt: skip
(_HEIGHT,) = (p for p in parameters(View) if p.name == "space_half_height")


class SpaceView(QWidget):
    """Shows exactly what it was last given. A drag turns, the wheel zooms; it edits nothing itself."""

    painted = Signal(float)  # seconds that it took
    looked = Signal(float, float, float)  # azimuth, elevation, half height: by hand
    seen = Signal(bool)  # it came on screen, or went

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("space")
        self.setAccessibleName(self.tr("Space"))
        self.setAccessibleDescription(
            self.tr(
                "Drag, or use the arrow keys, to turn space; the wheel, + and − zoom; a double click or Home looks from where one began."
            )
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        keep_keys(self, ARROWS, _KEYS)
        self._focus = FocusFrame(self)
        self._content = SpaceContent()
        self._half_height = View().space_half_height
        self._picture, self._offline = SpacePicture(TRAIL_SECONDS), SpacePicture()
        self._ui_scale = 1.0
        self._grip: QPointF | None = None
        self._wanted = self._content.eye  # by the scene
        self._handlers: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.MouseButtonDblClick: self._home,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.KeyPress: self._key,
            QEvent.Type.Show: self._turn_up,
            QEvent.Type.Hide: self._go,
        }

    @property
    def content(self) -> SpaceContent:
        """What is shown."""
        return self._content

    @property
    def camera(self) -> Camera:
        """Of the projected picture, in logical pixels."""
        return Camera(half_height=self._half_height).sized(self.width(), self.height())

    @property
    def counts(self) -> Counts:
        """Of the picture last painted: particles in all, outside, not finite."""
        return self._picture.counts

    def set_view(self, view: View) -> None:
        """Which layers are shown and how; from where, if that is not what was asked for last: a turntable goes on."""
        self.show_content(view=view)
        self._half_height = view.space_half_height
        if (wanted := Eye(view.azimuth, view.elevation)) != self._wanted:
            self._wanted = wanted
            self.look(wanted, moving=self._grip is not None)

    def look(self, eye: Eye, *, moving: bool = False) -> None:
        """From another direction. moving: more of them follow at once."""
        run = self._content.frames
        frames = None if run is None else run if run.eye == eye else Projected(run.frames, eye)
        self.show_content(eye=eye, frames=frames, moving=moving)

    def show_content(self, **changes: Any) -> None:
        """Replace parts of what is shown, by the names of `SpaceContent`."""
        self._content = dataclasses.replace(self._content, **changes)
        self.update()

    def show_run(self, frames: Frames | None, k: int) -> None:
        """Frame k of a run in space; None for no run."""
        shown = self._content.frames
        if frames is None or (shown is not None and shown.frames is frames):
            self.show_content(frames=None if frames is None else shown, k=k)
        else:
            self.show_content(frames=Projected(frames, self._content.eye), k=k)

    def set_palette_name(self, name: PaletteName) -> None:
        """'dark' or 'light'."""
        palette(name)  # an unknown name is an error here, not in a paint event
        self.show_content(palette=name)

    def set_ui_scale(self, scale: float) -> None:
        """Type, lines and points this much larger."""
        self._ui_scale = scale
        self.update()

    def home(self) -> None:
        """Look from where a new scene is looked at."""
        view = View()
        self.looked.emit(view.azimuth, view.elevation, view.space_half_height)

    def render_to(self, size: QSize, scale: float = 1.0) -> QImage:
        """The picture at another size, without a screen."""
        return self._offline.image(self._content, self.camera.sized(size.width(), size.height()), scale).copy()

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        with painting(self) as painter:
            ratio = painter.deviceTransform().m11()
            camera = self.camera.sized(round(self.width() * ratio), round(self.height() * ratio))
            painter.scale(1.0 / ratio, 1.0 / ratio)
            painter.drawImage(0, 0, self._picture.image(self._content, camera, ratio * self._ui_scale))
        if self._picture.unfinished:
            self.update()
        if self.hasFocus():
            with painting(self) as painter:
                self._focus.paint(painter)
        self.painted.emit(time.perf_counter() - began)

    def event(self, event: QEvent) -> bool:
        handler = self._handlers.get(event.type()) if hasattr(self, "_handlers") else None  # Qt sends some during construction
        if handler is not None and handler(event):
            event.accept()
            return True
        return super().event(event)

    def _turn_up(self, _event: QEvent) -> bool:
        self.seen.emit(True)
        return False

    def _go(self, _event: QEvent) -> bool:
        self._grip = None
        self.seen.emit(False)
        return False

    # ---- the hand

    def _say(self, eye: Eye, half_height: float | None = None) -> None:
        low, high = _HEIGHT.low or 0.0, _HEIGHT.high or 1.0
        wanted = min(max(self._half_height if half_height is None else half_height, low), high)
        self.looked.emit(eye.azimuth, eye.elevation, wanted)

    def _press(self, event: QMouseEvent) -> bool:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return False
        self._grip = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def _move(self, event: QMouseEvent) -> bool:
        if self._grip is None:
            return False
        moved, self._grip = event.position() - self._grip, event.position()
        if moved.manhattanLength():
            self.show_content(moving=True)
            self._say(self._content.eye.turned(moved.x(), moved.y()))
        return True

    def _release(self, event: QMouseEvent) -> bool:
        self._grip = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.show_content(moving=False)
        return True

    def _home(self, _event: QMouseEvent) -> bool:
        self.home()
        return True

    def _wheel(self, event: QWheelEvent) -> bool:
        notches = event.angleDelta().y() / 120.0
        if notches:
            self._say(self._content.eye, self._half_height * ZOOM_STEP**-notches)
        return True

    def _key(self, event: QKeyEvent) -> bool:
        match Qt.Key(event.key()):
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down as key:
                right, down = (side * KEY_DEGREES / DEGREES_PER_PIXEL for side in _TURNS[key])
                self._say(self._content.eye.turned(right, down))
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal | Qt.Key.Key_PageUp:
                self._say(self._content.eye, self._half_height / ZOOM_STEP)
            case Qt.Key.Key_Minus | Qt.Key.Key_PageDown:
                self._say(self._content.eye, self._half_height * ZOOM_STEP)
            case Qt.Key.Key_Home:
                self.home()
            case _:
                return False
        return True
