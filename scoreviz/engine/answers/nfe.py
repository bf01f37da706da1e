"""Error against evaluations: each sampler at each number of them, from the same starts, a few seeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from scoreviz.engine.answers.beside import own, plan_beside
from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.plan import Plan
from scoreviz.maths.metrics import sliced_wasserstein
from scoreviz.maths.metrics.convergence import REFERENCE_STEPS, fitted_order, ode_end, rms_distance
from scoreviz.maths.sampling import build_sampler, prior_points, rng_from_seed, trajectory
from scoreviz.maths.sde import Time
from scoreviz.maths.truth import exact_samples
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.nfe import AskNfe, Nfe, NfeCurve
from scoreviz.scene.choice import tag_of
from scoreviz.scene.control import Unconditional
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PROBED = (3, 4)
"""Steps at which evaluations are counted: from the difference follows how many a step takes."""

NO_STEPS = QT_TRANSLATE_NOOP("engine", "not asked for a number of steps from t = 1 to 0, so it is not measured")
NO_END = QT_TRANSLATE_NOOP("engine", "has noise, so its points end elsewhere than the ODE's")


@dataclass
class _Entry:
    """One sampler and what has been measured of it."""

    spec: Any
    steps: list[int] = field(default_factory=list)
    nfe: list[int] = field(default_factory=list)
    error: np.ndarray[Any, Any] = field(default_factory=lambda: np.zeros((0, 0)))
    note: str = ""

    def told(self) -> NfeCurve:
        means = np.array([np.mean(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in self.error])
        whole = bool(len(self.error)) and bool(np.isfinite(self.error).all())
        order = fitted_order(self.nfe, means.tolist()) if whole else None
        return NfeCurve(
            sampler=tag_of(self.spec), label=self.spec.LABEL, steps=Array.of(np.asarray(self.steps, np.int32)),
            nfe=Array.of(np.asarray(self.nfe, np.int32)), error=Array.of(self.error), note=self.note,
            order=None if order is None else order.value, order_error=None if order is None else order.error,
        )  # fmt: skip


@answers(AskNfe)
def error_against_evaluations(question: AskNfe, world: World) -> Iterator[Part | None]:
    """Cheap ones first, so that a curve grows from the left. The score is the one of the moment when it was asked."""
    plan = plan_beside(own(world.scene), world)
    if not isinstance(world.scene.control, Unconditional):
        raise SceneError(QT_TRANSLATE_NOOP("engine", "Errors are measured for samples of the whole drawing: set “control” to nothing."))
    plan = _in_double(plan, question)
    entries = [_entry(spec, question, plan) for spec in question.samplers]
    bench = _Bench(question, plan, entries)
    for done in bench.work():
        yield None if done is None else (done, bench.told())
    yield (1.0, bench.told())


def _in_double(plan: Plan, question: AskNfe) -> Plan:
    """With numbers of 64 bits where the error of a solver is to be told from rounding; a network computes in its own 32."""
    if question.measure == "sliced" or plan.step is None:
        return plan
    learned = plan.score_fn
    return dataclasses.replace(plan, score_fn=lambda x, t: learned(x.float(), t).to(x.dtype))


def _entry(spec: Any, question: AskNfe, plan: Plan) -> _Entry:
    """The sampler with the question's grid, and for each number of evaluations the most steps that take no more."""
    changes: dict[str, Any] = {}
    if question.grid is not None and "grid" in spec.__struct_fields__:
        changes["grid"] = question.grid
    if question.measure == "ode_end" and "to_data" in spec.__struct_fields__:
        changes["to_data"] = False  # there the ODE ends
    spec = msgspec.structs.replace(spec, **changes)
    if spec.AXIS != "reverse" or "steps" not in spec.__struct_fields__:
        return _Entry(spec, note=NO_STEPS)
    if question.measure == "ode_end" and not _is_ode(spec, plan):
        return _Entry(spec, note=NO_END)
    few, more = (_counted(msgspec.structs.replace(spec, steps=n), plan) for n in PROBED)
    each, first = more - few, few - PROBED[0] * (more - few)
    if each <= 0:
        return _Entry(spec, note=NO_STEPS)
    steps = sorted({max((n - first) // each, 1) for n in question.evaluations})
    nfe = [each * n + first for n in steps]
    return _Entry(spec, steps, nfe, np.full((len(steps), question.seeds), np.nan))


def _is_ode(spec: Any, plan: Plan) -> bool:
    """Does a run of it draw no noise? Asked of a run of one point."""
    x, rng = torch.zeros(1, plan.target.dim, dtype=torch.float64), rng_from_seed(0)
    sampler = build_sampler(msgspec.structs.replace(spec, steps=PROBED[0]), plan.sde, _cheap)
    state = sampler.init(x, rng)
    for _, state, _ in trajectory(sampler, state):  # noqa: B007, B020
        pass
    return torch.equal(state.rng, rng)


def _counted(spec: Any, plan: Plan) -> int:
    """Evaluations of a run, counted on one point."""
    sampler = build_sampler(spec, plan.sde, _cheap)
    state = sampler.init(torch.zeros(1, plan.target.dim, dtype=torch.float64) + 0.5, rng_from_seed(0))
    return sum(info.nfe for _, _, info in trajectory(sampler, state))


def _cheap(x: Tensor, _t: Time) -> Tensor:
    return -x


class _Bench:
    """Carries the measurements out, in pieces."""

    def __init__(self, question: AskNfe, plan: Plan, entries: Sequence[_Entry]) -> None:
        self.question, self.plan, self.entries = question, plan, entries
        self.seeds = tuple(plan.scene.particles.seed + k for k in range(question.seeds))
        self._truth = exact_samples(plan.target, question.points) if question.measure == "sliced" else None
        per_seed = sum(sum(entry.nfe) for entry in entries) + (4 * REFERENCE_STEPS if question.measure == "ode_end" else 0)
        self._all, self._done = max(1, per_seed * question.seeds), 0

    def told(self) -> Nfe:
        """What is known so far."""
        floor = None if self._truth is None else self._truth.floor
        return Nfe(
            measure=self.question.measure, curves=tuple(entry.told() for entry in self.entries), points=self.question.points,
            seeds=self.seeds, floor=floor, trained=self.plan.step,
        )  # fmt: skip

    def work(self) -> Iterator[float | None]:
        """The share that is done after each run, None within one."""
        for k, seed in enumerate(self.seeds):
            dtype = torch.float64 if self.question.measure == "ode_end" else self.plan.target.means.dtype
            generator = torch.Generator().manual_seed(seed)
            target = self.plan.target
            x = prior_points(self.plan.sde, (self.question.points, target.dim), generator, target.mean(), dtype)
            end = None
            if self.question.measure == "ode_end":
                for end in ode_end(self.plan.sde, self.plan.score_fn, x):
                    self._done += 4 if end is None else 0
                    yield None
            cells = sorted((n, i, j) for i, entry in enumerate(self.entries) for j, n in enumerate(entry.nfe))
            for n, i, j in cells:
                entry = self.entries[i]
                spec = msgspec.structs.replace(entry.spec, steps=entry.steps[j])
                for last in self._run(spec, x, generator.get_state()):
                    if last is None:
                        yield None
                        continue
                    entry.error[j, k] = self._error(last, end)
                self._done += n
                yield min(self._done / self._all, 0.999)

    def _run(self, spec: Any, x: Tensor, rng: Tensor) -> Iterator[Tensor | None]:
        sampler = build_sampler(spec, self.plan.sde, self.plan.score_fn)
        state = sampler.init(x, rng)
        for _, state, _ in trajectory(sampler, state):  # noqa: B007, B020
            yield None
        yield state.x

    def _error(self, x: Tensor, end: Tensor | None) -> float:
        """To the ODE's end; or to the drawing itself, also for a sampler that leaves the little noise of t = eps in."""
        if end is not None:
            return rms_distance(x, end)
        assert self._truth is not None
        return sliced_wasserstein(x, self._truth.samples)
