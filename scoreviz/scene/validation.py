"""Is this scene allowed? msgspec checks constraints only when decoding, so edits are checked here.

`validate` is what the store calls for every edit and the loader after every decode.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from scoreviz.scene.choice import decode_choice
from scoreviz.scene.density import Density
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
            _validate_part(part)
    _validate_across(scene)


def _validate_kind(declared: Parameter, part: Any) -> None:
    allowed = declared.family.members() if declared.family is not None else (type(declared.default),)
    if type(part) not in allowed:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The scene's {name} cannot be {value}."), name=declared.name, value=part)


def _validate_part(part: msgspec.Struct) -> None:
    for _path, parameter, value in walk(part):
        if parameter.kind in ("int", "float") and value is not None:
            _validate_number(parameter, value)
    if isinstance(part, Density):
        for mark in part.marks:
            for name in mark.__struct_fields__:
                value = getattr(mark, name)
                if isinstance(value, float) and not math.isfinite(value):
                    raise SceneError(
                        QT_TRANSLATE_NOOP("errors", "A mark's {name} is {value}; it must be a finite number."), name=name, value=value
                    )
    try:  # types, literals and whatever else the declarations say
        msgspec.convert(msgspec.to_builtins(part), type(part), dec_hook=decode_choice)
    except msgspec.ValidationError as error:
        raise SceneError("{reason}", reason=error) from error


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
