"""The widget that shows a Picture. It knows nothing of tools: a second window or a thumbnail can be one of these."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRect, QSize, QTimer, Signal
from PySide6.QtGui import QImage, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.content import Content
from scoreviz.gui.canvas.frame import Bounds, Frames, Overlay
from scoreviz.gui.canvas.palette import PaletteName, palette
from scoreviz.gui.canvas.particles import Counts
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.picture import Picture
from scoreviz.scene.view import View

TRAIL_SECONDS = 0.04
"""For trails in one paint event after a jump: enough to draw those of the default length at once."""


SHOWING_SECONDS = 0.005
"""For words over the drawn layers, and the way to the screen."""


class PictureView(QWidget):
    """Shows exactly what it was last given; nothing is smoothed over time. While that is being drawn, it shows what it showed before.

    Its own camera is in logical pixels; a picture is drawn in device pixels at whatever ratio the painter has.
    """

    prepared = Signal(float)  # the seconds that it took
    boundsChanged = Signal()  # the visible rectangle is another: fields for it are due

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._content = Content()
        self._camera = Camera()
        self._picture = Picture(TRAIL_SECONDS)
        self._offline = Picture()  # of another size: sharing would rebuild every layer at each turn
        self._ui_scale = 1.0
        self._drawing: Content | None = None  # what is to be on screen next, while its layers are drawn, a turn each
        self._begun = False  # is one of them drawn?
        self._shown = self._content  # on screen until then
        self._coming: Content | None = None  # what is drawn ahead of the time at which it is shown
        self._ahead = QTimer(self, singleShot=True, interval=0)
        self._ahead.timeout.connect(self._draw_ahead)
        self.room: Callable[[], float] = lambda: math.inf  # seconds until something that must not wait: no longer layer is begun
        self._ratio = 0.0  # device pixels to a logical one, when it was last painted

    @property
    def camera(self) -> Camera:
        """Of the widget, in logical pixels."""
        return self._camera.sized(self.width(), self.height())  # asked, not stored: an unshown widget hears of no resize

    @property
    def bounds(self) -> Bounds:
        """The visible rectangle, in the drawing's units."""
        return self.camera.bounds()

    @property
    def counts(self) -> Counts:
        """Of the picture last painted: particles in all, outside, not finite."""
        return self._picture.counts

    def set_camera(self, x: float, y: float, half_height: float) -> None:
        """Look elsewhere."""
        self._look(dataclasses.replace(self.camera, x=x, y=y, half_height=half_height))

    def set_view(self, view: View) -> None:
        """Which layers are shown and how, and from where."""
        self.show_content(view=view)
        self.set_camera(view.x, view.y, view.half_height)

    def set_palette_name(self, name: PaletteName) -> None:
        """'dark' or 'light'."""
        palette(name)  # an unknown name is an error here, not in a paint event
        self.show_content(palette=name)

    def set_ui_scale(self, scale: float) -> None:
        """Type, lines and points this much larger, for a projector."""
        self._ui_scale = scale
        self.update()

    def show_content(self, **changes: Any) -> None:
        """Replace parts of what is shown, by the names of `Content`: density, arrows, caption (of the frame on screen), message (a sentence
        in the middle, for an empty drawing)."""
        changes = {name: value for name, value in changes.items() if value != getattr(self._content, name)}
        if changes:
            self._content = dataclasses.replace(self._content, **changes)
        seen = bool(self._ratio) and self.isVisible()
        if not seen or self._picture.use(self._content, *self._in_pixels(self._ratio)):
            if changes or self._drawing is not None:
                self._drawing = None
                self.update()
        elif self._drawing is None or not self._begun:  # one that is begun is shown: who only ever begins shows nothing
            self._drawing, self._begun = self._content, False
        self._ahead.start()  # layers first, in turns of their own: in one turn they would make a tick late

    def show_frame(self, frames: Frames | None, k: int) -> None:
        """The particles of frame k, with trails from the frames before it."""
        self.show_content(frames=frames, k=k)

    def set_overlay(self, name: str, overlay: Overlay | None) -> None:
        """What is painted over the particles under this name; None takes it away."""
        others = tuple(pair for pair in self._content.overlays if pair[0] != name)
        self.show_content(overlays=others if overlay is None else (*others, (name, overlay)))

    def prepare(self, **changes: Any) -> None:
        """Draw the layers of what will be shown next, with these changes: it then finds them done. What is on screen comes first.

        Where there was no room the last time, this goes on.
        """
        if self._ratio and self.isVisible():
            self._coming = dataclasses.replace(self._content, **changes)
            self._ahead.start()

    def _draw_ahead(self) -> None:
        """One layer, and another in the next turn."""
        content = self._drawing or self._coming
        if content is None:
            return
        began = time.perf_counter()
        came_to = self._picture.prepare(content, *self._in_pixels(self._ratio), self.room())
        took = time.perf_counter() - began
        if came_to == "more":
            self._begun = self._drawing is not None
            self._ahead.start()
        elif came_to == "whole" and self._drawing is None:
            self._coming = None
        elif came_to == "whole" and self.room() >= SHOWING_SECONDS:
            self._show_drawn(content)
        if came_to != "no room":
            self.prepared.emit(took)

    def _show_drawn(self, content: Content) -> None:
        """On to the screen; then what has come since."""
        self._picture.use(content, *self._in_pixels(self._ratio))  # the next one is drawn into the layers that it leaves
        self._shown, self._begun = content, False
        self._drawing = None if content is self._content else self._content
        self._ahead.start()
        self.update()

    def render_to(self, size: QSize, scale: float = 1.0) -> QImage:
        """The picture at another size, without a screen, any cursor, or what lies over it. Shown fields keep their own bounds."""
        content = dataclasses.replace(self._content, covered=None)
        image = self._offline.image(content, self._camera.sized(size.width(), size.height()), scale)
        return image.copy()  # the picture goes on being drawn into

    def grab(self, rectangle: QRect | None = None) -> QPixmap:
        """A picture of the widget as it is told to be, also while that is being drawn."""
        self._drawing = None
        return super().grab(self.rect() if rectangle is None else rectangle)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawing is None:
            self._shown = self._content
        with painting(self) as painter:
            ratio = self._ratio = painter.deviceTransform().m11()  # of what is painted on: the screen, or an image of QWidget.render
            painter.scale(1.0 / ratio, 1.0 / ratio)
            painter.drawImage(0, 0, self._picture.image(self._shown, *self._in_pixels(ratio)))
        if self._picture.unfinished:
            self.update()

    def _in_pixels(self, ratio: float) -> tuple[Camera, float]:
        """The camera in device pixels, and how many of them make a logical one of the picture."""
        return self._camera.sized(round(self.width() * ratio), round(self.height() * ratio)), ratio * self._ui_scale

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.boundsChanged.emit()

    def _look(self, camera: Camera) -> bool:
        """Whether the camera is another one now."""
        if camera == self.camera:
            return False
        self._camera, self._drawing = camera, None
        self.update()
        self.boundsChanged.emit()
        return True
