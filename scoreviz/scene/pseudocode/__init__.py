"""The algorithms as data: each sampler and each objective line by line, in three notations, with what lights a line and its source."""

from __future__ import annotations

import dataclasses
from typing import Any

from scoreviz.scene.control import ByClass, Inpaint
from scoreviz.scene.document import Scene
from scoreviz.scene.notation import Notation, written_in
from scoreviz.scene.pseudocode import dynamics, reverse, solvers, training  # noqa: F401 - they register their writers
from scoreviz.scene.pseudocode.figures import FIGURES, Figure
from scoreviz.scene.pseudocode.formulas import formula, panes_formula
from scoreviz.scene.pseudocode.listing import CORRECT, DATA, DENOISE, PREDICT, Ink, Line, Listing, lines_of, lit, written
from scoreviz.scene.pseudocode.training import training_lines
from scoreviz.scene.text import QT_TRANSLATE_NOOP

__all__ = ["FIGURES", "Figure", "Line", "Listing", "formula", "panes_formula", "sampler_listing", "training_listing", "written"]

GUIDED = QT_TRANSLATE_NOOP(
    "scene", "Class guidance: Song et al. 2021, section 5; Dhariwal & Nichol 2021. Classifier-free: Ho & Salimans 2022."
)
REPLACED = QT_TRANSLATE_NOOP("scene", "Inpainting by replacement, after every substep: Song et al. 2021, section 5 and appendix I.2.")


def sampler_listing(sampler: Any, noise: Any, control: Any, source: str, wanted: Notation) -> Listing:
    """A sampler's lines for this noise and control, in the notation asked for or in the one that can say it, with a note.

    source: of the score; s_θ is a network's, s one that is not learned.
    """
    notation, note = written_in(wanted, noise)
    ink = Ink(notation, noise.shrinks())
    lines, notes = lines_of(sampler, ink)
    return _listing(_controlled(lines, control, ink), ([note] if note else []) + notes, notation, learned=source == "network")


def training_listing(scene: Scene, wanted: Notation) -> Listing:
    """One training step of the scene's objective. The network works in x/a and σ = std/a for every noise, so all notations can say it."""
    lines, notes = training_lines(scene.objective, scene.training, scene.data, Ink(wanted, scene.noise.shrinks()))
    return _listing(lines, notes, wanted, learned=True)


def _controlled(lines: list[Line], control: Any, ink: Ink) -> list[Line]:
    match control:
        case ByClass():
            base, more = ink.score, "∇ log p_t(y|x)"
            if control.rule == "classifier_free":
                more = ink("[s_θ(x, t | y) − s_θ(x, t)]", "[s_θ(x̃, σ_i | y) − s_θ(x̃, σ_i)]", "[s_θ(x_k, k | y) − s_θ(x_k, k)]")
            return [Line(f"with {base} + w {more} for {base}", 0, values=("w",), source=GUIDED, standing=True), *lines]
        case Inpaint():
            place = max(k for k, line in enumerate(lines) if line.lit & {PREDICT, CORRECT}) + 1
            depth = lines[place - 1].depth
            text = ink(
                f"{control.coordinate} of x ← a y + std z",
                f"{control.coordinate} of x̃ ← y + σ z",
                f"{control.coordinate} of x ← √ᾱ y + √(1 − ᾱ) z",
            )
            known = Line(text, depth, lit(PREDICT, CORRECT), ("std1",), REPLACED)
            clean = Line(f"at the end: {control.coordinate} ← y", 0, lit(DATA, DENOISE), (), REPLACED)
            return [*lines[:place], known, *lines[place:], clean]
    return lines


def _listing(lines: list[Line], notes: list[str], notation: Notation, *, learned: bool) -> Listing:
    if not learned:
        lines = [dataclasses.replace(line, text=line.text.replace("_θ", "")) for line in lines]
    return Listing(tuple(lines), notation, tuple(notes))
