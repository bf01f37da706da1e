"""Dropped particles: the scene's own sampler from the middle of a run on, for a few points with a generator of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.plan import plan_of
from scoreviz.maths.sampling import Sampler, rng_from_seed, trajectory
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.drop import MOST_DROPPED, AskDrop, Drop, Dropped
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP


@answers(AskDrop)
def drop(question: AskDrop, world: World) -> Iterator[Part | None]:
    """Each drop is a batch of its own: it moves no other point, and rules that average over a batch average over the drop."""
    sampler = plan_of(world.scene, world.sde, world.target, world.trainer).sampler()
    if sampler.adaptive:
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "engine",
                "This sampler chooses its steps for all points together, so dropped ones would not keep step. Choose another.",
            )
        )
    if len(sampler.plan) != question.total or any(each.substep > question.total for each in question.drops):
        raise SceneError(QT_TRANSLATE_NOOP("engine", "The run on screen is of another sampler; dropped points wait for the next one."))
    if sum(each.points.shape[0] for each in question.drops) > MOST_DROPPED:
        raise SceneError(QT_TRANSLATE_NOOP("engine", "At most {most} points can be dropped at once."), most=MOST_DROPPED)
    kept = frozenset(question.kept)
    done: list[Array] = []
    for each in question.drops:
        x = _points(each, world.target.dim)
        frames = [x]
        for at, after in _way(sampler, each, x):
            if at in kept:
                frames.append(after)
            yield None
        done.append(Array.of(torch.stack(frames).numpy()))
    yield 1.0, Dropped(frames=tuple(done))


def _points(each: Drop, dim: int) -> Tensor:
    """(n, D) float32. SceneError for points of another drawing."""
    points = np.array(each.points.numpy(), np.float32)
    if points.ndim != 2 or points.shape[1] != dim or not len(points) or not np.isfinite(points).all():
        raise SceneError(QT_TRANSLATE_NOOP("engine", "The dropped points are not of this drawing. Drop them anew."))
    return torch.from_numpy(points)


def _way(sampler: Sampler, each: Drop, x: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Substeps done and the points after each, from the drop's own place in the plan to its end."""
    state = dataclasses.replace(sampler.init(x, rng_from_seed(each.seed)), cursor=each.substep)
    for _, after, _ in trajectory(sampler, state):
        if not torch.isfinite(after.x).all():
            raise SceneError(QT_TRANSLATE_NOOP("engine", "The dropped points flew off to infinity at substep {step}."), step=after.cursor)
        yield after.cursor, after.x
