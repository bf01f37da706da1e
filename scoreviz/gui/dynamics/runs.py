"""Runs as they arrive, and when a newer one takes the screen.

A run takes the screen once it has the frame that is wanted, the same share of the way as the one on screen.
While the network trains, a newer run takes it only when it is whole; while the transport plays too, at the end of the
loop or every two seconds: each makes the canvas build its trails anew, and more often would be felt.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QObject

from scoreviz.gui.playback import Playback, Run
from scoreviz.protocol.messages import Problem, RunDone, RunFrames, RunStarted

RENEWED_MS = 2000


class Runs(QObject):
    """Assembles `RunStarted`, `RunFrames` and `RunDone` into the playback's run."""

    def __init__(self, playback: Playback, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self._arriving: Run | None = None
        self._live = False
        self._next: Run | None = None  # complete, waits for its turn
        self._trace: Run | None = None  # from a file: it has the screen until it is closed
        self._live_run: Run | None = None  # the one that comes back then
        self._renewed = QElapsedTimer()  # since a run took the screen
        self._renewed.start()
        playback.finished.connect(self._take_next)
        playback.playing_changed.connect(self._paused)

    @property
    def position(self) -> float:
        """Share of the run on screen, 0 to 1."""
        run = self._playback.run
        return 0.0 if run is None or run.length < 2 else self._playback.wanted / (run.length - 1)

    def show_trace(self, run: Run) -> None:
        """A run from a file takes the screen; what the engine sends meanwhile is kept."""
        if self._trace is None:
            self._live_run, self._next = self._playback.run, None
        self._trace = run
        self._playback.set_run(run, 0)

    def close_trace(self) -> None:
        """The newest live run, or none, comes back."""
        if self._trace is None:
            return
        self._trace = None
        run = self._arriving if self._arriving is not None and self._arriving.ready else self._live_run
        self._live_run = None
        if run is None:
            self._playback.clear()
        else:
            self._take(run, run.ready - 1)

    def receive(self, message: Any) -> None:
        """Take one message of the engine."""
        match message:
            case RunStarted():
                self._arriving, self._live = run_of(message), message.live
            case RunFrames() if self._arriving is not None and message.run == self._arriving.number:
                self._arriving.frames.extend(message.frames.numpy())
                self._offer(self._arriving)
            case RunDone():
                self._done(message)
            case Problem() if message.where == "run":
                self._left_behind(message)

    def _offer(self, run: Run) -> None:
        """Show the arriving run once it has the wanted frame."""
        if self._trace is not None:
            return
        shown = self._playback.run
        if shown is run:
            self._playback.grow()
            return
        index = round(self.position * (run.length - 1))
        if run.ready <= index:
            return
        alike = shown is not None and shown.sampler == run.sampler and shown.length == run.length
        if self._live and alike:
            if run.ready < run.length:
                return  # the one on screen is whole
            if self._playback.playing and self._renewed.elapsed() < RENEWED_MS:
                self._next = run
                return
        self._take(run, index)

    def _done(self, message: RunDone) -> None:
        run = self._arriving
        if run is None or message.run != run.number:
            return
        finish(run, message)
        self._playback.grow()

    def _left_behind(self, problem: Problem) -> None:
        """What is on screen stays there, and says that it is not of the scene as it is now, or that no more of it comes."""
        run = self._live_run if self._trace is not None else self._playback.run
        if run is None or problem.revision is None:
            return
        run.left_behind = run.revision < problem.revision
        run.broken = run.revision == problem.revision and not run.complete
        if self._trace is None:
            self._playback.grow()

    def _take_next(self) -> None:
        if self._next is not None and self._trace is None:
            self._take(self._next, self._next.length - 1)

    def _paused(self) -> None:
        """Nothing is interrupted any more by the run that waits, and the loop will not come to its end."""
        run = self._next
        if run is not None and self._trace is None and not self._playback.playing:
            self._take(run, round(self.position * (run.length - 1)))

    def _take(self, run: Run, index: int) -> None:
        self._next = None
        self._renewed.restart()
        self._playback.set_run(run, index)


def run_of(m: RunStarted) -> Run:
    """The run that the engine announces, without frames so far."""
    return Run(
        number=m.run, revision=m.revision, sampler=m.sampler, label=QCoreApplication.translate("scene", m.label), axis=m.axis,
        source=m.source, training_step=m.step, noise=m.noise, total=m.total, substep=m.substep.numpy(), stage=m.stage.numpy(),
        t=m.t.numpy(), sigma=m.sigma.numpy(), log_snr=m.log_snr.numpy(),
        seeing=m.seeing,
    )  # fmt: skip


def finish(run: Run, m: RunDone) -> None:
    """Note what the engine says of a complete run."""
    run.nfe, run.distance, run.distance_floor, run.complete = m.nfe, m.distance, m.floor, True
    run.truth = QCoreApplication.translate("engine", m.truth).format(**m.params)
