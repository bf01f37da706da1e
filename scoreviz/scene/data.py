"""A finite number of samples of the drawing: what a network can be trained on, and remember."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Section
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_ALL = Invalidates.TRAINING | Invalidates.TRAJECTORY | Invalidates.FIELD


class DataSet(Section, frozen=True, kw_only=True):
    size: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "data points"),
            QT_TRANSLATE_NOOP("scene", "How many samples there are; their score is “data”, and pulls towards nothing but them."),
            invalidates=_ALL, ge=1, le=4096, scale="log", advanced=True,
        ),
    ] = 64  # fmt: skip
    seed: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "data seed"), QT_TRANSLATE_NOOP("scene", "Which samples they are."),
            invalidates=_ALL, ge=0, le=2**31 - 1, advanced=True,
        ),
    ] = 0  # fmt: skip
    train: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "train on these only"),
            QT_TRANSLATE_NOOP("scene", "Else the network sees fresh samples of the drawing for ever, and cannot remember any."),
            invalidates=Invalidates.TRAINING, advanced=True,
        ),
    ] = False  # fmt: skip
