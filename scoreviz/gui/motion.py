"""Whether things may move by themselves: the person's word here, or the system's."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QStyle

_chosen = False


def reduced() -> bool:
    """Was less motion asked for? Runs then wait for Play, do not begin again at their end, and nothing turns by itself."""
    style = QApplication.style() if QApplication.instance() is not None else None
    return _chosen or (style is not None and style.styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0)


def set_reduced(on: bool) -> None:
    """The person's word."""
    global _chosen
    _chosen = on
