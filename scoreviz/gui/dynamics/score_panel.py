"""Where the score comes from; under More, the network and how it learns."""

from __future__ import annotations

import functools

from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.resting import rests_above
from scoreviz.gui.forms import SpecForm
from scoreviz.gui.progress import Progress
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.words import count, figure
from scoreviz.scene.learning.reach import only_sigma


class ScorePanel(Section):
    """Exact, network or data; the state says at which training step, or how far off the network is."""

    def __init__(self, store: Store, progress: Progress, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Score"), "score_panel", parent, more=True)
        self._store, self._progress = store, progress
        self._error: float | None = None
        self._pinned: int | None = None
        self.form = SpecForm(store, (), only=("score",), parent=self)
        self.body.addWidget(self.form)
        self.note = label("", "dim", self, wrap=True, name="score_panel.note")
        self.note.hide()
        self.body.addWidget(self.note)
        self.more_changed.connect(lambda open_: self.learning if open_ else None)
        store.changed.connect(self._refresh)
        progress.training_changed.connect(self._refresh)
        self._refresh()

    @functools.cached_property
    def learning(self) -> SpecForm:
        """Network, objective, training and data set: made when More is first opened, for the first paint does not show it."""
        form = SpecForm(self._store, (), only=("network", "objective", "training", "data"), more=True, parent=self)
        self.extra_body.addWidget(form)
        return form

    def set_relative_error(self, error: float | None) -> None:
        """The network's score against the exact one, where it has been measured: 0.031 for 3.1 %."""
        self._error = error
        self._refresh()

    def set_pinned(self, step: int | None) -> None:
        """The training step of the network in use where that is not the latest."""
        self._pinned = step
        self._refresh()

    def _refresh(self, *_args: object) -> None:
        step, scene = self._progress.step, self._store.scene
        self._say_note()
        if scene.score.source == "exact":
            self.set_state(self.tr("closed form of the drawing"))
        elif scene.score.source == "data":
            self.set_state(self.tr("closed form of {n} data points").format(n=count(scene.data.size)))
        elif self._pinned is not None:
            self.set_state(self.tr("network pinned at step {step}").format(step=count(self._pinned)))
        elif step == 0:
            self.set_state(self.tr("network not trained yet"))
        elif self._error is not None:
            self.set_state(self.tr("relative error {percent} %").format(percent=f"{100 * self._error:.3g}"))
        else:
            self.set_state(self.tr("network at step {step}").format(step=count(step)))

    def _say_note(self) -> None:
        """What one would not see from the figures: a network that cannot learn more, one noise level alone, a finite data set."""
        scene, progress = self._store.scene, self._progress
        notes = []
        sigma = only_sigma(scene.objective)
        resting = None if scene.data.train else rests_above(progress.loss, progress.loss_floor, progress.loss_floor_since)
        if scene.score.source == "network" and sigma is not None:
            text = self.tr("Trained at σ {sigma} alone: samplers that need other levels are off.")
            notes.append(text.format(sigma=f"{sigma:.3g}"))
        if resting is not None:
            text = self.tr("This network is too small for this drawing: its loss rests {percent} % above the floor. Give it more units.")
            notes.append(text.format(percent=figure(round(100 * resting, 1))))
        if scene.data.train and scene.score.source == "network":
            notes.append(self.tr("It sees {n} data points and nothing else, and may learn them by heart.").format(n=count(scene.data.size)))
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))
