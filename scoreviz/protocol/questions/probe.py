"""What is the case at one point: the scores there, who pulls, and what a network is trained towards."""

from __future__ import annotations

from typing import Annotated

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Section, Spec

MOST_TARGETS = 512


class Puller(Section, frozen=True, kw_only=True):
    """One component of the drawing: where its mean a m_k lies at this t, (D,), and p_t(k|x)."""

    centre: tuple[float, ...]
    weight: float


class Probe(Spec, Answer, tag="probe", frozen=True, kw_only=True):
    """Everything at x and t, D coordinates; arrays float64. Scores are gradients of log p, in inverse data units."""

    x: Array  # (D,)
    t: float  # where there is a score: not below the smallest time that has one
    a: float  # x_t = a x_0 + std z
    std: float
    sigma: float  # std / a
    log_p: float  # log p_t(x), nats
    exact: Array  # (D,)
    network: Array  # (D,)
    data: Array | None  # (D,), where the scene samples with the score of its data points
    driving: Array | None  # (D,) the score that the sampler is given, control and all; None where it can be given none
    mean: Array  # (D,) E[x_0 | x_t = x]
    cov: Array  # (D, D) Cov[x_0 | x_t = x]
    pullers: tuple[Puller, ...]  # the five that pull most, heaviest first
    components: int  # of the drawing
    origins: Array  # (K, D) draws of x_0 from p(x_0 | x_t = x)
    targets: Array  # (K, D) the score of the noise alone that each stands for, (a x_0 - x)/std^2: denoising matches their mean


class AskProbe(Spec, Question, tag="ask_probe", frozen=True, kw_only=True):
    """At the point x and the time t; `targets` draws of the fan, of which a larger number begins with the same ones."""

    ANSWER = Probe
    x: tuple[float, ...]
    t: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    targets: Annotated[int, msgspec.Meta(ge=0, le=MOST_TARGETS)] = 24
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
