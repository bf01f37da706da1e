"""How a field declares itself once, and how forms, help and validation read it back.

class VE(Spec, NoiseSpec, tag="ve"):
    sigma_min: Annotated[float, param("smallest sigma", "...", invalidates=..., ge=1e-3, le=1.0)] = 0.01
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import Flag, auto
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from scoreviz.scene.choice import Choice

Scale = Literal["linear", "log"]


class Invalidates(Flag):
    """What must be computed again when a field changes. The engine acts on nothing else."""

    NOTHING = 0
    NETWORK = auto()  # the network is made anew, from step 0
    TRAINING = auto()  # the next training steps differ; the network is kept
    TARGET = auto()  # the mixture is compiled again; exact results follow
    TRAJECTORY = auto()  # the sampler runs again
    FIELD = auto()  # density and arrows are evaluated again
    VIEW = auto()  # only the drawing on screen changes
    MODEL = auto()  # an image model is loaded
    PICTURES = auto()  # something of the Images tab; `invalidated` of that part alone says what


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What `param` stores inside msgspec's Meta."""

    label: str
    help: str
    invalidates: Invalidates
    unit: str = ""
    scale: Scale = "linear"
    advanced: bool = False
    labels: dict[str, str] = {}
    helps: dict[str, str] = {}  # of each value of an enum: what it is, its formula, "Source: ..."; a line each


def param(
    label: str,
    help: str,
    *,
    invalidates: Invalidates,
    ge: float | None = None,
    le: float | None = None,
    gt: float | None = None,
    unit: str = "",
    scale: Scale = "linear",
    advanced: bool = False,
    labels: Mapping[str, str] | None = None,
    helps: Mapping[str, str] | None = None,
) -> msgspec.Meta:
    """The Meta of one field: its label, help, bounds, unit, scale and what it invalidates."""
    description = Description(
        label=label, help=help, invalidates=invalidates, unit=unit, scale=scale, advanced=advanced,
        labels=dict(labels or {}), helps=dict(helps or {}),
    )  # fmt: skip
    bounds: dict[str, Any] = {"ge": ge, "le": le, "gt": gt}
    return msgspec.Meta(**bounds, extra={"scoreviz": description})


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One field as a form, the command line or a validator sees it."""

    name: str
    kind: Literal["int", "float", "bool", "text", "enum", "choice", "points", "other"]
    description: Description
    default: Any
    low: float | None = None
    high: float | None = None
    open_low: bool = False  # `low` itself is not allowed
    optional: bool = False  # None is allowed and means "automatic"
    values: tuple[str, ...] = ()  # for kind "enum"
    family: type[Choice] | None = None  # for kind "choice"

    @property
    def label(self) -> str:
        return self.description.label

    @property
    def help(self) -> str:
        return self.description.help


@functools.cache
def parameters(spec: type[msgspec.Struct]) -> tuple[Parameter, ...]:
    """The declared parameters of a spec class, in declaration order. Fields without `param` raise TypeError."""
    return tuple(_parameter(spec, field) for field in msgspec.structs.fields(spec))


def _parameter(spec: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> Parameter:
    hint: Any = field.type
    optional = get_origin(hint) in (Union, UnionType)
    if optional:  # Annotated[float, param(...)] | None
        (hint,) = (t for t in get_args(hint) if t is not NoneType)
    inner, *metas = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    meta = next((m for m in metas if isinstance(m, msgspec.Meta) and m.extra and "scoreviz" in m.extra), None)
    if meta is None or meta.extra is None:
        raise TypeError(f"{spec.__name__}.{field.name} does not declare itself with param(...)")
    description: Description = meta.extra["scoreviz"]
    common: dict[str, Any] = {"name": field.name, "description": description, "default": field.default, "optional": optional}
    if inner is bool:
        return Parameter(kind="bool", **common)
    if inner is int or inner is float:
        low = meta.ge if meta.ge is not None else meta.gt
        return Parameter(kind="int" if inner is int else "float", low=low, high=meta.le, open_low=meta.gt is not None, **common)
    if get_origin(inner) is Literal:
        values = tuple(str(v) for v in get_args(inner))
        ordered = tuple(description.labels) if set(description.labels) == set(values) else values  # as it was meant
        return Parameter(kind="enum", values=ordered, **common)
    if isinstance(inner, type) and issubclass(inner, Choice) and not issubclass(inner, msgspec.Struct):
        return Parameter(kind="choice", family=inner, **common)
    if inner is str:
        return Parameter(kind="text", **common)
    if get_origin(inner) is tuple and get_origin(get_args(inner)[0]) is tuple:
        return Parameter(kind="points", **common)
    return Parameter(kind="other", **common)
