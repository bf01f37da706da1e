"""Which frame of a scene is at which time of a video, and what the engine computes of it. Integers alone: nothing here asks what time
it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scoreviz.gui.canvas.frame import ArrowGrid, Bounds, DensityGrid
from scoreviz.gui.dynamics.inspect_wishes import LEARNED
from scoreviz.gui.dynamics.runs import finish, run_of
from scoreviz.gui.offline import OfflineEngine
from scoreviz.gui.playback import Playback, Run
from scoreviz.protocol import messages
from scoreviz.protocol.questions import Question
from scoreviz.protocol.shots import frame_of
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, JournalEntry
from scoreviz.scene.journal import LEARNED_PARTS

RUN_SECONDS = 4
"""A whole run at speed 1, as the transport plays it."""

REST_SECONDS = Fraction(Playback.REST)
AHEAD = 3
"""Shots asked for before they are drawn: the engine and the drawing each have a core."""

ENGINE_PARTS = tuple(name for name in Scene.__struct_fields__ if name not in ("view", "images"))


def position_at(seconds: Fraction, run_seconds: int = RUN_SECONDS) -> Fraction:
    """Share of the run on screen at this time of the video: the transport's rule. A run, a rest on its last frame, and again."""
    phase = seconds % (run_seconds + REST_SECONDS)
    return min(phase / run_seconds, Fraction(1))


@dataclass(frozen=True)
class Cue:
    """What frame `number` of a video shows: exactly `step` steps of training, and share `position` of a run."""

    number: int
    step: int
    position: Fraction


def cue(number: int, fps: int, steps_per_second: int, run_seconds: int = RUN_SECONDS) -> Cue:
    """The frame at number / fps seconds."""
    seconds = Fraction(number, fps)
    return Cue(number, round(steps_per_second * seconds), position_at(seconds, run_seconds))


@dataclass(frozen=True)
class Still:
    """A frame as it is to be drawn: frame `index` of `run` with the fields of its own noise level. loss: of the newest training."""

    cue: Cue
    run: Run
    index: int
    density: DensityGrid | None
    arrows: ArrowGrid | None
    loss: float | None


def needs_network(scene: Scene) -> bool:
    """Is there anything on screen that the network has learned?"""
    view = scene.view
    return scene.score.source == "network" or view.field in ("network", "difference") or view.map in LEARNED


def edits_of(document: Document) -> list[JournalEntry]:
    """Every change of what is learned with the step at which it lands, beginning with the whole scene at step 0."""
    scene, journal = document.scene, document.journal
    whole = {name: getattr(scene, name) for name in ENGINE_PARTS}
    if not (needs_network(scene) and journal):
        return [JournalEntry(step=0, parts=whole)]
    edits = [JournalEntry(step=edit.step, parts={n: p for n, p in edit.parts.items() if n in LEARNED_PARTS}) for edit in journal]
    return [JournalEntry(step=0, parts=whole | edits[0].parts), *(edit for edit in edits[1:] if edit.parts)]


class Shots:
    """The stills of one document. SceneError for whatever the engine cannot do."""

    def __init__(self, engine: OfflineEngine, document: Document, look: messages.Look, ahead: int = AHEAD) -> None:
        """ahead 0: between two stills the engine is just where the last one is of, and may be asked."""
        self._engine, self._ahead, self._asked = engine, ahead, 0
        self._edits = edits_of(document)
        self._trained = 0
        self._run: Run | None = None
        self._density: DensityGrid | None = None
        self._arrows: ArrowGrid | None = None
        self._loss: float | None = None
        engine.send(look)

    def stills(self, cues: Sequence[Cue]) -> Iterator[Still]:
        """One for each cue, in order; their steps must not fall."""
        asked = 0
        for number, wanted in enumerate(cues):
            while asked < min(number + 1 + self._ahead, len(cues)):
                self._ask(cues[asked])
                asked += 1
            yield self._await(wanted)

    def answer(self, question: Question) -> Any:
        """The whole answer. SceneError where there is none."""
        self._asked += 1
        self._engine.send(messages.Ask(asker="film", number=self._asked, question=question))
        for message in self._engine.heard():
            self._take(message)
            match message:
                case messages.Refused() if message.number == self._asked:
                    raise SceneError(message.template, **message.params)
                case messages.Answered() if message.number == self._asked and message.share >= 1.0:
                    return message.answer
        raise AssertionError("what an engine says ends with an error")

    def _ask(self, wanted: Cue) -> None:
        while self._edits and self._edits[0].step <= wanted.step:
            edit = self._edits.pop(0)
            if edit.step > self._trained:
                self._shoot(-1, edit.step, Fraction(0))
            self._engine.update(edit.parts)
        self._shoot(wanted.number, wanted.step, wanted.position)

    def _shoot(self, number: int, step: int, position: Fraction) -> None:
        self._trained = step
        self._engine.send(messages.Shoot(number=number, step=step, position=float(position)))

    def _await(self, wanted: Cue) -> Still:
        for message in self._engine.heard():
            self._take(message)
            if isinstance(message, messages.Shot) and message.number == wanted.number:
                run = self._run
                assert run is not None and message.step == wanted.step
                index = frame_of(float(wanted.position), run.length)
                assert run.ready > index
                return Still(wanted, run, index, self._density, self._arrows, self._loss)
        raise AssertionError("what an engine says ends with an error")

    def _take(self, message: Any) -> None:
        match message:
            case messages.RunStarted():
                self._run = run_of(message)
            case messages.RunFrames() if self._run is not None:
                self._run.frames.extend(message.frames.numpy())
            case messages.RunDone() if self._run is not None:
                finish(self._run, message)
            case messages.Density():
                self._density = DensityGrid(sigma=message.sigma, bounds=Bounds(*message.bounds), log_p=message.log_p.numpy())
            case messages.Arrows():
                self._arrows = ArrowGrid(
                    sigma=message.sigma, bounds=Bounds(*message.bounds), kind=message.kind, vectors=message.vectors.numpy(),
                    training_step=message.step,
                )  # fmt: skip
            case messages.Trained() if message.loss is not None:
                self._loss = message.loss
