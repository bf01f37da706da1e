"""How noise takes over: variance against t, and the signal to noise of each level."""

from __future__ import annotations

from typing import Annotated

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec


class Spread(Spec, Answer, tag="spread", frozen=True, kw_only=True):
    """Each (L,) float64, t ascending."""

    t: Array
    variance: Array  # tr Cov x_t / D, in squared data units
    signal: Array  # of it, what is left of the data: a^2 tr Cov x_0 / D
    noise: Array  # and what is noise: std^2
    sigma: Array  # std / a
    log_snr: Array  # ln(a^2/std^2), as the caption says it; infinite where there is no noise


class AskSpread(Spec, Question, tag="ask_spread", frozen=True, kw_only=True):
    """The curves at so many even times."""

    ANSWER = Spread
    points: Annotated[int, msgspec.Meta(ge=2, le=2001)] = 101
