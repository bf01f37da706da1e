"""Labels in the theme's roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from scoreviz.gui import theme

Role = Literal["text", "dim", "heading", "figure", "error", "brand"]
_SIZES: dict[str, float] = {"brand": 1.08}


def label(text: str, role: Role = "text", parent: QWidget | None = None, *, wrap: bool = False, name: str = "") -> QLabel:
    """A plain label in one of the theme's roles."""
    result = QLabel(text, parent)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("role", role)
    result.setWordWrap(wrap)
    result.setObjectName(name)
    if role in ("heading", "brand"):
        result.setFont(theme.current().font(_SIZES.get(role, 1.0), bold=True))
    return result


class Elided(QLabel):
    """One line that ends in … when there is no room. Its whole text stays its accessible name and its tool tip."""

    def __init__(self, text: str = "", role: Role = "dim", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str) -> None:
        if text != self.text():
            super().setText(text)
            self.setAccessibleName(text)
            self._hint()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: object) -> None:
        painter = QPainter(self)
        role = str(self.property("role"))
        now = theme.current()
        color = now.color(role if role in ("dim", "error") else "text") if self.isEnabled() else now.color("faint")
        painter.setPen(color)
        rect = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, int(self.alignment()), text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hint()

    def _hint(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self.text()) > self.contentsRect().width()
        self.setToolTip(self.text() if cut else "")


class Fitting(Elided):
    """One line that says as much as there is room for."""

    def __init__(self, role: Role = "dim", parent: QWidget | None = None) -> None:
        self._texts: Sequence[str] = ("",)
        self._room: int | None = None
        super().__init__("", role, parent)

    def set_texts(self, texts: Sequence[str], room: int | None = None) -> None:
        """Ways to say it, the longest first; within `room` pixels, or else its own width."""
        self._texts, self._room = texts, room
        self._choose()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._choose()
        super().resizeEvent(event)

    def _choose(self) -> None:
        room = self.contentsRect().width() if self._room is None else self._room
        fits = (text for text in self._texts if self.fontMetrics().horizontalAdvance(text) <= room)
        self.setText(next(fits, self._texts[-1]))
