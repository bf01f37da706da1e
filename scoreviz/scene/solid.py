"""What is placed in space, for three dimensions."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Spec
from scoreviz.scene.text import QT_TRANSLATE_NOOP

SolidPresetName = Literal["swiss_roll", "torus_knot", "linked_rings", "lorenz", "helix"]

SOLID_LABELS: dict[SolidPresetName, str] = {
    "swiss_roll": QT_TRANSLATE_NOOP("scene", "Swiss roll"),
    "torus_knot": QT_TRANSLATE_NOOP("scene", "torus knot"),
    "linked_rings": QT_TRANSLATE_NOOP("scene", "linked rings"),
    "lorenz": QT_TRANSLATE_NOOP("scene", "Lorenz attractor"),
    "helix": QT_TRANSLATE_NOOP("scene", "helix"),
}


class SolidPreset(Spec, tag="solid_preset", frozen=True, kw_only=True):
    """A named density in space, within the ball of radius 2.2."""

    name: SolidPresetName


class SolidPoints(Spec, tag="solid_points", frozen=True, kw_only=True):
    """Points of a table with three columns, a Gaussian of standard deviation `width` around each.

    `points`: float32 x y z triples, scaled by the window to the unit ball around their mean; here times `radius`.
    """

    name: Annotated[str, msgspec.Meta(max_length=400)] = ""
    points: str  # digest of the blob
    width: Annotated[float, msgspec.Meta(ge=0.01, le=5.0)] = 0.08
    radius: Annotated[float, msgspec.Meta(gt=0, le=20.0)] = 2.0


SolidMark = SolidPreset | SolidPoints
