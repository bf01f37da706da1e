"""The panes side by side: one row of two, or two rows. What moves one picture moves all."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QElapsedTimer, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QPainter, QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas import PaletteName
from scoreviz.gui.dynamics.compare.chips import PaneChips
from scoreviz.gui.dynamics.compare.comparison import Comparison
from scoreviz.gui.dynamics.compare.ground import OF_THE_DRAWING, PaneGround
from scoreviz.gui.dynamics.compare.pane import PaneWidget
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.scene.compare import MOST_PANES
from scoreviz.scene.document import Scene, invalidated

HOLD_MS = 250  # a frame waits so long for its ground while the transport plays; then it is shown with what there is


class CompareView(QWidget):
    """A `View` of the Dynamics tab. The first pane is the scene's own run; the others are asked for while this is on screen."""

    painted = Signal(float)  # seconds that the pictures of one frame took

    def __init__(
        self, comparison: Comparison, store: Store, session: Session, playback: Playback, progress: Progress, questions: Questions,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("compare")
        self.setAccessibleName(self.tr("Panes side by side"))
        self._comparison, self._store, self._playback = comparison, store, playback
        self.chips = PaneChips(store)  # placed by the stage
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self.panes = [
            PaneWidget(comparison, PaneGround(questions, session, progress, i + 1, self), i, self) for i in range(MOST_PANES + 1)
        ]  # fmt: skip
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self.refresh)
        self._spent = 0.0
        self._told = QTimer(self, singleShot=True, interval=0)
        self._told.timeout.connect(self._tell_painted)
        for pane in self.panes:
            pane.picture.moved.connect(self._look)
            pane.picture.painted.connect(self._count)
            pane.picture.boundsChanged.connect(self._refresh.start)
            pane.ground.changed.connect(self._refresh.start)
        self.setFocusProxy(self.panes[0].picture)
        comparison.changed.connect(lambda _i: self._refresh.start())
        comparison.counted.connect(self._arrange)
        playback.index_changed.connect(lambda _k: self._refresh.start())
        store.changed.connect(self._changed)
        self._held = QElapsedTimer()
        others = playback.hold
        playback.hold = lambda index: others(index) or self._hold(index)
        self._arrange()

    @property
    def shown(self) -> list[PaneWidget]:
        """The panes that there are, in order."""
        return self.panes[: len(self._comparison.ways)]

    def refresh(self) -> None:
        """Show the frame on screen in every pane."""
        if not self.isVisible():
            return
        for pane in self.shown:
            pane.refresh(self._store.scene.view, playing=self._playback.playing)

    def set_palette_name(self, name: PaletteName) -> None:
        """'dark' or 'light'."""
        for pane in self.panes:
            pane.picture.set_palette_name(name)

    def set_ui_scale(self, scale: float) -> None:
        """Type, lines and points this much larger."""
        for pane in self.panes:
            pane.picture.set_ui_scale(scale)
            pane.head.set_scale(scale)
        self._refresh.start()

    def set_bare(self, bare: bool) -> None:
        """Without what can be done to a pane, for a presentation."""
        for pane in self.panes:
            pane.head.set_bare(bare)

    def render_to(self, size: QSize, scale: float = 1.0) -> QImage:
        """All panes with their titles, at another size, without a screen."""
        image = QImage(size, QImage.Format.Format_RGB32)
        now = theme.current()
        image.fill(now.color("ground"))
        columns, rows = self._shape()
        width, height = size.width() / columns, size.height() / rows
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i, pane in enumerate(self.shown):
            row, column = divmod(i, columns)
            rect = QRectF(column * width, row * height, width, height)
            pane.paint_onto(painter, rect.adjusted(0, 0, -scale, -scale), scale)
        painter.setPen(now.color("rule"))
        for column in range(1, columns):
            painter.drawLine(round(column * width), 0, round(column * width), size.height())
        for row in range(1, rows):
            painter.drawLine(0, round(row * height), size.width(), round(row * height))
        painter.end()
        return image

    def paintEvent(self, event: Any) -> None:
        """The rules between the panes."""
        painter, now = QPainter(self), theme.current()
        for pane in self.shown:
            painter.fillRect(pane.geometry().adjusted(0, 0, 1, 1), now.color("rule"))
            painter.fillRect(pane.geometry(), now.color("ground"))
        painter.end()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._comparison.set_seen(True)
        for pane in self.panes:
            pane.picture.set_view(self._store.scene.view)
        self._refresh.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._comparison.set_seen(False)
        for pane in self.panes:
            pane.ground.hide()

    def _hold(self, _index: int) -> bool:
        """Is the ground of a frame on screen still under way? Playing waits for it a little."""
        missing = self.isVisible() and any(pane.missing for pane in self.shown)
        if not missing:
            self._held.invalidate()
            return False
        if not self._held.isValid():
            self._held.start()
        return self._held.elapsed() < HOLD_MS

    # ---- arrangement

    def _shape(self) -> tuple[int, int]:
        """Columns and rows."""
        return (2, 1) if len(self._comparison.ways) <= 2 else (2, 2)

    def _arrange(self) -> None:
        columns, rows = self._shape()
        for pane in self.panes:
            self._grid.removeWidget(pane)
            pane.setVisible(pane in self.shown)
            if pane not in self.shown:
                pane.ground.hide()
        for i, pane in enumerate(self.shown):
            self._grid.addWidget(pane, *divmod(i, columns))
        for row in range(2):
            self._grid.setRowStretch(row, 1 if row < rows else 0)
        for column in range(2):
            self._grid.setColumnStretch(column, 1)
        self.update()
        self._refresh.start()

    # ---- one camera

    def _look(self, x: float, y: float, half_height: float) -> None:
        view = msgspec.structs.replace(self._store.scene.view, x=x, y=y, half_height=half_height)
        self._store.edit(("view",), view, self.tr("Move picture"), origin="camera", merge="camera")

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if invalidated(old, new) & OF_THE_DRAWING:
            for pane in self.panes:
                pane.ground.forget()
        if old.view != new.view:
            for pane in self.panes:
                pane.picture.set_view(new.view)
        self._refresh.start()

    # ---- how long it took

    def _count(self, seconds: float) -> None:
        self._spent += seconds
        self._told.start()

    def _tell_painted(self) -> None:
        spent, self._spent = self._spent, 0.0
        self.painted.emit(spent)
