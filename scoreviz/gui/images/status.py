"""What the tab is doing while a person waits, said loudly: loading, evaluating, and for how much longer."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.images.figures import seconds_words
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.runs import PictureRuns
from scoreviz.gui.playback import Playback
from scoreviz.gui.widgets.paint import outlined
from scoreviz.gui.widgets.words import count

SOON_MS = 300  # what takes no longer is not announced: a flicker tells nobody anything
HEIGHT = 24


class Status(QWidget):
    """A pill at the top right of the pictures; hidden while there is nothing to wait for. placed() when its size is another."""

    resized = Signal()

    def __init__(self, runs: PictureRuns, playback: Playback[PictureRun], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("images.status")
        self._runs, self._playback = runs, playback
        self._words: list[str] = []
        self.text = ""
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._say)
        runs.waiting_changed.connect(self._refresh)
        self.hide()

    def fit(self, room: int) -> None:
        """Take the longest words that fit the room."""
        now = theme.current()
        metrics = self.fontMetrics()
        fits = (w for w in self._words if metrics.horizontalAdvance(w) + now.px(24) <= room)
        self.text = next(fits, self._words[-1] if self._words else "")
        self.setAccessibleName(self.text)
        self.resize(min(metrics.horizontalAdvance(self.text) + now.px(24), room), now.px(HEIGHT))
        self.update()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.rect().toRectF()
        outlined(painter, rect, rect.height() / 2 - 0.5, fill=now.color("raised"), edge=now.color("accent"))
        painter.setPen(now.color("text"))
        text = self.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, self.width() - now.px(20))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)

    def _refresh(self) -> None:
        if self._runs.loading is None and not self._runs.waiting:
            self._soon.stop()
            if not self.isHidden():
                self.hide()
                self.resized.emit()
        elif not self.isHidden() or self._runs.loading is not None:
            self._say()
        elif not self._soon.isActive():
            self._soon.start()

    def _say(self) -> None:
        self._words = self._longest_first()
        self.show()
        self.raise_()
        self.resized.emit()

    def _longest_first(self) -> list[str]:
        if self._runs.loading is not None:
            return [self.tr("loading model {name} …").format(name=self._runs.loading), self.tr("loading model …")]
        run = self._playback.run
        if run is None:
            return [self.tr("starting a run …")]
        parts = [self.tr("evaluating substep {k}").format(k=count(min(run.ready, run.total)))]
        short = [self.tr("evaluating")]
        if run.evaluation_seconds is not None:
            pace = self.tr("{seconds} an evaluation").format(seconds=seconds_words(run.evaluation_seconds))
            left = self._runs.seconds_left
            parts.append(pace if left is None else f"{pace}, {self._left_words(left)}")
            short.append(pace if left is None else self._left_words(left))
        return [" · ".join(parts), " · ".join(short), short[-1]]

    def _left_words(self, seconds: float) -> str:
        if seconds < 55:
            rounded = max(1, round(seconds)) if seconds < 10 else 5 * round(seconds / 5)
            return self.tr("about {n} s left").format(n=rounded)
        if seconds < 90 * 60:
            return self.tr("about {n} min left").format(n=max(1, round(seconds / 60)))
        return self.tr("about {n} h left").format(n=round(seconds / 3600))
