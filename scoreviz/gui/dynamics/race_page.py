"""The page Race: who runs, start and stop, the curves, and a table to copy."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.race_table import RaceTable
from scoreviz.gui.dynamics.racing import COLORS, Racing
from scoreviz.gui.forms import LABEL_WIDTH
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.combo import Item, Menu
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.side import SideColumn
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.words import count
from scoreviz.protocol.questions import Racer
from scoreviz.scene.learning import MLP, DDPMSimple, Denoising, EDMLoss, Explicit, Implicit, Ladder, LogUniformSigma, OneSigma, Sliced
from scoreviz.scene.text import QT_TRANSLATE_NOOP

NOBODY = "none"
CHOICES: dict[str, tuple[str, Any]] = {
    "explicit": (QT_TRANSLATE_NOOP("RacePage", "explicit"), Explicit()),
    "denoising": (QT_TRANSLATE_NOOP("RacePage", "denoising"), Denoising()),
    "implicit": (QT_TRANSLATE_NOOP("RacePage", "implicit"), Implicit()),
    "sliced": (QT_TRANSLATE_NOOP("RacePage", "sliced"), Sliced()),
    "sliced_plain": (QT_TRANSLATE_NOOP("RacePage", "sliced, (vᵀs)²"), Sliced(variance_reduced=False)),
    "sliced_4": (QT_TRANSLATE_NOOP("RacePage", "sliced, 4 directions"), Sliced(projections=4)),
    "ncsn": (QT_TRANSLATE_NOOP("RacePage", "NCSN ladder"), Ladder()),
    "edm": (QT_TRANSLATE_NOOP("RacePage", "EDM"), EDMLoss()),
    "ddpm": (QT_TRANSLATE_NOOP("RacePage", "DDPM simple"), DDPMSimple()),
}
FIRST = ("explicit", "denoising", "implicit", "sliced")
PARAMETERISATIONS = ("edm", "score", "eps", "x0", "v")


def _tr(text: str) -> str:
    return QCoreApplication.translate("RacePage", text)


class Entrant(QWidget):
    """One line: its objective, what its network predicts, and whether that is the gradient of an energy."""

    def __init__(self, place: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.place = place
        self.objective_name, self.predicts = FIRST[place], ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.current().px(5))
        self.objective = Menu(self._objectives, self)
        self.network = Menu(self._networks, self)
        self.energy = Chip(_tr("energy"), f"race.{place}.energy", self, small=True)
        self.energy.setToolTip(_tr("The score is the gradient of a scalar network: without curl, and slower to train"))
        for editor, name, value, words in (
            (self.objective, "objective", self.objective_name, _tr("objective")), (self.network, "network", self.predicts, _tr("predicts")),
        ):  # fmt: skip
            editor.setObjectName(f"race.{place}.{name}")
            editor.combo.setObjectName(f"race.{place}.{name}.combo")
            editor.describe(_tr("{what} of racer {k}").format(what=words, k=place + 1), "")
            editor.set_value(value)
        self.energy.setAccessibleName(_tr("{what} of racer {k}").format(what=_tr("energy"), k=place + 1))
        self.objective.edited.connect(self._take_objective)
        self.network.edited.connect(self._take_network)
        row.addWidget(self.objective, 5)
        row.addWidget(self.network, 3)
        row.addWidget(self.energy)

    def name(self) -> str:
        """In words, as the legend says it."""
        parts = [_tr(CHOICES[self.objective_name][0])] + ([self.predicts] if self.predicts else [])
        return ", ".join(parts + ([_tr("energy")] if self.energy.isChecked() else []))

    def racer(self, network: Any, sigma: float | None) -> Racer | None:
        """What to ask for; None for nobody. sigma: the one noise level to train, where the objective has a choice."""
        if self.objective_name == NOBODY:
            return None
        objective = CHOICES[self.objective_name][1]
        if hasattr(objective, "sigmas"):
            law = LogUniformSigma() if sigma is None else OneSigma(sigma=sigma)
            objective = type(objective)(**{n: getattr(objective, n) for n in objective.__struct_fields__ if n != "sigmas"}, sigmas=law)
        if isinstance(network, MLP):
            own = {n: getattr(network, n) for n in network.__struct_fields__}
            network = MLP(**{**own, "parameterisation": self.predicts or network.parameterisation, "energy": self.energy.isChecked()})
        return Racer(objective=objective, network=network)

    def _objectives(self) -> list[Item]:
        known = [Item(name, _tr(text)) for name, (text, _) in CHOICES.items()]
        return known if self.place == 0 else [Item(NOBODY, _tr("nobody")), *known]

    def _networks(self) -> list[Item]:
        return [Item("", _tr("scene's")), *(Item(name, name) for name in PARAMETERISATIONS)]

    def _take_objective(self, value: str, _token: str) -> None:
        self.objective_name = value
        self.objective.set_value(value)

    def _take_network(self, value: str, _token: str) -> None:
        self.predicts = value
        self.network.set_value(value)


class RacePage(SideColumn):
    """Choose, start, watch. What is chosen here is this window's, not the scene's; the race itself belongs to `Racing`."""

    def __init__(self, store: Store, racing: Racing, parent: QWidget | None = None) -> None:
        super().__init__("race_page", parent)
        self._store, self._racing = store, racing
        self._rows: dict[str, QWidget] = {}
        self._values: dict[str, Any] = {"levels": "all", "sigma": 0.3, "steps": 1000}
        self.add(self._make_choices())
        self.add(self._make_results())
        racing.changed.connect(self._refresh)
        self._refresh()

    # ---- building

    def _make_choices(self) -> Section:
        now = theme.current()
        section = Section(self.tr("Race of objectives"), "race.choices")
        text = self.tr("The same fresh network learns the same drawing under each objective: the same first weights, the same batches.")
        section.body.addWidget(label(text, "dim", section, wrap=True, name="race.about"))
        self.entrants = [Entrant(place, section) for place in range(len(COLORS))]
        for entrant in self.entrants:
            section.body.addWidget(entrant)
        self.editors: dict[str, Editor] = {
            "levels": Segmented([("all", self.tr("all σ")), ("one", self.tr("one σ"))], section),
            "sigma": Number(Span(0.001, 50.0, log=True), section),
            "steps": Number(Span(10, 20000, log=True, integer=True), section),
        }
        words = {"levels": self.tr("noise levels"), "sigma": self.tr("that σ"), "steps": self.tr("steps each")}
        for name, editor in self.editors.items():
            self._rows[name] = self._row(name, words[name], editor, section)
            section.body.addWidget(self._rows[name])
        self.go = QPushButton(section)
        self.go.setObjectName("race.go")
        self.go.clicked.connect(self.toggle)
        self.progress = QProgressBar(section)
        self.progress.setObjectName("race.progress")
        self.progress.setAccessibleName(self.tr("Progress of the race"))
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(now.px(4))
        self.words = label("", "dim", section, wrap=True, name="race.words")
        for widget in (self.go, self.progress, self.words):
            section.body.addWidget(widget)
        return section

    def _row(self, name: str, words: str, editor: Editor, parent: QWidget) -> QWidget:
        holder = QWidget(parent)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        caption = label(words, "dim", holder)
        caption.setFixedWidth(theme.current().px(LABEL_WIDTH))
        editor.setObjectName(f"race.{name}")
        editor.describe(words, "")
        editor.set_value(self._values[name])
        editor.edited.connect(lambda value, _token: self._set(name, value))
        editor.trouble.connect(self._complain)
        row.addWidget(caption)
        row.addWidget(editor, 1)
        return holder

    def _complain(self, text: str) -> None:
        self.words.setText(text)
        self.words.show()

    def _make_results(self) -> Section:
        self.results = Section(self.tr("Result"), "race.results")
        self.along = Segmented([("steps", self.tr("against steps")), ("seconds", self.tr("against seconds"))], self.results)
        self.along.setObjectName("race.along")
        self.along.describe(self.tr("What runs along the axis"), "")
        self.along.set_value("steps")
        self._values["along"] = "steps"
        self.along.edited.connect(lambda value, _token: self._set("along", value))
        self.results.body.addWidget(self.along)
        self._curves: Any = None
        self.table = RaceTable(self.results)
        self.copy = QPushButton(self.tr("Copy as CSV"), self.results)
        self.copy.setObjectName("race.copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._racing.csv()))
        self.results.body.addWidget(self.table)
        self.results.body.addWidget(self.copy)
        return self.results

    # ---- what one does

    def toggle(self) -> None:
        """Start a race, or stop the one that runs."""
        if self._racing.running:
            self._racing.stop()
            return
        sigma = float(self._values["sigma"]) if self._values["levels"] == "one" else None
        chosen = [(e, racer) for e in self.entrants if (racer := e.racer(self._store.scene.network, sigma)) is not None]
        self._racing.start([racer for _, racer in chosen], [entrant.name() for entrant, _ in chosen], int(self._values["steps"]))

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value
        (self.along if name == "along" else self.editors[name]).set_value(value)
        self._refresh()

    # ---- what is shown

    def _refresh(self) -> None:
        racing, race = self._racing, self._racing.race
        self.go.setText(self.tr("Stop the race") if racing.running else self.tr("Start the race"))
        self._rows["sigma"].setVisible(self._values["levels"] == "one")
        self.progress.setVisible(racing.running)
        self.progress.setValue(round(1000 * racing.share))
        self.words.setText(self._sentence())
        self.words.setVisible(bool(self.words.text()))
        self.results.setVisible(race is not None)
        if race is not None and self.isVisible():
            self._show_curves()
            self.table.show_race(race, racing.names)

    def _sentence(self) -> str:
        racing, race = self._racing, self._racing.race
        if racing.refusal or racing.pause:
            return racing.refusal or racing.pause
        if race is None:
            return self.tr("The race begins …") if racing.running else ""
        if not racing.running:
            done = min(lane.done for lane in race.lanes)
            return (
                ""
                if racing.share >= 1.0
                else self.tr("Stopped at step {done} of {steps}.").format(done=count(done), steps=count(race.steps))
            )
        if math.isnan(race.left):
            return self.tr("Being measured …")
        return self.tr("{seconds} s of training left").format(seconds=count(math.ceil(race.left)))

    def _show_curves(self) -> None:
        from scoreviz.gui.dynamics.race_curves import CurvesBox  # pyqtgraph takes a third of a second

        if self._curves is None:
            self._curves = CurvesBox(self.results)
            self.results.body.insertWidget(1, self._curves)
        assert self._racing.race is not None
        self._curves.show_race(self._racing.race, seconds=self._values["along"] == "seconds")

    def showEvent(self, event: object) -> None:
        self._refresh()
