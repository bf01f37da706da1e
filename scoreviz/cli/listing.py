"""What a scene can choose, as text: read from the specs, so that a new spec is listed by existing."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from typing import Any

from scoreviz.scene import document  # noqa: F401 - importing the scene declares every family
from scoreviz.scene.choice import Choice, Spec, tag_of
from scoreviz.scene.density import PRESET_LABELS
from scoreviz.scene.parameters import Parameter, parameters


def listing() -> str:
    """Presets, then every family of choices with its members and their parameters."""
    width = min(shutil.get_terminal_size().columns, 120)
    parts = [_presets()]
    for family in Choice.__subclasses__():
        if not family.__module__.startswith("scoreviz.scene."):
            continue  # what processes say to each other is nobody's choice
        parts.append("\n".join([f"{family.FAMILY}, one of:", *(line for spec in family.members() for line in _spec(spec, width))]))
    return "\n\n".join(parts) + "\n"


def _presets() -> str:
    column = max(map(len, PRESET_LABELS))
    return "\n".join(["preset, one of:", *(f"  {name:<{column}}  {label}" for name, label in PRESET_LABELS.items())])


def _spec(spec: type[Spec], width: int) -> Iterator[str]:
    yield f"  {tag_of(spec)}: {spec.LABEL}"
    yield from textwrap.wrap(spec.HELP, width, initial_indent=" " * 6, subsequent_indent=" " * 6, break_on_hyphens=False)
    for text in (spec.RULE, f"Source: {spec.SOURCE}" if spec.SOURCE else ""):
        yield from textwrap.wrap(text, width, initial_indent=" " * 6, subsequent_indent=" " * 8, break_on_hyphens=False)
    declared = parameters(spec)
    column = max((len(parameter.name) for parameter in declared), default=0)
    for parameter in declared:
        text = f"{parameter.name:<{column}}  {_range(parameter)}; default {_shown(parameter.default)}. {parameter.help}"
        yield from textwrap.wrap(text, width, initial_indent=" " * 6, subsequent_indent=" " * (8 + column), break_on_hyphens=False)
        for value, help in parameter.description.helps.items():
            indent = " " * (8 + column)
            yield from textwrap.wrap(f"{value}: {help}", width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _range(parameter: Parameter) -> str:
    """What the parameter may be: its bounds, its values, or the family of its members."""
    match parameter.kind:
        case "bool":
            return "on or off"
        case "enum":
            return " | ".join(parameter.values)
        case "choice" if parameter.family is not None:
            return " | ".join(tag_of(member) for member in parameter.family.members())
        case "int" | "float":
            bounds = f"{_shown(parameter.low)} to {_shown(parameter.high)}"
            return f"{bounds} {parameter.description.unit}".rstrip()
        case "points":
            return "pairs of numbers"
        case kind:
            return kind


def _shown(value: Any) -> str:
    match value:
        case None:
            return "automatic"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case int() | str():
            return str(value)
        case tuple():
            return ", ".join(f"{x:g} {y:g}" for x, y in value)  # the points of a curve
        case _:
            return tag_of(value)
