"""Families of choices: noise, network, objective, sampler, predictor, corrector.

A spec that inherits from a family is in its menu, its form and the command line's help by that alone:

    class Toy(Spec, SamplerSpec, tag="toy", frozen=True, kw_only=True):
        LABEL = "Toy"; HELP = "..."

Its implementation in `scoreviz.maths` is registered there; a test holds that the two sets are the same.
"""

from __future__ import annotations

import difflib
from typing import Any, ClassVar

import msgspec

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the scene's fixed parts: one class each, so they carry no tag."""


class Spec(Section, frozen=True, kw_only=True, tag_field="type"):
    """Base of every tagged, frozen spec: one alternative among several."""

    LABEL: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    RULE: ClassVar[str] = ""  # its formula in plain text, for tooltips and --help
    SOURCE: ClassVar[str] = ""  # paper, and equation or algorithm


class Choice:
    """Base of the families. Direct subclasses are families; Spec subclasses of those are their members."""

    __slots__ = ()
    LABEL: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    RULE: ClassVar[str] = ""
    SOURCE: ClassVar[str] = ""
    FAMILY: ClassVar[str] = ""  # the word used in sentences: "sampler"
    _members: ClassVar[list[type[Any]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()
        if Choice in cls.__bases__:
            cls._members = []
        else:
            cls._members.append(cls)

    @classmethod
    def members(cls) -> tuple[type[Any], ...]:
        """The specs of this family, in declaration order."""
        return tuple(cls._members)

    @classmethod
    def forget(cls, member: type[Any]) -> None:
        """Take a member out again (tests that add a toy)."""
        cls._members.remove(member)

    @classmethod
    def named(cls, name: str) -> type[Any]:
        """The spec whose tag is `name`; SceneError with the nearest name otherwise."""
        tags = {tag_of(member): member for member in cls._members}
        if name in tags:
            return tags[name]
        near = difflib.get_close_matches(name, tags, 1)
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "There is no {family} called “{name}”. {hint}Known: {known}."),
            family=cls.FAMILY,
            name=name,
            hint=f"Did you mean “{near[0]}”? " if near else "",
            known=", ".join(tags),
        )


def tag_of(spec: Any) -> str:
    """The tag under which a spec (class or instance) is stored: `pc`, `langevin`, ..."""
    return str(spec.__struct_config__.tag)


def decode_choice(kind: type[Any], value: Any) -> Any:
    """msgspec's dec_hook: turn the stored form of a choice into its spec."""
    if not (isinstance(kind, type) and issubclass(kind, Choice)):
        raise NotImplementedError(f"no decoder for {kind}")
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "A {family} is an object with a “type”."), family=kind.FAMILY)
    try:
        return msgspec.convert(value, kind.named(value["type"]), dec_hook=decode_choice)
    except msgspec.ValidationError as error:
        raise SceneError("{family} “{name}”: {reason}", family=kind.FAMILY, name=value["type"], reason=str(error)) from error
