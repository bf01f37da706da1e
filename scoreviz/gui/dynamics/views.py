"""What fills the middle of the Dynamics tab: the plane's canvas, the line's space-time, space, or several panes to compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QSize, Signal, SignalInstance
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget, QWidget

from scoreviz.gui.canvas import Canvas, PaletteName
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.focus import follow
from scoreviz.scene.document import Scene


class View(Protocol):
    """What each of them offers; every one is a QWidget."""

    painted: SignalInstance  # seconds that a frame took

    def set_palette_name(self, name: PaletteName) -> None:
        """'dark' or 'light'."""

    def set_ui_scale(self, scale: float) -> None:
        """Type, lines and points this much larger."""

    def render_to(self, size: QSize, scale: float = 1.0) -> QImage:
        """The picture at another size, without a screen."""


def name_of(scene: Scene) -> str:
    """Which view shows this scene."""
    dimensions = scene.density.dimensions
    return "compare" if scene.compare.panes and dimensions == "2" else {"1": "line", "2": "plane", "3": "space"}[dimensions]


class Views(QStackedWidget):
    """Shows the view that the scene asks for, each made when it is first seen."""

    turned = Signal(str)  # another one is on screen
    painted = Signal(float)

    def __init__(self, canvas: Canvas, store: Store, makers: dict[str, Callable[[], Any]], parent: QWidget | None = None) -> None:
        """makers: of every view but the plane's, by name."""
        super().__init__(parent)
        self.setObjectName("views")
        self._makers = makers
        self._made: dict[str, Any] = {"plane": canvas}
        self._palette: PaletteName = "dark"
        self._scale = 1.0
        self.addWidget(canvas)
        canvas.painted.connect(self.painted)
        self.name = "plane"
        store.changed.connect(self._changed)
        self._turn(name_of(store.scene))

    @property
    def current(self) -> Any:
        """The view on screen: a `View` that is a QWidget."""
        return self._made[self.name]

    def set_palette_name(self, name: PaletteName) -> None:
        """Of all views."""
        self._palette = name
        for view in self._made.values():
            view.set_palette_name(name)

    def set_ui_scale(self, scale: float) -> None:
        """Of all views."""
        self._scale = scale
        for view in self._made.values():
            view.set_ui_scale(scale)

    def _changed(self, _old: Scene, new: Scene, _origin: str) -> None:
        self._turn(name_of(new))

    def _turn(self, name: str) -> None:
        if name == self.name:
            return
        if name not in self._made:
            view = self._made[name] = self._makers[name]()
            view.set_palette_name(self._palette)
            view.set_ui_scale(self._scale)
            view.painted.connect(self.painted)
            self.addWidget(view)
            follow(self._made["plane"], view)
        self.name = name
        self.setCurrentWidget(self._made[name])
        self.turned.emit(name)
