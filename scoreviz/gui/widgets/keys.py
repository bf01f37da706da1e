"""A widget that has the keyboard keeps the keys it understands; the window's shortcuts get the rest.

Space plays, Home goes to the start: but not while a button or a slider that was reached by Tab is waiting for that very key.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

Key = Qt.Key
PRESS = frozenset({Key.Key_Space})
ARROWS = frozenset({Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down})
MOVES = ARROWS | {Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown}
RESET = frozenset({Key.Key_Delete, Key.Key_Backspace})
DIRECTIONS = {Key.Key_Left: (-1, 0), Key.Key_Right: (1, 0), Key.Key_Up: (0, -1), Key.Key_Down: (0, 1)}
"""Steps to the right and down on the screen."""
LETTERS = frozenset(Key(code) for code in range(Key.Key_A, Key.Key_Z + 1))


class KeyLine(NamedTuple):
    """One line of the F1 sheet: keys that a widget takes, how they are written, and what they do (marked for translation as "keys").

    Each widget's `KEYS` stands beside the code that answers to them.
    """

    keys: tuple[Qt.Key, ...]
    shown: str
    text: str


class _Keeper(QObject):
    def __init__(self, widget: QWidget, keys: Collection[Qt.Key]) -> None:
        super().__init__(widget)
        self._keys = frozenset(keys)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
            if plain and event.key() in self._keys:
                event.accept()
                return True
        return False


def keep_keys(widget: QWidget, *keys: Collection[Qt.Key]) -> None:
    """While `widget` has the keyboard, these keys are its own."""
    _Keeper(widget, frozenset().union(*keys))
