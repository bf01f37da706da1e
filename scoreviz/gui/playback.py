"""Runs and the transport: what has been sampled, and which frame of it is on screen.

A run arrives from the engine in pieces; its frames are kept, so scrubbing asks nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from scoreviz.gui import motion

Stage = Literal["start", "predict", "correct", "denoise"]
STAGES: tuple[Stage, ...] = ("start", "predict", "correct", "denoise")


class Playable(Protocol):
    """What the transport must know of a run."""

    @property
    def length(self) -> int:
        """Frames there will be."""

    @property
    def ready(self) -> int:
        """Frames 0 to ready - 1 have been computed; not all of them need be kept."""

    def has(self, k: int) -> bool:
        """Is frame k at hand?"""


class Timed(Playable, Protocol):
    """What the time line says of a run besides: when each of its frames is, and which kind of substep made it."""

    axis: Literal["reverse", "forward", "iterations", "levels"]
    total: int  # substeps in all
    substep: np.ndarray  # (F,) int: frame -> substep index, 0 for the start
    stage: np.ndarray  # (F,) uint8 into STAGES
    t: np.ndarray  # (F,)
    sigma: np.ndarray  # (F,)
    log_snr: np.ndarray  # (F,)


@dataclass(eq=False)
class Run:
    """One run of a sampler. Frame 0 is its start; frame k is the state after its k-th kept substep.

    t, sigma and log_snr hold the time of each *kept* frame; substep holds its index among all substeps.
    """

    number: int
    revision: int
    sampler: str  # the tag of its spec
    label: str
    axis: Literal["reverse", "forward", "iterations", "levels"]
    source: Literal["exact", "network", "data"]
    training_step: int | None  # of the network that drove it; None for the exact score
    noise: str  # label of the SDE: "VE"
    total: int  # substeps in all
    substep: np.ndarray  # (F,) int: frame -> substep index, 0 for the start
    stage: np.ndarray  # (F,) uint8 into STAGES
    t: np.ndarray  # (F,)
    sigma: np.ndarray  # (F,)
    log_snr: np.ndarray  # (F,)
    frames: list[np.ndarray] = field(default_factory=list)  # (n, D) float32 each
    nfe: int = 0
    distance: float | None = None  # sliced Wasserstein of the last frame to the truth
    distance_floor: tuple[float, float] | None = None  # truth against truth: mean, std
    truth: str = ""  # what the distance is measured against, for example "exact samples at σ 0.1"
    seeing: str = ""  # one sentence: what its points do
    complete: bool = False
    file: str = ""  # name of the trace that it was opened from
    left_behind: bool = False  # the scene has changed since, and could not be sampled
    broken: bool = False  # it failed under way: no more frames will come

    @property
    def length(self) -> int:
        """Frames there will be."""
        return len(self.substep)

    @property
    def ready(self) -> int:
        """Frames there are."""
        return len(self.frames)

    def has(self, k: int) -> bool:
        return k < len(self.frames)

    def at(self, k: int) -> np.ndarray:
        return self.frames[k]

    def __len__(self) -> int:
        return len(self.frames)


R = TypeVar("R", bound=Playable)


class Playback(QObject, Generic[R]):
    """The transport: play, pause, one substep, back, scrub, speed. It holds the run on screen and the frame of it."""

    run_changed = Signal()
    run_grew = Signal()  # the run on screen got frames or a measurement
    index_changed = Signal(int)
    wish_changed = Signal()  # another frame is waited for, or none any more
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    finished = Signal()  # the last frame was reached while playing

    SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
    REST = 1.0  # seconds on the last frame before a loop starts again

    def __init__(self, parent: QObject | None = None, *, seconds: float = 4.0) -> None:
        """`seconds`: of a whole run at speed 1."""
        super().__init__(parent)
        self.seconds = seconds
        self._run: R | None = None
        self._index = 0
        self._wish: int | None = None  # a frame asked for that has not come yet
        self._position = 0.0
        self._resting = 0.0
        self._playing = False
        self._shown = True
        self._speed = 1.0
        self.loop = not motion.reduced()
        self.autoplay = not motion.reduced()  # the first run that comes plays by itself; whoever pauses has had their say
        self.hold = lambda index: False  # the session: is this frame's field still under way?
        self._clock = QElapsedTimer()
        self.timer = QTimer(self, interval=16, timerType=Qt.TimerType.PreciseTimer)  # one tick, at most one frame
        self.timer.timeout.connect(self._tick)

    @property
    def run(self) -> R | None:
        return self._run

    @property
    def index(self) -> int:
        """Frame on screen."""
        return self._index

    @property
    def wanted(self) -> int:
        """Frame that was asked for: the one on screen, or one that has not come yet."""
        return self._index if self._wish is None else self._wish

    @property
    def coming(self) -> int:
        """The frame that a tick shows next while it plays: at a high speed it leaves some out, after the last one a loop begins again."""
        run = self._run
        if run is None or self._index >= run.length - 1:
            return 0
        by = self._rate(run) * self.timer.interval() / 1000.0
        ticks = max(1, math.ceil((self._index + 1 - self._position) / by))
        return min(int(self._position + ticks * by), run.length - 1)

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        self._speed = min(self.SPEEDS, key=lambda s: abs(s - speed))
        self.speed_changed.emit(self._speed)

    def set_run(self, run: R, index: int) -> None:
        """Show frame `index` of another run."""
        self._run, self._index = run, 0
        index = max(0, min(index, run.length - 1))
        self._wish = None if run.has(index) else index
        shown = self._shown_for(index)
        self.run_changed.emit()
        self._go(shown, force=True)
        if self.autoplay and not self._playing:
            self.play()

    def set_shown(self, shown: bool) -> None:
        """Whether its tab is on screen: time passes only there."""
        self._shown = shown
        self._set_timer()

    def clear(self) -> None:
        """Nothing can be sampled: show nothing; what comes next goes on as this did."""
        goes_on = self._playing or self.autoplay
        self.pause()
        self.autoplay = goes_on
        self._run, self._index, self._wish = None, 0, None
        self.run_changed.emit()

    def play(self) -> None:
        if self._run is None or self._playing:
            return
        if self._index >= self._run.length - 1:
            self.seek(0)
        self._playing = True
        self._resting = 0.0
        self._set_timer()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        self.autoplay = False
        if self._playing:
            self._playing = False
            self._set_timer()
            self.playing_changed.emit(False)

    def step(self, by: int) -> None:
        """One substep on or back; playing stops. A frame still under way is waited for, and the next press asks for the one after it."""
        self.pause()
        self.seek(self.wanted + by)

    def seek(self, index: int) -> None:
        """Scrub to a frame; playing goes on from there if it was on. A frame still under way is shown when it comes."""
        if self._run is None:
            return
        index = max(0, min(index, self._run.length - 1))
        wish = None if self._run.has(index) else index
        told, self._wish = self._wish, wish
        self._go(self._shown_for(index))
        if wish != told:
            self.wish_changed.emit()

    def grow(self) -> None:
        """The run on screen got frames or a measurement."""
        if self._wish is not None:
            self.seek(self._wish)
        self.run_grew.emit()

    def _shown_for(self, index: int) -> int:
        """The frame to show when `index` is asked for: itself, or the last one at hand on the way there."""
        run = self._run
        assert run is not None
        if run.has(index):
            return index
        return next((k for k in range(min(index, run.ready - 1), self._index, -1) if run.has(k)), self._index)

    def _go(self, index: int, *, force: bool = False) -> None:
        self._position = float(index)
        if index != self._index or force:
            self._index = index
            self.index_changed.emit(index)

    def _set_timer(self) -> None:
        if not (self._playing and self._shown):
            self.timer.stop()
        elif not self.timer.isActive():
            self._clock.restart()
            self.timer.start()

    def _tick(self) -> None:
        run = self._run
        seconds = self._clock.restart() / 1000.0
        if run is None or self._wish is not None or self.hold(self._index):
            return
        if self._index >= run.length - 1:
            self._rest(seconds)
            return
        position = self._position + min(seconds, 0.1) * self._rate(run)
        index = self._index
        while index < min(int(position), run.length - 1) and run.has(index + 1):
            index += 1
        if index != self._index:
            self._go(index)
        self._position = min(position, math.nextafter(index + 1, 0))  # a frame that was waited for is shown as soon as it comes

    def _rate(self, run: R) -> float:
        """Frames a second."""
        return (run.length - 1) / self.seconds * self._speed

    def _rest(self, seconds: float) -> None:
        if not self.loop:
            self.pause()
            self.finished.emit()
            return
        if self._resting == 0.0:
            self.finished.emit()
        self._resting += seconds
        if self._resting >= self.REST:
            self._resting = 0.0
            self.seek(0)
