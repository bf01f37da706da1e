"""Predictors: one step of the reverse SDE dx = [f - g^2 s] dt + g dw, from level k to level k-1 of n.

The SDEs are linear, so every rule here is x_mean = keep x + pull s, x = x_mean + shake z with three numbers a step.
Source: Song et al. 2021, appendices E and F (reverse diffusion, ancestral) and algorithm 2; level -1 is no noise at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import SDE
from scoreviz.scene.samplers import Ancestral, EulerMaruyama, NoPredictor, PredictorSpec, ReverseDiffusion


class Affine(NamedTuple):
    """x_mean = keep x + pull s, x = x_mean + shake z. `pull` is a variance, `shake` a standard deviation, in data units."""

    keep: float
    pull: float
    shake: float


Predictor = Callable[[SDE, int, int], Affine]
"""predictor(sde, k, n): the step from level k (n-1 the noisiest) to level k-1."""


@implements(ReverseDiffusion)
def _reverse_diffusion(_: ReverseDiffusion) -> Predictor:
    def step(sde: SDE, k: int, n: int) -> Affine:
        """The forward step scale x + G z reversed: x - (scale - 1) x + G^2 s, noise G."""
        scale, noise = sde.forward_kernel(k, n)
        return Affine(2 - scale, noise**2, noise)

    return step


@implements(EulerMaruyama)
def _euler_maruyama(_: EulerMaruyama) -> Predictor:
    def step(sde: SDE, k: int, n: int) -> Affine:
        """x - [f - g^2 s] dt, noise g sqrt(dt), with the positive dt of `sde.euler_step` (1/n), at the time of the score."""
        t, dt = sde.timesteps(n)[k], sde.euler_step(k, n)
        g = sde.diffusion(t)
        return Affine(1 - sde.drift_coefficient(t) * dt, g**2 * dt, g * math.sqrt(dt))

    return step


@implements(Ancestral)
def _ancestral(spec: Ancestral) -> Predictor:
    def step(sde: SDE, k: int, n: int) -> Affine:
        """Mean (x + G^2 s)/scale. Noise: that of level k-1 given level k and the data, G std_{k-1}/std_k, or the forward step's G."""
        scale, noise = sde.forward_kernel(k, n)
        if spec.variance == "forward":
            return Affine(1 / scale, noise**2 / scale, noise)
        times = sde.times(n)
        below = sde.std(times[k - 1]) / sde.std(times[k]) if k else 0.0
        return Affine(1 / scale, noise**2 / scale, noise * below)

    return step


@implements(NoPredictor)
def _none(_: NoPredictor) -> Predictor:
    return lambda sde, k, n: Affine(1.0, 0.0, 0.0)


def build_predictor(spec: PredictorSpec) -> Predictor:
    """The rule behind a predictor spec."""
    predictor: Predictor = implementation(spec)(spec)
    return predictor
