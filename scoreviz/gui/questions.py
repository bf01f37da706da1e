"""What views ask of the engine beside runs and fields: asked again when the scene or the network changes, only while it is seen.

self._inquiry = questions.inquiry("probe", depends=Invalidates.TARGET | Invalidates.NETWORK, every=0.25)
self._inquiry.answered.connect(self._show)
self._inquiry.ask(AskProbe(x=(0.5, 0.2), sigma=0.1))
...
self._inquiry.ask(None)  # out of sight
"""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import Answered, Ask, Refused, Withdraw
from scoreviz.protocol.questions import Question
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.parameters import Invalidates


class Inquiry(QObject):
    """One view's line to the engine. `ask` replaces its question; `answer` is the last answer, whole or in part."""

    answered = Signal(object)  # the answer; `share`, `step` and `revision` say how far and of what
    refused = Signal(str, str)  # a sentence, and details where it is an error of the program
    halted = Signal()  # the engine ended or is back: what `pause` says is another

    def __init__(self, questions: Questions, asker: str, depends: Invalidates, every: float | None) -> None:
        super().__init__(questions)
        self.asker, self.depends, self.every = asker, depends, every
        self._questions = questions
        self.question: Question | None = None
        self.answer: Any = None
        self.share = 0.0
        self.step = -1  # of the network when it was answered
        self.revision = 0  # of the scene that it is of
        self.stale = False  # something that it depends on has changed since it was asked
        self.number = 0
        self.asked = 0.0

    @property
    def complete(self) -> bool:
        """Is the last answer whole, and of the scene as it is now?"""
        return self.answer is not None and self.share >= 1.0 and not self.stale

    @property
    def waiting(self) -> bool:
        """Is a question on its way?"""
        return self.question is not None and (self.stale or self.share < 1.0)

    @property
    def pause(self) -> str:
        """Why nothing comes at present: a sentence while there is no engine to answer, else empty."""
        return "" if self.question is None or self.share >= 1.0 else self._questions.pause

    def ask(self, question: Question | None) -> None:
        """Ask, at most once for the same question while nothing changes; None when nobody looks any more."""
        if question == self.question and (question is None or not self.stale):
            return
        withdrawn = self.question is not None and question is None
        self.question, self.share = question, 0.0
        self.stale = question is not None
        if withdrawn:
            self._questions.withdraw(self)
        else:
            self._questions.schedule()

    def forget(self) -> None:
        """The last answer is of something else altogether."""
        self.answer, self.share, self.step = None, 0.0, -1

    def take(self, message: Answered) -> None:
        self.answer, self.share, self.step, self.revision = message.answer, message.share, message.step, message.revision
        self.answered.emit(message.answer)

    def take_refusal(self, message: Refused) -> None:
        self.share = 1.0
        text = QCoreApplication.translate("engine", message.template)
        if text == message.template:
            text = QCoreApplication.translate("errors", message.template)
        self.refused.emit(text.format(**message.params), message.details)


class Questions(QObject):
    """Every inquiry of one window."""

    def __init__(self, store: Store, session: Session, progress: Progress, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._progress = session, progress
        self._inquiries: dict[str, Inquiry] = {}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._send)
        store.changed.connect(self._changed)
        session.received.connect(self._receive)
        session.sent.connect(lambda _revision: self.schedule())
        session.ready.connect(self._ask_all_again)
        self._pause = self.pause
        progress.engine_changed.connect(self._engine_changed)
        session.past_changed.connect(self._network_moved)
        progress.training_changed.connect(self._network_moved)

    def inquiry(self, asker: str, *, depends: Invalidates, every: float | None = None) -> Inquiry:
        """A line of its own for one view. depends: what of the scene an answer is of; with `every`, also the network's weights:
        asked again at most every so many seconds while it trains, and once when it rests."""
        if asker in self._inquiries:
            raise ValueError(f"“{asker}” asks already")
        made = self._inquiries[asker] = Inquiry(self, asker, depends, every)
        made.destroyed.connect(lambda: self._inquiries.pop(asker, None))
        return made

    @property
    def pause(self) -> str:
        """A sentence while there is no engine to answer."""
        if self._session.is_ready:
            return ""
        if self._progress.state == "stopped":
            return self.tr("The engine has stopped. Restart it to go on.")
        return self.tr("The engine is starting; then this begins anew.")

    def _engine_changed(self) -> None:
        if self.pause != self._pause:
            self._pause = self.pause
            self._tell_halted()

    def _tell_halted(self) -> None:
        for inquiry in self._inquiries.values():
            if inquiry.question is not None:
                inquiry.halted.emit()

    def schedule(self) -> None:
        """Send what is stale, once the present event is done with."""
        self._timer.start()

    def withdraw(self, inquiry: Inquiry) -> None:
        self._session.send(Withdraw(asker=inquiry.asker))

    def _send(self) -> None:
        if not self._session.up_to_date:
            return  # `sent` comes back here
        for inquiry in self._inquiries.values():
            if inquiry.question is None or not inquiry.stale:
                continue
            inquiry.number += 1
            inquiry.stale, inquiry.share, inquiry.asked = False, 0.0, time.monotonic()
            self._session.send(Ask(asker=inquiry.asker, number=inquiry.number, question=inquiry.question))

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        what = invalidated(old, new)
        for inquiry in self._inquiries.values():
            if what & inquiry.depends and inquiry.question is not None:
                inquiry.stale = True
        self.schedule()

    def _ask_all_again(self) -> None:
        for inquiry in self._inquiries.values():
            inquiry.stale = inquiry.question is not None
            inquiry.share = 0.0 if inquiry.stale else inquiry.share
        self.schedule()
        self._tell_halted()

    def _network_moved(self) -> None:
        """Ask again where the answer is of other weights than the network has now, and it was asked long enough ago."""
        step = self._progress.step if self._session.pinned is None else self._session.pinned
        now = time.monotonic()
        for inquiry in self._inquiries.values():
            if inquiry.every is None or inquiry.question is None or inquiry.waiting or inquiry.step == step:
                continue
            if now - inquiry.asked >= inquiry.every or not self._progress.running:
                inquiry.stale = True
                self.schedule()

    def _receive(self, message: object) -> None:
        match message:
            case Answered():
                inquiry = self._inquiries.get(message.asker)
                if inquiry is not None and message.number == inquiry.number and inquiry.question is not None:
                    inquiry.take(message)
            case Refused():
                inquiry = self._inquiries.get(message.asker)
                if inquiry is not None and message.number == inquiry.number and inquiry.question is not None:
                    inquiry.take_refusal(message)
