"""Back to the network of an earlier training step, and forward again to the one that learns."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.labels import Fitting
from scoreviz.gui.widgets.slider import Slider
from scoreviz.gui.widgets.words import count

PACE_MS = 120
"""Between two pins while the knob is dragged: a run needs about as long to come to the screen."""
WIDE, MIDDLING = 230, 140


class TrainingScrubber(QWidget):
    """The training step in words, a slider over the steps whose networks are kept, and a chip that follows the latest.

    Kept steps stand at equal distances (they lie between evenly and logarithmically spaced); the slider's right end is the latest network.
    """

    def __init__(self, store: Store, session: Session, playback: Playback, progress: Progress, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._session, self._playback, self._progress = store, session, playback, progress
        self._asked: tuple[int | None] | None = None  # a pin that waits for its turn
        self._pace = QTimer(self, singleShot=True, interval=PACE_MS)
        self._pace.timeout.connect(self._next)
        self.setObjectName("training_scrubber")
        self.setAccessibleName(self.tr("Training step"))
        self._lay_out()
        self.slider.dragged.connect(lambda unit: self._go(round(unit * len(session.kept))))
        self.slider.nudged.connect(lambda steps: self._go(self._place() + steps))
        self.follow.clicked.connect(lambda: self._pin(None))
        for signal in (session.past_changed, playback.run_changed, progress.training_changed, store.changed):
            signal.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        now = theme.current()
        self.words = Fitting("dim", self)
        self.words.setObjectName("training_scrubber.words")
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.slider = Slider(self)
        self.slider.setObjectName("training_scrubber.slider")
        self.slider.setAccessibleName(self.tr("training step"))
        self.slider.setToolTip(self.tr("Go back to the network as it was at an earlier training step. The right end follows the latest."))
        self.follow = Chip(self.tr("follow latest"), "training_scrubber.follow", self)
        self.follow.setAccessibleName(self.tr("Follow the latest network"))
        self.follow.setToolTip(self.tr("Sample with the network as it learns"))
        above = QHBoxLayout()
        above.setSpacing(now.px(6))
        above.addWidget(self.words, 1)
        above.addWidget(self.follow)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(now.px(2))
        column.addStretch(1)
        column.addLayout(above)
        column.addWidget(self.slider)
        column.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        now = theme.current()
        self.follow.setVisible(self.width() >= now.px(MIDDLING))
        self.follow.setText(self.tr("follow latest") if self.width() >= now.px(WIDE) else self.tr("latest"))
        self._refresh()

    # ---- what is asked for

    def _go(self, place: int) -> None:
        kept = self._session.kept
        self._pin(kept[max(place, 0)] if place < len(kept) else None)

    def _pin(self, step: int | None) -> None:
        self._asked = (step,)
        if not self._pace.isActive():
            self._next()
        self._refresh()

    def _next(self) -> None:
        if self._asked is not None:
            (step,), self._asked = self._asked, None
            self._session.pin(step)
            self._pace.start()

    # ---- what is shown

    def _place(self) -> int:
        """Of the network in use, among the kept steps; after them all for the latest."""
        kept = self._session.kept
        step = self._asked[0] if self._asked is not None else self._session.pinned
        return len(kept) if step is None else sum(k < step for k in kept)

    def _refresh(self, *_args: object) -> None:
        source = self._store.scene.score.source
        able = source == "network" and len(self._session.kept) > 0
        self.slider.setEnabled(able)
        self.slider.quiet = not able
        self.follow.setEnabled(able)
        self.follow.setChecked(self._session.pinned is None)
        if not self.slider.isSliderDown():
            self.slider.show_unit(self._place() / max(len(self._session.kept), 1))
            self.slider.update()
        texts = self._texts(source)
        room = self.width() - (
            self.follow.sizeHint().width() + theme.current().px(6) if self.width() >= theme.current().px(MIDDLING) else 0
        )
        self.words.set_texts(texts, room)
        self.slider.setAccessibleDescription(texts[0])

    def _texts(self, source: str) -> list[str]:
        """Which network, the longest sentence first."""
        run = self._playback.run
        if run is not None and run.file:
            return [self.tr("opened from “{name}”").format(name=run.file), run.file]
        if source == "exact":
            return [self.tr("exact score, no network"), self.tr("exact score")]
        if source == "data":
            return [self.tr("the data's score, no network"), self.tr("the data's score")]
        if (pinned := self._session.pinned) is not None:
            step = count(pinned)
            return [
                self.tr("network pinned at step {step}").format(step=step),
                self.tr("pinned at step {step}").format(step=step),
                self.tr("pinned at {step}").format(step=step),
                self.tr("step {step}").format(step=step),
            ]
        shown = run.training_step if run is not None and run.training_step is not None else self._progress.step
        return [self.tr("training step {step}").format(step=count(shown)), self.tr("step {step}").format(step=count(shown))]
