"""What is drawn on a line, for one dimension."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Spec
from scoreviz.scene.text import QT_TRANSLATE_NOOP

LinePresetName = Literal["three_bumps", "two_bumps", "uneven_bumps", "skewed", "box", "comb"]

LINE_LABELS: dict[LinePresetName, str] = {
    "three_bumps": QT_TRANSLATE_NOOP("scene", "three bumps"),
    "two_bumps": QT_TRANSLATE_NOOP("scene", "two bumps"),
    "uneven_bumps": QT_TRANSLATE_NOOP("scene", "uneven bumps"),
    "skewed": QT_TRANSLATE_NOOP("scene", "skewed"),
    "box": QT_TRANSLATE_NOOP("scene", "box"),
    "comb": QT_TRANSLATE_NOOP("scene", "comb"),
}

Bump = tuple[float, float, float]
"""Weight, mean and standard deviation of one Gaussian."""


class LinePreset(Spec, tag="line_preset", frozen=True, kw_only=True):
    """A named density on the line, within |x| <= 2.3."""

    name: LinePresetName


class LineCurve(Spec, tag="line_curve", frozen=True, kw_only=True):
    """A curve drawn by hand: heights (float32, n >= 2 of them, >= 0) at n equal steps from x0 to x1; p is proportional to it."""

    heights: str  # digest of the blob
    x0: Annotated[float, msgspec.Meta(ge=-20.0, le=20.0)]
    x1: Annotated[float, msgspec.Meta(ge=-20.0, le=20.0)]


LineMark = LinePreset | LineCurve


def line_bumps(name: LinePresetName) -> tuple[Bump, ...]:
    """The Gaussians of a preset, weights not normalised. Here and not in `maths`, for the window paints a preset before there is an engine.

    skewed: a gamma density, (x + 2.1) e^(-(x + 2.1)/0.45), blurred by 0.1. box: flat on |x| <= 1.6, its edges blurred by 0.06.
    """
    match name:
        case "three_bumps":
            return ((1.0, -1.6, 0.18), (1.0, 0.1, 0.18), (1.0, 1.5, 0.18))
        case "two_bumps":
            return ((1.0, -1.2, 0.25), (1.0, 1.2, 0.25))
        case "uneven_bumps":
            return ((0.7, -1.4, 0.25), (0.2, 0.4, 0.2), (0.1, 1.7, 0.15))
        case "skewed":
            return tuple((0.12 * k * math.exp(-0.12 * k / 0.45), -2.1 + 0.12 * k, 0.1) for k in range(1, 36))
        case "box":
            return tuple((1.0, -1.6 + 0.08 * (k + 0.5), 0.06) for k in range(40))
        case "comb":
            return tuple((1.0, -2.0 + 0.5 * k, 0.07) for k in range(9))
