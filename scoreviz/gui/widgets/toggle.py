"""A switch: the knob's place says it, the colour too."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.keys import PRESS, RESET, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined


class Switch(QAbstractButton):
    """The bare switch."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS, RESET)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(30), now.px(18))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        radius = rect.height() / 2
        on = self.isChecked()
        outlined(painter, rect, radius - 0.5, fill=now.color("track" if on else "raised"), edge=now.color("track" if on else "faint"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.color("on_select" if now.dark or not on else "raised") if on else now.color("dim"))
        x = rect.right() - radius if on else rect.left() + radius
        painter.drawEllipse(QPointF(x, rect.center().y()), radius - now.px(3), radius - now.px(3))
        focus_ring(painter, self, QRectF(self.rect()), radius + 1)


class Toggle(Editor):
    """A bool, at the right where the figures end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = Switch(self)
        self.switch.setObjectName("switch")
        self.switch.clicked.connect(lambda on: self.edited.emit(on, ""))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self.switch)
        self.setFocusProxy(self.switch)

    def set_value(self, value: Any) -> None:
        self.switch.setChecked(bool(value))
