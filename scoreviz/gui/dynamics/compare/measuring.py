"""The measurement of errors against evaluations: asked for by hand, kept for whoever draws it."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal

from scoreviz.gui.questions import Questions
from scoreviz.gui.store import Store
from scoreviz.protocol.questions import AskNfe, Nfe
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.parameters import Invalidates

DEPENDS = Invalidates.TARGET | Invalidates.FIELD | Invalidates.TRAJECTORY


class Measuring(QObject):
    """`changed` with every part that comes, and when it begins, stops or grows old. It goes on while its page is out of sight:
    somebody asked for it and waits."""

    changed = Signal()
    refused = Signal(str)

    def __init__(self, store: Store, questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inquiry = questions.inquiry("compare.nfe", depends=DEPENDS)
        self._inquiry.answered.connect(self._take)
        self._inquiry.refused.connect(self._refuse)
        self._inquiry.halted.connect(self.changed)
        self.answer: Nfe | None = None
        self.outdated = False  # the scene has changed since it was measured
        self.stopped = False  # before its end
        store.changed.connect(self._scene_changed)

    @property
    def running(self) -> bool:
        """Is a measurement under way?"""
        return self._inquiry.question is not None

    @property
    def share(self) -> float:
        """Of the measurement under way."""
        return self._inquiry.share

    @property
    def pause(self) -> str:
        """Why it does not go on at present: a sentence while there is no engine, else empty."""
        return self._inquiry.pause

    @property
    def seconds_left(self) -> float | None:
        """As far as the share tells; None before there is one."""
        if not self.running or self.share <= 0.0:
            return None
        return (time.monotonic() - self._inquiry.asked) / self.share * (1.0 - self.share)

    def begin(self, question: AskNfe) -> None:
        """Measure this, in the place of what is under way."""
        self.stopped = self.outdated = False
        self._inquiry.ask(question)
        self.changed.emit()

    def stop(self) -> None:
        """What has been measured stays."""
        self._inquiry.ask(None)
        self.stopped = True
        self.changed.emit()

    def _take(self, answer: Nfe) -> None:
        self.answer = answer
        if self.share >= 1.0:
            self._inquiry.ask(None)
        self.changed.emit()

    def _refuse(self, text: str, _details: str) -> None:
        self._inquiry.ask(None)
        self.changed.emit()
        self.refused.emit(text)

    def _scene_changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if self.answer is not None and not self.running and invalidated(old, new) & DEPENDS:
            self.outdated = True
            self.changed.emit()
