"""What the engine says of itself and of the training, for whoever wants to show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

PACE_MS = 200
EngineState = Literal["starting", "ready", "busy", "restarting", "stopped"]


@dataclass
class Curve:
    """Points over training steps, thinned evenly when they grow too many: every second one is dropped."""

    step: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    MOST = 4000

    def add(self, step: int, value: float) -> None:
        self.step.append(step)
        self.value.append(value)
        if len(self.step) > self.MOST:
            del self.step[1:-1:2], self.value[1:-1:2]

    def cut(self, step: int) -> None:
        """Without what lies beyond this step."""
        while self.step and self.step[-1] > step:
            del self.step[-1], self.value[-1]

    def clear(self) -> None:
        self.step.clear()
        self.value.clear()

    @property
    def last(self) -> float | None:
        return self.value[-1] if self.value else None


class Progress(QObject):
    """Engine state, training counters and the curves of the plots. Only the session writes to it."""

    engine_changed = Signal()  # state, device, note, busy_seconds
    training_changed = Signal()  # running, step, rate, problem
    curves_changed = Signal()  # loss, distance and their floors

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: EngineState = "starting"
        self.device = ""  # "cpu, 1 thread"
        self.note = ""  # a sentence about the state, already translated
        self.busy_seconds = 0.0
        self.running = False
        self.step = 0
        self.rate = 0.0  # training steps per second
        self.loss = Curve()
        self.loss_floor: float | None = None
        self.loss_floor_since = 0  # step from which it holds: another drawing has another floor
        self.distance = Curve()  # sliced Wasserstein of the live samples to the truth
        self.run_distance: float | None = None  # of the last run, whatever score drove it
        self.distance_floor: tuple[float, float] | None = None  # truth against truth: mean, std
        self.distance_floor_since = 0
        self._stale = False
        self._told = QElapsedTimer()
        self._told.start()
        self._soon = QTimer(self, singleShot=True, interval=2 * PACE_MS)
        self._soon.timeout.connect(self._tell)
        self.frame_ms = 0.0  # the slowest paint of the last second
        self.fps = 0.0

    def set_loss_floor(self, floor: float | None) -> None:
        """The floor from the present step on."""
        if floor != self.loss_floor:
            self.loss_floor, self.loss_floor_since = floor, self.step

    def set_distance_floor(self, floor: tuple[float, float] | None) -> None:
        """The floor from the present step on."""
        if floor != self.distance_floor:
            self.distance_floor, self.distance_floor_since = floor, self.step

    def go_back(self, step: int) -> None:
        """The network is another one, or an earlier state of this one: what lies beyond its step is not of it."""
        self.loss.cut(step)
        self.distance.cut(step)

    def report(self) -> None:
        """Training went on. Told at most five times a second, and right after a frame where frames are drawn."""
        self._stale = True
        if not self._soon.isActive():
            self._soon.start()

    def frame(self) -> None:
        """A tick of the transport: what is redrawn now is done before the next one is due."""
        if self._stale and self._told.elapsed() >= PACE_MS:
            self._tell()

    def _tell(self) -> None:
        self._stale = False
        self._soon.stop()
        self._told.restart()
        self.training_changed.emit()
        self.curves_changed.emit()

    def clear_training(self) -> None:
        """The network was made anew."""
        self.step = self.loss_floor_since = self.distance_floor_since = 0
        self.rate = 0.0
        self.loss.clear()
        self.distance.clear()
        self.training_changed.emit()
        self.curves_changed.emit()
