"""In whose symbols a rule is written: the SDE's, NCSN's or DDPM's; and where one of them cannot be, and why.

NCSN (Song & Ermon 2019) adds noise to data that stay as large as they are, so its symbols are for noise that does not shrink them.
DDPM (Ho et al. 2020) has x_k = sqrt(abar_k) x_0 + sqrt(1 - abar_k) z, so its symbols are for noise that preserves variance.
The SDE's (Song et al. 2021) are for all.
"""

from __future__ import annotations

from typing import Any, Literal

from scoreviz.scene.noise import VP, Custom
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Notation = Literal["sde", "ncsn", "ddpm"]
NOTATIONS: tuple[Notation, ...] = ("sde", "ncsn", "ddpm")


def preserves_variance(noise: Any) -> bool:
    """Is std^2 = 1 - a^2 at every t, as in DDPM?"""
    return isinstance(noise, VP) or (isinstance(noise, Custom) and noise.scale == "preserving")


def written_in(wanted: Notation, noise: Any) -> tuple[Notation, str]:
    """The notation that says what is true of this noise, and a sentence (a template of `noise`) where it is not the one asked for."""
    if wanted == "ncsn" and noise.shrinks():
        return "sde", QT_TRANSLATE_NOOP("scene", "NCSN's noise does not shrink the data, {noise} does: written as the SDE.")
    if wanted == "ddpm" and not noise.shrinks():
        return "sde", QT_TRANSLATE_NOOP("scene", "DDPM's ᾱ is for noise that shrinks the data, {noise} does not: written as the SDE, in σ.")
    if wanted == "ddpm" and not preserves_variance(noise):
        return "sde", QT_TRANSLATE_NOOP(
            "scene", "{noise} has less noise than DDPM's 1 − ᾱ, so ᾱ alone does not tell it: written as the SDE."
        )
    return wanted, ""


def after(notation: Notation) -> Notation:
    """The next one, round and round."""
    return NOTATIONS[(NOTATIONS.index(notation) + 1) % len(NOTATIONS)]
