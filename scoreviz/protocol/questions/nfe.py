"""Error against the number of evaluations of the score, for several samplers from the same starts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec
from scoreviz.scene.grids import GridSpec
from scoreviz.scene.samplers import SamplerSpec

Measure = Literal["ode_end", "sliced"]
"""ode_end: root mean square distance of the points to the end of the ODE from the same start, at t = eps, in data units.
sliced: sliced Wasserstein distance of the points to exact samples, in their standard deviations."""

MOST_SAMPLERS, MOST_EVALUATIONS, MOST_SEEDS = 12, 12, 20


class NfeCurve(msgspec.Struct, frozen=True, kw_only=True):
    """One sampler. NaN where it has not been measured yet, or where a run left the finite numbers."""

    sampler: str  # tag
    label: str
    steps: Array  # (N,) int32
    nfe: Array  # (N,) int32, counted
    error: Array  # (N, seeds) float64
    order: float | None = None  # minus the slope of ln error against ln evaluations, see `maths.metrics.convergence`
    order_error: float | None = None  # its standard error
    note: str = ""  # why it is not measured


class Nfe(Spec, Answer, tag="nfe", frozen=True, kw_only=True):
    """Everything that has been measured so far."""

    measure: Measure
    curves: tuple[NfeCurve, ...]
    points: int
    seeds: tuple[int, ...]
    floor: tuple[float, float] | None = None  # of "sliced": truth against truth, mean and standard deviation
    trained: int | None = None  # training step of the network, where that is the score


class AskNfe(Spec, Question, tag="ask_nfe", frozen=True, kw_only=True):
    """With the scene's noise and score. grid: the same step grid for every sampler that has one; None leaves each its own."""

    ANSWER = Nfe
    samplers: Annotated[tuple[SamplerSpec, ...], msgspec.Meta(min_length=1, max_length=MOST_SAMPLERS)]
    evaluations: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=2000)], ...], msgspec.Meta(min_length=1, max_length=MOST_EVALUATIONS)]
    seeds: Annotated[int, msgspec.Meta(ge=1, le=MOST_SEEDS)] = 3
    measure: Measure = "ode_end"
    points: Annotated[int, msgspec.Meta(ge=2, le=4000)] = 256
    grid: GridSpec | None = None
