"""A race: up to four objectives teach the same fresh network the same drawing, from the same weights and with the same batches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Section, Spec
from scoreviz.scene.learning import MLP, Denoising, NetworkSpec, ObjectiveSpec

MOST = 4


class Racer(Section, frozen=True, kw_only=True):
    """What one of them minimises, and the network that does."""

    objective: ObjectiveSpec = Denoising()
    network: NetworkSpec = MLP()


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """How far one racer is. Arrays (M,) over the steps at which it was measured, the first being step 0."""

    done: int  # training steps
    seconds: float  # that they took it
    step: Array
    time: Array  # seconds of its own training until then
    divergence: Array  # E|s - s*|^2 / E|s*|^2, the mean over the race's levels; of the averaged weights
    error: Array  # standard error of it
    loss: Array  # mean since the measurement before; NaN at step 0
    floor: float  # of this objective
    noise_step: Array  # (K,) int64: training steps of the first racer at which gradients were compared
    noise: Array  # (K,) gradient variance: trace of the covariance of this objective's gradient over one batch
    shared: bool  # was that at the first racer's weights, the same for all? Else at its own
    diverged: bool


class Race(Spec, Answer, tag="race", frozen=True, kw_only=True):
    """Where each of them is now."""

    number: int
    steps: int
    sigmas: tuple[float, ...]  # at which the scores are compared
    lanes: tuple[Lane, ...]
    left: float  # seconds until the last one is done, at the present pace; NaN where it is unknown


class AskRace(Spec, Question, tag="ask_race", frozen=True, kw_only=True):
    """Training settings, noise and law are the scene's. Asked again with the same `number`, a race goes on where it stands."""

    ANSWER = Race
    number: int
    racers: Annotated[tuple[Racer, ...], msgspec.Meta(min_length=1, max_length=MOST)]
    steps: Annotated[int, msgspec.Meta(ge=1, le=200_000)] = 1000
