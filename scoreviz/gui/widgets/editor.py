"""What every editor of one value has: it says `edited`, and is told with `set_value` without saying so."""

from __future__ import annotations

import itertools
from typing import Any

from PySide6.QtCore import QElapsedTimer, Signal
from PySide6.QtWidgets import QWidget

_TOKENS = itertools.count(1)


def new_token() -> str:
    """A merge token that no other edit has."""
    return f"gesture-{next(_TOKENS)}"


class Gesture:
    """Which edits belong together: those of one drag, and key presses that follow each other within a second."""

    PAUSE_MS = 1000

    def __init__(self) -> None:
        self._token = new_token()
        self._clock = QElapsedTimer()

    def begin(self) -> str:
        """A new gesture: a press of the mouse."""
        self._token = new_token()
        self._clock.start()
        return self._token

    @property
    def token(self) -> str:
        """The token of the drag under way."""
        return self._token

    def nudge(self) -> str:
        """The token for a key press or a notch of the wheel."""
        if not self._clock.isValid() or self._clock.elapsed() > self.PAUSE_MS:
            self._token = new_token()
        self._clock.start()
        return self._token


class Editor(QWidget):
    """Base of the editors. edited(value, merge token); trouble(sentence) when what was typed is no value at all."""

    edited = Signal(object, str)
    trouble = Signal(str)

    def set_value(self, value: Any) -> None:
        """Show a value; `edited` is not emitted."""
        raise NotImplementedError

    def describe(self, name: str, help: str) -> None:
        """Name the parts that take the keyboard."""
        for child in [self, *self.findChildren(QWidget)]:
            child.setAccessibleName(name)
            child.setAccessibleDescription(help)
