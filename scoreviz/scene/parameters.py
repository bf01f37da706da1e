"""How a field declares itself once, and how forms, help and validation read it back.

class VE(Spec, NoiseSpec, tag="ve"):
    sigma_min: Annotated[float, param("smallest sigma", "...", invalidates=..., ge=1e-3, le=1.0)] = 0.01
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import Flag, auto
from typing import Any, Literal

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
    info = msgspec.inspect.type_info(spec)
    assert isinstance(info, msgspec.inspect.StructType)
    return tuple(_parameter(spec, field) for field in info.fields)


def _parameter(spec: type[msgspec.Struct], field: msgspec.inspect.Field) -> Parameter:
    meta: Any = field.type
    optional = isinstance(meta, msgspec.inspect.UnionType)
    if optional:  # Annotated[float, param(...)] | None
        (meta,) = (t for t in meta.types if not isinstance(t, msgspec.inspect.NoneType))
    if not isinstance(meta, msgspec.inspect.Metadata) or not meta.extra or "scoreviz" not in meta.extra:
        raise TypeError(f"{spec.__name__}.{field.name} does not declare itself with param(...)")
    description: Description = meta.extra["scoreviz"]
    inner: Any = meta.type
    common: dict[str, Any] = {"name": field.name, "description": description, "default": field.default, "optional": optional}
    match inner:
        case msgspec.inspect.BoolType():
            return Parameter(kind="bool", **common)
        case msgspec.inspect.IntType():
            return Parameter(kind="int", low=_low(inner), high=inner.le, open_low=inner.gt is not None, **common)
        case msgspec.inspect.FloatType():
            return Parameter(kind="float", low=_low(inner), high=inner.le, open_low=inner.gt is not None, **common)
        case msgspec.inspect.LiteralType():
            values = tuple(str(v) for v in inner.values)  # msgspec sorts them; the labels are in the order that was meant
            ordered = tuple(description.labels) if set(description.labels) == set(values) else values
            return Parameter(kind="enum", values=ordered, **common)
        case msgspec.inspect.CustomType() if issubclass(inner.cls, Choice):
            return Parameter(kind="choice", family=inner.cls, **common)
        case msgspec.inspect.StrType():
            return Parameter(kind="text", **common)
        case msgspec.inspect.VarTupleType(item_type=msgspec.inspect.TupleType()):
            return Parameter(kind="points", **common)
        case _:
            return Parameter(kind="other", **common)


def _low(inner: msgspec.inspect.IntType | msgspec.inspect.FloatType) -> float | None:
    return inner.ge if inner.ge is not None else inner.gt
