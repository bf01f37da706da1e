"""The drawn density: an ordered list of marks, compiled to a Gaussian mixture by `maths.targets`.

Bulk points of strokes are content-addressed blobs (float32, little endian, x y x y ...): the scene holds
their digest, the document their bytes, and the engine receives each once.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Section, Spec
from scoreviz.scene.line import LineCurve, LineMark, LinePreset
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.solid import SolidMark, SolidPoints, SolidPreset
from scoreviz.scene.text import QT_TRANSLATE_NOOP

WORLD = 20.0
"""Marks live in the square |x|, |y| <= WORLD; the presets fill the disc of radius 2."""

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


class Preset(Spec, tag="preset", frozen=True, kw_only=True):
    """A named density of total mass `weight`."""

    name: PresetName
    weight: _Weight = 1.0


class Stroke(Spec, tag="stroke", frozen=True, kw_only=True):
    """A brush stroke: mass `weight` per unit of length, standard deviation `width` across."""

    points: Digest
    width: _Width
    weight: _Weight = 1.0


class Erase(Spec, tag="erase", frozen=True, kw_only=True):
    """Takes away the mass that earlier marks put within `width` of this path."""

    points: Digest
    width: _Width


class Gaussian(Spec, tag="gaussian", frozen=True, kw_only=True):
    """One isotropic Gaussian of mass `weight`."""

    x: _Coordinate
    y: _Coordinate
    std: _Width
    weight: _Weight = 1.0


class Text(Spec, tag="text", frozen=True, kw_only=True):
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


class Bitmap(Spec, tag="bitmap", frozen=True, kw_only=True):
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


class Points(Spec, tag="points", frozen=True, kw_only=True):
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


Mark = Preset | Stroke | Erase | Gaussian | Text | Bitmap | Points


_DRAWN = Invalidates.TARGET | Invalidates.TRAJECTORY | Invalidates.FIELD


class Density(Section, frozen=True, kw_only=True):
    """One drawing for each number of dimensions; each is kept while another is looked at."""

    dimensions: Annotated[
        Literal["1", "2", "3"],
        param(
            QT_TRANSLATE_NOOP("scene", "dimensions"),
            QT_TRANSLATE_NOOP("scene", "A curve on a line, a drawing in the plane, a cloud in space. Another number begins anew."),
            invalidates=_DRAWN | Invalidates.NETWORK,
            labels={"1": "1-D", "2": "2-D", "3": "3-D"},
        ),
    ] = "2"  # fmt: skip
    marks: Annotated[
        tuple[Mark, ...],
        param(QT_TRANSLATE_NOOP("scene", "marks"), QT_TRANSLATE_NOOP("scene", "What was drawn, in order."), invalidates=_DRAWN),
    ] = ()  # fmt: skip
    line: Annotated[
        tuple[LineMark, ...],
        param(QT_TRANSLATE_NOOP("scene", "line"), QT_TRANSLATE_NOOP("scene", "What was drawn on the line."), invalidates=_DRAWN),
    ] = (LinePreset(name="three_bumps"),)  # fmt: skip
    solid: Annotated[
        tuple[SolidMark, ...],
        param(QT_TRANSLATE_NOOP("scene", "solid"), QT_TRANSLATE_NOOP("scene", "What was placed in space."), invalidates=_DRAWN),
    ] = (SolidPreset(name="swiss_roll"),)  # fmt: skip

    @property
    def dim(self) -> int:
        """How many coordinates a point has."""
        return int(self.dimensions)


def digest_of(data: bytes) -> Digest:
    """The content address of a blob."""
    import hashlib  # takes longer to load than the rest of the scene

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digests_in(density: Density) -> frozenset[Digest]:
    """Every blob that the density refers to."""
    return frozenset(blob for mark in (*density.marks, *density.line, *density.solid) if (blob := blob_of(mark)) is not None)


def blob_of(mark: Mark | LineMark | SolidMark) -> Digest | None:
    """The blob that a mark refers to, None if it needs none."""
    match mark:
        case Stroke() | Erase() | Points() | SolidPoints():
            return mark.points
        case LineCurve():
            return mark.heights
        case Text():
            return mark.outline
        case Bitmap():
            return mark.pixels
        case _:
            return None
