"""What the Inspect menu draws: a figure at every place of the picture, or where Tweedie's formula leads from there."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Section, Spec

MapKind = Literal["error", "relative", "angle", "weighted", "log_network", "log_ode", "curl", "divergence", "posterior_mean"]
MapSource = Literal["exact", "network", "data", "sampler"]
MOST_LEVELS = 32

_Side = Annotated[int, msgspec.Meta(ge=1, le=512)]


class LevelMap(Section, frozen=True, kw_only=True):
    """The map of one noise level at the centres of the cells; row 0 is the lowest."""

    sigma: float
    values: Array  # (rows, columns) float32, for posterior_mean (rows, columns, 2); NaN where it is still to come
    figure: float | None = None  # one number that sums it up, see `AskMaps`; None while it is incomplete and where there is none
    share: float = 1.0  # of it that is computed


class Maps(Spec, Answer, tag="maps", frozen=True, kw_only=True):
    """The levels computed so far, in the order asked for; one of another noise than the scene's is left out."""

    kind: MapKind
    source: MapSource
    bounds: tuple[float, float, float, float]
    step: int | None  # of the network that it is of; None where no network is part of it
    maps: tuple[LevelMap, ...]


class AskMaps(Spec, Question, tag="ask_maps", frozen=True, kw_only=True):
    """A map of each of these noise levels over `bounds` (x0, x1, y0, y1); s the exact score, s_theta the network's, std = std(t).

    error: std |s_theta - s|; figure: root of its mean square under p_t, over the picture.
    relative: |s_theta - s| / |s|. angle: between the two, in degrees.
    weighted: p_t |s_theta - s|^2; figure: its integral over the picture, that part of the Fisher divergence.
    log_network: log-density of an energy network, shifted so that it has mass 1. log_ode: of what the probability-flow ODE draws with
    the sampler's score, from the sampler's prior; figure of both: root of the mean square error to log p_t under p_t, in nats.
    curl: std^2 (d s_theta,y/dx - d s_theta,x/dy). divergence: std^2 div of the sampler's score.
    posterior_mean: (x + std^2 s)/a with the score of `source`; "sampler" is the one that drives the sampler. It is used by no other kind.
    """

    ANSWER = Maps
    kind: MapKind
    sigmas: Annotated[tuple[float, ...], msgspec.Meta(min_length=1, max_length=MOST_LEVELS)]
    bounds: tuple[float, float, float, float]
    shape: tuple[_Side, _Side]  # rows, columns
    source: MapSource = "sampler"
