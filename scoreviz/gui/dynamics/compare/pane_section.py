"""One pane in the column at the right: its figures, what can be done to it, and its form under More."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.compare import words
from scoreviz.gui.dynamics.compare.comparison import Comparison
from scoreviz.gui.dynamics.compare.pane_store import PaneStore
from scoreviz.gui.forms import SpecForm
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import WordButton
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.section import Section

ALWAYS = ("sampler", "noise", "source")


class PaneSection(Section):
    """Pane i, 0 being the scene's own, whose form is that of the page “Scene”."""

    def __init__(self, comparison: Comparison, store: Store, i: int, parent: QWidget | None = None) -> None:
        self._i, self._number = i, i + 1
        heading = "1" if i == 0 else str(i + 1)
        super().__init__(heading, f"compare.section.{i + 1}", parent, more=i > 0)
        self._comparison = comparison
        self.setAccessibleName(self.tr("Pane {n}").format(n=self._number))
        self.more_button.setAccessibleName(self.tr("Settings of pane {n}").format(n=self._number))
        self.state.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.state.setProperty("role", "text")
        self.form: SpecForm | None = None
        self._racer: SpecForm | None = None
        self._panes = PaneStore(store, i, self) if i else None
        self._figures()
        self._buttons()
        self.more_changed.connect(self._build)
        self.refresh()

    def _figures(self) -> None:
        self.work = Elided("", "dim", self)
        self.work.setObjectName(f"compare.work.{self._number}")
        self.body.addWidget(self.work)
        self.distance = label("", "figure", self, name=f"compare.distance.{self._number}")
        self.distance.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.addWidget(Elided(self.tr("distance to the truth"), "dim", self), 1)
        row.addWidget(self.distance)
        self.body.addLayout(row)
        self.refusal = label("", "error", self, wrap=True, name=f"compare.refusal.{self._number}")
        self.refusal.hide()
        self.body.addWidget(self.refusal)

    def _buttons(self) -> None:
        now, i, doing = theme.current(), self._i, self._comparison.doing
        row = QHBoxLayout()
        row.setSpacing(now.px(8))
        row.setContentsMargins(-now.px(4), 0, 0, 0)
        wanted = [("duplicate", self.tr("Duplicate"), self.tr("Duplicate pane {n}"), lambda: doing.duplicate(i))]
        if i:
            wanted.insert(0, ("take", self.tr("Use this"), self.tr("Make pane {n} the scene's own"), lambda: doing.use(i)))
            wanted.append(("drop", self.tr("Remove"), self.tr("Remove pane {n}"), lambda: doing.remove(i)))
        for name, text, spoken, act in wanted:
            button = WordButton(text, f"compare.{name}.{self._number}", self)
            button.setAccessibleName(spoken.format(n=self._number))
            button.clicked.connect(lambda _=False, act=act: act())
            row.addWidget(button)
        row.addStretch(1)
        self.body.addLayout(row)

    def refresh(self) -> None:
        """Say what this pane's run comes to."""
        comparison, i = self._comparison, self._i
        there = i < len(comparison.ways)
        self.setVisible(there)
        if not there:
            self.set_open(False)
            return
        self.set_state(words.title(comparison, i))
        value, floor = words.distance(comparison, i)
        how = (words.under_way(comparison, i) or words.shares(comparison, i, short=True)) if i else self.tr("the scene's own")
        parts = (words.evaluations(comparison, i), words.seconds(comparison, i), how)
        self.work.setText(" · ".join(text for text in parts if text))
        self.distance.setText(self.tr("{value}, floor {floor}").format(value=value, floor=floor) if value else "—")
        run = comparison.run(i)
        if run is not None and run.truth:
            self.distance.setToolTip(self.tr("Sliced Wasserstein distance to {truth}, and that of truth to truth.").format(truth=run.truth))
        refusal = comparison.entries[i - 1].refusal if i else ""
        self.refusal.setText(refusal)
        self.refusal.setVisible(bool(refusal))
        if self._racer is not None:
            self._racer.setVisible(comparison.ways[i].source == "race")

    def _build(self, open: bool) -> None:
        """The form, when it is first asked for."""
        if not open or self._panes is None or self.form is not None:
            return
        self.form = SpecForm(self._panes.as_store(), self._panes.path, only=ALWAYS, more=True, parent=self.extra)
        self._racer = SpecForm(self._panes.as_store(), self._panes.path, only=("racer",), parent=self.extra)
        self.extra_body.addWidget(self.form)
        self.extra_body.addWidget(self._racer)
        self._racer.setVisible(self._comparison.ways[self._i].source == "race")
