"""Two parts with a thin rule between them that can be dragged, or moved by keys; a double click or Delete puts it back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.keys import ARROWS, DIRECTIONS, RESET, KeyLine, keep_keys
from scoreviz.scene.text import QT_TRANSLATE_NOOP

GRIP = 5
"""Width of what can be gripped, of which one pixel is painted."""
STEP, FAR = 8, 40
"""Logical pixels at 100 % for an arrow key, and with Shift."""
KEYS = (
    KeyLine(tuple(DIRECTIONS), "← → ↑ ↓", QT_TRANSLATE_NOOP("keys", "Move the rule; with Shift farther")),
    KeyLine(tuple(RESET), "Delete", QT_TRANSLATE_NOOP("keys", "Put the rule back")),
)


class _Handle(QSplitterHandle):
    """One pixel in the theme's colour for rules; the accent while the pointer is on it, all of it while the keyboard is."""

    nudged = Signal(int, int)  # steps to the right and down
    put_back = Signal()

    def __init__(self, orientation: Qt.Orientation, parent: QSplitter) -> None:
        super().__init__(orientation, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        keep_keys(self, ARROWS, RESET)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        across, down = DIRECTIONS.get(Qt.Key(event.key()), (0, 0))
        by = FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
        if event.key() in RESET:
            self.put_back.emit()
        elif (across if self.orientation() == Qt.Orientation.Horizontal else down) != 0:
            self.nudged.emit(by * across, by * down)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.put_back.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.fillRect(self.rect(), now.color("ground"))
        line = now.color("accent" if self.underMouse() or self.hasFocus() else "rule")
        if self.hasFocus():
            painter.fillRect(self.rect().adjusted(1, 1, -1, -1), line)
            return
        if self.orientation() == Qt.Orientation.Horizontal:
            painter.fillRect(self.width() // 2, 0, 1, self.height(), line)
        else:
            painter.fillRect(0, self.height() // 2, self.width(), 1, line)

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()


class Divider(QSplitter):
    """Two children, which `hold` takes: the first takes what the second leaves. `size`: the second's, in logical pixels at 100 %.

    `title` says what the rule resizes, to who does not see it.
    """

    def __init__(self, size: int, *, vertical: bool, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical if vertical else Qt.Orientation.Horizontal, parent)
        self.setObjectName(name)
        self._default = size
        self._wanted = size
        self._name, self._title = name, title
        self.setHandleWidth(theme.current().px(GRIP))

    def hold(self, main: QWidget, second: QWidget) -> None:
        """The two parts, once. Those that are its children already are not dressed anew by Qt, which takes time at the start."""
        self.addWidget(main)
        self.addWidget(second)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.setCollapsible(0, False)
        self.setChildrenCollapsible(False)
        handle = self.handle(1)
        handle.setToolTip(self.tr("Drag, or use the arrow keys, to resize; a double click or Delete puts it back"))
        assert isinstance(handle, _Handle)
        handle.setObjectName(f"{self._name}.rule")
        handle.setAccessibleName(self._title)
        handle.nudged.connect(self._nudge)
        handle.put_back.connect(lambda: self.set_size(self._default))
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        length = self.height() if self.orientation() == Qt.Orientation.Vertical else self.width()
        size = theme.current().px(self._wanted)
        self.setSizes([max(length - size - self.handleWidth(), 1), size])

    def _nudge(self, across: int, down: int) -> None:
        """The rule goes with the key, so the second part, at the right or below, becomes smaller."""
        now = self.sizes()[1] / theme.current().scale
        self.set_size(now - (down if self.orientation() == Qt.Orientation.Vertical else across))
        self._moved(0, 0)  # what both parts allowed

    def _moved(self, _position: int, _index: int) -> None:
        self._wanted = round(self.sizes()[1] / theme.current().scale)
