"""One dimension over time: log p_t, what is drawn at its end, and three kinds of paths."""

from __future__ import annotations

from typing import Annotated

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec

_Time = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
_Place = Annotated[float, msgspec.Meta(ge=-1000.0, le=1000.0)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class SpaceTime(Spec, Answer, tag="space_time", frozen=True, kw_only=True):
    """log_p (rows, T) float32 at the centres of `rows` equal cells of [x0, x1], the lowest first, and the times that were asked for."""

    t: tuple[float, ...]
    x0: float
    x1: float
    log_p: Array


class AskSpaceTime(Spec, Question, tag="ask_space_time", frozen=True, kw_only=True):
    """log p_t at these times (any order)."""

    ANSWER = SpaceTime
    t: tuple[_Time, ...]
    x0: _Place
    x1: _Place
    rows: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 200


class Curve(Spec, Answer, tag="curve", frozen=True, kw_only=True):
    """p (n,) float32 of the drawing itself, without any noise, at n even places from x0 to x1, both ends included."""

    x0: float
    x1: float
    p: Array


class AskCurve(Spec, Question, tag="ask_curve", frozen=True, kw_only=True):
    """The curve that is drawn."""

    ANSWER = Curve
    x0: _Place
    x1: _Place
    n: Annotated[int, msgspec.Meta(ge=2, le=4001)] = 321


class Paths(Spec, Answer, tag="paths", frozen=True, kw_only=True):
    """x (T, n) float32 at the times t (T,) float64."""

    t: Array
    x: Array


class AskForwardPaths(Spec, Question, tag="ask_forward_paths", frozen=True, kw_only=True):
    """n paths of the forward SDE from the drawing, at `times` even times from 0 to 1."""

    ANSWER = Paths
    n: _Count = 40
    times: Annotated[int, msgspec.Meta(ge=2, le=2000)] = 241
    seed: int = 0


class FlowLines(Spec, Answer, tag="flow_lines", frozen=True, kw_only=True):
    """x (T, n) float32 at t (T,) float64 falling from 1; level (n,) float64: of which quantile of p_1 each starts."""

    t: Array
    x: Array
    level: Array


class AskFlowLines(Spec, Question, tag="ask_flow_lines", frozen=True, kw_only=True):
    """n paths of the probability-flow ODE by Runge and Kutta's rule, from the quantiles (i + 1/2)/n of p_1 at t = 1.

    Driven by the score that drives the sampler. By the exact score each is the line of one quantile of p_t.
    """

    ANSWER = FlowLines
    n: _Count = 24
    steps: Annotated[int, msgspec.Meta(ge=2, le=2000)] = 160


class Ways(Spec, Answer, tag="ways", frozen=True, kw_only=True):
    """From one point to the data. sde: x (T, n) at t (T,); flow: x (S, 1) at t (S,). Both begin at the point, t falling."""

    sde: Paths
    flow: Paths


class AskWays(Spec, Question, tag="ask_ways", frozen=True, kw_only=True):
    """n paths of the reverse SDE from x at time t, and the path of the probability-flow ODE; `steps` is of the whole way from t = 1."""

    ANSWER = Ways
    t: _Time
    x: _Place
    n: _Count = 20
    steps: Annotated[int, msgspec.Meta(ge=2, le=2000)] = 200
    seed: int = 0
