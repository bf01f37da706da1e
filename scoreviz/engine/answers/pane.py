"""A pane's run, from the scene's seed, and the density and arrows behind its points."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from scoreviz.engine.answers.beside import Kept, plan_beside, sampler_beside, untaught
from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.fields import arrows, density
from scoreviz.engine.measured import Truths, measured
from scoreviz.engine.plan import Plan
from scoreviz.engine.player import STAGES
from scoreviz.maths.sampling import Substep, trajectory
from scoreviz.maths.targets import ScoreFn
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Look
from scoreviz.protocol.questions.pane import AskGround, AskPane, Ground, PaneRun, Shares
from scoreviz.scene.choice import tag_of
from scoreviz.scene.compare import Pane
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

FRAMES_BYTES = 96 * 2**20
"""What is kept and sent of one pane's run; of a longer one every 2nd, 4th, ... substep."""

MEASURING = 0.95
"""Share of the work that is sampling; the rest is the comparison with the truth."""

_truths = Truths()


@answers(AskPane)
def pane_run(question: AskPane, world: World) -> Iterator[Part | None]:
    """The frames of the run that the scene would make in this way, and how close its end comes to the truth."""
    plan = plan_beside(question.pane, world)
    x, rng = plan.start()
    sampler, shares = sampler_beside(plan, x, rng, question.before, world)
    told = _told(plan, question.pane, shares, untaught(plan, world))
    yield (0.0, PaneRun(**told))
    kept, steps, nfe, seconds = Kept(x, FRAMES_BYTES), list[Substep](), 0, 0.0
    loop, foreseen = trajectory(sampler, sampler.init(x, rng)), 0 if sampler.adaptive else len(sampler.plan)
    while True:
        began = time.perf_counter()
        step = next(loop, None)
        seconds += time.perf_counter() - began
        if step is None:
            break
        substep, state, info = step
        x, nfe = state.x, nfe + info.nfe
        steps.append(substep)
        if not bool(torch.isfinite(x).all()):
            raise SceneError(
                QT_TRANSLATE_NOOP("engine", "The points of this pane left the finite numbers at substep {step}. Take smaller steps."),
                step=len(steps),
            )  # fmt: skip
        kept.add(len(steps), x)
        share = len(steps) / foreseen if foreseen else 1.0 - substep.s
        yield (MEASURING * share, PaneRun(**told, total=foreseen))
    yield None
    t = steps[-1].s if steps else 1.0
    distance, floor, truth, params = measured(plan, x, t, _truths)
    ends: dict[str, Any] = {"distance": distance, "floor": floor, "truth": truth, "params": params, "nfe": nfe, "seconds": seconds}
    yield (1.0, PaneRun(**told, **_frames(plan, steps, kept), **ends))


def _told(plan: Plan, pane: Pane, shares: Shares, beyond: bool) -> dict[str, Any]:
    """What is known of the run before it has begun."""
    spec: Any = pane.sampler
    return {
        "sampler": tag_of(spec), "label": spec.LABEL, "axis": spec.AXIS, "noise": plan.scene.noise.LABEL, "source": pane.source,
        "trained": plan.step, "untaught": beyond, "shares": shares,
    }  # fmt: skip


def _frames(plan: Plan, steps: list[Substep], kept: Kept) -> dict[str, Any]:
    """Times and points of the kept states."""
    items = kept.items()
    t = [steps[k - 1].s if k else (steps[0].t if steps else 1.0) for k, _ in items]
    stage = [STAGES[steps[k - 1].stage] if k else 0 for k, _ in items]
    return {
        "total": len(steps),
        "substep": Array.of(np.asarray([k for k, _ in items], np.int32)),
        "stage": Array.of(np.asarray(stage, np.uint8)),
        "t": Array.of(np.asarray(t, np.float64)),
        "sigma": Array.of(np.asarray([float(plan.sde.sigma(u)) for u in t])),
        "log_snr": Array.of(np.asarray([float(plan.sde.log_snr(u)) for u in t])),
        "frames": Array.of(torch.stack([x for _, x in items]).numpy()),
    }


@answers(AskGround)
def ground(question: AskGround, world: World) -> Iterator[Part | None]:
    """Density and arrows of the pane's own SDE, one noise level after another."""
    plan = plan_beside(question.pane, world)
    look = Look(bounds=question.bounds, density_shape=question.density_shape, arrows_shape=question.arrows_shape)
    score_fn, kind, trained = _shown(question, plan, world)
    grids: list[np.ndarray[Any, Any]] = []
    fields: list[np.ndarray[Any, Any]] = []
    for k, sigma in enumerate(question.sigmas):
        level = min(max(sigma, float(plan.sde.sigma(0.0))), float(plan.sde.sigma(1.0)))  # the last digit may be rounded off
        if question.density:
            grids.append(density(world.target, plan.sde, level, look, 0).log_p.numpy())
        if question.arrows:
            fields.append(arrows(score_fn, None, None, plan.sde, level, look, 0).vectors.numpy())
        answer = Ground(
            sigma=Array.of(np.asarray(question.sigmas[: k + 1])), log_p=_stacked(grids, question.density_shape),
            vectors=_stacked(fields, (*question.arrows_shape, 2)), kind=kind, trained=trained,
        )  # fmt: skip
        yield ((k + 1) / len(question.sigmas), answer)


def _shown(question: AskGround, plan: Plan, world: World) -> tuple[ScoreFn, Any, int | None]:
    """The field that the arrows show, what to call it, and the training step of the network behind it."""
    exact = world.target.score_fn(plan.sde)
    if question.field == "exact":
        return exact, "exact", None
    if question.field == "sampler":
        kind = "network" if question.pane.source == "race" else question.pane.source
        return plan.score_fn, kind, plan.step
    network, step = world.trainer.source(plan.sde)(None), world.trainer.shown_step
    if question.field == "network":
        return network, "network", step
    return lambda x, t: network(x, t) - exact(x, t), "difference", step


def _stacked(parts: list[np.ndarray[Any, Any]], shape: tuple[int, ...]) -> Array:
    return Array.of(np.stack(parts) if parts else np.empty((0, *shape), np.float32))
