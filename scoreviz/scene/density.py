"""The drawn density: an ordered list of marks, compiled to a Gaussian mixture by `maths.targets`.

Bulk points of strokes are content-addressed blobs (float32, little endian, x y x y ...): the scene holds
their digest, the document their bytes, and the engine receives each once.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Section, Spec
from scoreviz.scene.parameters import Invalidates, param
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


Mark = Preset | Stroke | Erase | Gaussian


class Density(Section, frozen=True, kw_only=True):
    marks: Annotated[
        tuple[Mark, ...],
        param(
            QT_TRANSLATE_NOOP("scene", "marks"),
            QT_TRANSLATE_NOOP("scene", "What was drawn, in order."),
            invalidates=Invalidates.TARGET | Invalidates.TRAJECTORY | Invalidates.FIELD,
        ),
    ] = ()  # fmt: skip


def digest_of(data: bytes) -> Digest:
    """The content address of a blob."""
    import hashlib  # takes longer to load than the rest of the scene

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digests_in(density: Density) -> frozenset[Digest]:
    """Every blob that the density refers to."""
    return frozenset(mark.points for mark in density.marks if isinstance(mark, Stroke | Erase))
