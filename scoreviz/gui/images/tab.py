"""The Images tab: four panes of pictures, the figures of the substep, the settings, and the transport beneath."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.images.figures import Figures
from scoreviz.gui.images.opening import Opening
from scoreviz.gui.images.panes import Panes
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.runs import PictureRuns
from scoreviz.gui.images.side import ImagesSide
from scoreviz.gui.images.status import Status
from scoreviz.gui.notices import NoticeBar, Remedy
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.transport.bar import Transport
from scoreviz.gui.widgets.labels import Fitting
from scoreviz.gui.widgets.rule import thin_rule
from scoreviz.protocol.messages import Problem
from scoreviz.scene.images import PictureSet
from scoreviz.scene.traces import is_trace


class Stage(QWidget):
    """The panes with what lies over their edges: the status at the top right, notices at the bottom."""

    def __init__(self, panes: Panes, status: Status, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panes, self.status = panes, status
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(panes)
        status.setParent(self)
        status.resized.connect(self.place_overlays)
        self.notice = NoticeBar(self)
        self.notice.told.connect(self.place_overlays)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place_overlays()

    def place_overlays(self) -> None:
        """The status within the right part of the header; a notice as high as its words need."""
        now = theme.current()
        margin = now.px(12)
        free = self.width()
        if not self.status.isHidden():
            self.status.fit(self.width() * 11 // 20)
            self.status.move(self.width() - self.status.width() - now.px(10), now.px(6))
            free = self.status.x() - margin
        self.panes.set_header_room(free)
        width = min(self.width() - 2 * margin, now.px(720))
        height = self.notice.height_for(width)
        self.notice.setGeometry(margin, self.height() - height - margin, width, height)
        self.notice.raise_()


class ImagesTab(QWidget):
    """Everything of the tab; the keeper of its runs lives here."""

    trace_dropped = Signal(Path)

    def __init__(
        self, store: Store, session: Session, playback: Playback[PictureRun], progress: Progress, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("images")
        self.setAcceptDrops(True)
        self._store, self._session, self._playback, self._progress = store, session, playback, progress
        self.runs = PictureRuns(store, session, playback, parent=self)
        self.opening = Opening(store, self)
        self.panes = Panes()
        self.stage = Stage(self.panes, Status(self.runs, playback))
        self.figures = Figures(playback)
        self.side = ImagesSide(store, self.runs, playback, self.opening)
        self.followed = Fitting("dim", self)
        self.followed.setObjectName("transport.followed")
        self.followed.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        playback.run_changed.connect(lambda: self.followed.set_texts(self._follows()))
        self.transport = Transport(playback, self.followed)
        self._lay_out()
        self.opening.refused.connect(self.stage.notice.tell)
        self.runs.refused.connect(self._refused)
        self.runs.card_changed.connect(self._loaded)
        self.panes.picture_chosen.connect(lambda k: store.look(("images", "chosen"), k))
        for changed in (
            playback.index_changed, playback.run_changed, playback.run_grew, self.runs.waiting_changed, store.changed,
            progress.engine_changed,
        ):  # fmt: skip
            changed.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.stage, 1)
        left.addWidget(thin_rule())
        left.addWidget(self.figures)
        top = QHBoxLayout()
        top.setSpacing(0)
        top.addLayout(left, 1)
        top.addWidget(thin_rule(vertical=True))
        top.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top, 1)
        column.addWidget(thin_rule())
        column.addWidget(self.transport)

    # ---- for the window

    def choose_folder(self) -> None:
        """Ask for a folder of pictures or a model, and open it."""
        self.opening.choose(self)

    def dress(self, _theme: theme.Theme) -> None:
        """Another theme: what is painted is painted anew."""
        self.panes.update()

    def set_presenting(self, on: bool, type_scale: float) -> None:
        """Only the pictures, their words larger; or everything again."""
        for widget in (self.side, self.transport, self.figures, *self.findChildren(QFrame, "rule")):
            widget.setVisible(not on)
        self.panes.set_type_scale(type_scale if on else 1.0)

    # ---- what is shown

    def _refresh(self, *_args: object) -> None:
        run, images = self._playback.run, self._store.scene.images
        self.panes.show_content(
            run=run, k=self._playback.index, chosen=images.chosen, tones=images.tones, message="" if run is not None else self._message()
        )

    def _message(self) -> str:
        """Why there are no pictures yet."""
        if self._progress.state in ("starting", "restarting"):
            return self.tr("The engine is starting …")
        if self.runs.loading is not None:
            return self.tr("Loading model {name} …").format(name=self.runs.loading)
        if self.runs.waiting:
            return self.tr("Starting a run …")
        return "" if self.runs.card is not None else self.tr("No model is loaded. Open a folder of pictures, or of a model.")

    def _follows(self) -> list[str]:
        """Which score drove the run on screen, longest first."""
        run = self._playback.run
        if run is None:
            return [""]
        if run.file:
            return [self.tr("opened from “{name}”").format(name=run.file), run.file]
        kind = self.tr("exact score") if isinstance(run.images.model, PictureSet) else self.tr("pretrained")
        return [f"{run.model} · {kind}", run.model]

    # ---- what went well, and what did not

    def _loaded(self) -> None:
        assert self.runs.loaded is not None
        self.opening.remember(str(getattr(self.runs.loaded.model, "path", "")))

    def _refused(self, problem: Problem) -> None:
        """Say it here. Where another model is loaded than the one in the settings, go back to it, or offer the way."""
        text = _said(problem)
        before = self.runs.loaded
        remedies = []
        elsewhere = before is not None and before.model != self._store.scene.images.model
        if before is not None and elsewhere and self.runs.card is not None and not self.opening.take_back():
            back = self.tr("Back to {name}").format(name=self.runs.card.name)
            remedies.append(Remedy(back, lambda: self.opening.back_to(before)))
        self.stage.notice.tell(text, *remedies, details=problem.details)

    # ---- drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.opening.dropped(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = self.opening.dropped(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            if is_trace(path):
                self.trace_dropped.emit(path)
            else:
                self.opening.open(path)


def _said(problem: Problem) -> str:
    """A problem's sentence, translated where one of the contexts has it."""
    params: dict[str, Any] = dict(problem.params)
    for context in ("engine", "errors", "models"):
        translated = QCoreApplication.translate(context, problem.template)
        if translated != problem.template:
            return translated.format(**params)
    return problem.template.format(**params) if params else problem.template
