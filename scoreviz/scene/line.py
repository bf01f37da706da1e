"""What is drawn on a line, for one dimension."""

from __future__ import annotations

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


class LinePreset(Spec, tag="line_preset", frozen=True, kw_only=True):
    """A named density on the line, within |x| <= 2.3."""

    name: LinePresetName


class LineCurve(Spec, tag="line_curve", frozen=True, kw_only=True):
    """A curve drawn by hand: heights (float32, n >= 2 of them, >= 0) at n equal steps from x0 to x1; p is proportional to it."""

    heights: str  # digest of the blob
    x0: Annotated[float, msgspec.Meta(ge=-20.0, le=20.0)]
    x1: Annotated[float, msgspec.Meta(ge=-20.0, le=20.0)]


LineMark = LinePreset | LineCurve
