"""Two parts with a thin rule between them that can be dragged; a double click on it puts it back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from scoreviz.gui import theme

GRIP = 5
"""Width of what can be gripped, of which one pixel is painted."""


class _Handle(QSplitterHandle):
    """One pixel in the theme's colour for rules; the accent while it is held."""

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.fillRect(self.rect(), now.color("ground"))
        line = now.color("accent" if self.underMouse() else "rule")
        if self.orientation() == Qt.Orientation.Horizontal:
            painter.fillRect(self.width() // 2, 0, 1, self.height(), line)
        else:
            painter.fillRect(0, self.height() // 2, self.width(), 1, line)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()


class Divider(QSplitter):
    """`main` takes what the other one leaves. `size` is that of the second part, in logical pixels at 100 %."""

    def __init__(self, main: QWidget, second: QWidget, size: int, *, vertical: bool, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical if vertical else Qt.Orientation.Horizontal, parent)
        self.setObjectName(name)
        self._default = size
        self._wanted = size
        self.setHandleWidth(theme.current().px(GRIP))
        self.addWidget(main)
        self.addWidget(second)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.setCollapsible(0, False)
        self.setChildrenCollapsible(False)
        handle = self.handle(1)
        handle.setToolTip(self.tr("Drag to resize, double click to put it back"))
        handle.installEventFilter(self)
        self.splitterMoved.connect(self._moved)

    @property
    def size_(self) -> int:
        """Of the second part, in logical pixels at 100 %."""
        return self._wanted

    def set_size(self, size: float) -> None:
        """Of the second part; kept within what both parts need."""
        self._wanted = round(size)
        self._place()

    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.set_size(self._default)
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        length = self.height() if self.orientation() == Qt.Orientation.Vertical else self.width()
        size = theme.current().px(self._wanted)
        self.setSizes([max(length - size - self.handleWidth(), 1), size])

    def _moved(self, _position: int, _index: int) -> None:
        self._wanted = round(self.sizes()[1] / theme.current().scale)
