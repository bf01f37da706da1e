"""At most one question of a view on its way: what moves in between is asked when its answer has come.

`Inquiry` hears only the answer to its newest question, so a view that asked at every frame of a playing run would hear none.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from scoreviz.gui.questions import Inquiry
from scoreviz.protocol.questions import Question


class Latest(QObject):
    """`ask` as often as one likes; the newest question is never lost, older ones may go unasked."""

    answered = Signal(object, object)  # the answer, and the question that it is to
    refused = Signal(str)

    def __init__(self, inquiry: Inquiry, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.inquiry = inquiry
        self._waiting = False
        self._next: Question | None = None
        inquiry.answered.connect(self._answered)
        inquiry.refused.connect(self._refused)

    def ask(self, question: Question | None) -> None:
        """None when nobody looks any more."""
        self._next = None
        if question is None:
            self._waiting = False
            self.inquiry.ask(None)
        elif self._waiting:
            self._next = question
        elif question != self.inquiry.question:
            self._waiting = True
            self.inquiry.ask(question)

    def _answered(self, answer: Any) -> None:
        """A part of a long answer is enough for the next question."""
        self.answered.emit(answer, self.inquiry.question)
        self._go_on()

    def _refused(self, text: str, _details: str) -> None:
        self.refused.emit(text)
        self._go_on()

    def _go_on(self) -> None:
        self._waiting = False
        if self._next is not None:
            self.ask(self._next)
