"""Rows of the probe's page: a name and a figure, an editor with its name, bars of who pulls."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.probe.figures import NONE
from scoreviz.gui.widgets.labels import Elided

LABEL_WIDTH = 96
BAR_HEIGHT, BAR_LEFT = 21, 118


class FigureRow(QWidget):
    """A name at the left and its value at the right. The help holds the formula and its source."""

    def __init__(self, name: str, help: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setObjectName(object_name)
        self.setToolTip(help)
        self.setAccessibleDescription(help)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.current().px(6))
        self.label = Elided(name, "dim", self)
        self.label.setFixedWidth(theme.current().px(LABEL_WIDTH))
        self.value = Elided(NONE, "text", self)
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.label)
        row.addWidget(self.value, 1)
        self.setFixedHeight(theme.current().px(22))
        self.show_value(NONE)

    def show_value(self, text: str) -> None:
        """What stands there now."""
        self.value.setText(text)
        self.setAccessibleName(f"{self._name}: {text}")


class EditorRow(QWidget):
    """A name at the left and what edits it at the right."""

    def __init__(self, name: str, help: str, object_name: str, *editors: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setToolTip(help)
        self.setAccessibleDescription(help)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.current().px(6))
        self.label = Elided(name, "dim", self)
        self.label.setFixedWidth(theme.current().px(LABEL_WIDTH))
        row.addWidget(self.label)
        for editor in editors:
            row.addWidget(editor, 1)
        self.setMinimumHeight(theme.current().px(27))


class Bars(QWidget):
    """Names, bars of a share each, and the shares as figures."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.items: tuple[tuple[str, float], ...] = ()
        self._accented = 0

    def show_items(self, items: tuple[tuple[str, float], ...], accented: int) -> None:
        """(name, share in [0, 1]) from the top; the first `accented` bars have the accent, the others are quiet."""
        grown = len(items) != len(self.items)
        self.items, self._accented = items, accented
        self.setAccessibleName(", ".join(f"{name}: {share:.2f}" for name, share in items))
        if grown:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(120), now.px(BAR_HEIGHT) * max(1, len(self.items)))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height, room = now.px(BAR_HEIGHT), now.px(44)
        widest = max((painter.fontMetrics().horizontalAdvance(name) for name, _ in self.items), default=0) + now.px(10)
        left = min(max(now.px(BAR_LEFT), widest), self.width() // 2 + now.px(20))
        width = max(1, self.width() - left - room)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for i, (name, share) in enumerate(self.items):
            y = i * height
            painter.setPen(now.color("dim"))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, left - now.px(4))
            painter.drawText(QRectF(0, y, left, height), middle | int(Qt.AlignmentFlag.AlignLeft), text)
            painter.setPen(now.color("text"))
            painter.drawText(QRectF(self.width() - room, y, room, height), middle | int(Qt.AlignmentFlag.AlignRight), f"{share:.2f}")
            thick = now.px(5)
            track = QRectF(left, y + (height - thick) / 2, width, thick)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(now.color("rule"))
            painter.drawRoundedRect(track, thick / 2, thick / 2)
            painter.setBrush(now.color("distance" if i < self._accented else "faint"))
            painter.drawRoundedRect(QRectF(track.x(), track.y(), max(thick, width * share), thick), thick / 2, thick / 2)
