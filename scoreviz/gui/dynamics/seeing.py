"""What am I seeing? One sentence for each layer on screen."""

from __future__ import annotations

import html

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QWidget

from scoreviz.gui.playback import Playback
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.document import Scene


def _tr(text: str) -> str:
    return QCoreApplication.translate("Seeing", text)


def _arrows(scene: Scene) -> str:
    field = scene.score.source if scene.view.field == "sampler" else scene.view.field
    return {
        "data": _tr("Arrows show σ times the score of the data points: it pulls towards nothing but them."),
        "exact": _tr("Arrows show σ times the exact score."),
        "network": _tr("Arrows show σ times the network's score."),
        "difference": _tr("Arrows show σ times what the network gets wrong: its score minus the exact one."),
    }[field]


def _ground(scene: Scene) -> str:
    if scene.view.density_scale == "relative":
        return _tr("The ground is log pₜ, relative to this t's own peak.")
    return _tr("The ground is log pₜ, on one range for every t.")


def sentences(scene: Scene, points: str) -> list[str]:
    """One sentence for each layer that is shown; `points` is what the particles do."""
    said = []
    if scene.view.particles:
        said.append(scene_text(points))
    if scene.view.arrows:
        said.append(_arrows(scene))
    if scene.view.density:
        said.append(_ground(scene))
    if said and scene.noise.shrinks():
        said.append(_tr("This noise shrinks the data by a(t) as it grows; σ stands for std/a, the noise beside the signal."))
    return [sentence for sentence in said if sentence] or [_tr("Every layer is switched off.")]


class Seeing(Section):
    """It speaks of the run on screen, which may be older than the sampler just chosen."""

    def __init__(self, store: Store, playback: Playback, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("What am I seeing?"), "seeing", parent)
        self._store, self._playback = store, playback
        self.text = label("", "dim", self, wrap=True, name="seeing.text")
        self.text.setTextFormat(Qt.TextFormat.RichText)
        self.body.addWidget(self.text)
        store.changed.connect(self._refresh)
        playback.run_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self, *_args: object) -> None:
        run = self._playback.run
        points = self._store.scene.sampler.seeing() if run is None else run.seeing
        text = points if run is not None and run.file else " ".join(sentences(self._store.scene, points))
        self.text.setText(f'<p style="line-height: 130%">{html.escape(text)}</p>')
        self.text.setAccessibleName(text)
