"""What a listing is made of: lines with their symbols, the parts of a run that light them, the figures they show, their source.

Lines are written in a small markup: `_k` or `_{k−1}` is a subscript, `^2` or `^{−h}` a superscript. A line is a function of the spec, as
`formula()` is: predictor, corrector, order, step rule and ending change it. Nothing here computes; the figures come from the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from scoreviz.scene.notation import Notation
from scoreviz.scene.text import QT_TRANSLATE_NOOP

START, PREDICT, CORRECT, DENOISE, DATA, ATTEMPT = "start", "predict", "correct", "denoise", "data", "attempt"
"""Parts of a run: its first points; substeps by their stage; a solver's step to the data; an adaptive solver's rejected attempt."""


@dataclass(frozen=True)
class Line:
    """text: in the markup. depth: indentation. lit: parts that light it. values: names of `figures.FIGURES` shown while lit, or always
    (`standing`). source: paper, and equation or algorithm."""

    text: str
    depth: int = 0
    lit: frozenset[str] = frozenset()
    values: tuple[str, ...] = ()
    source: str = ""
    standing: bool = False


@dataclass(frozen=True)
class Listing:
    """One algorithm, in one notation. notes: what must be said of it (templates of `noise`), such as why another notation is used."""

    lines: tuple[Line, ...]
    notation: Notation
    notes: tuple[str, ...] = ()

    def parts(self) -> frozenset[str]:
        """Every part that lights a line."""
        return frozenset().union(*(line.lit for line in self.lines))

    def part(self, stage: str, t: float, s: float) -> str:
        """The part that a substep of this stage from time t to s is. A stage `predict` to the data, or to where it was, may be its own."""
        parts = self.parts()
        if stage == PREDICT and s == 0.0 and DATA in parts:
            return DATA
        if stage == PREDICT and t == s and ATTEMPT in parts:
            return ATTEMPT
        return stage


@dataclass(frozen=True)
class Ink:
    """The symbols of one notation for one kind of noise."""

    notation: Notation
    shrinks: bool

    def __call__(self, sde: str, ncsn: str, ddpm: str) -> str:
        """The text of this notation."""
        return {"sde": sde, "ncsn": ncsn, "ddpm": ddpm}[self.notation]

    @property
    def x(self) -> str:
        """The noisy point."""
        return self("x", "x̃", "x_k")

    @property
    def y(self) -> str:
        """x/a, in which solvers step; x itself where a = 1."""
        return self("y" if self.shrinks else "x", "x̃", "y")

    @property
    def sigma(self) -> str:
        """std/a here."""
        return self("σ", "σ_i", "σ_k")

    @property
    def sigma_next(self) -> str:
        """std/a at the end of the step."""
        return self("σ′", "σ_{i+1}", "σ_{k−1}")

    @property
    def score(self) -> str:
        """s(x, t)."""
        return self("s_θ(x, t)", "s_θ(x̃, σ_i)", "−ε_θ(x_k, k)/√(1 − ᾱ_k)")

    @property
    def place(self) -> tuple[str, ...]:
        """Names of the figures that say where a step is."""
        return {"sde": ("t", "t1"), "ncsn": ("i", "L"), "ddpm": ("k", "T")}[self.notation]


Writer = Callable[[Any, Ink], list[Line]]
"""spec, ink -> its lines."""

_WRITERS: dict[type[Any], Writer] = {}
_MISSING: dict[type[Any], dict[str, str]] = {}
F = TypeVar("F", bound=Writer)


def writes(*specs: type[Any], ncsn: str = "", ddpm: str = "") -> Callable[[F], F]:
    """Register the writer of these specs. ncsn, ddpm: what to say where that paper has no such algorithm."""

    def register(writer: F) -> F:
        for spec in specs:
            _WRITERS[spec] = writer
            _MISSING[spec] = {"ncsn": ncsn, "ddpm": ddpm}
        return writer

    return register


def written() -> frozenset[type[Any]]:
    """Every spec that has a writer."""
    return frozenset(_WRITERS)


def lines_of(spec: Any, ink: Ink) -> tuple[list[Line], list[str]]:
    """The spec's lines, and what must be said of them. A spec without a writer is only named, and said to be so."""
    writer = _WRITERS.get(type(spec))
    if writer is None:
        named = Line(spec.HELP, 0, frozenset({START, PREDICT, CORRECT, DENOISE}))
        return [named], [QT_TRANSLATE_NOOP("scene", "Nobody has written this one out line by line.")]
    missing = _MISSING[type(spec)].get(ink.notation, "")
    return writer(spec, ink), [missing] if missing else []


def lit(*parts: str) -> frozenset[str]:
    """The parts, as `Line.lit` holds them."""
    return frozenset(parts)
