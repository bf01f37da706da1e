"""What a space-time view asks the engine, only while it is seen, and how the answers come onto it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from scoreviz.gui.dynamics.spacetime.content import Way
from scoreviz.gui.dynamics.spacetime.curve import Heights
from scoreviz.gui.dynamics.spacetime.view import SpaceTime
from scoreviz.gui.dynamics.spacetime.wishes import NAMES, changes, lines_of, wishes
from scoreviz.gui.questions import Inquiry, Questions
from scoreviz.gui.store import Store
from scoreviz.protocol.questions import AskWays, Curve, Question, Ways
from scoreviz.scene.line import LineCurve
from scoreviz.scene.parameters import Invalidates

POINTS = 3
"""Clicked points that are kept; a further one takes the place of the oldest."""
FAN = 20
AGAIN = 0.7
"""Seconds between two askings for lines of a network that trains."""
_LAW = Invalidates.TARGET | Invalidates.NETWORK  # the drawing, and the noise
_DRIVEN = _LAW | Invalidates.FIELD  # and which score
_DEPENDS = {"heat": _LAW, "curve": Invalidates.TARGET, "forward": _LAW, "flow": _DRIVEN}


class Asking(QObject):
    """One inquiry each for the heat map, the curve, both kinds of paths, and each clicked point."""

    told = Signal(str)

    def __init__(self, view: SpaceTime, store: Store, questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._store = view, store
        self._whole = {name: self._made(questions, f"spacetime.{name}", _DEPENDS[name], self._take) for name in NAMES}
        self._points = [self._made(questions, f"spacetime.ways.{i}", _DRIVEN, self._take_ways) for i in range(POINTS)]
        self._order: list[Inquiry] = []  # those of clicked points, oldest first

    def ask(self) -> None:
        """For what is shown now."""
        scene, view = self._store.scene, self._view
        every = AGAIN if scene.score.source == "network" else None
        for inquiry in (self._whole["flow"], *self._points):
            inquiry.every = every
        for name, question in wishes(view.content, view.layout_, scene.particles.seed).items():
            self._whole[name].ask(question)
            if name == "heat" and question is None and view.content.heat is not None:
                view.show_content(heat=None)

    def rest(self) -> None:
        """Nobody looks."""
        for inquiry in (*self._whole.values(), *self._points):
            inquiry.ask(None)
        self.clear_ways()

    def forget(self) -> None:
        """The answers are of something that cannot be drawn any more."""
        for inquiry in self._whole.values():
            inquiry.forget()
        self.clear_ways()

    def start_ways(self, t: float, x: float) -> None:
        """Paths from this point to the data."""
        inquiry = next((each for each in self._points if each not in self._order), None) or self._order.pop(0)
        self._order.append(inquiry)
        inquiry.forget()
        seed = self._store.scene.particles.seed + self._points.index(inquiry)
        inquiry.ask(AskWays(t=min(max(t, 0.0), 1.0), x=x, n=FAN, seed=seed))

    def clear_ways(self) -> None:
        """None of them any more."""
        for inquiry in self._order:
            inquiry.ask(None)
            inquiry.forget()
        self._order.clear()
        self._view.show_content(ways=())

    def _made(self, questions: Questions, asker: str, depends: Invalidates, take: Any) -> Inquiry:
        inquiry = questions.inquiry(asker, depends=depends)
        inquiry.answered.connect(take)
        inquiry.refused.connect(self._refused)
        return inquiry

    def _take(self, answer: Any) -> None:
        found = changes(answer)
        if isinstance(answer, Curve):  # the drawing as it is compiled takes the place of what the hand drew
            found |= {"base": self._drawn() or found["curve"], "draft": None}
        self._view.show_content(**found)

    def _drawn(self) -> Heights | None:
        """The heights that were drawn, before they became a mixture: going on from those, no drag blurs the others again."""
        line = self._store.scene.density.line
        if len(line) != 1 or not isinstance(line[0], LineCurve):
            return None
        mark = line[0]
        f = np.frombuffer(self._store.blobs[mark.heights], "<f4").astype(float)
        mass = Heights(f, mark.x0, mark.x1).mass
        return Heights(f / mass, mark.x0, mark.x1) if mass > 0 else None

    def _take_ways(self, _answer: Ways) -> None:
        ways = []
        for inquiry in self._order:
            question: Question | None = inquiry.question
            if isinstance(question, AskWays) and inquiry.answer is not None:
                ways.append(Way(question.t, question.x, lines_of(inquiry.answer.sde), lines_of(inquiry.answer.flow)))
        self._view.show_content(ways=tuple(ways))

    def _refused(self, text: str, _details: str) -> None:
        if self._view.content.message is None:  # what the message says is the reason already
            self.told.emit(text)
