"""The listings' markup for labels and for ears: `_k`, `_{k−1}` are subscripts, `^2`, `^{−h}` superscripts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.words import THIN, count, figure
from scoreviz.scene.notation import Notation
from scoreviz.scene.pseudocode import FIGURES

NARROW = "\u00a0"  # Qt breaks a line at a narrow space that must not break
_SUB = re.compile(r"_(\{[^}]*\}|\w)")
_SUP = re.compile(r"\^(\{[^}]*\}|\w)")


def rich(text: str) -> str:
    """As HTML; what looks like a tag is text."""
    made = html.escape(text, quote=False)
    for pattern, tag in ((_SUB, "sub"), (_SUP, "sup")):
        made = pattern.sub(rf"<{tag}>\1</{tag}>", made)
    made = re.sub(r"<(su[bp])>\{([^}]*)\}</", r"<\1>\2</", made)
    return made.replace("  ", "&nbsp; ")


def rich_label(object_name: str, parent: QWidget) -> QLabel:
    """A wrapped label for sentences with symbols in them."""
    made = label("", "dim", parent, wrap=True, name=object_name)
    made.setTextFormat(Qt.TextFormat.RichText)
    return made


def tell(told: QLabel, text: str) -> None:
    """Put a sentence in the markup on it; an empty one takes no room."""
    told.setText(rich(text))
    told.setAccessibleName(plain(text))
    told.setVisible(bool(text))


def plain(text: str) -> str:
    """Without the marks, for accessible names: x_{k−1} as x k−1."""
    return re.sub(r"[_^]\{?([^}\s]*?)\}?(?=[^\w−+]|$)", r" \1", text).replace("  ", " ")


def number(name: str, value: float) -> str:
    """A figure as a person reads it, with a true minus."""
    text = count(round(value)) if FIGURES[name].whole else figure(float(value))
    return text.replace("-", "−")


def told(names: Iterable[str], figures: Mapping[str, float], notation: Notation) -> list[tuple[str, str]]:
    """(symbol, value) of those figures that are known, in the markup."""
    return [(FIGURES[name].symbol(notation), number(name, figures[name])) for name in names if name in figures]


def line_of(pairs: Iterable[tuple[str, str]], colour: str) -> str:
    """“σ 0.83 · σ′ 0.71” as HTML, symbols in their own colour; a pair does not break."""
    cells = [
        f'<span style="color:{colour}">{rich(symbol)}</span>&nbsp;{html.escape(value)}'.replace(THIN, NARROW) for symbol, value in pairs
    ]
    return " &nbsp;".join(cells)
