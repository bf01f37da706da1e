"""Maps and posterior means for the noise levels on screen: kept, asked for ahead of the transport, one question under way at a time.

A map may take longer than a frame lasts, so a question is left to be answered while the transport goes on, and the newest map is shown,
under its own sigma, until that of the frame has come. At rest the newest question replaces one that takes long.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from scoreviz.gui.canvas.frame import MapGrid, MeanGrid
from scoreviz.gui.dynamics.inspect_wishes import Wish
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.protocol.questions import AskMaps, LevelMap, Maps
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.parameters import Invalidates

KEPT = 256  # levels of each; 100 KB apiece at most
PATIENCE = 0.3  # seconds that a question has at rest before the next one replaces it
STALE_SECONDS = {"log_ode": 4.0}  # of training, after which a map of the network is computed anew
STALE = 0.5
SLOW = ("log_ode",)
"""Kinds that are asked for one level at a time: the frame's own."""
_DEPENDS = Invalidates.TARGET | Invalidates.NETWORK | Invalidates.FIELD


@dataclass(frozen=True)
class Entry:
    """One level's map as it came."""

    wish: Wish
    level: LevelMap
    step: int | None
    edits: int  # how many edits of what it depends on had been made when it was asked for
    grid: MapGrid | MeanGrid


class Levels(QObject):
    """One line to the engine, and what came of it."""

    changed = Signal()

    def __init__(self, asker: str, questions: Questions, session: Session, progress: Progress, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._progress = session, progress
        self._inquiry = questions.inquiry(asker, depends=Invalidates.NOTHING)  # what is asked when is decided here
        self._inquiry.answered.connect(self._take)
        self._inquiry.refused.connect(self._take_refusal)
        self._entries: OrderedDict[float, Entry] = OrderedDict()  # by sigma, the newest last
        self._absent: dict[float, int] = {}  # levels that the scene's noise does not have, as of so many edits
        self._wish: Wish | None = None
        self._sigmas: tuple[float, ...] = ()
        self._asked: Wish | None = None  # of the last question
        self._asked_edits = -1
        self._playing = False
        self._edits = 0
        self.refusal = ""  # why there is nothing to show, until something changes
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._later = QTimer(self, singleShot=True, interval=round(1000 * PATIENCE))
        for timer in (self._soon, self._later):
            timer.timeout.connect(self._ask)
        progress.training_changed.connect(self._network_moved)
        session.past_changed.connect(self._network_moved)

    def invalidate(self, old: Scene, new: Scene) -> None:
        """An edit: what was computed before it is shown until newer ones come."""
        if invalidated(old, new) & _DEPENDS or old.score != new.score:
            self._edits += 1
            self.refusal = ""
            self._soon.start()

    def show(self, wish: Wish | None, sigmas: Sequence[float], *, playing: bool) -> None:
        """What is on screen now: the frame's level first, then those that come soon. None: nobody looks."""
        if not _alike(wish, self._wish):
            self._forget()
        self._wish, self._playing = wish, playing
        self._sigmas = tuple(sigmas[:1] if wish is not None and wish.kind in SLOW else sigmas)
        if wish is None:
            self._inquiry.ask(None)
        else:
            self._soon.start()

    def get(self, sigma: float) -> Any:
        """The grid of this level; where there is none so far, the newest that came; None before any came."""
        found = self._entries.get(sigma) or next(reversed(self._entries.values()), None)
        return None if found is None else found.grid

    @property
    def settled(self) -> bool:
        """Is all that the screen shows there, and up to date?"""
        return self._wish is None or bool(self.refusal) or not any(map(self._wanted, self._sigmas))

    def _forget(self) -> None:
        self._entries.clear()
        self.refusal = ""

    def _wanted(self, sigma: float) -> bool:
        made = self._entries.get(sigma)
        if self._absent.get(sigma) == self._edits:
            return False
        if made is None or made.level.share < 1.0 or made.edits != self._edits or made.wish != self._wish:
            return True
        if made.step is None:
            return False
        if (pinned := self._session.pinned) is not None:
            return made.step != pinned
        slack = STALE_SECONDS.get(made.wish.kind, STALE) * self._progress.rate if self._progress.running else 0.0
        return abs(self._progress.step - made.step) > slack

    def _ask(self) -> None:
        if self._wish is None or self.refusal:
            return
        sigmas = [s for s in self._sigmas if self._wanted(s)]
        if not sigmas:
            return
        question, inquiry = self._wish.question(sigmas), self._inquiry
        if inquiry.waiting and not inquiry.stale and self._lasts(question):  # one that has not been sent costs nothing to replace
            return
        self._asked, self._asked_edits = self._wish, self._edits
        inquiry.stale = True  # ask, even if it is the same question: the network has moved
        inquiry.ask(question)

    def _lasts(self, question: AskMaps) -> bool:
        """Whether the question under way is left to be answered: while frames run, while it brings what is wanted, while it is young."""
        under_way: Any = self._inquiry.question
        if not _alike(self._asked, self._wish):
            return False
        brings = self._asked == self._wish and self._asked_edits == self._edits and question.sigmas[0] in under_way.sigmas
        if self._playing or brings or question == under_way:
            return True
        left = PATIENCE - (time.monotonic() - self._inquiry.asked)
        if left > 0:
            self._later.start(max(1, round(1000 * left)))
        return left > 0

    def _take(self, answer: Maps) -> None:
        assert self._asked is not None
        for level in answer.maps:
            before = self._entries.get(level.sigma)
            if before is not None and before.wish == self._asked and before.edits == self._asked_edits:
                if level.share < 1.0 <= before.level.share:
                    continue  # a whole map is not taken away by the beginning of its successor
                if before.step == answer.step and before.level == level:
                    continue  # it came with an earlier part
            self._entries[level.sigma] = Entry(
                self._asked, level, answer.step, self._asked_edits, self._asked.grid(level, answer.step)
            )  # fmt: skip
            self._entries.move_to_end(level.sigma)
        if self._inquiry.share >= 1.0:
            question: Any = self._inquiry.question
            came = {level.sigma for level in answer.maps}
            self._absent |= dict.fromkeys((s for s in question.sigmas if s not in came), self._asked_edits)
        while len(self._entries) > KEPT:
            self._entries.popitem(last=False)
        self.refusal = ""
        self.changed.emit()
        self._soon.start()

    def _take_refusal(self, text: str, _details: str) -> None:
        self._forget()
        self.refusal = text
        self.changed.emit()

    def _network_moved(self) -> None:
        if self._wish is not None and not self.refusal:
            self._soon.start()


def _alike(one: Wish | None, other: Wish | None) -> bool:
    """Do both speak of the same figure?"""
    return one is not None and other is not None and (one.kind, one.source) == (other.kind, other.source)
