"""What am I seeing? One sentence for each layer of space."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from scoreviz.gui.dynamics.space.asking import kind_of
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.document import Scene


def _tr(text: str) -> str:
    return QCoreApplication.translate("space", text)


def _arrows(scene: Scene) -> str:
    return {
        "guided": _tr(
            "Arrows on the slice show σ times the guided score, s + w times what the class adds, as far as it lies in the slice."
        ),
        "data": _tr("Arrows on the slice show σ times the score of the data points, as far as it lies in the slice."),
        "exact": _tr("Arrows on the slice show σ times the exact score, as far as it lies in the slice."),
        "network": _tr("Arrows on the slice show σ times the network's score, as far as it lies in the slice."),
        "difference": _tr("Arrows on the slice show σ times what the network gets wrong, as far as it lies in the slice."),
    }[kind_of(scene)]


def _slice(scene: Scene) -> str:
    if scene.view.density_scale == "relative":
        return _tr("The slice shows log pₜ on one plane, relative to its own peak.")
    return _tr("The slice shows log pₜ on one plane, on one range for every t.")


def space_sentences(scene: Scene, points: str, control: str = "") -> list[str]:
    """One sentence for each layer that is shown; `points` is what the particles do, `control` what is asked of them."""
    view, said = scene.view, []
    if view.particles:
        said += [scene_text(points), control]
    if view.slice != "none" and view.density:
        said.append(_slice(scene))
    if view.slice != "none" and view.arrows:
        said.append(_arrows(scene))
    if view.cloud:
        said.append(_tr("Grey points are samples of what is placed in space, without noise."))
    if said:
        said.append(_tr("Nearer points are stronger and larger."))
    if said and scene.noise.shrinks():
        said.append(_tr("This noise shrinks the data by a(t) as it grows; σ stands for std/a, the noise beside the signal."))
    return [sentence for sentence in said if sentence] or [_tr("Every layer is switched off.")]
