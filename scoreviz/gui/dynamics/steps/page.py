"""The page: notation, the sampler line by line, this substep, training line by line."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.steps.listing import ListingView
from scoreviz.gui.dynamics.steps.markup import rich_label, tell
from scoreviz.gui.dynamics.steps.microscope import Microscope
from scoreviz.gui.dynamics.steps.substep import SubstepSection
from scoreviz.gui.playback import STAGES, Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.side import SideColumn
from scoreviz.gui.widgets.words import count, scene_text
from scoreviz.protocol.questions import AskTrainingFigures, TrainingFigures
from scoreviz.scene.choice import tag_of
from scoreviz.scene.notation import NOTATIONS
from scoreviz.scene.parameters import Invalidates, parameters
from scoreviz.scene.pseudocode import Listing, sampler_listing, training_listing
from scoreviz.scene.view import View


class NotationSection(Section):
    """Whose symbols."""

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Notation"), "steps.notation", parent)
        self._store = store
        (declared,) = (parameter for parameter in parameters(View) if parameter.name == "notation")
        labels = declared.description.labels
        self.choice = Segmented([(name, scene_text(labels[name])) for name in NOTATIONS], self)
        self.choice.setObjectName("edit.view.notation")
        self.choice.describe(scene_text(declared.label), scene_text(declared.help))
        self.choice.setToolTip(scene_text(declared.help))
        self.choice.edited.connect(self._edited)
        self.body.addWidget(self.choice)
        store.changed.connect(lambda *_: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """The scene's."""
        self.choice.set_value(self._store.scene.view.notation)

    def _edited(self, value: Any, _token: str) -> None:
        self._store.edit(("view", "notation"), value, self.tr("Change notation"), origin="steps")


class SamplerSection(Section):
    """The algorithm of the run on screen; before the engine has answered, of the sampler chosen."""

    def __init__(self, store: Store, playback: Playback[Any], microscope: Microscope, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Sampler, line by line"), "steps.sampler", parent)
        self._store, self._playback, self._microscope = store, playback, microscope
        self.note = rich_label("steps.sampler.note", self)
        self.body.addWidget(self.note)
        self.listing = ListingView("steps.sampler.lines", self.tr("The sampler's lines"), self)
        self.body.addWidget(self.listing)
        microscope.changed.connect(self.refresh)
        store.changed.connect(lambda *_: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Lines, light, figures."""
        answer, scene = self._microscope.answer, self._store.scene
        if answer is not None:
            noise = answer.noise_spec
            shown = sampler_listing(answer.sampler, noise, answer.control, answer.source, scene.view.notation)
            self._show(shown, scene_text(noise.LABEL), scene_text(answer.sampler.LABEL))
            self.listing.light(shown.part(answer.stage, answer.t, answer.s), answer.figures)
            return
        shown = sampler_listing(scene.sampler, scene.noise, scene.control, scene.score.source, scene.view.notation)
        self._show(shown, scene_text(scene.noise.LABEL), scene_text(scene.sampler.LABEL))
        self.listing.light(*self._from_run(shown))

    def _from_run(self, shown: Listing) -> tuple[str, dict[str, float]]:
        """What the run alone tells, where it is one of this sampler."""
        run, k = self._playback.run, self._playback.index
        if run is None or run.file or run.sampler != tag_of(self._store.scene.sampler) or run.length != run.total + 1:
            return "", {}
        before = max(k - 1, 0)
        t, s = float(run.t[before]), float(run.t[k])
        figures = {"t": t, "t1": s, "sigma": float(run.sigma[before]), "sigma1": float(run.sigma[k])}
        return shown.part(STAGES[int(run.stage[k])], t, s), figures

    def _show(self, shown: Listing, noise: str, sampler: str) -> None:
        self.listing.set_listing(shown)
        tell(self.note, " ".join(scene_text(text).format(noise=noise) for text in shown.notes))
        self.set_state(sampler)


class TrainingSection(Section):
    """A step takes less than a millisecond, so all its lines are lit softly while the network trains."""

    def __init__(self, store: Store, progress: Progress, questions: Questions, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Training, line by line"), "steps.training", parent)
        self._store, self._progress = store, progress
        self.note = rich_label("steps.training.note", self)
        self.body.addWidget(self.note)
        self.listing = ListingView("steps.training.lines", self.tr("The lines of a training step"), self)
        self.body.addWidget(self.listing)
        depends = Invalidates.TRAINING | Invalidates.NETWORK | Invalidates.TARGET
        self._inquiry = questions.inquiry("steps.training", depends=depends, every=0.5)
        self._inquiry.answered.connect(lambda _: self.refresh())
        self._inquiry.refused.connect(lambda text, _details: self.refresh(text))
        store.changed.connect(lambda *_: self.refresh())
        progress.training_changed.connect(self.refresh)
        self.refresh()

    def set_watched(self, watched: bool) -> None:
        """Ask only while the page is on screen."""
        self._inquiry.ask(AskTrainingFigures() if watched else None)

    def refresh(self, why: str = "") -> None:
        """Lines, figures, and how many of these steps a second."""
        progress, scene = self._progress, self._store.scene
        shown = training_listing(scene, scene.view.notation)
        self.listing.set_listing(shown)
        answer = self._inquiry.answer
        figures = dict(answer.figures) if isinstance(answer, TrainingFigures) and not why else {}
        figures["step"] = float(progress.step)
        for name, value in (("loss", progress.loss.last), ("floor", progress.loss_floor)):
            if value is not None:
                figures[name] = value
        self.listing.light("", figures, all_softly=progress.running)
        tell(self.note, why or " ".join(scene_text(text) for text in shown.notes))
        if progress.running:
            self.set_state(self.tr("{n} of these a second").format(n=count(round(progress.rate))))
        else:
            self.set_state(self.tr("at rest"))


class StepsPage(SideColumn):
    """Made when it is first opened; asks nothing while it is hidden, but for the parts that are drawn on the canvas."""

    def __init__(
        self, store: Store, playback: Playback[Any], progress: Progress, questions: Questions, canvas: Canvas, parent: QWidget | None = None
    ) -> None:
        super().__init__("steps", parent)
        self.setAccessibleName(self.tr("Steps"))
        self.microscope = Microscope(playback, questions, canvas, self)
        self.notation = NotationSection(store)
        self.sampler = SamplerSection(store, playback, self.microscope)
        self.substep = SubstepSection(store, playback, self.microscope)
        self.training = TrainingSection(store, progress, questions)
        for section in (self.notation, self.sampler, self.substep, self.training):
            self.add(section)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._watch(False)

    def _watch(self, watched: bool) -> None:
        self.microscope.set_watched(watched)
        self.training.set_watched(watched)
