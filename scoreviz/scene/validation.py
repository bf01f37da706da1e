"""Is this scene allowed? msgspec checks constraints only when decoding, so edits are checked here.

`validate` is what the store calls for every edit and the loader after every decode.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from scoreviz.scene.choice import decode_choice
from scoreviz.scene.density import MOST_LAYERS, Density, Placed
from scoreviz.scene.document import Scene, walk
from scoreviz.scene.errors import SceneError
from scoreviz.scene.images import AXES, makes_pictures
from scoreviz.scene.parameters import Parameter, parameters
from scoreviz.scene.text import QT_TRANSLATE_NOOP


def validate(scene: Scene, before: Scene | None = None) -> None:
    """Raise SceneError unless every value is finite, of its type, in range, and consistent with the others.

    With `before`, top-level parts that are the same object are taken as already checked.
    """
    for declared in parameters(Scene):
        part = getattr(scene, declared.name)
        if before is None or part is not getattr(before, declared.name):
            _validate_kind(declared, part)
            _validate_part(part, None if before is None else getattr(before, declared.name))
    _validate_across(scene)


def _validate_kind(declared: Parameter, part: Any) -> None:
    allowed = declared.family.members() if declared.family is not None else (type(declared.default),)
    if type(part) not in allowed:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The scene's {name} cannot be {value}."), name=declared.name, value=part)


def _validate_part(part: msgspec.Struct, before: msgspec.Struct | None) -> None:
    if isinstance(part, Density):
        part = _validate_drawing(part, before if isinstance(before, Density) else None)
    for _path, parameter, value in walk(part):
        if parameter.kind in ("int", "float") and value is not None:
            _validate_number(parameter, value)
    try:  # types, literals and whatever else the declarations say
        msgspec.convert(msgspec.to_builtins(part), type(part), dec_hook=decode_choice)
    except msgspec.ValidationError as error:
        raise SceneError("{reason}", reason=error) from error


def _validate_drawing(density: Density, before: Density | None) -> Density:
    """Checks what the declarations do not say. Returns the density with those of its marks that are not known to be allowed."""
    layers = max(1, len(density.layers))
    if len(density.layers) > MOST_LAYERS:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "A drawing has at most {most} layers."), most=MOST_LAYERS)
    unchanged = before is not None and density.layers == before.layers
    known = set(map(id, before.marks)) if before is not None and unchanged else set()  # a drawing of 10,000 strokes gets one more
    new = tuple(mark for mark in density.marks if id(mark) not in known)
    for mark in (*new, *density.layers, *density.line, *density.solid):
        for name, value in _numbers(mark):
            if isinstance(value, float) and not math.isfinite(value):
                raise SceneError(
                    QT_TRANSLATE_NOOP("errors", "A mark's {name} is {value}; it must be a finite number."), name=name, value=value
                )
        if isinstance(mark, Placed) and isinstance(mark.layer, int) and mark.layer >= layers:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "A mark lies in layer {layer}, but the drawing has {count}."),
                layer=mark.layer + 1,
                count=layers,
            )
    return msgspec.structs.replace(density, marks=new)


def _numbers(mark: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    for spec in (mark, getattr(mark, "place", None)):
        if isinstance(spec, msgspec.Struct):
            yield from ((name, getattr(spec, name)) for name in spec.__struct_fields__)


def _validate_number(parameter: Parameter, value: Any) -> None:
    low, high = parameter.low, parameter.high
    allowed = isinstance(value, int | float) and math.isfinite(value)
    if allowed and (low is None or value >= low) and (high is None or value <= high):
        return
    raise SceneError(
        QT_TRANSLATE_NOOP("errors", "{label} must lie between {low} and {high}; it is {value}."),
        label=parameter.label,
        low=low,
        high=high,
        value=value,
    )


def _validate_across(scene: Scene) -> None:
    low, high = getattr(scene.noise, "sigma_min", None), getattr(scene.noise, "sigma_max", None)
    if low is not None and high is not None and low >= high:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "σ min ({low}) must be smaller than σ max ({high})."), low=low, high=high)
    if scene.images.sampler.AXIS not in AXES:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{sampler}” does not make pictures out of noise. Choose a reverse process for the Images tab."),
            sampler=scene.images.sampler.LABEL,
        )
    if not makes_pictures(scene.images.sampler):
        raise SceneError(
            QT_TRANSLATE_NOOP(
                "errors", "“{sampler}” chooses its own steps, so pictures cannot be stepped through. Choose one with a number of steps."
            ),
            sampler=scene.images.sampler.LABEL,
        )  # fmt: skip
