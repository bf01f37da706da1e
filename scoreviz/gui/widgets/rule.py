"""The thin lines between the parts of a tab."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame


def thin_rule(*, vertical: bool = False) -> QFrame:
    """One pixel, in the theme's colour for rules."""
    rule = QFrame()
    rule.setObjectName("rule")
    rule.setFrameShape(QFrame.Shape.NoFrame)
    (rule.setFixedWidth if vertical else rule.setFixedHeight)(1)
    return rule
