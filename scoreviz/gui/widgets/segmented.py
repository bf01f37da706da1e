"""One of a few, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.keys import ARROWS, PRESS, RESET, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined


class Segment(QAbstractButton):
    """One alternative. stepped(-1 or 1) by the arrow keys."""

    stepped = Signal(int)

    def __init__(self, value: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.value = value
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS, ARROWS, RESET)
        self.setObjectName(f"segment.{value}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        now = theme.current()
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2 * now.px(6), now.px(24))

    minimumSizeHint = sizeHint

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(by)

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        on = self.isChecked()
        if on:
            outlined(painter, rect, now.px(4), fill=now.color("select"))
        tint = "on_select" if on else "text" if self.underMouse() else "dim"
        painter.setPen(now.color(tint))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), self.text())
        focus_ring(painter, self, rect, now.px(4))


class Segmented(Editor):
    """A row of segments; the arrow keys choose, as the mouse does."""

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.segments: list[Segment] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for value, text in choices:
            segment = Segment(value, text, self)
            segment.clicked.connect(lambda _on, value=value: self.edited.emit(value, ""))
            segment.stepped.connect(lambda by, segment=segment: self._go(segment, by))
            self._group.addButton(segment)
            self.segments.append(segment)
            row.addWidget(segment)

    @property
    def value(self) -> str:
        return next((segment.value for segment in self.segments if segment.isChecked()), "")

    def set_value(self, value: Any) -> None:
        for segment in self.segments:
            if segment.value == value:
                segment.setChecked(True)

    def describe(self, name: str, help: str) -> None:
        self.setAccessibleName(name)
        self.setAccessibleDescription(help)
        for segment in self.segments:
            segment.setAccessibleName(f"{name}: {segment.text()}")
            segment.setAccessibleDescription(help)

    def _go(self, segment: Segment, by: int) -> None:
        """Choose the neighbour of a segment, if there is one."""
        index = self.segments.index(segment) + by
        if 0 <= index < len(self.segments):
            self.segments[index].setFocus(Qt.FocusReason.TabFocusReason)
            self.segments[index].click()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        outlined(painter, rect, now.px(5), fill=now.color("raised"), edge=now.color("border"))
        painter.setPen(now.color("border"))
        for left, right in zip(self.segments, self.segments[1:], strict=False):
            if not left.isChecked() and not right.isChecked():
                path = QPainterPath()
                path.moveTo(right.x() + 0.5, 6)
                path.lineTo(right.x() + 0.5, self.height() - 6)
                painter.drawPath(path)
