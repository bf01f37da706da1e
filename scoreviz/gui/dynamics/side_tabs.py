"""The column at the right: the scene's settings, and beside them what explains it, one page at a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.buttons import TabButton
from scoreviz.gui.widgets.focus import follow
from scoreviz.gui.widgets.rule import thin_rule

HEIGHT = 34
LEAST_WIDTH, MOST_WIDTH = 300, 640


class SideTabs(QWidget):
    """Small tabs over one page. A page is made when it is first opened; one that is not on screen is hidden and should ask nothing."""

    turned = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side_tabs")
        now = theme.current()
        self._makers: dict[str, Callable[[], QWidget]] = {}
        self._pages: dict[str, QWidget] = {}
        self._buttons: dict[str, TabButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._bar = QWidget(self)
        self._bar.setFixedHeight(now.px(HEIGHT))
        self._row = QHBoxLayout(self._bar)
        self._row.setContentsMargins(now.px(2), 0, now.px(2), 0)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        column.addWidget(self._bar)
        column.addWidget(thin_rule())
        self.stack = QStackedWidget(self)  # the parent of what is made for it
        column.addWidget(self.stack, 1)
        self.page = ""

    def add(self, name: str, title: str, make: Callable[[], QWidget]) -> None:
        """Another page at the end of the row. The first one is shown at once."""
        button = TabButton(title, f"side_tab.{name}", self._bar, height=HEIGHT)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.show_page(name))
        self._group.addButton(button)
        self._row.insertWidget(self._row.count() - 1, button)
        self._makers[name], self._buttons[name] = make, button
        if not self.page:
            self.show_page(name)

    def show_page(self, name: str) -> None:
        """Bring a page on screen."""
        if name not in self._pages:
            page = self._pages[name] = self._makers[name]()
            page.setMinimumWidth(theme.current().px(LEAST_WIDTH))  # the column is as wide as its divider says
            page.setMaximumWidth(theme.current().px(MOST_WIDTH))
            self.stack.addWidget(page)
            follow(list(self._buttons.values())[-1], page)
        self.page = name
        self._buttons[name].setChecked(True)
        self.stack.setCurrentWidget(self._pages[name])
        self.turned.emit(name)

    def go_to(self, name: str) -> None:
        """Bring a page on screen and the keyboard to its tab: the next Tab is on the page."""
        self.show_page(name)
        self._buttons[name].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def names(self) -> list[str]:
        """Every page, in order."""
        return list(self._makers)

    def opened(self, name: str) -> QWidget:
        """That page, brought on screen."""
        self.show_page(name)
        return self._pages[name]
