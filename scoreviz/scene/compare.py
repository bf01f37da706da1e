"""Other ways of sampling beside the scene's own, from the same noise, in step."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from scoreviz.scene.choice import Section
from scoreviz.scene.noise import VE, NoiseSpec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.samplers import ReverseSDE, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP

MOST_PANES = 3
"""Beside the scene's own."""


class Pane(Section, frozen=True, kw_only=True):
    """One other way: sampler, noise and score. Particles, seed and drawing are the scene's."""

    sampler: Annotated[
        SamplerSpec,
        param(QT_TRANSLATE_NOOP("scene", "method"), QT_TRANSLATE_NOOP("scene", "How it samples."), invalidates=Invalidates.VIEW),
    ] = ReverseSDE()
    noise: Annotated[
        NoiseSpec,
        param(QT_TRANSLATE_NOOP("scene", "noise"), QT_TRANSLATE_NOOP("scene", "How data turns into noise."), invalidates=Invalidates.VIEW),
    ] = VE()
    source: Annotated[
        Literal["exact", "network", "data", "race"],
        param(
            QT_TRANSLATE_NOOP("scene", "from"),
            QT_TRANSLATE_NOOP("scene", "Which score drives it; race: the network of one of the raced objectives."),
            invalidates=Invalidates.VIEW,
            labels={
                "exact": QT_TRANSLATE_NOOP("scene", "exact"),
                "network": QT_TRANSLATE_NOOP("scene", "network"),
                "data": QT_TRANSLATE_NOOP("scene", "data"),
                "race": QT_TRANSLATE_NOOP("scene", "race"),
            },
        ),
    ] = "exact"
    racer: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "racer"), QT_TRANSLATE_NOOP("scene", "Which of the raced objectives, 1 to 4."),
            invalidates=Invalidates.VIEW, ge=1, le=4,
        ),
    ] = 1  # fmt: skip


class Compare(Section, frozen=True, kw_only=True):
    panes: Annotated[
        tuple[Pane, ...],
        param(
            QT_TRANSLATE_NOOP("scene", "panes"), QT_TRANSLATE_NOOP("scene", "At most three beside the scene's own."),
            invalidates=Invalidates.VIEW,
        ),
        msgspec.Meta(max_length=MOST_PANES),
    ] = ()  # fmt: skip
