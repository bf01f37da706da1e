"""The bundled scenes: a title for the menu, and one sentence that says what to watch."""

from __future__ import annotations

from typing import NamedTuple

from scoreviz.scene.text import QT_TRANSLATE_NOOP

FOLDER = "gallery"
"""Of the assets; each entry's file lies in it."""


class Entry(NamedTuple):
    """One scene. `title` and `watch` are translated where they are shown, in the context “gallery”."""

    file: str
    title: str
    watch: str

    @property
    def asset(self) -> str:
        """The name to ask `resources.asset` for."""
        return f"{FOLDER}/{self.file}"


GALLERY = (
    Entry(
        "two-spirals-reverse-sde.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "Two spirals, reverse SDE"),
        QT_TRANSLATE_NOOP("gallery", "Noise becomes two spirals: the arrows part once σ is smaller than the gap between the arms."),
    ),
    Entry(
        "a-word-learned-live.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "A word, learned live"),
        QT_TRANSLATE_NOOP("gallery", "A small network learns handwriting while it is sampled: letters come out sharper with every run."),
    ),
    Entry(
        "a-face-network-error.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "A face, and what the network gets wrong"),
        QT_TRANSLATE_NOOP(
            "gallery", "The arrows are the network's score minus the exact one: they shrink as it learns, last where data are rare."
        ),
    ),
    Entry(
        "eight-gaussians-annealed-langevin.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "Eight Gaussians, annealed Langevin"),
        QT_TRANSLATE_NOOP("gallery", "Twelve noise levels, twenty steps each: every mode gets its share while the noise is large."),
    ),
    Entry(
        "far-modes-langevin.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "Far modes, Langevin"),
        QT_TRANSLATE_NOOP(
            "gallery",
            "The left mode has four fifths of the mass and gets less than three fifths of the points: none can cross.",
        ),
    ),
    Entry(
        "checkerboard-probability-flow.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "Checkerboard, probability-flow ODE"),
        QT_TRANSLATE_NOOP("gallery", "No noise at all after the start: long smooth trails, and still every square is filled evenly."),
    ),
    Entry(
        "two-moons-predictor-corrector.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "Two moons, predictor–corrector"),
        QT_TRANSLATE_NOOP("gallery", "Only sixteen predictor steps: two Langevin steps at each level mend what the large steps break."),
    ),
    Entry(
        "s-curve-forward.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "S-curve, forward SDE"),
        QT_TRANSLATE_NOOP("gallery", "The process that sampling undoes: data dissolve into noise, fine detail first."),
    ),
    Entry(
        "emoji32-predictor-corrector.scoreviz.json",
        QT_TRANSLATE_NOOP("gallery", "Emoji, predictor–corrector"),
        QT_TRANSLATE_NOOP("gallery", "Pictures out of noise with an exact score: the clean estimate soon settles on one of them."),
    ),
)
