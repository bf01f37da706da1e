"""Langevin dynamics at one noise level, and annealed over many."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.family import CONVENTION, RUN, SamplerSpec, langevin_rule
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Langevin(Spec, SamplerSpec, tag="langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "x ← x + ε s + √(2ε) z at one noise level, for ever.")
    AXIS = "iterations"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Each point climbs the score of one fixed noise level and is shaken. Far modes are found, but with the wrong shares."
    )
    steps: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "iterations"), QT_TRANSLATE_NOOP("scene", "Number of Langevin steps."),
            invalidates=RUN, ge=1, le=5000, scale="log",
        ),
    ] = 300  # fmt: skip
    step_size: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "step size ε"),
            QT_TRANSLATE_NOOP("scene", "Too small and nothing mixes; above twice the narrowest variance the points fly off."),
            invalidates=RUN, gt=0, le=1.0, scale="log",
        ),
    ] = 0.002  # fmt: skip
    sigma: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "noise level σ"),
            QT_TRANSLATE_NOOP("scene", "The level whose score is climbed; held within the range that the network is trained on."),
            invalidates=RUN, ge=0.001, le=50.0, scale="log",
        ),
    ] = 0.1  # fmt: skip
    noise: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "noise"),
            QT_TRANSLATE_NOOP("scene", "Without it every point climbs to a mode and stays there."),
            invalidates=RUN,
        ),
    ] = True  # fmt: skip
    convention: Annotated[Literal["code", "paper"], CONVENTION] = "code"

    def seeing(self) -> str:
        """Without noise there is no shaking, and no law to find."""
        if self.noise:
            return self.SEEING
        return QT_TRANSLATE_NOOP("scene", "Each point climbs the score of one fixed noise level and is not shaken: it ends on a mode.")

    def formula(self) -> str:
        """With or without its noise, as code or papers write it."""
        step = r"\varepsilon" if self.convention == "code" else r"\alpha"
        return langevin_rule(step, r"\nabla_x \log p_\sigma(x)", self.convention, self.noise)


class AnnealedLangevin(Spec, SamplerSpec, tag="annealed_langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "annealed Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin at a ladder of falling noise levels, step ε σ²/σ_L² (Song & Ermon 2019, algorithm 1).")
    AXIS = "levels"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Langevin steps at one noise level after another, large to small: the large levels carry points between modes."
    )
    levels: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "levels"),
            QT_TRANSLATE_NOOP("scene", "Number of noise levels, geometric from σ max to σ min. Neighbours must overlap."),
            invalidates=RUN, ge=1, le=500, scale="log",
        ),
    ] = 12  # fmt: skip
    steps_per_level: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "steps a level"), QT_TRANSLATE_NOOP("scene", "Langevin steps at each noise level."),
            invalidates=RUN, ge=1, le=1000, scale="log",
        ),
    ] = 20  # fmt: skip
    epsilon: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "ε"),
            QT_TRANSLATE_NOOP("scene", "Step size at the smallest level; 2e-5 in NCSN with σ_L = 0.01."),
            invalidates=RUN, gt=0, le=0.1, scale="log",
        ),
    ] = 2e-5  # fmt: skip
    convention: Annotated[Literal["code", "paper"], CONVENTION] = "code"

    def formula(self) -> str:
        """Its steps shrink with the level."""
        rule = langevin_rule(r"\alpha_i", r"\nabla_x \log p_{\sigma_i}(x)", self.convention)
        return rule + r", \quad \alpha_i = \varepsilon\, \sigma_i^2 / \sigma_L^2"
