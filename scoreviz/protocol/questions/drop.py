"""Particles that a person drops into a run: carried on by its sampler, in a batch and with noise of their own."""

from __future__ import annotations

from typing import Annotated

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Section, Spec

MOST_DROPPED = 64


class Drop(Section, frozen=True, kw_only=True):
    """Points (n, D) that are let go together after `substep` substeps of the run; the noise of `seed` is theirs alone."""

    points: Array
    substep: Annotated[int, msgspec.Meta(ge=0)]
    seed: Annotated[int, msgspec.Meta(ge=0)]


class Dropped(Spec, Answer, tag="dropped", frozen=True, kw_only=True):
    """For each drop its frames (m, n, D) float32: where it began, then after each kept substep to the end of the run."""

    frames: tuple[Array, ...]


class AskDrop(Spec, Question, tag="ask_drop", frozen=True, kw_only=True):
    """`kept` are the substeps that the run on screen keeps, ascending, `total` how many it has: another sampler's is refused."""

    ANSWER = Dropped
    drops: tuple[Drop, ...]
    kept: tuple[int, ...]
    total: int
