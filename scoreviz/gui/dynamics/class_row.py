"""The eight classes side by side, each with its sign: colour, shape and number."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas.classes import paint_sign
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.keys import ARROWS, PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined
from scoreviz.scene.density import CLASSES


class ClassButton(QAbstractButton):
    """One class; the chosen one is outlined."""

    def __init__(self, label: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.label = label
        self.setObjectName(f"class.{label}")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS, ARROWS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        side = theme.current().px(24)
        return QSize(side, side)

    minimumSizeHint = sizeHint

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        group = self.group()
        neighbour = None if by is None or group is None else group.button(self.label + by)
        if by is None:
            super().keyPressEvent(event)
        elif neighbour is not None:
            neighbour.setFocus(Qt.FocusReason.TabFocusReason)
            neighbour.click()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self.isChecked():
            outlined(painter, rect.adjusted(1, 1, -1, -1), now.px(5), fill=now.color("hover"), edge=now.color("accent"))
        paint_sign(painter, self.label, QPointF(rect.center()), now.px(8), "dark" if now.dark else "light")
        focus_ring(painter, self, rect, now.px(5))


class ClassRow(Editor):
    """edited(label, "") when one is chosen; the arrow keys choose, as the mouse does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for label in range(CLASSES):
            button = ClassButton(label, self)
            button.clicked.connect(lambda _on, label=label: self.edited.emit(label, ""))
            self._group.addButton(button, label)
            row.addWidget(button)
        row.addStretch(1)

    @property
    def buttons(self) -> list[QAbstractButton]:
        """One for each class, in order."""
        return self._group.buttons()

    def set_value(self, value: Any) -> None:
        button = self._group.button(int(value))
        button.setChecked(True)

    def describe(self, name: str, help: str) -> None:
        self.setAccessibleName(name)
        self.setAccessibleDescription(help)
        for label, button in enumerate(self._group.buttons()):
            button.setAccessibleName(f"{name} {label}")
            button.setAccessibleDescription(help)
            button.setToolTip(f"{name} {label}")
