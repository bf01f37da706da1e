"""The past of one particle: the exact law p(x_s|x_t) beside the Gaussian that a reverse step draws from."""

from __future__ import annotations

from typing import Annotated

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Section, Spec


class Distance(Section, frozen=True, kw_only=True):
    """A total variation in [0, 1] and its standard error; 0 where it is by quadrature."""

    value: float
    error: float


class Backward(Spec, Answer, tag="backward", frozen=True, kw_only=True):
    """Both laws of x_s, of points with D coordinates, on a window that holds both."""

    t: float
    s: float
    rule: str  # label of the predictor whose step it is
    own: bool  # is it the sampler's own predictor? Else the sampler has none, and this is reverse diffusion
    bounds: tuple[float, float, float, float]  # of the first two coordinates; in 1-D the last two are 0
    exact: Array  # density p(x_s|x_t) at the centres of equal cells, (n,) in 1-D, else (n, n) of the first two coordinates, row 0 lowest
    mean: Array  # (D,) of the Gaussian
    shake: float  # its standard deviation, the same for every coordinate
    distance: Distance
    tenth: Distance  # of the step a tenth as long


class AskBackward(Spec, Question, tag="ask_backward", frozen=True, kw_only=True):
    """A step from x at t to s < t, seen on a grid of `cells` a side."""

    ANSWER = Backward
    x: tuple[float, ...]
    t: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]
    s: Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)]
    cells: Annotated[int, msgspec.Meta(ge=2, le=256)] = 96
