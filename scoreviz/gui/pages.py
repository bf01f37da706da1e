"""The tabs: which one is on screen, its transport, its picture, and where it tells what must be told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.tab import DynamicsTab
from scoreviz.gui.notices import NoticeBar
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.scene.document import Scene

PICTURE_SECONDS = 12.0
"""A run of pictures at speed 1: every substep is worth a look."""


class Pages(QStackedWidget):
    """Dynamics and Images. Only the one on screen plays; the scene's view says which that is."""

    turned = Signal(str)  # another tab is on screen
    painted = Signal(float)  # a frame of either, and the seconds that it took
    trace_dropped = Signal(Path)  # on the Images tab

    def __init__(self, store: Store, session: Session, progress: Progress, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._session, self._progress = store, session, progress
        self.playback: Playback[Any] = Playback(self)
        self.pictures_playback: Playback[Any] = Playback(self, seconds=PICTURE_SECONDS)
        self.dynamics = DynamicsTab(store, session, self.playback, progress, questions, self)
        self.dynamics.views.painted.connect(self.painted)
        self.addWidget(self.dynamics)
        self._images: Any = None
        store.changed.connect(self._changed)

    @property
    def tab(self) -> str:
        """“dynamics” or “images”."""
        return self._store.scene.view.tab

    @property
    def images(self) -> Any:
        """The Images tab; the first look builds it."""
        if self._images is None:
            from scoreviz.gui.images.tab import ImagesTab

            self._images = ImagesTab(self._store, self._session, self.pictures_playback, self._progress, self)
            self._images.panes.painted.connect(self.painted)
            self._images.trace_dropped.connect(self.trace_dropped)
            self.addWidget(self._images)
        return self._images

    @property
    def page(self) -> Any:
        """The tab on screen."""
        return self.images if self.tab == "images" else self.dynamics

    @property
    def player(self) -> Playback[Any]:
        """Its transport."""
        return self.pictures_playback if self.tab == "images" else self.playback

    @property
    def picture(self) -> QWidget:
        """Its canvas, or its panes."""
        picture: QWidget = self.images.panes if self.tab == "images" else self.dynamics.views.current
        return picture

    @property
    def notice(self) -> NoticeBar:
        """Where it tells what must be told."""
        notice: NoticeBar = self.page.stage.notice
        return notice

    def show_tab(self, tab: str) -> None:
        """Another tab; it is no edit. Told also when it was that one already: a button that was pressed must not look released."""
        if tab == self.tab:
            self.turn()
        else:
            self._store.look(("view", "tab"), tab)

    def turn(self) -> None:
        """Bring the scene's tab on screen."""
        self.setCurrentWidget(self.page)
        self.playback.set_shown(self.tab == "dynamics")
        self.pictures_playback.set_shown(self.tab == "images")
        self.turned.emit(self.tab)

    def dress(self, dress: theme.Theme) -> None:
        """Another theme: what is painted is painted anew."""
        self.dynamics.views.set_palette_name(dress.name)
        if self._images is not None:
            self._images.dress(dress)

    def pause(self) -> None:
        """Both transports."""
        self.playback.pause()
        self.pictures_playback.pause()

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if old.view.tab != new.view.tab:
            self.turn()
