"""How data turns into noise."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Choice, Spec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_NOISE = Invalidates.TRAINING | Invalidates.TRAJECTORY | Invalidates.FIELD


class NoiseSpec(Choice):
    __slots__ = ()
    FAMILY = "noise"


class VE(Spec, NoiseSpec, tag="ve", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "VE")
    HELP = QT_TRANSLATE_NOOP("scene", "Variance exploding: x_t = x_0 + σ(t) z, σ(t) = σ_min (σ_max/σ_min)^t. NCSN's noise.")
    sigma_max: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "σ max"),
            QT_TRANSLATE_NOOP("scene", "Noise at t = 1. Automatic: the largest distance between two points drawn (Song & Ermon 2020)."),
            invalidates=_NOISE, gt=0.05, le=50.0, scale="log",
        ),
    ] | None = None  # fmt: skip
    sigma_min: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "σ min"),
            QT_TRANSLATE_NOOP("scene", "Noise at t = 0: small beside the finest detail."),
            invalidates=_NOISE, ge=0.001, le=1.0, scale="log", advanced=True,
        ),
    ] = 0.01  # fmt: skip
