"""Picture runs as they arrive, and which of their frames the engine is asked for.

Playing asks for the next AHEAD frames, paused for the one that is wanted, and for the one after it where that costs no wait.
A frame that was never computed is asked for together with all before it: they are computed anyway, and the screen follows.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from scoreviz.gui.images.opening import name_of
from scoreviz.gui.images.run import BUDGET, PictureRun
from scoreviz.gui.playback import Playback
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import (
    Card,
    Develop,
    ModelLoading,
    ModelReady,
    PictureFrame,
    PicturesDone,
    PicturesStarted,
    Problem,
)
from scoreviz.scene.images import Images

AHEAD = 24
PATIENCE = 3.0
"""Seconds that a changed run may take to come back to the same place; it begins at its start where that would take longer."""


class PictureRuns(QObject):
    """Assembles the engine's pictures into the playback's run, and asks for those that are wanted."""

    card_changed = Signal()  # another model is loaded
    loading_changed = Signal()
    waiting_changed = Signal()  # loading, or perhaps another number of frames under way: often
    refused = Signal(object)  # Problem: the model could not be loaded, or the run could not go on

    def __init__(
        self, store: Store, session: Session, playback: Playback[PictureRun], *, budget: int = BUDGET, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._playback, self._budget = store, session, playback, budget
        self.card: Card | None = None
        self.loaded: Images | None = None  # the settings whose model is loaded
        self.loading: str | None = None  # name of the model that is being loaded
        self._settings: dict[int, Images] = {}  # by the revision that took them to the engine
        self._arriving: PictureRun | None = None  # announced, without its first frame
        self._gone: PictureRun | None = None  # of an engine that died: it is shown, and can be asked for nothing
        self._trace: PictureRun | None = None  # from a file: it has the screen until it is closed
        self._live_run: PictureRun | None = None  # the one that comes back then
        self._failed = self._stopping = False  # it would fail again, until a person asks again
        self._asked: PictureRun | None = None
        self._next, self._last = 0, -1  # frames under way
        session.sent.connect(self._sent)
        session.received.connect(self._receive)
        session.ready.connect(self._new_engine)
        for moved in (playback.index_changed, playback.wish_changed, playback.playing_changed, playback.run_changed):
            moved.connect(self._moved)

    def show_trace(self, run: PictureRun) -> None:
        """A run from a file takes the screen; the engine is asked for nothing while it has it."""
        if self._trace is None:
            self._live_run = self._playback.run
        self._trace = run
        self._playback.set_run(run, 0)
        self.waiting_changed.emit()

    def close_trace(self) -> None:
        """The live run comes back, or the one that was announced since."""
        if self._trace is None:
            return
        self._trace, run, self._live_run = None, self._live_run, None
        if run is None or self._arriving is not None:
            self._playback.clear()
        else:
            self._playback.set_run(run, 0)
        self._moved()

    @property
    def waiting(self) -> bool:
        """Does the screen wait for a frame?"""
        run, k = self._playback.run, self._playback.wanted
        if self._trace is not None:
            return False
        if self._arriving is not None:
            return True
        if run is None or run is self._gone or self._failed:
            return False
        if not all(run.has(j) for j in run.needs(k)):
            return True
        return self._playback.playing and k + 1 < run.length and not run.has(k + 1)

    @property
    def seconds_left(self) -> float | None:
        """Until the frame that is wanted, or while playing until the last one, at the pace measured so far."""
        run = self._playback.run
        if run is None or run.substep_seconds is None:
            return None
        last = run.length - 1 if self._playback.playing else self._playback.wanted
        return run.substep_seconds * (last - run.ready + 1) if last >= run.ready else None

    # ---- what the engine says

    def _sent(self, revision: int) -> None:
        self._settings[revision] = self._store.scene.images

    def _receive(self, message: Any) -> None:
        match message:
            case ModelLoading():
                self._set_loading(name_of(message.name))
            case ModelReady():
                self.card = message.card
                self.loaded = self._settings.get(message.revision, self._store.scene.images)
                self.card_changed.emit()
                self._set_loading(None)
            case PicturesStarted():
                self._started(message)
            case PictureFrame():
                self._frame(message)
            case PicturesDone():
                run = self._live_run if self._trace is not None else self._playback.run
                if run is not None and run.number == message.run and run is not self._gone:
                    run.finish(message)
                    self._playback.grow()
            case Problem() if message.where == "pictures":
                self._problem(message)

    def _started(self, message: PicturesStarted) -> None:
        images = self._settings.get(message.revision, self._store.scene.images)
        for revision in [r for r in self._settings if r < message.revision]:
            del self._settings[revision]
        self._arriving = PictureRun.started(message, images, self.card.name if self.card else "", self._budget)
        self._failed = False
        self._ask()
        self.waiting_changed.emit()

    def _frame(self, message: PictureFrame) -> None:
        run = self._arriving or self._playback.run
        if self._trace is not None or run is None or message.run != run.number or run is self._gone:
            return  # what was under way to a run behind a trace is asked for again
        if run is self._asked and self._next <= message.index <= self._last:
            self._next = message.index + 1
        if run is self._arriving:
            run.put(message, 0, 0)
            self._take(run)
        else:
            run.put(message, self._playback.wanted, self._playback.index)
            self._playback.grow()
        self._ask()
        self.waiting_changed.emit()

    def _take(self, run: PictureRun) -> None:
        """Its first frame has come: it takes the screen, at the place of the run before if that is soon reached."""
        before, index = self._playback.run, 0
        self._arriving = self._gone = None
        if before is not None and not self._playback.playing:
            there = round(self._playback.wanted * (run.length - 1) / max(before.length - 1, 1))
            alike = before.images.model == run.images.model and before.substep_seconds is not None
            pace = (before.substep_seconds or 0.0) * run.shape[0] / before.shape[0]
            index = there if alike and there * pace <= PATIENCE else 0
        self._playback.set_run(run, index)

    def _problem(self, problem: Problem) -> None:
        if self.loading is not None:
            self._set_loading(None)  # the model before stays, and its run can go on
        else:
            self._arriving = None
            self._next, self._last = 0, -1
            self._stopping = True  # these moves are ours: nobody asks for anything
            self._playback.pause()
            self._playback.seek(self._playback.index)
            self._stopping, self._failed = False, True
        self.waiting_changed.emit()
        self.refused.emit(problem)

    def _new_engine(self) -> None:
        """It knows nothing of the runs before; the same numbers will mean others."""
        shown = self._playback.run if self._trace is None else self._live_run
        self._gone, self._arriving, self._asked = shown, None, None
        self._next, self._last = 0, -1
        self._set_loading(None)

    def _set_loading(self, name: str | None) -> None:
        self.loading = name
        self.loading_changed.emit()
        self.waiting_changed.emit()

    # ---- what the engine is asked for

    def _moved(self, *_args: object) -> None:
        if self._stopping:
            return
        self._failed = False
        self._ask()
        self.waiting_changed.emit()

    def _ask(self) -> None:
        run = self._arriving or self._playback.run
        if self._trace is not None or run is None or run is self._gone or self._failed or not self._session.is_ready:
            return
        wanted = self._wanted(run)
        if not self._is_new(run, wanted):
            return
        first, last = wanted or (1, 0)  # nothing more: what is under way is dropped
        self._asked, self._next, self._last = run, first, last
        self._session.send(Develop(run=run.number, first=first, last=last))

    def _wanted(self, run: PictureRun) -> tuple[int, int] | None:
        """The first missing frame and the last one that are wanted now."""
        if run is self._arriving:
            return 0, 0
        k, end = self._playback.wanted, run.length - 1
        ahead = min(AHEAD, run.capacity // 2) if self._playback.playing else 0 if run.is_slow else 1
        last = min(k + ahead, end)
        missing = next((j for j in (*run.needs(k), *range(k + 1, last + 1)) if not run.has(j)), None)
        return None if missing is None else (min(missing, run.ready), last)

    def _is_new(self, run: PictureRun, wanted: tuple[int, int] | None) -> bool:
        """Must the engine be told? Not while what it was last asked for still serves."""
        under_way = run is self._asked and self._next <= self._last
        if wanted is None:
            return under_way
        first, last = wanted
        if not under_way or first != self._next:
            return True
        if last > self._last and self._playback.playing:
            return False  # frames on their way would be made twice: the next are asked for when the last of these has come
        return last != self._last
