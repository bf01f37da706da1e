"""One substep of a run, taken apart: drift, noise, score and estimate of the data, and the figures of its rule."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec
from scoreviz.scene.control import ControlSpec
from scoreviz.scene.noise import NoiseSpec
from scoreviz.scene.samplers import SamplerSpec

MOST_PARTICLES = 200


class SubstepParts(Spec, Answer, tag="substep_parts", frozen=True, kw_only=True):
    """after = before + drift + noise. Arrays are (m, D) float32, of the particles asked for; None where a substep has no such part."""

    run: int
    substep: int  # 0 is the start: before and after are the same
    total: int  # particles of the run
    stage: Literal["start", "predict", "correct", "denoise"]
    t: float
    s: float  # from t to s
    sampler: SamplerSpec  # of this very run
    noise_spec: NoiseSpec
    control: ControlSpec
    source: Literal["exact", "network", "data"]
    figures: dict[str, float]  # by the names of `scene.pseudocode.FIGURES`
    particles: tuple[int, ...]
    before: Array
    after: Array
    drift: Array | None = None
    noise: Array | None = None
    score: Array | None = None
    x0: Array | None = None
    accepted: tuple[bool, ...] | None = None  # of those particles


class AskSubstep(Spec, Question, tag="ask_substep", frozen=True, kw_only=True):
    """Substep number `substep` of run number `run`, and its parts for some particles. Both must still be known to the engine."""

    ANSWER = SubstepParts
    run: Annotated[int, msgspec.Meta(ge=0)]
    substep: Annotated[int, msgspec.Meta(ge=0)]
    particles: Annotated[tuple[int, ...], msgspec.Meta(max_length=MOST_PARTICLES)] = ()


class TrainingFigures(Spec, Answer, tag="training_figures", frozen=True, kw_only=True):
    """What the lines of a training step show, by the names of `scene.pseudocode.FIGURES`."""

    figures: dict[str, float]


class AskTrainingFigures(Spec, Question, tag="ask_training_figures", frozen=True, kw_only=True):
    """Of the training step that comes now."""

    ANSWER = TrainingFigures
