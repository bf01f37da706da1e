"""The reverse step of the probed point: how long it is, and both laws of where it came from."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Signal

from scoreviz.gui.dynamics.probe.latest import Latest
from scoreviz.gui.dynamics.probe.probing import OF_A_POINT, Probing
from scoreviz.gui.playback import Run
from scoreviz.gui.questions import Questions
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.words import rounded
from scoreviz.protocol.questions import AskBackward, Backward

SHORTEST = 1e-3
"""Of t, where the run takes no reverse step of its own, or one that is nearly all of t."""


def own_step(run: Run, k: int) -> float | None:
    """By how much t falls in the run's next prediction from frame k; None where none follows. Thinned frames are shared out evenly."""
    if run.axis != "reverse":
        return None
    for later in range(k + 1, run.length):
        fallen = float(run.t[k] - run.t[later])
        if fallen > 0:
            predictions = max(1, int(run.substep[later] - run.substep[later - 1]))
            return fallen / predictions
    return None


class Stepping(QObject):
    """`share` is the place of the slider: 0 the run's own step, 1 all the way to t = 0."""

    answered = Signal()
    changed = Signal()  # the step or its range

    def __init__(self, probing: Probing, questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._probing = probing
        self._inquiry = questions.inquiry("backward", depends=OF_A_POINT)
        self._line = Latest(self._inquiry, self)
        self._shown = False
        self.share = 0.5
        self.answer: Backward | None = None
        self.trouble = ""
        self._line.answered.connect(self._take)
        self._line.refused.connect(self._refused)
        probing.moved.connect(self._ask)

    @property
    def t(self) -> float:
        """Of the frame on screen; 0 without one."""
        frame = self._probing.frame
        return 0.0 if frame is None else min(max(float(frame[0].t[frame[1]]), 0.0), 1.0)

    @property
    def own(self) -> float | None:
        """The run's own step from here."""
        return None if self._probing.frame is None else own_step(*self._probing.frame)

    @property
    def span(self) -> Span | None:
        """What the slider reaches; None at t = 0."""
        if not self.t > 0:
            return None
        low = self.own if self.own is not None and self.own < 0.9 * self.t else SHORTEST * self.t
        return Span(low, self.t, log=True)

    @property
    def length(self) -> float:
        """t - s."""
        span = self.span
        return 0.0 if span is None else span.low * math.exp(self.share * math.log(span.high / span.low))

    def set_length(self, length: float) -> None:
        """Another step, held within the range; the ends as they are shown, in three figures, are the ends."""
        span = self.span
        if span is not None:
            self.share = 1.0 if length >= rounded(span.high) else 0.0 if length <= rounded(span.low) else span.unit(length)
            self._ask()

    def set_shown(self, shown: bool) -> None:
        """Nothing is asked while nobody looks."""
        self._shown = shown
        self._ask()

    @property
    def sure(self) -> bool:
        """Is the distance as good as it gets?"""
        return self._inquiry.complete

    def _ask(self) -> None:
        x = self._probing.x
        if not self._shown or x is None or self.span is None:
            self._line.ask(None)
            self.answer, self.trouble = None, ""
        else:
            s = 0.0 if self.share >= 1.0 else max(0.0, self.t - self.length)
            self._line.ask(AskBackward(x=x, t=self.t, s=s))
        self.changed.emit()

    def _take(self, answer: Backward, _question: AskBackward) -> None:
        self.answer, self.trouble = answer, ""
        self.answered.emit()

    def _refused(self, text: str) -> None:
        self.answer, self.trouble = None, text
        self.answered.emit()
