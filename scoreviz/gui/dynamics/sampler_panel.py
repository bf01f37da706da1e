"""How points are sampled: method, its parameters, the noise, what is asked of the samples, the particles and their seed."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from scoreviz.gui.forms import SpecForm
from scoreviz.gui.playback import Playback
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.combo import Menu
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.words import count, scene_text
from scoreviz.scene.choice import tag_of
from scoreviz.scene.learning.reach import OTHER_LEVELS, only_sigma, stays_at_one_level
from scoreviz.scene.samplers import SamplerSpec


class SamplerPanel(Section):
    """The state says how many score evaluations the run on screen has cost."""

    def __init__(self, store: Store, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Sampler"), "sampler_panel", parent, more=True)
        self._store, self._playback = store, playback
        self._limited: float | None = None
        self.form = SpecForm(store, (), only=("sampler", "noise", "control", "particles"), parent=self)
        self.body.addWidget(self.form)
        self.form.rebuilt.connect(self._rebuilt)
        self.more_changed.connect(self.form.set_more)
        playback.run_changed.connect(self._refresh)
        playback.run_grew.connect(self._refresh)
        store.changed.connect(self._limit)
        store.changed.connect(self._refresh)
        self._limit()
        self._rebuilt()
        self._refresh()

    def set_resolved_sigma_max(self, value: float | None) -> None:
        """What “automatic” comes to for this drawing."""
        self.form.set_resolved(("noise", "sigma_max"), value)

    def _limit(self, *_args: object) -> None:
        """While a network drives that knows one noise level alone, samplers that need others cannot be chosen."""
        scene = self._store.scene
        sigma = only_sigma(scene.objective) if scene.score.source == "network" else None
        if sigma == self._limited:
            return
        self._limited = sigma
        menu = self.form.row("sampler").editor
        assert isinstance(menu, Menu)
        menu.set_refusal(self._refusal)

    def _refusal(self, tag: str) -> str:
        member = SamplerSpec.named(tag)
        if self._limited is None or stays_at_one_level(member):
            return ""
        template = QCoreApplication.translate("errors", OTHER_LEVELS)
        return template.format(sigma=f"{self._limited:.3g}", sampler=scene_text(member.LABEL))

    def _rebuilt(self) -> None:
        self.set_has_more(self.form.has_more)

    def _refresh(self, *_args: object) -> None:
        run = self._playback.run
        # a trace, or the run before one that failed, is of another sampler than the one chosen here
        if run is None or not run.complete or run.file or run.sampler != tag_of(self._store.scene.sampler):
            self.set_state("")
            return
        texts = {0: self.tr("no score evaluated"), 1: self.tr("1 evaluation")}
        self.set_state(texts.get(run.nfe) or self.tr("{n} evaluations").format(n=count(run.nfe)))
