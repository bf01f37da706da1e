"""The sections at the right, one under the other."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.density_panel import DensityPanel
from scoreviz.gui.dynamics.sampler_panel import SamplerPanel
from scoreviz.gui.dynamics.score_panel import ScorePanel
from scoreviz.gui.dynamics.seeing import Seeing
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.section import Section, SectionGroup

WIDTH = 318


class SidePanel(QScrollArea):
    """Density, Score, Sampler, What am I seeing?; at most one is open. The scroll bar lies over the margin."""

    def __init__(self, store: Store, playback: Playback, progress: Progress, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side_panel")
        self.setAccessibleName(self.tr("Settings"))
        self.setFixedWidth(theme.current().px(WIDTH))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.density = DensityPanel(store)
        self.score = ScorePanel(store, progress)
        self.sampler = SamplerPanel(store, playback)
        self.seeing = Seeing(store, playback)
        self.group = SectionGroup(self)
        content = QWidget()
        content.setObjectName("side_panel.content")
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(content)
        content.setAutoFillBackground(False)
        for section in (self.density, self.score, self.sampler, self.seeing):
            self.add(section)
        self.group.opened.connect(self._bring_into_view)
        self._bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._bar.setObjectName("side_panel.bar")
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
