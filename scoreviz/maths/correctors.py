"""Correctors: Langevin steps at one noise level, which repair what the predictor's discretisation did.

x_mean = x + e s, x = x_mean + sqrt(2 e) z. They are not exact: their own stationary law on N(0, 1) has variance about
1/(1 - r^2), not 1. Source: Song et al. 2021, algorithms 4 and 5, with alpha = 1 for VE and 1 - beta_k for VP.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from scoreviz.maths.registry import implementation, implements
from scoreviz.maths.sde import SDE
from scoreviz.scene.samplers import AnnealedLangevinCorrector, CorrectorSpec, LangevinCorrector, NoCorrector

Corrector = Callable[[SDE, int, int, Tensor, Tensor], Tensor]
"""corrector(sde, k, n, score, z): the step size e at level k of n, a scalar tensor in squared data units."""


@implements(LangevinCorrector)
def _langevin(spec: LangevinCorrector) -> Corrector:
    def step_size(sde: SDE, k: int, n: int, score: Tensor, z: Tensor) -> Tensor:
        """2 alpha (r |z|/|s|)^2, norms averaged over the batch: moving one sample moves the step of all."""
        alpha = sde.forward_kernel(k, n)[0] ** 2
        ratio = spec.snr * _mean_norm(z) / _mean_norm(score).clamp(min=1e-12)  # a flat score asks for no finite step
        return 2 * alpha * ratio.square()

    return step_size


@implements(AnnealedLangevinCorrector)
def _ald(spec: AnnealedLangevinCorrector) -> Corrector:
    def step_size(sde: SDE, k: int, n: int, score: Tensor, z: Tensor) -> Tensor:
        """2 alpha (r std)^2, std at the time of the score as in the published code."""
        alpha = sde.forward_kernel(k, n)[0] ** 2
        return score.new_tensor(2 * alpha * (spec.snr * sde.std(sde.timesteps(n)[k])) ** 2)

    return step_size


@implements(NoCorrector)
def _none(_: NoCorrector) -> Corrector:
    return lambda sde, k, n, score, z: score.new_tensor(0.0)


def _mean_norm(x: Tensor) -> Tensor:
    return x.flatten(1).square().sum(1).sqrt().mean()


def build_corrector(spec: CorrectorSpec) -> Corrector:
    """The step-size rule behind a corrector spec."""
    corrector: Corrector = implementation(spec)(spec)
    return corrector
