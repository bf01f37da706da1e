"""Correctors: what repairs a predictor step at its noise level."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.family import RUN, CorrectorSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class LangevinCorrector(Spec, CorrectorSpec, tag="langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin steps at the present noise level, as long as the score and their noise say.")
    RULE = "x' = x + ε s + √(2ε) z,  ε = 2α (r |z|/|s|)²;  VE: α = 1, VP: α = 1 − β"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, algorithms 4 and 5.")
    snr: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "snr r"),
            QT_TRANSLATE_NOOP(
                "scene", "Ratio of the step's signal to its noise: 0.16 for VE, about 0.01 for VP. Larger steps mix faster and bias more."
            ),
            invalidates=RUN, ge=0.001, le=1.0, scale="log",
        ),
    ] = 0.16  # fmt: skip
    norms: Annotated[
        Literal["batch", "sample", "dimension"],
        param(
            QT_TRANSLATE_NOOP("scene", "norms |z|, |s|"),
            QT_TRANSLATE_NOOP(
                "scene",
                "batch: means, as published; moving one sample moves the step of all, so choose another for a small batch. "
                "sample: each its own. √d: the same with the noise's expected norm. The last two are for pictures: in few dimensions they "
                "take boundless steps where the score is near 0.",
            ),
            invalidates=RUN, advanced=True,
            labels={
                "batch": QT_TRANSLATE_NOOP("scene", "batch"),
                "sample": QT_TRANSLATE_NOOP("scene", "sample"),
                "dimension": QT_TRANSLATE_NOOP("scene", "√d"),
            },
        ),
    ] = "batch"  # fmt: skip


class AnnealedLangevinCorrector(Spec, CorrectorSpec, tag="ald", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "annealed (ald)")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin steps as long as the noise level says. Not NCSN's sampler.")
    RULE = "x' = x + ε s + √(2ε) z,  ε = 2α (r std)²;  VE: α = 1, VP: α = 1 − β"
    SOURCE = QT_TRANSLATE_NOOP("scene", "score_sde (published code), AnnealedLangevinDynamics.")
    snr: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "snr r"),
            QT_TRANSLATE_NOOP("scene", "Step size in units of the noise level: 0.16 for VE, about 0.01 for VP."),
            invalidates=RUN, ge=0.001, le=1.0, scale="log",
        ),
    ] = 0.16  # fmt: skip


class NoCorrector(Spec, CorrectorSpec, tag="none", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "none")
    HELP = QT_TRANSLATE_NOOP("scene", "Only the predictor moves the particles.")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, table 1, predictor only.")
