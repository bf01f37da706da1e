"""The marks of a drawing in the plane. Each has a class, a layer and a place."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Spec
from scoreviz.scene.placement import Placement
from scoreviz.scene.text import QT_TRANSLATE_NOOP

WORLD = 20.0
"""Marks live in the square |x|, |y| <= WORLD; the presets fill the disc of radius 2."""
CLASSES = 8
"""Labels are 0 .. CLASSES - 1."""
MOST_LAYERS = 32

Digest = str
PresetName = Literal["two_spirals", "two_moons", "eight_gaussians", "checkerboard", "rings", "pinwheel", "s_curve"]

PRESET_LABELS: dict[PresetName, str] = {
    "two_spirals": QT_TRANSLATE_NOOP("scene", "two spirals"),
    "two_moons": QT_TRANSLATE_NOOP("scene", "two moons"),
    "eight_gaussians": QT_TRANSLATE_NOOP("scene", "eight Gaussians"),
    "checkerboard": QT_TRANSLATE_NOOP("scene", "checkerboard"),
    "rings": QT_TRANSLATE_NOOP("scene", "rings"),
    "pinwheel": QT_TRANSLATE_NOOP("scene", "pinwheel"),
    "s_curve": QT_TRANSLATE_NOOP("scene", "S-curve"),
}

_Weight = Annotated[float, msgspec.Meta(gt=0, le=1000.0)]
_Width = Annotated[float, msgspec.Meta(ge=0.01, le=5.0)]
_Coordinate = Annotated[float, msgspec.Meta(ge=-WORLD, le=WORLD)]


class Placed(Spec, frozen=True, kw_only=True):
    """What every mark has: its class `label`, the index `layer` of its layer, and where it was moved to (None: where it was drawn)."""

    label: Annotated[int, msgspec.Meta(ge=0, lt=CLASSES)] = 0
    layer: Annotated[int, msgspec.Meta(ge=0, lt=MOST_LAYERS)] = 0
    place: Placement | None = None


class Preset(Placed, tag="preset", frozen=True, kw_only=True):
    """A named density of total mass `weight`."""

    name: PresetName
    weight: _Weight = 1.0


class Stroke(Placed, tag="stroke", frozen=True, kw_only=True):
    """A brush stroke: mass `weight` per unit of length, standard deviation `width` across.

    `hardness` 0 is a Gaussian across, 1 an even band with sharp edges of the same standard deviation (see `maths.strokes`).
    """

    points: Digest
    width: _Width
    weight: _Weight = 1.0
    hardness: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0


class Erase(Placed, tag="erase", frozen=True, kw_only=True):
    """Takes away the mass that earlier marks of its layer put within `width` of this path."""

    points: Digest
    width: _Width


class Gaussian(Placed, tag="gaussian", frozen=True, kw_only=True):
    """One isotropic Gaussian of mass `weight`."""

    x: _Coordinate
    y: _Coordinate
    std: _Width
    weight: _Weight = 1.0


class Area(Placed, tag="area", frozen=True, kw_only=True):
    """A closed polygon, filled evenly: mass `weight` per unit of area.

    `outline`: float32 x y pairs of the corners in order, filled by the even-odd rule.
    """

    outline: Digest
    weight: _Weight = 1.0


class Text(Placed, tag="text", frozen=True, kw_only=True):
    """Letters of a font, filled evenly; total mass `weight`, like a preset's.

    `outline` is baked by the window, since fonts need Qt: float32 x y pairs of the letters' closed polygons, a pair of NaN after
    each, filled by the even-odd rule, in units of the text's height with its centre at 0, y upwards.
    """

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    font: Annotated[str, msgspec.Meta(max_length=200)] = ""
    bold: bool = True
    outline: Digest
    x: _Coordinate = 0.0
    y: _Coordinate = 0.0
    height: Annotated[float, msgspec.Meta(gt=0, le=2 * WORLD)] = 2.0
    weight: _Weight = 1.0


class Bitmap(Placed, tag="bitmap", frozen=True, kw_only=True):
    """A picture's grey values as a density; total mass `weight`, like a preset's.

    `pixels`, baked by the window: rows * columns bytes, row 0 at the top, 255 where the density is largest.
    """

    name: Annotated[str, msgspec.Meta(max_length=400)] = ""  # of the file that it came from
    pixels: Digest
    rows: Annotated[int, msgspec.Meta(ge=1, le=256)]
    columns: Annotated[int, msgspec.Meta(ge=1, le=256)]
    x: _Coordinate = 0.0
    y: _Coordinate = 0.0
    height: Annotated[float, msgspec.Meta(gt=0, le=2 * WORLD)] = 4.0
    weight: _Weight = 1.0


class Points(Placed, tag="points", frozen=True, kw_only=True):
    """Points of a table, a Gaussian of standard deviation `width` around each; total mass `weight`, like a preset's.

    `points`: float32 x y pairs, scaled by the window to the unit disc around their mean; here times `radius` around (x, y).
    """

    name: Annotated[str, msgspec.Meta(max_length=400)] = ""
    points: Digest
    width: _Width = 0.06
    x: _Coordinate = 0.0
    y: _Coordinate = 0.0
    radius: Annotated[float, msgspec.Meta(gt=0, le=WORLD)] = 2.0
    weight: _Weight = 1.0


Mark = Preset | Stroke | Erase | Gaussian | Area | Text | Bitmap | Points
"""Whatever a drawing in the plane holds."""
