"""Correctors: Langevin steps at one noise level, which repair what the predictor's discretisation did.

x_mean = x + e s, x = x_mean + sqrt(2 e) z. They are not exact: their own stationary law on N(0, 1) has variance about
1/(1 - r^2), not 1. alpha = 1 for VE, 1 - beta_k for VP, a_k^2/a_{k-1}^2 for any other. Source: Song et al. 2021, algorithms 4 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import Levels
from scoreviz.scene.samplers import AnnealedLangevinCorrector, CorrectorSpec, LangevinCorrector, NoCorrector

Corrector = Callable[[Levels, int, Tensor, Tensor], Tensor]
"""corrector(levels, k, score, z): the step size e at level k in squared data units, a scalar tensor, or (B,) for one a sample."""


@implements(LangevinCorrector)
def _langevin(spec: LangevinCorrector) -> Corrector:
    def step_size(levels: Levels, k: int, score: Tensor, z: Tensor) -> Tensor:
        """2 alpha (r |z|/|s|)^2.

        |z| and |s| are "batch": means over the batch, as published, so that moving one sample moves the step of all, and a small batch
        makes it fluctuate; "sample": each sample's own; "dimension": each sample's own |s|, and sqrt(d) for |z|. The last two leave the
        samples independent, for pictures; with few dimensions |s| is often near 0 and the step boundless.
        """
        noise = score.new_tensor(math.sqrt(score[0].numel())) if spec.norms == "dimension" else _norms(z)
        slope = _norms(score)
        if spec.norms == "batch":
            noise, slope = noise.mean(), slope.mean()
        ratio = spec.snr * noise / slope.clamp(min=1e-12)  # a flat score asks for no finite step
        return 2 * levels.alphas[k] * ratio.square()

    return step_size


@implements(AnnealedLangevinCorrector)
def _ald(spec: AnnealedLangevinCorrector) -> Corrector:
    def step_size(levels: Levels, k: int, score: Tensor, z: Tensor) -> Tensor:
        """2 alpha (r std)^2, std at the time of the score as in the published code."""
        return score.new_tensor(2 * levels.alphas[k] * (spec.snr * levels.sde.std(levels.times[k])) ** 2)

    return step_size


@implements(NoCorrector)
def _none(_: NoCorrector) -> Corrector:
    return lambda levels, k, score, z: score.new_tensor(0.0)


def _norms(x: Tensor) -> Tensor:
    return x.flatten(1).square().sum(1).sqrt()


def build_corrector(spec: CorrectorSpec) -> Corrector:
    """The step-size rule behind a corrector spec."""
    corrector: Corrector = implementation(spec)(spec)
    return corrector
