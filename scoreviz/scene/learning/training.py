"""The optimiser's settings."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Section
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Training(Section, frozen=True, kw_only=True):
    """The optimiser's settings. None of them restarts the network, except its seed."""

    learning_rate: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "learning rate"),
            QT_TRANSLATE_NOOP("scene", "Adam's first step size; it decays to a tenth as training goes on.\nSource: Kingma & Ba 2015."),
            invalidates=Invalidates.TRAINING, ge=1e-5, le=0.1, scale="log",
        ),
    ] = 0.005  # fmt: skip
    batch: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "batch"), QT_TRANSLATE_NOOP("scene", "Fresh samples of the drawing for each training step."),
            invalidates=Invalidates.TRAINING, ge=8, le=8192, scale="log",
        ),
    ] = 512  # fmt: skip
    ema: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "EMA (0: off)"),
            QT_TRANSLATE_NOOP(
                "scene",
                "Sampling uses an exponential moving average of the weights, of rate min(this, (1+n)/(10+n)) a step. "
                "0: off, the weights as they are at this step.\nSource: Song & Ermon 2020, section 5.",
            ),
            invalidates=Invalidates.TRAINING | Invalidates.TRAJECTORY | Invalidates.FIELD, ge=0.0, le=0.9999, advanced=True,
        ),
    ] = 0.99  # fmt: skip
    clip: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "gradient clipping"),
            QT_TRANSLATE_NOOP(
                "scene", "A gradient longer than this is shortened to it before Adam takes it. 0: never.\nSource: Pascanu et al. 2013."
            ),
            invalidates=Invalidates.TRAINING, ge=0.0, le=100.0, advanced=True,
        ),
    ] = 0.0  # fmt: skip
    label_dropout: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "label dropout"),
            QT_TRANSLATE_NOOP(
                "scene", "This share of the samples is learned without its class: the unconditional score, for classifier-free guidance."
            ),
            invalidates=Invalidates.TRAINING, ge=0.0, le=1.0, advanced=True,
        ),
    ] = 0.1  # fmt: skip
    seed: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "network seed"),
            QT_TRANSLATE_NOOP("scene", "First weights and the order of the data. A change starts a new network."),
            invalidates=Invalidates.NETWORK, ge=0, le=2**31 - 1, advanced=True,
        ),
    ] = 0  # fmt: skip
