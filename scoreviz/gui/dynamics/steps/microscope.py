"""Asks the engine what the substep on screen did, checks that the answer is of the very frame that is shown, and draws its parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.steps.overlay import SubstepOverlay
from scoreviz.gui.playback import Playback
from scoreviz.gui.questions import Questions
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions import AskSubstep, SubstepParts
from scoreviz.scene.parameters import Invalidates

DRAWN = 40
"""Particles whose parts are drawn when none is chosen."""
PLAYING_MS = 60


class Microscope(QObject):
    """`answer` is of the run on screen, or None with a sentence why; while the transport plays it may be a few substeps old."""

    changed = Signal()

    def __init__(self, playback: Playback[Any], questions: Questions, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback, self._canvas = playback, canvas
        self.answer: SubstepParts | None = None
        self.sentence = ""
        self.particle = 0  # 0: the mean of all, the first few drawn; else the k-th
        self.drawing = False
        self._watched = False
        self._inquiry = questions.inquiry("steps.substep", depends=Invalidates.NOTHING)
        self._inquiry.answered.connect(self._answered)
        self._inquiry.refused.connect(lambda text, _details: self._none(text))
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._ask)
        playback.index_changed.connect(lambda _: self._later())
        playback.run_changed.connect(self._later)
        playback.playing_changed.connect(lambda _: self._later())

    def set_watched(self, watched: bool) -> None:
        """Is the page on screen?"""
        self._watched = watched
        self._later()

    def set_drawing(self, drawing: bool) -> None:
        """Draw the parts on the canvas, or take them away."""
        self.drawing = drawing
        self._draw()
        self._later()

    def set_particle(self, particle: int) -> None:
        """Of which particle; 0 for the mean of all."""
        self.particle = particle
        self._later()

    @property
    def is_current(self) -> bool:
        """Is the answer of the frame on screen?"""
        run, answer = self._playback.run, self.answer
        return run is not None and answer is not None and answer.run == run.number and answer.substep == self._substep()

    def _substep(self) -> int:
        run = self._playback.run
        return int(run.substep[self._playback.index]) if run is not None and run.length else 0

    def _later(self) -> None:
        if not self.is_current:
            self._canvas.set_overlay("substep", None)
        if not self._soon.isActive():
            self._soon.start(PLAYING_MS if self._playback.playing else 0)

    def _ask(self) -> None:
        run = self._playback.run
        if run is None or not run.ready or not (self._watched or self.drawing):
            self._inquiry.ask(None)
            if run is None:
                self._none("")
            return
        if run.file:
            self._inquiry.ask(None)
            self._none(self.tr("This run was opened from a file, which does not say what its substeps were made of."))
            return
        if run.revision == 0:
            self._inquiry.ask(None)
            self._none(self.tr("This run was recorded earlier; the engine is starting, and its own run will replace it."))
            return
        self._inquiry.ask(AskSubstep(run=run.number, substep=self._substep(), particles=self._particles(len(run.at(0)))))
        if self._inquiry.answer is self.answer:
            self._draw()  # the same question: its answer is here

    def _particles(self, total: int) -> tuple[int, ...]:
        return (min(self.particle, total) - 1,) if self.particle else tuple(range(min(DRAWN, total)))

    def _answered(self, answer: SubstepParts) -> None:
        run = self._playback.run
        if run is None or run.file or answer.run != run.number or not self._is_of(run, answer):
            return
        self.answer, self.sentence = answer, ""
        self._draw()
        self.changed.emit()

    def _is_of(self, run: Any, answer: SubstepParts) -> bool:
        """Do the points agree with the frame? An engine that was started anew counts its runs anew."""
        frames = np.flatnonzero(run.substep == answer.substep)
        if not len(frames) or not run.has(int(frames[0])):
            return False
        frame = run.at(int(frames[0]))
        return bool(np.array_equal(frame[list(answer.particles)], answer.after.numpy()))

    def _none(self, sentence: str) -> None:
        self.answer, self.sentence = None, sentence
        self._draw()
        self.changed.emit()

    def _draw(self) -> None:
        """While the transport plays the answer is always of another frame, so nothing is drawn."""
        answer, overlay = self.answer, None
        shown = self.drawing and self.is_current and not self._playback.playing
        if shown and answer is not None and answer.stage != "start" and answer.before.shape[1] == 2:
            overlay = SubstepOverlay(answer.before.numpy(), _rows(answer.drift), _rows(answer.noise), _rows(answer.score))
        self._canvas.set_overlay("substep", overlay)


def _rows(part: Array | None) -> np.ndarray | None:
    return None if part is None else part.numpy()
