"""Correctors: what repairs a predictor step at its noise level."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Spec
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.family import RUN, CorrectorSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class LangevinCorrector(Spec, CorrectorSpec, tag="langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin steps of size 2 (r |z| / |s|)² at the present noise level.")
    snr: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "snr r"),
            QT_TRANSLATE_NOOP("scene", "Ratio of the step's signal to its noise. 0.16 for VE; larger steps mix faster and bias more."),
            invalidates=RUN, ge=0.001, le=1.0, scale="log",
        ),
    ] = 0.16  # fmt: skip


class AnnealedLangevinCorrector(Spec, CorrectorSpec, tag="ald", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "annealed (ald)")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin steps of size 2 (r σ)²: the ald corrector of score_sde, not NCSN's sampler.")
    snr: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "snr r"),
            QT_TRANSLATE_NOOP("scene", "Step size in units of the noise level."),
            invalidates=RUN, ge=0.001, le=1.0, scale="log",
        ),
    ] = 0.16  # fmt: skip


class NoCorrector(Spec, CorrectorSpec, tag="none", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "none")
    HELP = QT_TRANSLATE_NOOP("scene", "Only the predictor moves the particles.")
