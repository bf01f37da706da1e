"""What am I seeing? One sentence for each layer on screen."""

from __future__ import annotations

import html

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.fields import arrow_kind
from scoreviz.gui.dynamics.inspect_words import lines_sentence, map_sentence
from scoreviz.gui.playback import Playback
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.control import ByClass, Inpaint
from scoreviz.scene.document import Scene
from scoreviz.scene.notation import Notation, written_in
from scoreviz.scene.text import QT_TRANSLATE_NOOP


def _tr(text: str) -> str:
    return QCoreApplication.translate("Seeing", text)


SHRINKS = QT_TRANSLATE_NOOP("Seeing", "This noise shrinks the data by a(t) as it grows; σ stands for std/a, the noise beside the signal.")
LAWS = {"sde": "pₜ", "ncsn": "p_σ", "ddpm": "q(xₖ)"}
"""The law of a noise level, in each notation."""


def _notation(scene: Scene) -> Notation:
    """The one asked for, or the SDE's where that one cannot say this noise."""
    return written_in(scene.view.notation, scene.noise)[0]


def _arrows(scene: Scene) -> str:
    field = arrow_kind(scene)
    said = {
        "guided": _tr("Arrows show σ times the guided score, s + w times what the class adds."),
        "data": _tr("Arrows show σ times the score of the data points: it pulls towards nothing but them."),
        "exact": _tr("Arrows show σ times the exact score."),
        "network": _tr("Arrows show σ times the network's score."),
        "difference": _tr("Arrows show σ times what the network gets wrong: its score minus the exact one."),
    }[field]
    if _notation(scene) == "ddpm" and field == "network":
        said += " " + _tr("In DDPM's words, minus the noise that it predicts.")
    return said


def _control(scene: Scene) -> str:
    """What the particles are asked for, which the arrows do not show."""
    match scene.control:
        case ByClass() if scene.sampler.AXIS == "forward":
            return _tr("The particles begin as data of one class; the ground is that of the whole drawing.")
        case ByClass(weight=0.0):
            return _tr("A class is asked for with w = 0, so nothing guides the particles.")
        case ByClass():
            return _tr("The particles are guided to one class on the way; the ground is that of the whole drawing.")
        case Inpaint():
            return _tr("One coordinate of the particles is known and put back after each substep; the ground is the whole drawing.")
    return ""


def _ground(scene: Scene) -> str:
    notation = _notation(scene)
    law = LAWS[notation]
    each = {"sde": _tr("t"), "ncsn": _tr("σ"), "ddpm": _tr("k")}[notation]
    if scene.view.density_scale == "relative":
        return _tr("The ground is log {law}, relative to this {each}'s own peak.").format(law=law, each=each)
    return _tr("The ground is log {law}, on one range for every {each}.").format(law=law, each=each)


def sentences(scene: Scene, points: str, *, timed: bool | None = None) -> list[str]:
    """One sentence for each layer that is shown; `points` is what the particles do; timed: whether the run on screen goes along t."""
    if scene.density.dim == 3:
        from scoreviz.gui.dynamics.space.words import space_sentences  # each of another view, which the first paint does without

        return space_sentences(scene, points, _control(scene))
    if scene.density.dim == 1:
        from scoreviz.gui.dynamics.spacetime.words import line_sentences

        along = scene.sampler.AXIS in ("reverse", "forward") if timed is None else timed
        return line_sentences(scene, points, _control(scene), timed=along)
    if scene.compare.panes:
        from scoreviz.gui.dynamics.compare.seeing import compare_sentences

        return compare_sentences(scene, points, _control(scene))
    view, said = scene.view, []
    if view.particles:
        said += [scene_text(points), _control(scene)]
    if view.arrows:
        said.append(_arrows(scene))
    if view.map != "none":
        said.append(map_sentence(scene))
    elif view.density:
        said.append(_ground(scene))
    said.append(lines_sentence(scene, LAWS[_notation(scene)]))
    said = [sentence for sentence in said if sentence]
    if said and scene.noise.shrinks():
        said.append(_tr(SHRINKS))
    return said or [_tr("Every layer is switched off.")]


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
        timed = None if run is None else run.axis in ("reverse", "forward")
        text = points if run is not None and run.file else " ".join(sentences(self._store.scene, points, timed=timed))
        self.text.setText(f'<p style="line-height: 130%">{html.escape(text)}</p>')
        self.text.setAccessibleName(text)
