"""Which implementation stands behind which spec of `scoreviz.scene`: the one table that tests hold to be a bijection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

_Factory = TypeVar("_Factory", bound=Callable[..., Any])
_implementations: dict[type[Any], Callable[..., Any]] = {}


def implements(spec: type[Any]) -> Callable[[_Factory], _Factory]:
    """Register the decorated factory as the implementation of `spec`; its first argument is the spec instance."""

    def register(factory: _Factory) -> _Factory:
        if spec in _implementations:
            raise ValueError(f"{spec.__name__} is implemented twice: by {_implementations[spec].__qualname__} and {factory.__qualname__}")
        _implementations[spec] = factory
        return factory

    return register


def implementation(spec: Any) -> Callable[..., Any]:
    """The factory for a spec instance; ValueError names the spec that has none."""
    try:
        return _implementations[type(spec)]
    except KeyError:
        known = ", ".join(sorted(kind.__name__ for kind in _implementations))
        raise ValueError(f"scoreviz.maths implements no {type(spec).__name__}; known: {known}") from None


def implementations() -> Mapping[type[Any], Callable[..., Any]]:
    """Every registered spec class with its factory (a read-only view)."""
    return MappingProxyType(_implementations)


def forget(spec: type[Any]) -> None:
    """Take an implementation out again (tests that add a toy)."""
    del _implementations[spec]
