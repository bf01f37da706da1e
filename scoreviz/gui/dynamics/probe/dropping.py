"""Particles that a person drops into the run on screen, drags about, and watches recover. They never touch the run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, Signal

from scoreviz.gui.dynamics.probe.latest import Latest
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.questions import Questions
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions import AskDrop, Drop, Dropped
from scoreviz.protocol.questions.drop import MOST_DROPPED
from scoreviz.scene.parameters import Invalidates

GOLDEN = math.pi * (3 - math.sqrt(5))
EVERY_SECONDS = 0.5
OF_A_RUN = Invalidates.TARGET | Invalidates.NETWORK | Invalidates.TRAJECTORY


def cloud(x: float, y: float, count: int, spacing: float) -> np.ndarray:
    """(count, 2) float32: a sunflower about (x, y), the first point exactly there, neighbours some `spacing` apart."""
    k = np.arange(count)
    radius, angle = spacing * np.sqrt(k), GOLDEN * k
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], -1).astype(np.float32)


@dataclass(eq=False)
class Batch:
    """Points that were let go together, at a share of the run. A point that was dragged away from it later is another batch."""

    points: np.ndarray  # (n, D) float32
    share: float
    seed: int
    taken: dict[int, Batch] = field(default_factory=dict)  # point -> the batch that it is from there on
    frames: np.ndarray | None = None  # (m, n, D), as the engine answered
    first: int = 0  # frame of the run to which frames[0] belongs

    def start(self, run: Run) -> int:
        """The frame of this run at which they are let go."""
        return round(self.share * (run.length - 1))

    def alive(self, point: int, k: int) -> bool:
        """Is the point this batch's own at frame k?"""
        other = self.taken.get(point)
        return other is None or k < other.first


class Dropping(QObject):
    """All batches of one window, and the one that is held."""

    changed = Signal()  # what is drawn, or what is said of it
    told = Signal(str)  # why what a hand just did had no effect

    def __init__(self, playback: Playback[Run], questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self.count = 12
        self.batches: list[Batch] = []
        self.trouble = ""
        self._seeds = 0
        self._shown = True
        self._held: Batch | None = None
        self._resume = False
        self._line = Latest(questions.inquiry("drop", depends=OF_A_RUN, every=EVERY_SECONDS), self)
        self._line.answered.connect(self._take)
        self._line.refused.connect(self._refused)
        playback.run_changed.connect(self._run_changed)

    @property
    def total(self) -> int:
        """Points of all batches."""
        return sum(len(batch.points) for batch in self.batches)

    @property
    def run(self) -> Run | None:
        """The run that they are in; a trace takes none."""
        run = self._playback.run
        return None if run is None or run.file or not run.ready else run

    @property
    def held(self) -> Batch | None:
        """The point that is being dragged."""
        return self._held

    def drop(self, points: np.ndarray) -> Batch | None:
        """Let points (n, D) go at the frame on screen; None, and told, where that is not possible."""
        run = self.run
        if run is None:
            self._tell(_tr("There is no run to drop a particle into."))
        elif self.total + len(points) > MOST_DROPPED:
            self._tell(_tr("At most {most} points can be dropped; Delete takes them away.").format(most=MOST_DROPPED))
        elif run.length > 1:
            self._seeds += 1
            made = Batch(np.asarray(points, np.float32), self._playback.index / (run.length - 1), self._seeds)
            made.first = self._playback.index
            self.batches.append(made)
            self._ask()
            return made
        return None

    def grab(self, batch: Batch, point: int) -> None:
        """Hold one point at the frame on screen: from here on it is a batch of its own. Playing waits until it is let go."""
        self._resume = self._playback.playing
        self._playback.pause()
        k = self._playback.index
        if len(batch.points) == 1 and batch.first == k:
            self._held = batch
        else:
            at = self.place(batch, point, k)
            self._held = None if at is None else self.drop(at[None])
            if self._held is not None:
                batch.taken[point] = self._held

    def hold_at(self, x: float, y: float) -> None:
        """The held point is dragged here."""
        if self._held is not None:
            self._held.points = np.array([[x, y]], np.float32)
            self._ask()

    def release(self) -> None:
        """Let go: it follows the run again."""
        resume, self._resume = self._resume and self._held is not None, False
        self._held = None
        if resume:
            self._playback.play()

    def clear(self) -> None:
        """Take all of them away."""
        self.batches, self._held, self.trouble = [], None, ""
        self._ask()

    def set_shown(self, shown: bool) -> None:
        """Nothing is asked while the plane is out of sight."""
        self._shown = shown
        self._ask()

    def place(self, batch: Batch, point: int, k: int) -> np.ndarray | None:
        """Where a point is at frame k of the run on screen, (D,); None before it was dropped, or while nobody knows yet."""
        if k == batch.first:
            return np.asarray(batch.points[point])
        if batch.frames is None or not batch.first <= k < batch.first + len(batch.frames):
            return None
        return np.asarray(batch.frames[k - batch.first, point])

    def _run_changed(self) -> None:
        run = self.run
        if run is None:
            self._ask()
            return
        for batch in self.batches:
            first = batch.start(run)
            if first != batch.first or (batch.frames is not None and first + len(batch.frames) != run.length):
                batch.frames = None  # of another sampler
            batch.first = first
        self._ask()

    def _ask(self) -> None:
        run = self.run
        if not self.batches or not self._shown or run is None:
            self._line.ask(None)
        else:
            drops = tuple(Drop(points=Array.of(b.points), substep=int(run.substep[b.first]), seed=b.seed) for b in self.batches)
            self._line.ask(AskDrop(drops=drops, kept=tuple(int(k) for k in run.substep), total=run.total))
        self.changed.emit()

    def _take(self, answer: Dropped, question: AskDrop) -> None:
        run, batches = self.run, {batch.seed: batch for batch in self.batches}
        alike = run is not None and question.total == run.total and question.kept == tuple(int(k) for k in run.substep)
        for drop, frames in zip(question.drops, answer.frames, strict=True):
            batch = batches.get(drop.seed)
            if batch is not None and run is not None and alike and drop.substep == int(run.substep[batch.first]):
                batch.frames = frames.numpy()  # while it is dragged, of where it was some milliseconds ago
        self.trouble = ""
        self.changed.emit()

    def _refused(self, text: str) -> None:
        for batch in self.batches:
            batch.frames = None
        self.trouble = text
        self.changed.emit()

    def _tell(self, text: str) -> None:
        self.trouble = text
        self.told.emit(text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Dropping", text)
