"""A pane's run beside the scene's own: its plan, the noise that it shares, and what its end is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec
from torch import Tensor

from scoreviz.engine.answers.registry import World
from scoreviz.engine.plan import Plan, plan_of
from scoreviz.maths.sampling import Sampler, build_sampler
from scoreviz.maths.sde import Time, build_sde
from scoreviz.maths.shared_noise import PathThrough, drawn, same_steps
from scoreviz.protocol.questions.pane import Shares
from scoreviz.scene.compare import Pane
from scoreviz.scene.control import ByClass, Unconditional
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PATH_BYTES = 64 * 2**20
"""A run whose draws take more than this leaves no path to follow: only its starting points are shared."""


def own(scene: Scene) -> Pane:
    """The scene's own way of sampling, as a pane."""
    return Pane(sampler=scene.sampler, noise=scene.noise, source=scene.score.source)


def plan_beside(pane: Pane, world: World) -> Plan:
    """The plan that the scene would have, were this pane's way its own. SceneError where its score cannot drive it."""
    scene, target = world.scene, world.target
    sde = world.sde if pane.noise == scene.noise else build_sde(pane.noise, target.diameter())
    source = "network" if pane.source == "race" else pane.source
    score = msgspec.structs.replace(scene.score, source=source)
    scene = msgspec.structs.replace(scene, sampler=pane.sampler, noise=pane.noise, score=score)
    plan = plan_of(scene, sde, target, world.trainer)
    return _raced(plan, pane, world) if pane.source == "race" else plan


def _raced(plan: Plan, pane: Pane, world: World) -> Plan:
    """Driven by one of the raced networks, as it is now. SceneError where there is none, or where a class is asked for."""
    racers = world.racers
    if pane.racer > len(racers):
        raise SceneError(
            QT_TRANSLATE_NOOP("engine", "No raced network has the number {number}: {count} are there. Run a race on the page “Race”."),
            number=pane.racer, count=len(racers),
        )  # fmt: skip
    if isinstance(plan.scene.control, ByClass):
        raise SceneError(QT_TRANSLATE_NOOP("engine", "A raced network knows no classes: set “control” to nothing for this pane."))
    return dataclasses.replace(plan, score_fn=racers.score_fn(pane.racer - 1, plan.sde), log_prob_fn=None, step=None)


def untaught(plan: Plan, world: World) -> bool:
    """Does a network drive it through noise levels that it was not taught?"""
    if plan.scene.score.source != "network" or plan.sde is world.sde:
        return False
    low, high = (world.sde.sigma(t) for t in (world.sde.t_min, 1.0))
    return plan.sde.sigma(plan.sde.t_min) < 0.999 * low or plan.sde.sigma(1.0) > 1.001 * high


def sampler_beside(plan: Plan, x: Tensor, rng: Tensor, before: Sequence[Pane], world: World) -> tuple[Sampler, Shares]:
    """The plan's sampler, and what its run shares with those before it: the first of the same family of noise leads.

    Where both take the same steps, the generator gives both the same draws. Else it follows the Brownian path that the leader's
    draws are increments of: only where both run from t = 1 to 0 in fixed steps, and nothing is asked of a coordinate.
    """
    sampler, spec = plan.sampler(), plan.scene.sampler
    if not before:
        return sampler, "start"
    others = [plan_beside(other, world) for other in before]
    alike = [other for other in others if _may_lead(other, plan)]
    if spec.AXIS != others[0].scene.sampler.AXIS and "forward" in (spec.AXIS, others[0].scene.sampler.AXIS):
        return sampler, "seed"
    if sampler.adaptive or spec.AXIS != "reverse" or not isinstance(plan.scene.control, Unconditional):
        return sampler, "start"
    if not drawn(_cheap(plan), x[:1], rng):
        return sampler, "start"  # it has no noise to share
    for leader in alike:
        led = _cheap(leader)
        draws = len(drawn(led, x[:1], rng))
        if draws == 0:
            continue
        if same_steps(sampler, led):
            return sampler, "noise"
        if draws * x.numel() * 8 > PATH_BYTES:
            return sampler, "start"
        return sampler.along(PathThrough(drawn(led, x, rng), plan.scene.particles.seed)), "path"
    return sampler, "start"


def _may_lead(other: Plan, plan: Plan) -> bool:
    spec = other.scene.sampler
    return type(other.scene.noise) is type(plan.scene.noise) and spec.AXIS == "reverse" and not spec.ADAPTIVE


def _cheap(plan: Plan) -> Sampler:
    """The plan's sampler with the score of N(0, I), which costs nothing: what it draws does not depend on the score."""

    def score(x: Tensor, _t: Time) -> Tensor:
        return -x

    return build_sampler(plan.scene.sampler, plan.sde, score, lambda x, _t: -0.5 * x.square().sum(1))


class Kept:
    """The states of a run in `most` bytes: all of them, or every 2nd, 4th, ... where there are too many; the first and last always."""

    def __init__(self, x: Tensor, most: int) -> None:
        self._room = max(2, most // max(1, x.numel() * 4))
        self._stride = 1
        self._items: list[tuple[int, Tensor]] = [(0, x.float())]
        self._last = (0, x)

    def add(self, k: int, x: Tensor) -> None:
        """The state after substep k."""
        self._last = (k, x)
        if k % self._stride:
            return
        self._items.append((k, x.float()))
        if len(self._items) >= self._room:
            self._stride *= 2
            self._items = [item for item in self._items if item[0] % self._stride == 0]

    def items(self) -> list[tuple[int, Tensor]]:
        """(substep, points (n, D) float32), in order."""
        k, x = self._last
        return self._items if self._items[-1][0] == k else [*self._items, (k, x.float())]
