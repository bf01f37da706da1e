"""A section of the side panel: heading left, the state in words right, and More."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.buttons import WordButton
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.paint import Rule

MARGIN = 14


class Section(QWidget):
    """Heading, body and, when More is open, what is rarer. more_changed(open)."""

    more_changed = Signal(bool)

    def __init__(self, title: str, object_name: str, parent: QWidget | None = None, *, more: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(title)
        now = theme.current()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        inner = QVBoxLayout()
        inner.setContentsMargins(now.px(MARGIN), now.px(9), now.px(MARGIN), now.px(11))
        inner.setSpacing(now.px(2))
        outer.addLayout(inner)
        outer.addWidget(Rule(self))
        self.heading = label(title, "heading", self, name=f"{object_name}.heading")
        self.state = Elided("", "dim", self)
        self.state.setObjectName(f"{object_name}.state")
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.more_button = WordButton(self.tr("More"), f"{object_name}.more", self, chevron=True)
        self.more_button.setCheckable(True)
        self.more_button.setAccessibleName(self.tr("More of {title}").format(title=title))
        self.more_button.toggled.connect(self._toggled)
        inner.addLayout(self._head())
        self.body = QVBoxLayout()
        self.body.setSpacing(now.px(2))
        self.body.setContentsMargins(0, now.px(2), 0, 0)
        inner.addLayout(self.body)
        self.extra = QWidget(self)
        self.extra_body = QVBoxLayout(self.extra)
        self.extra_body.setSpacing(now.px(2))
        self.extra_body.setContentsMargins(0, 0, 0, 0)
        self.extra.hide()
        inner.addWidget(self.extra)
        self.set_has_more(more)

    def _head(self) -> QHBoxLayout:
        now = theme.current()
        row = QHBoxLayout()
        row.setSpacing(now.px(6))
        row.setContentsMargins(0, 0, -now.px(4) + now.px(4), 0)
        row.addWidget(self.heading)
        row.addWidget(self.state, 1)
        row.addWidget(self.more_button)
        return row

    def set_state(self, text: str) -> None:
        """What is the case, in words."""
        self.state.setText(text)

    def set_has_more(self, more: bool) -> None:
        """Whether there is anything under More."""
        self.more_button.setVisible(more)
        if not more:
            self.set_open(False)

    @property
    def open(self) -> bool:
        return self.more_button.isChecked()

    def set_open(self, open: bool) -> None:
        """Open or close More."""
        self.more_button.setChecked(open)

    def _toggled(self, open: bool) -> None:
        self.more_button.setText(self.tr("Less") if open else self.tr("More"))
        self.more_button.updateGeometry()
        self.more_changed.emit(open)  # what is made only when it is asked for is made now
        self.extra.setVisible(open and self.extra_body.count() > 0)


class SectionGroup(QObject):
    """At most one of its sections is open. opened(section) when one was."""

    opened = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sections: list[Section] = []

    def add(self, section: Section) -> None:
        self._sections.append(section)
        section.more_changed.connect(lambda open, section=section: self._changed(section, open))

    def _changed(self, section: Section, open: bool) -> None:
        if not open:
            return
        for other in self._sections:
            if other is not section:
                other.set_open(False)
        self.opened.emit(section)
