"""Predictors: how one step of the reverse SDE is discretised."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.family import RUN, PredictorSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class ReverseDiffusion(Spec, PredictorSpec, tag="reverse_diffusion", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "reverse diffusion")
    HELP = QT_TRANSLATE_NOOP("scene", "The forward step's own discretisation, reversed.")
    RULE = "x' = x − f + G² s + G z;  VE: f = 0, G² = σ² − σ'²"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 46; algorithms 2 and 3.")


class EulerMaruyama(Spec, PredictorSpec, tag="euler_maruyama", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Euler–Maruyama")
    HELP = QT_TRANSLATE_NOOP("scene", "The reverse SDE with drift and score held for the length of a step.")
    RULE = "x' = x − [f − g² s] Δt + g √Δt z"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 6; Kloeden & Platen 1992.")


class Ancestral(Spec, PredictorSpec, tag="ancestral", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "ancestral")
    HELP = QT_TRANSLATE_NOOP("scene", "DDPM's step: the posterior of the level below, given the estimate of the data.")
    RULE = "VP: x' = (x + β s)/√(1 − β) + √β̃ z;  VE: x' = x + (σ² − σ'²) s + (σ'/σ) √(σ² − σ'²) z"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Ho et al. 2020, algorithm 2; for VE Song et al. 2021, appendix F.")
    variance: Annotated[
        Literal["posterior", "forward"],
        param(
            QT_TRANSLATE_NOOP("scene", "variance"),
            QT_TRANSLATE_NOOP(
                "scene", "β̃: the variance given the data (diffusers: fixed_small). β: that of the forward step (fixed_large)."
            ),
            invalidates=RUN, advanced=True,
            labels={"posterior": QT_TRANSLATE_NOOP("scene", "β̃ (small)"), "forward": QT_TRANSLATE_NOOP("scene", "β (large)")},
        ),
    ] = "posterior"  # fmt: skip


class NoPredictor(Spec, PredictorSpec, tag="none", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "none")
    HELP = QT_TRANSLATE_NOOP("scene", "Only the corrector moves the particles.")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, table 1, corrector only.")
