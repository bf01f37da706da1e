"""What space asks of the engine, and how its answers are drawn: for the window and for films alike."""

from __future__ import annotations

import math

from scoreviz.gui.dynamics.space.plane import PlaneGrid
from scoreviz.protocol.questions import AskSlice, Cloud, Slice
from scoreviz.protocol.questions.solid import ScoreKind
from scoreviz.scene.control import ByClass
from scoreviz.scene.document import Scene

CELLS, ARROWS = 96, 15
"""Of a slice, along each side."""
LEAST_HALF = 2.0
"""Half the side of the smallest cube."""


def kind_of(scene: Scene) -> ScoreKind:
    """Whose score the arrows show."""
    if scene.view.field != "sampler":
        return scene.view.field
    return "guided" if isinstance(scene.control, ByClass) else scene.score.source


def half_of(cloud: Cloud | None) -> float:
    """Half the cube's side: what holds the data, to a tenth."""
    return LEAST_HALF if cloud is None else max(LEAST_HALF, math.ceil(10 * cloud.reach) / 10)


def slice_question(scene: Scene, sigmas: tuple[float, ...], half: float) -> AskSlice | None:
    """The slice that is looked at, at these noise levels; None where there is none to look at."""
    view = scene.view
    if view.slice == "none" or not (view.density or view.arrows):
        return None
    return AskSlice(
        axis=view.slice, at=view.slice_at, sigmas=sigmas, half=half, cells=CELLS if view.density else 0,
        arrows=ARROWS if view.arrows else 0, kind=kind_of(scene),
    )  # fmt: skip


def subject_of(asked: AskSlice) -> tuple[object, ...]:
    """Which plane and score a question is about, whatever its levels."""
    return (asked.axis, asked.at, asked.half, asked.cells, asked.arrows, asked.kind)


def planes_of(answer: Slice) -> list[PlaneGrid]:
    """One for each noise level, ready to be drawn."""
    return [
        PlaneGrid(
            axis=answer.axis, at=answer.at, sigma=plane.sigma, half=answer.half, log_p=plane.log_p.numpy(),
            vectors=plane.vectors.numpy(), kind=answer.kind, step=answer.step,
        )
        for plane in answer.planes
    ]  # fmt: skip
