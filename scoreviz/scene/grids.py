"""Step grids: at which times a sampler with a fixed number of steps stands."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Choice, Spec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class GridSpec(Choice):
    __slots__ = ()
    FAMILY = "step grid"


class UniformGrid(Spec, GridSpec, tag="uniform", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "uniform in t")
    HELP = QT_TRANSLATE_NOOP("scene", "Equal steps of t: for VE geometric in σ.")
    RULE = QT_TRANSLATE_NOOP("scene", "t from 1 to ε in equal steps")
    SOURCE = QT_TRANSLATE_NOOP("scene", "score_sde (published code), sampling.py.")


class KarrasGrid(Spec, GridSpec, tag="karras", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Karras")
    HELP = QT_TRANSLATE_NOOP("scene", "Equal steps of σ^(1/ρ): more of them at small noise.")
    RULE = "σ_i = (σ_max^(1/ρ) + i/(n − 1) (σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, eq. 5.")
    rho: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "ρ"),
            QT_TRANSLATE_NOOP("scene", "1 is even in σ; larger values crowd the steps at small σ. 7 in the paper."),
            invalidates=Invalidates.TRAJECTORY, ge=1.0, le=20.0,
        ),
    ] = 7.0  # fmt: skip


class LogSNRGrid(Spec, GridSpec, tag="log_snr", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "uniform in log-SNR")
    HELP = QT_TRANSLATE_NOOP("scene", "Equal steps of the log of signal to noise, which is geometric in σ.")
    RULE = QT_TRANSLATE_NOOP("scene", "ln(a²/std²) in equal steps")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Lu et al. 2022 (DPM-Solver).")


class QuadraticGrid(Spec, GridSpec, tag="quadratic", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "quadratic in t")
    HELP = QT_TRANSLATE_NOOP("scene", "More of the steps near the data.")
    RULE = QT_TRANSLATE_NOOP("scene", "√t in equal steps")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song, Meng & Ermon 2021 (DDIM), appendix D.")
