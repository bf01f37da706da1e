"""A substep made once more from the state before it, and what the lines of a training step show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.figures import figures_of, parts_of, start_figures
from scoreviz.engine.tapes import Tape
from scoreviz.engine.trainer import state_of
from scoreviz.maths.sampling import Info, State
from scoreviz.maths.training import averaging, learning_rate
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.substep import AskSubstep, AskTrainingFigures, SubstepParts, TrainingFigures
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP


@answers(AskSubstep)
def substep_parts(question: AskSubstep, world: World) -> Iterator[Part | None]:
    """The sampler of that run steps again, on states of its own; SceneError where the run or the substep is not known."""
    tape = world.player.tapes.of(question.run)
    if tape is None:
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "engine", "The engine no longer has the run on screen, so its substeps cannot be taken apart. The next run can be."
            )
        )
    if question.substep == 0:
        yield 1.0, _start(tape, question)
        return
    for found in tape.find(question.substep):
        if found is not None:
            before, substep, after, info = found
            figures = figures_of(tape.plan, tape.sampler, substep, info)
            parts = _parts(question, before, after, info)
            yield 1.0, SubstepParts(stage=substep.stage.value, t=substep.t, s=substep.s, figures=figures, **_of(tape, question), **parts)
            return
        yield None
    raise SceneError(QT_TRANSLATE_NOOP("engine", "This run has fewer than {n} substeps."), n=question.substep)


def _of(tape: Tape, question: AskSubstep) -> dict[str, Any]:
    scene = tape.plan.scene
    return {
        "run": tape.number, "substep": question.substep, "total": len(tape.start.x), "sampler": scene.sampler, "noise_spec": scene.noise,
        "control": scene.control, "source": scene.score.source, "particles": tuple(_chosen(question, tape.start)),
    }  # fmt: skip


def _chosen(question: AskSubstep, state: State) -> list[int]:
    """Those particles that there are."""
    return [k for k in question.particles if k < len(state.x)]


def _parts(question: AskSubstep, before: State, after: State, info: Info) -> dict[str, Any]:
    chosen = _chosen(question, before)
    values = {"before": before.x, "after": after.x, "drift": info.drift, "noise": info.noise, "score": info.score, "x0": info.x0}
    rows = {name: parts_of(value, chosen) for name, value in values.items()}
    accepted = None if info.accepted is None else tuple(bool(info.accepted[k]) for k in chosen)
    return {name: None if row is None else Array.of(row) for name, row in rows.items()} | {"accepted": accepted}


def _start(tape: Tape, question: AskSubstep) -> SubstepParts:
    x = Array.of(parts_of(tape.start.x, _chosen(question, tape.start)))
    t = 0.0 if tape.plan.scene.sampler.AXIS == "forward" else 1.0
    return SubstepParts(stage="start", t=t, s=t, figures=start_figures(tape.plan), before=x, after=x, **_of(tape, question))


@answers(AskTrainingFigures)
def training_figures(_question: AskTrainingFigures, world: World) -> TrainingFigures:
    """Of the trainer as it is; it is only read. The rates are those of the step that comes now."""
    state = state_of(world.trainer)
    settled = max(0, state.step - state.since)
    low, high = state.objective.sigma_range
    figures = {
        "step": float(state.step), "batch": float(state.training.batch), "sigma_low": low, "sigma_high": high,
        "rate": learning_rate(state.training.learning_rate, settled), "ema": averaging(state.training.ema, settled),
    }  # fmt: skip
    return TrainingFigures(figures=figures)
