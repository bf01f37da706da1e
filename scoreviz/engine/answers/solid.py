"""Samples of what is placed in space, and planes through its noisy density."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import torch
from torch import Tensor

from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.fields import cell_centres
from scoreviz.engine.plan import data_set, plan_of
from scoreviz.maths.targets import ScoreFn
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.solid import IN_PLANE, AskCloud, AskSlice, Axis, Cloud, Plane, Slice
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PIECE = 1024
"""Points between two polls of the engine's messages: some 3 ms of a mixture of 600."""


@answers(AskCloud)
def cloud(question: AskCloud, world: World) -> Cloud:
    """Exact samples from a generator of their own."""
    _must_be_space(world)
    target = world.target
    points = target.sample(question.count, torch.Generator().manual_seed(question.seed))
    reach = (target.means.abs() + 2 * target.stds[:, None]).max()
    return Cloud(points=Array.of(points.float().numpy()), reach=float(reach))


@answers(AskSlice)
def planes(question: AskSlice, world: World) -> Iterator[Part | None]:
    """One part more for each noise level that the SDE has."""
    _must_be_space(world)
    smallest, largest = float(world.sde.sigma(0.0)), float(world.sde.sigma(1.0))
    known = [s for s in question.sigmas if smallest * (1 - 1e-9) <= s <= largest * (1 + 1e-9)]
    score, step = _score(question, world)
    done: list[Plane] = []
    for sigma in known:
        plane = yield from _plane(question, world, score, sigma)
        done.append(plane)
        yield len(done) / len(known), _slice(question, step, done)
    if not known:
        yield 1.0, _slice(question, step, done)


def _plane(question: AskSlice, world: World, score: ScoreFn, sigma: float) -> Generator[None, None, Plane]:
    t = world.sde.t_of_sigma(sigma)
    log_p, vectors = [torch.empty(0)], [torch.empty(0, 3)]
    for piece in points_of(question.axis, question.at, question.half, question.cells).split(PIECE):
        if len(piece):
            log_p.append(world.target.log_prob(piece, world.sde, t))
            yield None
    t = max(t, world.sde.t_min)  # below it there is no noise, and no network knows a score
    for piece in points_of(question.axis, question.at, question.half, question.arrows).split(PIECE):
        if len(piece):
            vectors.append(world.sde.std(t) * score(piece, t))
            yield None
    cells, arrows = question.cells, question.arrows
    return Plane(
        sigma=sigma,
        log_p=Array.of(torch.cat(log_p).reshape(cells, cells).float().numpy()),
        vectors=Array.of(torch.cat(vectors).reshape(arrows, arrows, 3).float().numpy()),
    )


def _slice(question: AskSlice, step: int | None, done: list[Plane]) -> Slice:
    return Slice(axis=question.axis, at=question.at, half=question.half, kind=question.kind, step=step, planes=tuple(done))


def points_of(axis: Axis, at: float, half: float, n: int) -> Tensor:
    """(n n, 3) centres of the n x n cells of the plane's square, the first of `IN_PLANE` fastest."""
    if n == 0:
        return torch.empty(0, 3)
    centres = cell_centres(-half, half, n)
    v, u = torch.meshgrid(centres, centres, indexing="ij")
    points = torch.full((n * n, 3), at)
    points[:, IN_PLANE[axis][0]], points[:, IN_PLANE[axis][1]] = u.reshape(-1), v.reshape(-1)
    return points


def _score(question: AskSlice, world: World) -> tuple[ScoreFn, int | None]:
    """The wanted score, and the training step of the network in it."""
    exact = world.target.score_fn(world.sde)
    if question.kind == "exact":
        return exact, None
    if question.kind == "data":
        return data_set(world.target, world.scene.data).score_fn(world.sde), None
    if question.kind == "guided":
        plan = plan_of(world.scene, world.sde, world.target, world.trainer)
        return plan.score_fn, plan.step
    network, step = world.trainer.score_fn(), world.trainer.shown_step
    return (network if question.kind == "network" else lambda x, t: network(x, t) - exact(x, t)), step


def _must_be_space(world: World) -> None:
    if world.target.dim != 3:
        raise SceneError(
            QT_TRANSLATE_NOOP("engine", "The drawing has {n} dimensions, so there is no space to look at."), n=world.target.dim
        )
