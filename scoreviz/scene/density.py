"""The drawn density: an ordered list of marks for each number of dimensions, compiled to a Gaussian mixture by `maths`.

Bulk points of strokes are content-addressed blobs (float32, little endian, x y x y ...): the scene holds
their digest, the document their bytes, and the engine receives each once.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Section
from scoreviz.scene.line import LineCurve, LineMark, LinePreset
from scoreviz.scene.marks import (
    CLASSES,
    MOST_LAYERS,
    PRESET_LABELS,
    WORLD,
    Area,
    Bitmap,
    Digest,
    Erase,
    Gaussian,
    Mark,
    Placed,
    Points,
    Preset,
    PresetName,
    Stroke,
    Text,
)
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.placement import Placement
from scoreviz.scene.solid import SolidMark, SolidPoints, SolidPreset
from scoreviz.scene.text import QT_TRANSLATE_NOOP

__all__ = [
    "CLASSES",
    "MOST_LAYERS",
    "PRESET_LABELS",
    "WORLD",
    "Area",
    "Bitmap",
    "Density",
    "Digest",
    "Erase",
    "Gaussian",
    "Layer",
    "Mark",
    "Placed",
    "Placement",
    "Points",
    "Preset",
    "PresetName",
    "Stroke",
    "Text",
    "blob_of",
    "digest_of",
    "digests_in",
]

_DRAWN = Invalidates.TARGET | Invalidates.TRAJECTORY | Invalidates.FIELD


class Layer(Section, frozen=True, kw_only=True):
    """Marks that are weighed and hidden together. `weight` multiplies their mass; what is hidden or weighs nothing is not in the density.

    An erasure takes from its own layer.
    """

    name: Annotated[str, msgspec.Meta(max_length=60)] = ""
    weight: Annotated[float, msgspec.Meta(ge=0, le=1000.0)] = 1.0
    visible: bool = True


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
    layers: Annotated[
        tuple[Layer, ...],
        param(
            QT_TRANSLATE_NOOP("scene", "layers"),
            QT_TRANSLATE_NOOP("scene", "Marks that are weighed and hidden together. None listed: one layer of weight 1."),
            invalidates=_DRAWN,
        ),
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

    @property
    def present(self) -> tuple[Mark, ...] | tuple[LineMark, ...] | tuple[SolidMark, ...]:
        """The marks of the dimensions on screen."""
        if self.dimensions == "2":
            return self.marks
        return self.line if self.dimensions == "1" else self.solid

    def cleared(self) -> Density:
        """Without the marks and layers of the present dimensions; the other drawings are kept."""
        empty = {"1": {"line": ()}, "2": {"marks": (), "layers": ()}, "3": {"solid": ()}}[self.dimensions]
        return msgspec.structs.replace(self, **empty)


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
        case Text() | Area():
            return mark.outline
        case Bitmap():
            return mark.pixels
        case _:
            return None
