"""The column of sections at the right of a tab. At most one section is open; the scroll bar lies over the margin."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.section import Section, SectionGroup

WIDTH = 318


class SideColumn(QScrollArea):
    """Sections one under the other, scrolled where they do not fit."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Settings"))
        self.setFixedWidth(theme.current().px(WIDTH))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.group = SectionGroup(self)
        content = QWidget()
        content.setObjectName(f"{object_name}.content")
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(content)
        content.setAutoFillBackground(False)
        self.group.opened.connect(self._bring_into_view)
        self._bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._bar.setObjectName(f"{object_name}.bar")
        own = self.verticalScrollBar()
        own.rangeChanged.connect(self._ranged)
        own.valueChanged.connect(self._bar.setValue)
        self._bar.valueChanged.connect(own.setValue)
        self._ranged()

    def add(self, section: Section) -> None:
        """Put another section at the end."""
        self.group.add(section)
        self._column.insertWidget(self._column.count() - 1, section)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = theme.current().px(8)
        self._bar.setGeometry(self.width() - width - 1, 0, width, self.height())

    def _ranged(self) -> None:
        own = self.verticalScrollBar()
        self._bar.setRange(own.minimum(), own.maximum())
        self._bar.setPageStep(own.pageStep())
        self._bar.setSingleStep(theme.current().px(20))
        self._bar.setVisible(own.maximum() > own.minimum())

    def _bring_into_view(self, section: Section) -> None:
        QTimer.singleShot(0, section, lambda: self.ensureWidgetVisible(section, 0, 0))
