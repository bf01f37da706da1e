"""From a drawing to the Gaussian mixture that it denotes.

Mass: a stroke has `weight` per unit of length (a dot counts as a stroke as long as it is wide), an area `weight` per unit of area, a
Gaussian has `weight`, and a preset, a text, a picture or a table of points `weight` times `PRESET_LENGTH`, as much as a stroke of that
length: so a stroke over one is seen. A layer multiplies the mass of its marks. Moving, turning and scaling a mark leave its mass as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
import torch

from scoreviz.maths.line import compile_line
from scoreviz.maths.merging import merge
from scoreviz.maths.parts import NOTHING, Components, join, labelled, placed, take
from scoreviz.maths.presets import PRESETS
from scoreviz.maths.shapes import PRESET_LENGTH, shape_components
from scoreviz.maths.solid import compile_solid
from scoreviz.maths.strokes import erased, stroke_components
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.density import Density, Digest, Erase, Gaussian, Layer, Mark, Preset, PresetName, Stroke
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

MAX_COMPONENTS = 4096


def compile_density(density: Density, blobs: Mapping[Digest, bytes]) -> GaussianMixture:
    """The mixture (float32, D = 1, 2 or 3) of the drawing of the present dimensions.

    In the plane: the marks in order; an erasure removes what earlier marks of its layer put under it. Components beyond 4096 are merged:
    those of one class and like width in one cell of a grid become one with their mass, mean and mean square radius. Mass and mean of the
    whole stay exact; the shape changes below the size of a cell (`merge`). The mixture has labels where more than one class occurs.
    SceneError: an empty drawing, nothing that is visible, a mark whose data are missing, damaged or not finite.
    """
    if density.dim == 3:
        return compile_solid(density.solid, blobs)
    if density.dim == 1:
        return compile_line(density.line, blobs)
    return mixture(merge(_drawn(density, blobs), MAX_COMPONENTS))


def mixture(parts: Components) -> GaussianMixture:
    """The components as a mixture of mass 1; classes only where there is more than one."""
    parts = parts._replace(mass=parts.mass / parts.mass.sum())
    parts = take(parts, parts.mass > 1e-30)  # float32 holds no less
    labels = None if parts.label is None or (parts.label == parts.label[0]).all() else torch.from_numpy(parts.label)
    return GaussianMixture(*(torch.from_numpy(column.astype(np.float32)) for column in parts[:3]), labels=labels)


def _drawn(density: Density, blobs: Mapping[Digest, bytes]) -> Components:
    """The components of every layer that counts. SceneError says why there are none."""
    if not any(not isinstance(mark, Erase) for mark in density.marks):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The drawing is empty. Draw a stroke, or choose a preset."))
    layers = list(_layers(density))
    if not any(not isinstance(mark, Erase) for _layer, marks in layers for mark in marks):
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "errors",
                "Every layer with marks is hidden or weighs nothing, so there is no density. Show a layer, or give it weight.",
            )
        )
    parts = join([_layer(layer, marks, blobs) for layer, marks in layers])
    if not len(parts.mass):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "Everything that was drawn has been erased. Draw a stroke, choose a preset, or undo the erasure.")
        )
    return parts


def _layers(density: Density) -> Iterator[tuple[Layer, Sequence[Mark]]]:
    """The layers that are visible and weigh something, each with its marks."""
    if not density.layers:
        yield Layer(), density.marks
        return
    for index, layer in enumerate(density.layers):
        if layer.visible and layer.weight > 0:
            yield layer, [mark for mark in density.marks if mark.layer == index]


def _layer(layer: Layer, marks: Sequence[Mark], blobs: Mapping[Digest, bytes]) -> Components:
    parts = NOTHING
    for kind, run in groupby(marks, type):
        alike = list(run)
        parts = _erase(parts, alike, blobs) if kind is Erase else join([parts, _components(kind, alike, blobs)])
    return parts if layer.weight == 1 else parts._replace(mass=parts.mass * layer.weight)


def preset(name: PresetName) -> GaussianMixture:
    """A preset alone, by name."""
    return compile_density(Density(marks=(Preset(name=name),)), {})


def _components(kind: type[Mark], marks: Sequence[Mark], blobs: Mapping[Digest, bytes]) -> Components:
    if kind is Stroke:
        return stroke_components([mark for mark in marks if isinstance(mark, Stroke)], blobs)
    return join([labelled(placed(_one(mark, blobs), mark.place), mark.label) for mark in marks])


def _one(mark: Mark, blobs: Mapping[Digest, bytes]) -> Components:
    match mark:
        case Gaussian():
            return Components(np.array([mark.weight]), np.array([[mark.x, mark.y]]), np.array([mark.std]))
        case Preset():
            return _preset(mark)
        case Stroke() | Erase():
            raise TypeError(f"a {type(mark).__name__} is not a shape")
        case _:
            return shape_components(mark, blobs)


def _preset(mark: Preset) -> Components:
    if mark.name not in PRESETS:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no preset called “{name}”."), name=mark.name)
    parts = _preset_parts(mark.name)
    return parts._replace(mass=parts.mass * (mark.weight * PRESET_LENGTH / parts.mass.sum()))


@functools.cache
def _preset_parts(name: PresetName) -> Components:
    return PRESETS[name]()


def _erase(parts: Components, marks: Sequence[Mark], blobs: Mapping[Digest, bytes]) -> Components:
    """Without what lies under the erasures; a very large drawing is merged first, for speed."""
    if len(parts.mass) > 16 * MAX_COMPONENTS:
        parts = merge(parts, MAX_COMPONENTS)
    for mark in marks:
        if isinstance(mark, Erase):
            parts = erased(parts, mark, blobs)
    return parts
