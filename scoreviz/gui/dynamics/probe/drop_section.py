"""The section about dropped particles: how many, what became of them, and away with them."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui.dynamics.probe.dropped import shown_points
from scoreviz.gui.dynamics.probe.dropping import Dropping
from scoreviz.gui.dynamics.probe.on_canvas import OnCanvas
from scoreviz.gui.dynamics.probe.probing import Probing
from scoreviz.gui.dynamics.probe.rows import EditorRow
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.widgets.buttons import WordButton
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.protocol.questions.drop import MOST_DROPPED


class DropSection(Section):
    """Its buttons do by keyboard what the drop tool does on the canvas."""

    def __init__(
        self, playback: Playback[Run], probing: Probing, dropping: Dropping, on_canvas: OnCanvas, parent: QWidget | None = None
    ) -> None:
        super().__init__(self.tr("Dropped particles"), "drop", parent)
        self._playback, self._probing, self._dropping, self._on_canvas = playback, probing, dropping, on_canvas
        help = self.tr(
            "With the drop tool (D) a click lets a small cloud go in the run on screen, at its present t; the scene's sampler carries it "
            "on, with noise of its own. A rule that averages over a batch, such as the corrector's norms, averages over the cloud alone. "
            "The run does not notice. Drag a point to see it recover."
        )
        self.setToolTip(help)
        self.count = Number(Span(1, MOST_DROPPED, integer=True), self)
        self.count.describe(self.tr("points in a cloud"), self.tr("How many points one click drops."))
        self.count.slider.setObjectName("drop.slider")  # type: ignore[union-attr]
        self.count.figure.setObjectName("drop.figure")
        self.count.edited.connect(self._set_count)
        self.row = EditorRow(self.tr("points a drop"), help, "drop.count", self.count, parent=self)
        self.words = label("", "dim", self, wrap=True, name="drop.words")
        self.count.trouble.connect(self.words.setText)
        self.body.addWidget(self.row)
        self.body.addWidget(self.words)
        self.here = WordButton(self.tr("Drop at the probe"), "drop.here", self, strong=True)
        self.here.clicked.connect(self._drop)
        self.clear = WordButton(self.tr("Take them away"), "drop.clear", self, strong=True)
        self.clear.clicked.connect(dropping.clear)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.here)
        row.addWidget(self.clear)
        self.body.addLayout(row)
        for changed in (dropping.changed, dropping.told, playback.index_changed, playback.run_changed, probing.moved):
            changed.connect(self._refresh)
        self._refresh()

    def _set_count(self, value: float, _token: str) -> None:
        self._dropping.count = min(max(int(value), 1), MOST_DROPPED)
        self._refresh()

    def _drop(self) -> None:
        place = self._probing.x
        if place is not None and len(place) == 2:
            self._on_canvas.drop_cloud(*place)

    def _refresh(self, *_args: object) -> None:
        if not self.isVisible() and self.words.text():
            return
        dropping = self._dropping
        self.count.set_value(dropping.count)
        plane = self._probing.dim == 2
        self.here.setEnabled(plane and dropping.run is not None and self._probing.x is not None)
        self.clear.setEnabled(bool(dropping.batches))
        total = len({(id(b), i) for b in dropping.batches for i in range(len(b.points)) if i not in b.taken})
        self.set_state(self.tr("{n} of {most}").format(n=dropping.total, most=MOST_DROPPED) if total else "")
        self.words.setText(self._said(total, plane))

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self._refresh()

    def _said(self, total: int, plane: bool) -> str:
        dropping = self._dropping
        if dropping.trouble:
            return dropping.trouble
        if not plane:
            return self.tr("Particles are dropped in the plane only.")
        if not total:
            return self.tr("With the drop tool (D), click on the picture; a point that was dropped can be dragged. Esc takes all away.")
        seen = len(shown_points(dropping.batches, self._playback.index))
        later = total - seen
        if not later:
            return self.tr("{n} points are under way; the run does not notice them.").format(n=total)
        return self.tr("{seen} of {n} points are under way; the others are dropped later than the frame on screen.").format(
            seen=seen, n=total
        )
