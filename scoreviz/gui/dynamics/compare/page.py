"""The page “Compare” of the column at the right: sets of panes, the panes with their figures, and error against evaluations."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.compare.comparison import Comparison
from scoreviz.gui.dynamics.compare.edits import SETS
from scoreviz.gui.dynamics.compare.nfe_section import NfeSection
from scoreviz.gui.dynamics.compare.pane_section import PaneSection
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import WordButton
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.side import SideColumn
from scoreviz.scene.compare import MOST_PANES


class ChoicesSection(Section):
    """Begin, add, leave, and the sets. A sentence where nothing can be compared, and what was refused last."""

    def __init__(self, comparison: Comparison, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Panes"), "compare.choices", parent)
        self._comparison, self._told = comparison, ""
        now = theme.current()
        intro = self.tr("Several ways of sampling side by side, from the same starting points, in step with the transport.")
        self.body.addWidget(label(intro, "dim", self, wrap=True, name="compare.intro"))
        self.sentence = label("", "error", self, wrap=True, name="compare.sentence")
        self.sentence.hide()
        self.body.addWidget(self.sentence)
        self.sets: dict[str, WordButton] = {}
        column = QVBoxLayout()
        column.setSpacing(0)
        column.setContentsMargins(-now.px(4), now.px(4), 0, 0)
        for chosen in SETS:
            button = WordButton(QCoreApplication.translate("compare", chosen.title), f"compare.set.{chosen.name}", self)
            button.setToolTip(QCoreApplication.translate("compare", chosen.help))
            button.clicked.connect(lambda _=False, chosen=chosen: comparison.doing.arrange(chosen))
            self.sets[chosen.name] = button
            row = QHBoxLayout()
            row.addWidget(button)
            row.addStretch(1)
            column.addLayout(row)
        self.body.addLayout(column)
        self.add_button = WordButton(self.tr("Add a pane"), "compare.add", self, strong=True)
        self.add_button.clicked.connect(comparison.doing.add)
        self.leave_button = WordButton(self.tr("Leave"), "compare.leave", self, strong=True)
        self.leave_button.setAccessibleName(self.tr("Leave the comparison"))
        self.leave_button.clicked.connect(comparison.doing.toggle)
        last = QHBoxLayout()
        last.setContentsMargins(-now.px(4), now.px(4), 0, 0)
        last.setSpacing(now.px(8))
        last.addWidget(self.add_button)
        last.addWidget(self.leave_button)
        last.addStretch(1)
        self.body.addLayout(last)
        comparison.doing.told.connect(self.say)

    def say(self, sentence: str) -> None:
        """Why something was refused, until the scene changes."""
        self._told = sentence
        self.refresh()

    def refresh(self) -> None:
        """What can be pressed now."""
        comparison = self._comparison
        count = len(comparison.ways)
        self.set_state("" if count == 1 else self.tr("{n} side by side").format(n=count))
        self.add_button.setEnabled(comparison.in_plane and count <= MOST_PANES)
        self.leave_button.setEnabled(count > 1)
        for button in self.sets.values():
            button.setEnabled(comparison.in_plane)
        not_here = self.tr("Panes are compared in the plane. This scene is on the line or in space: choose 2-D to compare.")
        sentence = self._told if comparison.in_plane else not_here
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))


class ComparePage(SideColumn):
    """Sections one under the other; what a pane is asked for stands under its More."""

    def __init__(self, comparison: Comparison, store: Store, parent: QWidget | None = None) -> None:
        super().__init__("compare_page", parent)
        self._comparison, self._store = comparison, store
        self.choices = ChoicesSection(comparison)
        self.add(self.choices)
        self.sections = [PaneSection(comparison, store, i) for i in range(MOST_PANES + 1)]
        for section in self.sections:
            self.add(section)
        self.nfe = NfeSection(store, comparison.measuring)
        self.add(self.nfe)
        self._grown = QTimer(self, singleShot=True, interval=0)
        self._grown.timeout.connect(self._look_below)
        self.nfe.grown.connect(self._grown.start)
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self.refresh)
        comparison.changed.connect(lambda _i: self._refresh.start())
        comparison.counted.connect(self._refresh.start)
        store.changed.connect(self._scene_changed)
        self.refresh()

    def open_pane(self, i: int) -> None:
        """Show the settings of pane i."""
        if i:
            self.sections[i].set_open(True)

    def refresh(self) -> None:
        """Say what there is now."""
        self.choices.refresh()
        comparing = len(self._comparison.ways) > 1 and self._comparison.in_plane
        for section in self.sections:
            section.refresh()
            section.setVisible(comparing and not section.isHidden())

    def _look_below(self) -> None:
        """What the button gives is under it, and would be out of sight."""
        top = self.nfe.y() + self.nfe.run_button.y()
        self.verticalScrollBar().setValue(top - theme.current().px(8))

    def _scene_changed(self, *_args: object) -> None:
        self.choices.say("")
        self._refresh.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh.start()
