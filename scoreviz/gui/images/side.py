"""The sections at the right of the Images tab: the model, the sampler, and what is to be seen."""

from __future__ import annotations

import html
from typing import Any

from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from scoreviz.gui import theme
from scoreviz.gui.forms import SpecForm
from scoreviz.gui.images.opening import Opening, name_of
from scoreviz.gui.images.picture import explained
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.runs import PictureRuns
from scoreviz.gui.images.tones import PANES
from scoreviz.gui.playback import Playback
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import IconButton
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.side import SideColumn
from scoreviz.gui.widgets.words import count, scene_text
from scoreviz.protocol.messages import Card
from scoreviz.scene.images import PictureSet, makes_pictures
from scoreviz.scene.samplers import SamplerSpec

FACTS_SHOWN = 4  # the others stand under More
FACT_NAME = 104


class ModelPanel(Section):
    """Name, one sentence, facts and warnings of the model that is loaded; opening another."""

    def __init__(self, store: Store, runs: PictureRuns, opening: Opening, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Model"), "model_panel", parent, more=True)
        self._store, self._runs, self._opening = store, runs, opening
        self.name = label("", "heading", self, name="model_panel.name")
        self.summary = label("", "dim", self, wrap=True, name="model_panel.summary")
        self.warnings = label("", "text", self, wrap=True, name="model_panel.warnings")
        for widget in (self.name, self.summary, self.warnings):
            self.body.addWidget(widget)
        self.facts = Facts("model_panel.facts", self)
        self.body.addWidget(self.facts)
        self.body.addSpacing(theme.current().px(4))
        self.body.addLayout(self._buttons())
        self.more_facts = Facts("model_panel.more_facts", self)
        self.form = SpecForm(store, ("images", "model"), more=True, parent=self)
        self.extra_body.addWidget(self.more_facts)
        self.extra_body.addWidget(self.form)
        for changed in (runs.card_changed, runs.loading_changed, store.changed):
            changed.connect(self._refresh)
        opening.recent_changed.connect(self._show_recent)
        self._refresh()
        self._show_recent()

    def _buttons(self) -> QHBoxLayout:
        row, now = QHBoxLayout(), theme.current()
        row.setSpacing(now.px(6))
        self.open_button = QPushButton(self.tr("Open a folder…"), self)
        self.open_button.setObjectName("model_panel.open")
        self.open_button.setToolTip(self.tr("A folder of pictures, or of a diffusers model. It can also be dropped here."))
        self.open_button.clicked.connect(lambda: self._opening.choose(self))
        self.recent_button = IconButton("down", self.tr("Recent folders"), "model_panel.recent", self, size=28, glyph=15)
        self.recent_button.clicked.connect(self._open_recent)
        self.back_button = QPushButton(self.tr("Back to {name}").format(name=PictureSet().path), self)
        self.back_button.setObjectName("model_panel.back")
        self.back_button.clicked.connect(self._opening.back_to_pictures)
        for button in (self.open_button, self.recent_button, self.back_button):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def recent_menu(self) -> QMenu:
        """The folders opened lately."""
        menu = QMenu(self)
        for path in self._opening.recent:
            action = menu.addAction(f"{path.name}  ·  {_shortened(str(path.parent))}")
            action.triggered.connect(lambda _=False, path=path: self._opening.open(path))
        return menu

    def _open_recent(self) -> None:
        menu = self.recent_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.recent_button.mapToGlobal(QPoint(0, self.recent_button.height())))

    def _show_recent(self) -> None:
        self.recent_button.setVisible(bool(self._opening.recent))

    def _refresh(self, *_args: object) -> None:
        model = self._store.scene.images.model
        loaded = self._runs.loaded
        self.back_button.setVisible(model != PictureSet())
        if self._runs.loading is not None:
            self.set_state(self.tr("loading …"))
        elif loaded is not None and loaded.model != model:
            path = str(getattr(model, "path", ""))
            self.set_state(self.tr("“{name}” is not loaded").format(name=name_of(path)) if path else "")
        else:
            self.set_state(scene_text(type(model).LABEL))
        self._show_card(self._runs.card)

    def _show_card(self, card: Card | None) -> None:
        """What the engine says of the model that the pictures come from."""
        self.name.setText(card.name if card else "")
        self.name.setVisible(card is not None)
        self.summary.setText(_translated(card.summary).format(**card.params) if card else self.tr("No model is loaded yet."))
        self.warnings.setText("\n".join(_translated(warning) for warning in card.warnings) if card else "")
        self.warnings.setVisible(bool(card and card.warnings))
        facts = card.facts if card else ()
        self.facts.show_facts(facts[:FACTS_SHOWN])
        self.more_facts.show_facts(facts[FACTS_SHOWN:])
        if card is not None:
            self.form.set_resolved(("images", "model", "sigma_max"), card.sigma_max)


class Facts(QWidget):
    """Lines of a name and a value."""

    def __init__(self, object_name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._facts: tuple[tuple[str, str], ...] | None = None
        now = theme.current()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, now.px(3), 0, 0)
        self._grid.setHorizontalSpacing(now.px(6))
        self._grid.setVerticalSpacing(now.px(3))
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, now.px(FACT_NAME))

    def show_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        """These lines and no others."""
        if facts == self._facts:
            return
        self._facts = facts
        for old in self.findChildren(QLabel):
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        for row, (name, value) in enumerate(facts):
            shown = Elided(value, "text", self)
            shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(label(_translated(name), "dim", self), row, 0)
            self._grid.addWidget(shown, row, 1)
        self.setVisible(bool(facts))


class ImageSamplerPanel(Section):
    """How pictures are made of noise. The state says what the run on screen has cost."""

    def __init__(self, store: Store, playback: Playback[PictureRun], parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Sampler"), "image_sampler_panel", parent, more=True)
        self._playback = playback
        self.form = SpecForm(store, ("images",), only=("sampler", "count", "seed", "clip"), allow=_makes_pictures, parent=self)
        self.body.addWidget(self.form)
        self.form.rebuilt.connect(self._rebuilt)
        self.more_changed.connect(self.form.set_more)
        playback.run_changed.connect(self._refresh)
        playback.run_grew.connect(self._refresh)
        self._rebuilt()
        self._refresh()

    def _rebuilt(self) -> None:
        self.set_has_more(self.form.has_more)

    def _refresh(self, *_args: object) -> None:
        run = self._playback.run
        nfe = run.nfe if run is not None and not run.file else None  # a trace is of another sampler than the one chosen here
        self.set_state("" if nfe is None else self.tr("{n} evaluations").format(n=count(nfe)))


class PanesExplained(Section):
    """What am I seeing? The run in one sentence, and one for each pane."""

    def __init__(self, store: Store, playback: Playback[PictureRun], parent: QWidget | None = None) -> None:
        super().__init__(self.tr("What am I seeing?"), "images.seeing", parent)
        self._store, self._playback = store, playback
        self.form = SpecForm(store, ("images",), only=("tones",), more=True, parent=self)
        self.text = label("", "dim", self, wrap=True, name="images.seeing.text")
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.body.addWidget(self.text)
        self.body.addWidget(self.form)
        store.changed.connect(self._refresh)
        playback.run_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self, *_args: object) -> None:
        run = self._playback.run
        said = [scene_text(self._store.scene.images.sampler.seeing() if run is None else run.seeing)]
        said += [explained(name) for name in PANES]
        lines = "".join(f'<p style="line-height: 125%; margin: 0 0 {theme.current().px(4)}px 0">{html.escape(line)}</p>' for line in said)
        if lines != self.text.text():
            self.text.setText(lines)
            self.text.setAccessibleName(" ".join(said))


class ImagesSide(SideColumn):
    """Model, Sampler, What am I seeing?"""

    def __init__(
        self, store: Store, runs: PictureRuns, playback: Playback[PictureRun], opening: Opening, parent: QWidget | None = None
    ) -> None:
        super().__init__("images.side", parent)
        self.model = ModelPanel(store, runs, opening)
        self.sampler = ImageSamplerPanel(store, playback)
        self.seeing = PanesExplained(store, playback)
        for section in (self.model, self.sampler, self.seeing):
            self.add(section)


def _makes_pictures(member: type[Any]) -> bool:
    """Samplers that go from noise to pictures; every predictor and corrector."""
    return not issubclass(member, SamplerSpec) or makes_pictures(member)


def _translated(template: str) -> str:
    return QCoreApplication.translate("models", template) if template else ""


def _shortened(path: str, letters: int = 40) -> str:
    return path if len(path) <= letters else "…" + path[-letters:]
