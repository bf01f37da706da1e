"""What am I seeing? One sentence for each layer of the panes, which show points, arrows and the density, no maps and no lines."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.document import Scene


def _tr(text: str) -> str:
    return QCoreApplication.translate("compare", text)


def _arrows(scene: Scene) -> str:
    return {
        "sampler": _tr("Arrows show σ times the score that drives that pane."),
        "exact": _tr("Arrows show σ times the exact score of that pane's noise level."),
        "network": _tr("Arrows show σ times the network's score at that pane's noise level."),
        "difference": _tr("Arrows show σ times what the network gets wrong at that pane's noise level."),
    }[scene.view.field]


def compare_sentences(scene: Scene, points: str, control: str) -> list[str]:
    """points: what the particles of the first pane do. control: what is asked of those of all panes."""
    view, said = scene.view, []
    said.append(_tr("Each pane samples the same drawing with the same seed in its own way, which its title names: sampler, noise, score."))
    if view.particles:
        said += [_tr("In pane 1: {points}").format(points=scene_text(points)), control]
    if view.arrows:
        said.append(_arrows(scene))
    if view.density:
        scale = _tr("relative to its own peak") if view.density_scale == "relative" else _tr("on one range for all")
        said.append(_tr("The ground is the exact log pₜ of that pane's noise, {scale}.").format(scale=scale))
    return [sentence for sentence in said if sentence]
