"""How data turns into noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from scoreviz.scene.choice import Choice, Spec
from scoreviz.scene.errors import SceneError
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_NOISE = Invalidates.TRAINING | Invalidates.TRAJECTORY | Invalidates.FIELD

_SIGMA_MAX = param(
    QT_TRANSLATE_NOOP("scene", "σ max"),
    QT_TRANSLATE_NOOP("scene", "Noise at t = 1. Automatic: the largest distance between two points drawn (Song & Ermon 2020)."),
    invalidates=_NOISE, gt=0.05, le=50.0, scale="log",
)  # fmt: skip
_SIGMA_MIN = param(
    QT_TRANSLATE_NOOP("scene", "σ min"),
    QT_TRANSLATE_NOOP("scene", "Noise at t = 0: small beside the finest detail."),
    invalidates=_NOISE, ge=0.001, le=1.0, scale="log", advanced=True,
)  # fmt: skip
_BETA_MIN = param(
    QT_TRANSLATE_NOOP("scene", "β min"),
    QT_TRANSLATE_NOOP("scene", "Rate of the noise at t = 0."),
    invalidates=_NOISE, ge=0.01, le=5.0, scale="log", advanced=True,
)  # fmt: skip
_BETA_MAX = param(
    QT_TRANSLATE_NOOP("scene", "β max"),
    QT_TRANSLATE_NOOP("scene", "Rate of the noise at t = 1. Too small, and the end still remembers the data."),
    invalidates=_NOISE, ge=5.0, le=50.0, scale="log",
)  # fmt: skip


class NoiseSpec(Choice):
    __slots__ = ()
    FAMILY = "noise"

    def shrinks(self) -> bool:
        """Does it shrink the data while it adds noise, a(t) < 1?"""
        return False


class VE(Spec, NoiseSpec, tag="ve", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "VE")
    HELP = QT_TRANSLATE_NOOP("scene", "Variance exploding: data stay as large as they are, the noise drowns them. NCSN's noise.")
    RULE = "x_t = x_0 + σ(t) z,  σ(t) = σ_min (σ_max/σ_min)^t"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 9 and appendix C.")
    sigma_max: Annotated[float, _SIGMA_MAX] | None = None
    sigma_min: Annotated[float, _SIGMA_MIN] = 0.01


class VP(Spec, NoiseSpec, tag="vp", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "VP")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "Variance preserving: data shrink as noise is added, at the rate β(t)/2, β from β_min to β_max. DDPM's noise."
    )
    RULE = "x_t = a x_0 + √(1 − a²) z,  ln a = −t² (β_max − β_min)/4 − t β_min/2"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 11 and appendix C.")
    beta_min: Annotated[float, _BETA_MIN] = 0.1
    beta_max: Annotated[float, _BETA_MAX] = 20.0

    def shrinks(self) -> bool:
        return True


class SubVP(Spec, NoiseSpec, tag="sub_vp", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "sub-VP")
    HELP = QT_TRANSLATE_NOOP("scene", "VP's mean with less noise.")
    RULE = QT_TRANSLATE_NOOP("scene", "x_t = a x_0 + (1 − a²) z,  a as in VP")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 12 and appendix C.")
    beta_min: Annotated[float, _BETA_MIN] = 0.1
    beta_max: Annotated[float, _BETA_MAX] = 20.0

    def shrinks(self) -> bool:
        return True


class EDM(Spec, NoiseSpec, tag="edm", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "EDM")
    HELP = QT_TRANSLATE_NOOP("scene", "As VE, but σ is a straight line in t. Its step grid is Karras's.")
    RULE = "x_t = x_0 + σ(t) z,  σ(t) = σ_min + t (σ_max − σ_min)"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, table 1.")
    sigma_max: Annotated[float, _SIGMA_MAX] | None = None
    sigma_min: Annotated[float, _SIGMA_MIN] = 0.002


class Custom(Spec, NoiseSpec, tag="custom", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "custom")
    HELP = QT_TRANSLATE_NOOP("scene", "σ(t) as a curve through points of your own, from t = 0 to t = 1.")
    RULE = "x_t = a(t) (x_0 + σ(t) z)"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, eq. 4: any σ(t), with any scale a(t).")
    points: Annotated[
        tuple[tuple[float, float], ...],
        param(
            QT_TRANSLATE_NOOP("scene", "points (t, σ)"),
            QT_TRANSLATE_NOOP("scene", "At least two; t from 0 to 1 and σ both grow from each to the next."),
            invalidates=_NOISE,
        ),
    ] = ((0.0, 0.01), (0.5, 0.4), (1.0, 6.0))  # fmt: skip
    interpolation: Annotated[
        Literal["cubic", "linear"],
        param(
            QT_TRANSLATE_NOOP("scene", "between points"),
            QT_TRANSLATE_NOOP("scene", "ln σ follows a smooth curve that never turns back, or straight lines."),
            invalidates=_NOISE, advanced=True,
            labels={"cubic": QT_TRANSLATE_NOOP("scene", "curve"), "linear": QT_TRANSLATE_NOOP("scene", "lines")},
        ),
    ] = "cubic"  # fmt: skip
    scale: Annotated[
        Literal["exploding", "preserving"],
        param(
            QT_TRANSLATE_NOOP("scene", "scale"),
            QT_TRANSLATE_NOOP("scene", "exploding: x_t = x_0 + σ z. preserving: the same, divided by √(1 + σ²)."),
            invalidates=_NOISE,
            labels={"exploding": QT_TRANSLATE_NOOP("scene", "a = 1"), "preserving": QT_TRANSLATE_NOOP("scene", "a = 1/√(1+σ²)")},
        ),
    ] = "exploding"  # fmt: skip

    def __post_init__(self) -> None:
        """SceneError unless the points are a curve."""
        checked_curve(self.points)

    def shrinks(self) -> bool:
        return self.scale == "preserving"


def checked_curve(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """`points` themselves as a tuple. SceneError unless t runs from 0 to 1 and sigma > 0, both strictly growing, in at least two points."""
    curve = tuple((float(t), float(sigma)) for t, sigma in points)
    if len(curve) < 2:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "A noise curve needs at least 2 points (t, σ); it has {count}."), count=len(curve))
    for t, sigma in curve:
        if not (math.isfinite(t) and 0 < sigma < math.inf):
            raise SceneError(QT_TRANSLATE_NOOP("errors", "At t = {t} the curve has σ = {sigma}: σ must be above 0."), t=t, sigma=sigma)
    if (curve[0][0], curve[-1][0]) != (0.0, 1.0):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "A noise curve runs from t = 0 to t = 1; this one runs from {first} to {last}."),
            first=curve[0][0], last=curve[-1][0],
        )  # fmt: skip
    for (t, sigma), (later, larger) in pairwise(curve):
        if t >= later:
            raise SceneError(QT_TRANSLATE_NOOP("errors", "A noise curve's times must grow: after t = {t} comes {later}."), t=t, later=later)
        if sigma >= larger:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "A noise curve must grow: after σ = {sigma} comes {larger}."), sigma=sigma, larger=larger
            )
    return curve
