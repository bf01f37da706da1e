"""What am I seeing? One sentence for each layer of space-time, which has no arrows, no maps and no lines over the ground."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.document import Scene


def _tr(text: str) -> str:
    return QCoreApplication.translate("SpaceTime", text)


def _ground(scene: Scene, timed: bool) -> str:
    across = _tr("along t") if timed else _tr("along the substeps")
    if scene.view.density_scale == "relative":
        return _tr("The ground is log pₜ(x), x upright and time {across}, each column relative to its own peak.").format(across=across)
    return _tr("The ground is log pₜ(x), x upright and time {across}, on one range for all.").format(across=across)


def line_sentences(scene: Scene, points: str, control: str, *, timed: bool) -> list[str]:
    """points: what the particles do. control: what is asked of them. timed: the run on screen goes along t, as the paths do."""
    view, said = scene.view, []
    if view.particles:
        said += [
            scene_text(points),
            control,
            _tr("Each is a dash on the line of the present and counts in the histogram beside it, whose curve is the exact pₜ."),
        ]
    if view.reverse_paths:
        said.append(_tr("The sampler's lines are the ways of its first 40 particles up to now."))
    if timed and view.flow_lines:
        said.append(
            _tr(
                "ODE lines follow the probability-flow ODE of this score from 24 quantiles of p₁; by the exact score each stays on its own."
            )
        )
    if timed and view.forward_paths:
        said.append(_tr("Forward lines lead from data to noise by the forward SDE, which knows no score."))
    if view.density:
        said.append(_ground(scene, timed))
    if said and scene.noise.shrinks():
        said.append(_tr("This noise shrinks the data by a(t), so the data's places run together as t grows."))
    return [sentence for sentence in said if sentence] or [
        _tr("Every layer is switched off; what is left are the densities of data and present.")
    ]
