"""A short list of pairs of numbers as one line of text: “0 0.01, 0.5 0.4, 1 6”."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui.widgets.editor import Editor, new_token
from scoreviz.gui.widgets.slider import Figure

Pairs = tuple[tuple[float, float], ...]


class Points(Editor):
    """Pairs (t, value) in a field, one pair after another, with commas between them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value: Pairs = ()
        self.field = Figure(self, boxed=True)
        self.field.setObjectName("points")
        self.field.typed.connect(self._typed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field)
        self.setFocusProxy(self.field)

    def set_value(self, value: Any) -> None:
        self._value = tuple((float(t), float(y)) for t, y in value)
        self.field.show_value(written(self._value), written(self._value))

    def _typed(self, text: str) -> None:
        pairs = read(text)
        if pairs is None:
            self.field.mark("wrong", True)
            sentence = QCoreApplication.translate("Points", "Write pairs of numbers with commas between them, such as {example}.")
            self.trouble.emit(sentence.format(example=written(self._value)))
        elif pairs != self._value:
            self.edited.emit(pairs, new_token())


def written(pairs: Pairs) -> str:
    """(0, 0.01), (1, 6) as “0 0.01, 1 6”."""
    return ", ".join(f"{t:g} {y:g}" for t, y in pairs)


def read(text: str) -> Pairs | None:
    """What `written` wrote, or None if it is anything else."""
    try:
        pairs = [tuple(float(word) for word in part.split()) for part in text.replace(";", ",").split(",") if part.strip()]
    except ValueError:
        return None
    if not pairs or any(len(pair) != 2 or not all(map(math.isfinite, pair)) for pair in pairs):
        return None
    return tuple((t, y) for t, y in pairs)
