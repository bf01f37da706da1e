"""Predictors and correctors: each predictor over each noise process, each corrector against the recursion of its own variance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from scoreviz.maths.sampling import build_sampler, sample
from scoreviz.maths.sde import SDE, VESDE
from scoreviz.maths.selftest import gaussian, samplers
from scoreviz.maths.selftest.check import Check, Outcome
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.choice import tag_of
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import (
    AnnealedLangevinCorrector,
    CorrectorSpec,
    Langevin,
    LangevinCorrector,
    NoCorrector,
    NoPredictor,
    PredictorCorrector,
    PredictorSpec,
    ReverseSDE,
)

DIM, BATCH, CORRECTIONS = 64, 1024, 20
VARIANCES: dict[type[Any], Callable[[Any, float, float], float]] = {
    LangevinCorrector: lambda spec, v, now: 2 * spec.snr**2 * v**2 / now,  # 2 (r |z|/|s|)^2 with |z|^2 = D, |s|^2 = D var/v^2
    AnnealedLangevinCorrector: lambda spec, v, now: 2 * spec.snr**2 * gaussian.SIGMA_MAX**2,
}
"""Step size e of a corrector on N(0, v) where the present variance is `now`: from it var <- (1 - e/v)^2 var + 2 e."""


def checks() -> Iterator[Check]:
    """One for each predictor and noise process that it can serve, and one for each corrector."""
    for kind in PredictorSpec.members():
        if kind is NoPredictor:
            yield Check("predictor", tag_of(kind), "corrections alone are Langevin steps: largest difference", _no_predictor)
            continue
        for noise, sde in gaussian.processes().items():
            spec = ReverseSDE(steps=samplers.STEPS, predictor=kind())
            try:
                build_sampler(spec, sde, gaussian.target().score_fn(sde))
            except SceneError:
                continue
            says = f"{noise}, {samplers.STEPS} steps from p(1) to the data: standard deviation"
            yield Check("predictor", tag_of(kind), says, partial(samplers.spread_after, spec, sde))
    yield Check("corrector", tag_of(NoCorrector), "predictions alone are the reverse SDE: largest difference", _no_corrector)
    for kind in CorrectorSpec.members():
        if kind in VARIANCES:
            says = f"variance after {CORRECTIONS} corrections of N(0, 2 v) in {DIM} dimensions, over v"
            yield Check("corrector", tag_of(kind), says, partial(_corrected, kind()))


def _same_runs(one: Any, other: Any) -> Outcome:
    """Largest difference of two runs from the same points with the same noise."""
    sde = VESDE(0.01, gaussian.SIGMA_MAX)
    score, x = gaussian.target().score_fn(sde), gaussian.points(sde, 1.0, n=256)
    a, b = (sample(build_sampler(spec, sde, score), x, 1) for spec in (one, other))
    return Outcome(float((a - b).abs().max()), 0.0, 1e-5)


def _no_predictor() -> Outcome:
    """Corrections of size 2 (r sigma)^2 at one level are Langevin steps of that size."""
    corrections = PredictorCorrector(
        steps=1, corrector_steps=10, predictor=NoPredictor(), corrector=AnnealedLangevinCorrector(snr=0.05), denoise="none"
    )
    return _same_runs(corrections, Langevin(steps=10, sigma=gaussian.SIGMA_MAX, step_size=2 * (0.05 * gaussian.SIGMA_MAX) ** 2))


def _no_corrector() -> Outcome:
    return _same_runs(PredictorCorrector(steps=20, corrector=NoCorrector()), ReverseSDE(steps=20))


def _corrected(spec: Any) -> Outcome:
    """All at t = 1 of VE, where the law is N(0, v) with v = std^2 + sigma_max^2; the points start with twice that variance."""
    sde: SDE = VESDE(0.01, gaussian.SIGMA_MAX)
    target = GaussianMixture(torch.ones(1), torch.zeros(1, DIM), torch.tensor([gaussian.STD]))
    v = gaussian.law_std(sde, 1.0) ** 2
    z = torch.randn(BATCH, DIM, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    start = z * math.sqrt(2 * v / float(z.square().mean()))
    pc = PredictorCorrector(steps=1, corrector_steps=CORRECTIONS, predictor=NoPredictor(), corrector=spec, denoise="none")
    x = sample(build_sampler(pc, sde, target.score_fn(sde)), start.float(), 1).double()
    now = 2 * v
    for _ in range(CORRECTIONS):
        e = VARIANCES[type(spec)](spec, v, now)
        now = (1 - e / v) ** 2 * now + 2 * e
    return Outcome(float(x.square().mean()) / v, now / v, 5 * math.sqrt(2 / x.numel()) * now / v)
