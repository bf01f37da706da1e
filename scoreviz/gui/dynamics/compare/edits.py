"""What can be done to the panes of a scene: functions from a scene to another one, each of them one undo step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from scoreviz.scene.compare import MOST_PANES, Compare, Pane
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.noise import VE, VP, SubVP
from scoreviz.scene.samplers import (
    RK4,
    DPMSolverPP2M,
    Euler,
    EulerMaruyama,
    LangevinCorrector,
    NoCorrector,
    NoPredictor,
    PredictorCorrector,
    ProbabilityFlow,
    ReverseDiffusion,
    ReverseSDE,
)
from scoreviz.scene.text import QT_TRANSLATE_NOOP

EVALUATIONS = 20
"""Of each pane in the race of solvers."""

STEPS = (80, 40, 20, 10)
"""The finest is the scene's own, which the transport goes through step by step."""


def own(scene: Scene) -> Pane:
    """The scene's own way of sampling, as a pane."""
    return Pane(sampler=scene.sampler, noise=scene.noise, source=scene.score.source)


def ways(scene: Scene) -> tuple[Pane, ...]:
    """All that is compared, the scene's own first."""
    return (own(scene), *scene.compare.panes)


def with_ways(scene: Scene, first: Pane, *others: Pane) -> Scene:
    """`first` as the scene's own and the others beside it. SceneError for more than three, where no plane is drawn, or for a race first."""
    if scene.density.dimensions != "2":
        raise SceneError(QT_TRANSLATE_NOOP("errors", "Panes are compared in the plane; this scene is in {n}-D. Choose 2-D to compare."),
                         n=scene.density.dimensions)  # fmt: skip
    if len(others) > MOST_PANES:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "At most {n} panes fit beside the scene's own. Remove one to add another."), n=MOST_PANES
        )
    if first.source == "race":
        raise SceneError(QT_TRANSLATE_NOOP("errors", "A raced network can drive a pane, but not the scene's own run."))
    score = msgspec.structs.replace(scene.score, source=first.source)
    compare = Compare(panes=tuple(others))
    return msgspec.structs.replace(scene, sampler=first.sampler, noise=first.noise, score=score, compare=compare)


def added(scene: Scene) -> Scene:
    """One pane more: the scene's noise and score, with the ODE by Heun's rule; or the reverse SDE where Heun is the scene's own."""
    sampler = ReverseSDE() if isinstance(scene.sampler, ProbabilityFlow) else ProbabilityFlow()
    first, *others = ways(scene)
    return with_ways(scene, first, *others, msgspec.structs.replace(first, sampler=sampler))


def duplicated(scene: Scene, i: int) -> Scene:
    """The same way once more, behind it; 0 is the scene's own."""
    first, *others = ways(scene)
    others.insert(i, ways(scene)[i])
    return with_ways(scene, first, *others)


def removed(scene: Scene, i: int) -> Scene:
    """Without pane i >= 1."""
    panes = scene.compare.panes
    return msgspec.structs.replace(scene, compare=Compare(panes=panes[: i - 1] + panes[i:]))


def used(scene: Scene, i: int) -> Scene:
    """Pane i >= 1 becomes the scene's own, and what was the scene's own takes its place."""
    all_ways = list(ways(scene))
    all_ways[0], all_ways[i] = all_ways[i], all_ways[0]
    return with_ways(scene, *all_ways)


def left(scene: Scene) -> Scene:
    """The scene's own alone."""
    return msgspec.structs.replace(scene, compare=Compare())


class PaneSet(NamedTuple):
    """Several ways at a time: a name in code, a title, what there is to see, and how a scene is turned into it."""

    name: str
    title: str
    help: str
    of: Callable[[Scene], Scene]


def _same_evaluations(scene: Scene) -> Scene:
    first, n = own(scene), EVALUATIONS
    solvers: list[Any] = [Euler(steps=n), ProbabilityFlow(steps=n // 2), DPMSolverPP2M(steps=n), RK4(steps=n // 4)]
    return with_ways(scene, *(msgspec.structs.replace(first, sampler=solver) for solver in solvers))


def _correctors(scene: Scene) -> Scene:
    """As many evaluations each: a predictor with twice the steps, both, and the corrector alone."""
    first = own(scene)
    snr = 0.01 if first.noise.shrinks() else 0.16
    corrector, steps = LangevinCorrector(snr=snr), 100
    each = [
        PredictorCorrector(steps=2 * steps, corrector=NoCorrector(), corrector_steps=0, predictor=ReverseDiffusion()),
        PredictorCorrector(steps=steps, corrector=corrector, predictor=ReverseDiffusion()),
        PredictorCorrector(steps=2 * steps, corrector=corrector, predictor=NoPredictor()),
    ]
    return with_ways(scene, *(msgspec.structs.replace(first, sampler=sampler) for sampler in each))


def _steps(scene: Scene) -> Scene:
    first = own(scene)
    if "steps" not in first.sampler.__struct_fields__:  # type: ignore[attr-defined]
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{sampler}” is not asked for a number of steps. Choose another method."),
            sampler=first.sampler.LABEL,
        )
    each = [msgspec.structs.replace(first, sampler=msgspec.structs.replace(first.sampler, steps=n)) for n in STEPS]  # type: ignore[type-var]
    return with_ways(scene, *each)


def _sources(scene: Scene) -> Scene:
    first = own(scene)
    return with_ways(scene, *(msgspec.structs.replace(first, source=source) for source in ("exact", "network", "data")))


def _noises(scene: Scene) -> Scene:
    """By the one predictor that every noise has."""
    first = msgspec.structs.replace(own(scene), sampler=ReverseSDE(predictor=EulerMaruyama()))
    kinds: list[Any] = [scene.noise if isinstance(scene.noise, VE) else VE(), VP(), SubVP()]
    return with_ways(scene, *(msgspec.structs.replace(first, noise=noise) for noise in kinds))


SETS: tuple[PaneSet, ...] = (
    PaneSet(
        "solvers", QT_TRANSLATE_NOOP("compare", "Four solvers at 20 evaluations"),
        QT_TRANSLATE_NOOP("compare", "Euler, Heun, DPM-Solver++(2M) and RK4, in as many steps as 20 evaluations of the score allow."),
        _same_evaluations,
    ),
    PaneSet(
        "correctors", QT_TRANSLATE_NOOP("compare", "Predictor, PC, corrector"),
        QT_TRANSLATE_NOOP("compare", "200 evaluations each: predictor alone, with a corrector, corrector alone (Song et al. 2021)."),
        _correctors,
    ),
    PaneSet(
        "steps", QT_TRANSLATE_NOOP("compare", "80, 40, 20, 10 steps"),
        QT_TRANSLATE_NOOP("compare", "The scene's own method in fewer and fewer steps."),
        _steps,
    ),
    PaneSet(
        "sources", QT_TRANSLATE_NOOP("compare", "Exact, network, data"),
        QT_TRANSLATE_NOOP("compare", "The scene's own method, driven by the exact score, the network's, and that of the data points."),
        _sources,
    ),
    PaneSet(
        "noises", QT_TRANSLATE_NOOP("compare", "VE, VP, sub-VP"),
        QT_TRANSLATE_NOOP("compare", "The reverse SDE of each kind of noise, by Euler–Maruyama, which all of them have."),
        _noises,
    ),
)  # fmt: skip
