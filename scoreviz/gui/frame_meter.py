"""Counts the frames that are painted and their time, once a second."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal, SignalInstance

from scoreviz.gui.progress import Progress
from scoreviz.gui.recording import Recorder


class FrameMeter(QObject):
    """Writes fps and the slowest frame into `progress`."""

    first_painted = Signal()

    def __init__(self, painted: SignalInstance, progress: Progress, recorder: Recorder, parent: QObject) -> None:
        super().__init__(parent)
        self._progress, self._recorder = progress, recorder
        self._paints: list[float] = []
        self._since = QElapsedTimer()
        self._since.start()
        self._first = True
        painted.connect(self._painted)
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(self._tell)
        timer.start()

    def _painted(self, seconds: float) -> None:
        if self._recorder.drawing:
            return  # a film's frame is not on screen
        self._paints.append(seconds)
        if self._first:
            self._first = False
            QTimer.singleShot(0, self.first_painted.emit)

    def _tell(self) -> None:
        self._progress.fps = len(self._paints) * 1000.0 / max(1, self._since.restart())
        self._progress.frame_ms = 1000.0 * max(self._paints, default=0.0)
        self._paints.clear()
        self._progress.engine_changed.emit()
