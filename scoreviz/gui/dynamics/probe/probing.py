"""Where the probe is: under the pointer, pinned to a place, or on a particle of the run; and what the engine says of it."""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, Signal

from scoreviz.gui.dynamics.probe.latest import Latest
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.questions import Questions
from scoreviz.protocol.questions import AskProbe, Probe
from scoreviz.scene.parameters import Invalidates

Mode = Literal["pointer", "pinned", "particle"]
EVERY_SECONDS = 0.25
OF_A_POINT = Invalidates.TARGET | Invalidates.NETWORK | Invalidates.TRAJECTORY | Invalidates.FIELD
FARTHEST = 1000.0
"""A coordinate that a person may type."""
FEWEST, MOST = 1, 512
"""Targets in the fan."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("Probing", text)


class Probing(QObject):
    """It follows the transport: whatever is on screen, the answer is asked for at that frame's t."""

    moved = Signal()  # another place, mode, frame or run
    answered = Signal()
    told = Signal(str)  # why there is no answer; "" when there may be one

    def __init__(self, playback: Playback[Run], questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self.mode: Mode = "pointer"
        self.particle = 0
        self.targets, self.seed = 24, 0
        self.answer: Probe | None = None
        self.trouble = ""
        self._pointer: tuple[float, ...] | None = None
        self._pin: tuple[float, ...] | None = None
        self._shown = False
        self._line = Latest(questions.inquiry("probe", depends=OF_A_POINT, every=EVERY_SECONDS), self)
        self._line.answered.connect(self._take)
        self._line.refused.connect(self._nothing)
        for changed in (playback.index_changed, playback.run_changed, playback.run_grew):
            changed.connect(self._ask)

    @property
    def shown(self) -> bool:
        """Does anybody look?"""
        return self._shown

    @property
    def frame(self) -> tuple[Run, int] | None:
        """The run and frame on screen, where they are of this scene."""
        run, k = self._playback.run, self._playback.index
        return None if run is None or run.file or not run.has(k) else (run, k)

    @property
    def dim(self) -> int:
        """Coordinates of a point of the run on screen; 2 before there is one."""
        return 2 if self.frame is None else int(self.frame[0].at(0).shape[1])

    @property
    def x(self) -> tuple[float, ...] | None:
        """Where it is; None before the pointer has been anywhere."""
        if self.mode == "particle" and self.frame is not None:
            run, k = self.frame
            points = run.at(k)
            return tuple(float(value) for value in points[min(self.particle, len(points) - 1)])
        return self._fitting(self._pointer if self.mode == "pointer" else self._pin)

    def point(self, *x: float) -> None:
        """The pointer is here."""
        self._pointer = x
        if self.mode == "pointer":
            self._ask()

    def pin(self, *x: float) -> None:
        """Stay here; without a place, where it is now. A place that no number names changes nothing, and is told."""
        place = x or self.x or (0.0,) * self.dim
        if not all(math.isfinite(value) and abs(value) <= FARTHEST for value in place):
            self._tell(_tr("A coordinate lies between −1000 and 1000."))
            return
        self.mode, self._pin = "pinned", place
        self._ask()

    def let_go(self) -> None:
        """Follow the pointer again."""
        self.mode = "pointer"
        self._ask()

    def follow(self, particle: int) -> None:
        """Stay on a particle of the run, through all its frames."""
        last = len(self.frame[0].at(self.frame[1])) - 1 if self.frame is not None else particle
        self.mode, self.particle = "particle", min(max(0, particle), last)
        self._ask()

    def draw_targets(self, count: int | None = None, *, anew: bool = False) -> None:
        """So many targets in the fan; anew: other draws."""
        self.targets = self.targets if count is None else min(max(count, FEWEST), MOST)
        self.seed += anew
        self._ask()

    def set_shown(self, shown: bool) -> None:
        """Nothing is asked while nobody looks."""
        self._shown = shown
        self._ask()
        if not shown:
            self._line.ask(None)
            self._nothing("")

    def _fitting(self, place: tuple[float, ...] | None) -> tuple[float, ...] | None:
        """A place of a drawing with another number of coordinates is none."""
        return place if place is not None and len(place) == self.dim else None

    def _ask(self, *_args: object) -> None:
        if not self._shown:
            return
        x, frame = self.x, self.frame
        if frame is None:
            self._line.ask(None)
            run = self._playback.run
            traced = run is not None and bool(run.file)
            self._nothing(
                _tr("A trace holds points alone, not the density they are of. Close it to probe.")
                if traced
                else _tr("Nothing is sampled yet.")
            )
        elif x is None:
            self._line.ask(None)
            plane = _tr("Move the pointer over the picture, or choose a place or a particle.")
            self._nothing(plane if self.dim == 2 else _tr("Choose a place or a particle."))
        else:
            run, k = frame
            self._line.ask(AskProbe(x=x, t=min(max(float(run.t[k]), 0.0), 1.0), targets=self.targets, seed=self.seed))
        self.moved.emit()

    def _nothing(self, why: str) -> None:
        self.answer = None
        self._tell(why)
        self.answered.emit()

    def _take(self, answer: Probe, _question: AskProbe) -> None:
        self.answer = answer
        self._tell("")
        self.answered.emit()

    def _tell(self, text: str) -> None:
        if text != self.trouble:
            self.trouble = text
            self.told.emit(text)
