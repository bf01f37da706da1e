"""Predictors: one step of the reverse SDE dx = [f - g^2 s] dt + g dw, from level k of `Levels` to level k-1.

The SDEs are linear, so every rule here is x_mean = keep x + pull s, x = x_mean + shake z with three numbers a step.
Level -1 is the data itself. Source: Song et al. 2021, appendices E and F (reverse diffusion, ancestral) and algorithms 2 to 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import Levels
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import Ancestral, EulerMaruyama, NoPredictor, PredictorSpec, ReverseDiffusion
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Affine(NamedTuple):
    """x_mean = keep x + pull s, x = x_mean + shake z. `pull` is a variance, `shake` a standard deviation, in data units."""

    keep: float
    pull: float
    shake: float


Predictor = Callable[[Levels, int], Affine]
"""predictor(levels, k): the step from level k to level k-1."""


@implements(ReverseDiffusion)
def _reverse_diffusion(_: ReverseDiffusion) -> Predictor:
    def step(levels: Levels, k: int) -> Affine:
        """The forward step scale x + G z reversed: x - (scale - 1) x + G^2 s, noise G."""
        scale, noise = levels.kernels[k]
        return Affine(2 - scale, noise**2, noise)

    return step


@implements(EulerMaruyama)
def _euler_maruyama(_: EulerMaruyama) -> Predictor:
    def step(levels: Levels, k: int) -> Affine:
        """x - [f - g^2 s] dt, noise g sqrt(dt), with the level's positive dt (1/n as published), at the time of the score."""
        sde, t, dt = levels.sde, levels.times[k], levels.euler_steps[k]
        g = sde.diffusion(t)
        return Affine(1 - sde.drift_coefficient(t) * dt, g**2 * dt, g * math.sqrt(dt))

    return step


@implements(Ancestral)
def _ancestral(spec: Ancestral) -> Predictor:
    def step(levels: Levels, k: int) -> Affine:
        """Mean (x + G^2 s)/scale. Noise: that of level k-1 given level k and the data, G std_{k-1}/std_k, or the forward step's G.

        SceneError for sub-VP, for which nobody has published one.
        """
        if not levels.sde.has_ancestral:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "Sub-VP has no ancestral step. Choose reverse diffusion, Euler–Maruyama, or another noise.")
            )
        scale, noise = levels.kernels[k]
        if spec.variance == "forward":
            return Affine(1 / scale, noise**2 / scale, noise)
        below = levels.stds[k - 1] / levels.stds[k] if k else 0.0
        return Affine(1 / scale, noise**2 / scale, noise * below)

    return step


@implements(NoPredictor)
def _none(_: NoPredictor) -> Predictor:
    return lambda levels, k: Affine(1.0, 0.0, 0.0)


def build_predictor(spec: PredictorSpec) -> Predictor:
    """The rule behind a predictor spec."""
    predictor: Predictor = implementation(spec)(spec)
    return predictor
