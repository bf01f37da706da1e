"""From data to noise."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Spec
from scoreviz.scene.samplers.family import STEPS, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Forward(Spec, SamplerSpec, tag="forward", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "forward SDE")
    HELP = QT_TRANSLATE_NOOP("scene", "From data at t = 0 to noise at t = 1.")
    RULE = "dx = f dt + g dw"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 5.")
    AXIS = "forward"
    SCORELESS = True
    FORMULA = r"\mathrm{d}x = f(x,t)\,\mathrm{d}t + g(t)\,\mathrm{d}w"
    SEEING = QT_TRANSLATE_NOOP("scene", "Data dissolves into noise. No score is used: this is the process that sampling must undo.")
    steps: Annotated[int, STEPS] = 100
