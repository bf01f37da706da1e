"""Error against evaluations: which samplers, how far, measured as what; the plot with its slopes, the table, and both as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.compare.measuring import Measuring
from scoreviz.gui.dynamics.compare.nfe_legend import NfeLegend
from scoreviz.gui.dynamics.compare.nfe_table import as_csv
from scoreviz.gui.dynamics.compare.nfe_values import NfeValues
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.combo import Item, Menu
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.section import MARGIN, Section
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.side import WIDTH
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.words import member_text, scene_text
from scoreviz.protocol.questions import AskNfe, Nfe
from scoreviz.protocol.questions.nfe import MOST_SAMPLERS
from scoreviz.scene.choice import tag_of
from scoreviz.scene.grids import GridSpec
from scoreviz.scene.samplers import SamplerSpec

if TYPE_CHECKING:
    from scoreviz.gui.dynamics.compare.nfe_plot import NfePlot

FIRST = ("euler", "heun", "dpmpp_2m", "rk4", "reverse_sde")
"""Chosen to begin with."""

FEWEST = 10
POINTS = {"ode_end": 256, "sliced": 2000}
PLOT_HEIGHT, LABEL_WIDTH = 190, 80
OWN_GRID = "own"


def candidates() -> list[type[Any]]:
    """Samplers that go from t = 1 to 0 in a number of steps."""
    return [m for m in SamplerSpec.members() if m.AXIS == "reverse" and not m.ADAPTIVE and "steps" in m.__struct_fields__]


class NfeSection(Section):
    """The measurement itself is the window's, so that the strip of plots can show it too."""

    grown = Signal()  # there is more to see below the button

    def __init__(self, store: Store, measuring: Measuring, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Error against evaluations"), "nfe", parent)
        self._store, self.measuring = store, measuring
        measuring.changed.connect(self.refresh)
        measuring.refused.connect(self._refuse)
        self._shown: Nfe | None = None
        self._values: dict[str, Any] = {"measure": "ode_end", "upto": "160", "seeds": 3, "grid": OWN_GRID}
        self.plot: NfePlot | None = None
        self._lay_out()
        self.refresh()

    # ---- building

    def _lay_out(self) -> None:
        self.chips: dict[str, Chip] = {}
        self.body.addLayout(self._choices())
        self.editors: dict[str, Editor] = {}
        measures = [("ode_end", self.tr("the ODE's end")), ("sliced", self.tr("the truth"))]
        self._row("measure", self.tr("distance to"), Segmented(measures, self), self.tr(
            "The ODE's end: root mean square distance of 256 points to where the ODE takes the same starts (at t = ε, in data units), "
            "found by 400 steps of RK4. The truth: sliced Wasserstein distance of 2 000 points to exact samples, in data standard "
            "deviations; below its floor nothing can be told apart."
        ))  # fmt: skip
        self._row("upto", self.tr("evaluations"), Segmented([(n, self.tr("10 to {n}").format(n=n)) for n in ("40", "160", "640")], self),
                  self.tr("10, and twice as many each time. The slope is fitted through the last three."))  # fmt: skip
        seeds = Number(Span(1, 10, integer=True), self)
        self._row("seeds", self.tr("seeds"), seeds, self.tr("Starts and noise of each; bars are one standard deviation."))
        self._row("grid", self.tr("step grid"), Menu(self._grids, self), self.tr("The same for all samplers, or each its own."))
        self._buttons()
        self.progress = Elided("", "dim", self)
        self.progress.setObjectName("nfe.progress")
        self.body.addWidget(self.progress)
        self.sentence = label("", "error", self, wrap=True, name="nfe.sentence")
        self.body.addWidget(self.sentence)
        self.results = QWidget(self)
        self._results = QVBoxLayout(self.results)
        self._results.setContentsMargins(0, 0, 0, 0)
        self.legend = NfeLegend(self.results)
        self.table = NfeValues(self.results)
        self._results.addWidget(self.legend)
        self._results.addWidget(self.table)
        self._results.addLayout(self._exports())
        self.results.hide()
        self.body.addWidget(self.results)

    def _choices(self) -> QVBoxLayout:
        """A chip for each sampler, in as many rows as it takes."""
        now = theme.current()
        room, gap = now.px(WIDTH - 2 * MARGIN), now.px(5)
        rows, left = QVBoxLayout(), 0
        rows.setContentsMargins(0, now.px(4), 0, now.px(8))
        rows.setSpacing(gap)
        row = QHBoxLayout()
        for member in candidates():
            tag = tag_of(member)
            chip = self.chips[tag] = Chip(scene_text(member.LABEL), f"nfe.sampler.{tag}", self, small=True)
            chip.setToolTip(member_text(member))
            chip.setChecked(tag in FIRST)
            chip.toggled.connect(self._chosen)
            width = chip.sizeHint().width() + gap
            if width > left:
                row = QHBoxLayout()
                row.setSpacing(gap)
                row.addStretch(1)
                rows.addLayout(row)
                left = room
            row.insertWidget(row.count() - 1, chip)
            left -= width
        return rows

    def _row(self, name: str, text: str, editor: Editor, help: str) -> None:
        now = theme.current()
        words = label(text, "dim", self)
        words.setFixedWidth(now.px(LABEL_WIDTH))
        words.setToolTip(help)
        editor.setObjectName(f"nfe.{name}")
        editor.setToolTip(help)
        editor.describe(text, help)
        editor.set_value(self._values[name])
        editor.edited.connect(lambda value, _token: self._set(name, value))
        editor.trouble.connect(self._refuse)
        self.editors[name] = editor
        row = QHBoxLayout()
        row.setSpacing(now.px(6))
        row.addWidget(words)
        row.addWidget(editor, 1)
        self.body.addLayout(row)

    def _grids(self) -> list[Item]:
        own = Item(OWN_GRID, self.tr("each its own"))
        return [own, *(Item(tag_of(m), scene_text(m.LABEL), member_text(m)) for m in GridSpec.members())]

    def _buttons(self) -> None:
        self.run_button = QPushButton(self.tr("Measure"), self)
        self.run_button.setObjectName("nfe.run")
        self.run_button.setAccessibleName(self.tr("Measure errors against evaluations"))
        self.run_button.clicked.connect(self.toggle)
        row = QHBoxLayout()
        row.setContentsMargins(0, theme.current().px(6), 0, 0)
        row.addWidget(self.run_button)
        row.addStretch(1)
        self.body.addLayout(row)

    def _exports(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, theme.current().px(6), 0, 0)
        for name, text, act in (("copy", self.tr("Copy as CSV"), self.copy), ("save", self.tr("Save CSV…"), self.save)):
            button = QPushButton(text, self.results)
            button.setObjectName(f"nfe.{name}")
            button.setAccessibleName(text)
            button.clicked.connect(lambda _=False, act=act: act())
            row.addWidget(button)
        row.addStretch(1)
        return row

    # ---- measuring

    def toggle(self) -> None:
        """Measure, or stop; what has been measured stays."""
        self.sentence.setText("")
        if self.measuring.running:
            self.measuring.stop()
        else:
            self.measuring.begin(self.question())
            self.grown.emit()

    def question(self) -> AskNfe:
        """What is asked for by the chips and rows; the scene's own method with its own settings, the others with their defaults."""
        own, values = self._store.scene.sampler, self._values
        chosen = [member for member in candidates() if self.chips[tag_of(member)].isChecked()]
        specs = tuple(own if isinstance(own, member) else member() for member in chosen)
        evaluations = [FEWEST]
        while 2 * evaluations[-1] <= int(values["upto"]):
            evaluations.append(2 * evaluations[-1])
        grid = None if values["grid"] == OWN_GRID else GridSpec.named(values["grid"])()
        return AskNfe(
            samplers=specs, evaluations=tuple(evaluations), seeds=int(values["seeds"]), measure=values["measure"],
            points=POINTS[values["measure"]], grid=grid,
        )  # fmt: skip

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value
        self.sentence.setText("")
        self.editors[name].set_value(value)
        if self.measuring.running:
            self.measuring.begin(self.question())

    def _chosen(self) -> None:
        count = sum(chip.isChecked() for chip in self.chips.values())
        self.run_button.setEnabled(0 < count <= MOST_SAMPLERS)
        if count > MOST_SAMPLERS:
            self._say(self.tr("At most {n} samplers at a time.").format(n=MOST_SAMPLERS))
        elif not count:
            self._say(self.tr("Choose a sampler."))
        else:
            self.refresh()

    def refresh(self) -> None:
        """What is measured, and how far."""
        measuring = self.measuring
        if measuring.answer is not None and measuring.answer is not self._shown:
            self._show_answer(measuring.answer)
        self.run_button.setText(self.tr("Stop") if measuring.running else self.tr("Measure"))
        if measuring.pause:
            self._say(measuring.pause)
        elif measuring.running:
            left = measuring.seconds_left
            text = self.tr("{percent} %, {seconds} s left") if left is not None else self.tr("Starting …")
            self._say(text.format(percent=round(100 * measuring.share), seconds=max(1, round(left or 0.0))))
        elif measuring.outdated:
            self._say(self.tr("Measured before the last change of the scene."))
        else:
            self._say(self.tr("Stopped. What was measured is below.") if measuring.stopped else "")

    def _refuse(self, text: str) -> None:
        self.sentence.setText(text)
        self.sentence.show()

    def _say(self, text: str) -> None:
        self.progress.setText(text)
        self.progress.setVisible(bool(text))
        self.sentence.setVisible(bool(self.sentence.text()))

    # ---- results

    def _show_answer(self, answer: Nfe) -> None:
        self._shown = answer
        if self.plot is None:
            from scoreviz.gui.dynamics.compare.nfe_plot import NfePlot

            self.plot = NfePlot(theme.current().px(PLOT_HEIGHT), self.results)
            self._results.insertWidget(0, self.plot)
        if self.results.isHidden():
            self.results.show()
            self.grown.emit()
        self.plot.show_answer(answer)
        self.legend.show_answer(answer)
        self.table.show_answer(answer)

    def copy(self) -> None:
        """The table goes to the clipboard."""
        if self._shown is not None:
            QGuiApplication.clipboard().setText(as_csv(self._shown, scene_text))
            self._say(self.tr("Copied: {n} rows.").format(n=sum(len(curve.nfe.numpy()) for curve in self._shown.curves)))

    def save(self) -> None:
        """Ask for a file, and write the table into it."""
        chosen, _ = QFileDialog.getSaveFileName(self.window(), self.tr("Save the table"), "error-against-evaluations.csv", "CSV (*.csv)")
        if chosen:
            self.write(Path(chosen))

    def write(self, path: Path) -> None:
        """The table as a file; what goes wrong is said here."""
        assert self._shown is not None
        try:
            path.write_text(as_csv(self._shown, scene_text), encoding="utf-8")
        except OSError as error:
            self.sentence.setText(self.tr("“{path}” could not be written: {reason}.").format(path=path, reason=error.strerror or error))
            self._say("")
        else:
            self._say(self.tr("Saved as “{path}”.").format(path=path))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and getattr(self, "plot", None) is not None:
            assert self.plot is not None
            self.plot.restyle()
            self.legend.update()
