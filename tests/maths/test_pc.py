"""Predictors, correctors and their alternation, for every noise, on a Gaussian where each discretisation has exact moments.

The rules are written out once more here, on the tables of `reference`; `Orthogonal` noise leaves no Monte Carlo error.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import Stage, State, build_sampler, denoiser_from_score, make_sampler, rng_from_seed, sample, trajectory
from scoreviz.maths.correctors import build_corrector
from scoreviz.maths.pc import PredictorCorrectorSampler
from scoreviz.maths.sde import VESDE, Levels, SubVPSDE
from scoreviz.scene.choice import tag_of
from scoreviz.scene.grids import KarrasGrid, LogSNRGrid, QuadraticGrid, UniformGrid
from scoreviz.scene.samplers import (
    Ancestral,
    AnnealedLangevinCorrector,
    EulerMaruyama,
    Forward,
    LangevinCorrector,
    NoCorrector,
    NoPredictor,
    PredictorCorrector,
    ReverseDiffusion,
    ReverseSDE,
)
from tests.maths.orthogonal import Orthogonal, moments, moments_of_run
from tests.maths.sde.reference import REFERENCES, Reference, Table, exact

M0, V0 = 0.7, 0.49
PREDICTORS = [ReverseDiffusion(), EulerMaruyama(), Ancestral(), Ancestral(variance="forward")]
CORRECTORS = [LangevinCorrector(), LangevinCorrector(norms="sample"), LangevinCorrector(norms="dimension"), AnnealedLangevinCorrector()]
ENDINGS = ["mean", "tweedie", "none"]
EVERY = pytest.mark.parametrize("r", REFERENCES.values(), ids=REFERENCES)


def fits(r: Reference, predictor: Any) -> bool:
    return not (isinstance(predictor, Ancestral) and isinstance(r.sde, SubVPSDE))


def score_of(r: Reference):
    """Data N(M0, V0)."""

    def score(x: Tensor, t: float) -> Tensor:
        return (r.a(t) * M0 - x) / (r.a(t) ** 2 * V0 + r.std(t) ** 2)

    return score


def rule(r: Reference, table: Table, predictor: Any, k: int) -> tuple[float, float, float]:
    """x_mean = keep x + pull s, x = x_mean + shake z."""
    (scale, noise), t, dt = table.kernels[k], table.times[k], table.steps[k]
    match predictor:
        case ReverseDiffusion():
            return 1 - (scale - 1), noise**2, noise
        case EulerMaruyama():
            return 1 - r.c(t) * dt, r.g2(t) * dt, math.sqrt(r.g2(t) * dt)
        case Ancestral(variance="posterior"):
            below = table.stds[k - 1] if k else 0.0
            return 1 / scale, noise**2 / scale, noise * below / table.stds[k]
        case _:
            return 1 / scale, noise**2 / scale, noise


def recursion(r: Reference, table: Table, predictor: Any, snr: float, m: int, first: str, ending: str, mean: float, std: float):
    """Mean and standard deviation at the end, by the moments of one affine step after another."""
    variance, kept = std**2, (mean, std**2)

    def move(k: int, keep: float, pull: float, shake: float) -> None:
        nonlocal mean, variance, kept
        t = table.times[k]
        a, spread = r.a(t), r.a(t) ** 2 * V0 + r.std(t) ** 2
        kept = keep * mean + pull * (a * M0 - mean) / spread, (keep - pull / spread) ** 2 * variance
        mean, variance = kept[0], kept[1] + shake**2

    def correct(k: int) -> None:
        e = 2 * table.alphas[k] * (snr * r.std(table.times[k])) ** 2
        for _ in range(m if k >= 0 else 0):
            move(k, 1.0, e, math.sqrt(2 * e))

    for k in reversed(range(len(table.times))):
        if first == "corrector_first":
            correct(k)
        if predictor is not None and not (k == 0 and ending == "tweedie"):
            move(k, *rule(r, table, predictor, k))
        if first == "predictor_first":
            correct(k - 1)
    if ending == "tweedie":
        t = table.times[0]
        move(0, 1 / r.a(t), r.std(t) ** 2 / r.a(t), 0.0)
    if ending != "none":
        mean, variance = kept
    return mean, math.sqrt(variance)


@EVERY
@pytest.mark.parametrize("predictor", PREDICTORS, ids=repr)
@pytest.mark.parametrize("n", [100, 5])
@pytest.mark.parametrize("ending", ENDINGS)
def test_predictors_have_the_moments_of_their_own_discretisation(r: Reference, predictor: Any, n: int, ending: str):
    if not fits(r, predictor):
        return
    sampler = build_sampler(ReverseSDE(steps=n, predictor=predictor, denoise=ending), r.sde, score_of(r))
    expected = recursion(r, r.table(n), predictor, 0.0, 0, "corrector_first", ending, 0.3, 1.1)
    assert moments_of_run(sampler, 0.3, 1.1) == pytest.approx(expected, rel=1e-6)


@EVERY
@pytest.mark.parametrize("predictor", PREDICTORS, ids=repr)
def test_and_with_random_noise(r: Reference, predictor: Any):
    """100 steps from the prior, within five standard errors of mean and standard deviation."""
    if not fits(r, predictor):
        return
    n, points, std = 100, 20_000, r.sde.prior_std()
    x = r.sde.prior_sampling((points, 1), torch.Generator().manual_seed(0), torch.float64)
    found = moments(sample(build_sampler(ReverseSDE(steps=n, predictor=predictor), r.sde, score_of(r)), x, 1))
    mean, spread = recursion(r, r.table(n), predictor, 0.0, 0, "corrector_first", "mean", 0.0, std)
    assert found[0] == pytest.approx(mean, abs=5 * spread / math.sqrt(points))
    assert found[1] == pytest.approx(spread, rel=5 * math.sqrt(0.5 / points))


@EVERY
@pytest.mark.parametrize("grid", [KarrasGrid(), LogSNRGrid(), QuadraticGrid()], ids=repr)
@pytest.mark.parametrize("predictor", PREDICTORS, ids=repr)
def test_other_grids_have_exact_transitions(r: Reference, grid: Any, predictor: Any):
    if not fits(r, predictor):
        return
    sampler = build_sampler(ReverseSDE(steps=40, predictor=predictor, grid=grid), r.sde, score_of(r))
    table = exact(r, sorted({substep.t for substep in sampler.plan if substep.stage is Stage.PREDICT}))
    expected = recursion(r, table, predictor, 0.0, 0, "corrector_first", "mean", 0.3, 1.1)
    assert moments_of_run(sampler, 0.3, 1.1) == pytest.approx(expected, rel=1e-5)


@EVERY
@pytest.mark.parametrize("order", ["corrector_first", "predictor_first"])
@pytest.mark.parametrize("predictor", [*PREDICTORS[:3], NoPredictor()], ids=repr)
@pytest.mark.parametrize("ending", ENDINGS)
def test_predictor_and_corrector_in_both_orders(r: Reference, order: str, predictor: Any, ending: str):
    """With the ald corrector all is affine; without a predictor the law is the corrector's alone."""
    if not fits(r, predictor):
        return
    corrector = AnnealedLangevinCorrector(snr=0.3)
    spec = PredictorCorrector(steps=30, predictor=predictor, corrector=corrector, corrector_steps=2, order=order, denoise=ending)
    rule_of = None if isinstance(predictor, NoPredictor) else predictor
    expected = recursion(r, r.table(30), rule_of, 0.3, 2, order, ending, 0.3, 1.1)
    assert moments_of_run(build_sampler(spec, r.sde, score_of(r)), 0.3, 1.1) == pytest.approx(expected, rel=1e-6)


@EVERY
def test_the_forward_sde_has_the_marginals_of_every_t(r: Reference):
    """From p_0: the data with the noise that there is at t = 0, sigma_min for VE."""
    sampler = build_sampler(Forward(steps=50), r.sde, score_of(r))
    noise = Orthogonal(50)
    sampler.draw = noise.draw
    x = noise.start(r.a(0.0) * M0, math.sqrt(r.a(0.0) ** 2 * V0 + r.std(0.0) ** 2))
    for substep, state, info in trajectory(sampler, sampler.init(x, rng_from_seed(0))):
        mean, std = r.sde.marginal_prob(torch.tensor([[M0]], dtype=torch.float64), substep.s)
        assert moments(state.x) == pytest.approx((float(mean), math.sqrt(r.a(substep.s) ** 2 * V0 + float(std) ** 2)), rel=1e-8)
        assert info.nfe == 0


@EVERY
def test_tweedie_at_the_end(r: Reference):
    """It takes the place of the step from the lowest level, for one evaluation, and is E[x_0 | x]."""
    times: list[float] = []

    def score(x: Tensor, t: float) -> Tensor:
        times.append(t)
        return score_of(r)(x, t)

    for m, order in itertools.product((0, 2), ("corrector_first", "predictor_first")):
        spec = PredictorCorrector(steps=6, corrector_steps=m, order=order, denoise="tweedie")
        sampler = build_sampler(spec, r.sde, score)
        state = sampler.init(torch.randn(9, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64), rng_from_seed(0))
        times.clear()
        steps = list(trajectory(sampler, state))
        (_, before, _), (substep, last, info) = steps[-2:]
        corrected = m * (6 if order == "corrector_first" else 5)
        assert sum(info.nfe for _, _, info in steps) == len(times) == 6 + corrected
        assert substep.stage is Stage.DENOISE and info.nfe == 1
        assert (substep.t, substep.s) == (times[-1], 0.0) == (r.table(6).times[0], 0.0)
        expected = denoiser_from_score(before.x, score_of(r)(before.x, substep.t), r.sde, substep.t)
        assert torch.allclose(last.x, expected) and torch.equal(last.x, info.x0) and torch.equal(last.x, last.x_mean)
        assert torch.allclose(before.x + info.drift, last.x) and info.noise is None
        assert torch.equal(before.rng, last.rng)


def test_which_means_are_tweedie():
    """At the lowest level for VE, reverse diffusion and ancestral go all the way, Euler-Maruyama 1.7% of it at 1000 steps; for VP none."""
    ve, vp = VESDE(0.01, 50.0), REFERENCES["vp"]
    for name, share in (("reverse_diffusion", 1.0), ("ancestral", 1.0), ("euler_maruyama", 2 * math.log(5000) / 1000)):
        sampler = make_sampler("reverse_sde", ve, lambda x, t: -x, n_steps=1000, predictor=name)
        assert sampler.rules[0].pull / ve.std(0.0) ** 2 == pytest.approx(share, rel=1e-3)  # type: ignore[attr-defined]
    assert 2 * math.log(5000) / 1000 == pytest.approx(0.017, abs=5e-5)
    for name in ("reverse_diffusion", "ancestral", "euler_maruyama"):
        mean, tweedie = (
            sample(make_sampler("reverse_sde", vp.sde, score_of(vp), n_steps=50, predictor=name, denoise=ending), torch.ones(1, 1), 0)
            for ending in ("mean", "tweedie")
        )
        assert not torch.allclose(mean, tweedie, atol=1e-4)


def at_one_level(r: Reference, t: float, corrector: Any, steps: int) -> PredictorCorrectorSampler:
    """The corrector alone."""
    levels = Levels.at(r.sde, [t])
    return PredictorCorrectorSampler(levels, score_of(r), None, build_corrector(corrector), steps, denoise="none")


@EVERY
def test_ald_has_its_own_stationary_law(r: Reference):
    """V/(1 - e/2V), e = 2 alpha (r std)^2, and so a bias of order r^2. A step maps a variance to A var + B: two starts tell."""
    t, biases = 0.4, []
    spread = r.a(t) ** 2 * V0 + r.std(t) ** 2
    alpha = r.a(t) ** 2  # one level, the data below it
    for snr in (0.4, 0.1, 0.05):
        sampler = at_one_level(r, t, AnnealedLangevinCorrector(snr=snr), 1)
        low, high = (moments_of_run(sampler, r.a(t) * M0, std)[1] ** 2 for std in (1.0, 2.0))
        slope = (high - low) / 3.0
        fixed = (low - slope) / (1 - slope)
        e = 2 * alpha * (snr * r.std(t)) ** 2
        assert fixed == pytest.approx(spread / (1 - e / (2 * spread)), rel=1e-9)
        biases.append(fixed / spread - 1)
    assert math.log2(biases[1] / biases[2]) == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("norms", ["batch", "sample", "dimension"])
def test_langevin_has_its_own_stationary_law(norms: str):
    """V (1 + r^2) for many dimensions, whatever the norms: r^2 is its bias. Started from the law itself, at t = 1 of VE."""
    r, biases, v = REFERENCES["ve"], {}, V0 + 16.0
    x = M0 + math.sqrt(v) * torch.randn(500, 400, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    error = 5 * math.sqrt(2 / x.numel()) + 2 / 400  # of order 1/d beside V (1 + r^2)
    for snr, steps in ((0.3, 14), (0.6, 6)):
        y = sample(at_one_level(r, 1.0, LangevinCorrector(snr=snr, norms=norms), steps), x, 1)
        biases[snr] = float((y - M0).square().mean()) / v - 1
        assert biases[snr] == pytest.approx(snr**2, abs=(1 + snr**2) * error)
    assert math.log2(biases[0.6] / biases[0.3]) == pytest.approx(2.0, abs=2 * error / 0.09)


@pytest.mark.parametrize("corrector", CORRECTORS, ids=repr)
def test_which_correctors_couple_the_samples(corrector: Any):
    """Moving one picture moves the others only where the norms are means over the batch."""
    r = REFERENCES["vp"]
    x = torch.randn(4, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[0] += 3.0
    spec = PredictorCorrector(steps=4, corrector=corrector, corrector_steps=2)
    one, two = (sample(build_sampler(spec, r.sde, score_of(r)), start, 0) for start in (x, other))
    coupled = isinstance(corrector, LangevinCorrector) and corrector.norms == "batch"
    assert torch.equal(one[1:], two[1:]) != coupled
    assert not torch.equal(one[0], two[0])


def test_step_sizes_of_each_norm():
    """2 (r |z|/|s|)^2 of the batch's means, of each sample, and with sqrt(d) for |z|."""
    g = torch.Generator().manual_seed(0)
    z, score = torch.randn(5, 3, 2, generator=g), torch.randn(5, 3, 2, generator=g)
    levels = VESDE().discretise(1)
    nz, ns = z.flatten(1).norm(dim=1), score.flatten(1).norm(dim=1)
    expected = {"batch": nz.mean() / ns.mean(), "sample": nz / ns, "dimension": math.sqrt(6) / ns}
    for norms, ratio in expected.items():
        found = build_corrector(LangevinCorrector(norms=norms))(levels, 0, score, z)
        assert found.shape == (() if norms == "batch" else (5,))
        assert torch.allclose(found, 2 * (0.16 * ratio) ** 2)
        flat = build_corrector(LangevinCorrector(norms=norms))(levels, 0, score * 0, z)
        assert bool(flat.isfinite().all()), "a flat score"


COMBINATIONS = [
    (predictor, corrector, *rest)
    for (predictor, corrector), rest in zip(
        ((p, c) for p in (*PREDICTORS, NoPredictor()) for c in (*CORRECTORS, NoCorrector())),
        itertools.cycle(itertools.product(("corrector_first", "predictor_first"), ENDINGS, (UniformGrid(), KarrasGrid()))),
        strict=False,
    )
    if not (isinstance(predictor, NoPredictor) and isinstance(corrector, NoCorrector))
]  # fmt: skip


@EVERY
@pytest.mark.parametrize(
    ("predictor", "corrector", "order", "ending", "grid"), COMBINATIONS,
    ids=lambda v: v if isinstance(v, str) else f"{tag_of(v)} {getattr(v, 'variance', '')}{getattr(v, 'norms', '')}",
)  # fmt: skip
def test_pure_truthful_and_resumed_bitwise(r: Reference, predictor: Any, corrector: Any, order: str, ending: str, grid: Any):
    """For every pair: replay, resuming and forking; what Info says; and no state is written into later."""
    if not fits(r, predictor):
        return
    calls: list[float] = []

    def score(x: Tensor, t: float) -> Tensor:
        calls.append(t)
        return score_of(r)(x, t)

    spec = PredictorCorrector(steps=3, predictor=predictor, corrector=corrector, order=order, denoise=ending, grid=grid)
    sampler = build_sampler(spec, r.sde, score)
    x = torch.randn(6, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    states, kept = [sampler.init(x, rng_from_seed(3))], [x.clone()]
    calls.clear()
    for substep, new, info in trajectory(sampler, states[0]):
        old = states[-1]
        moved = info.drift if info.noise is None else info.drift + info.noise
        assert torch.allclose(new.x, old.x + moved, atol=1e-4 * float(new.x.abs().max() + old.x.abs().max()))
        assert info.nfe == len(calls) and all(t == substep.t for t in calls)
        if info.score is not None:
            assert torch.equal(info.score, score_of(r)(old.x, substep.t))
            assert torch.allclose(info.x0, denoiser_from_score(old.x, info.score, r.sde, substep.t), rtol=1e-4, atol=1e-4)
        assert (info.step_size is not None) == (substep.stage is Stage.CORRECT)
        assert new.x.shape == x.shape and new.x.dtype == x.dtype and bool(new.x.isfinite().all())
        states.append(new)
        kept.append(new.x.clone())
        calls.clear()
    for state, copy in zip(states, kept, strict=True):
        assert torch.equal(state.x, copy), "a later step wrote into an earlier state"
    middle = states[len(states) // 2]
    again = build_sampler(spec, r.sde, score_of(r))
    resumed = list(trajectory(again, State(middle.x.clone(), middle.x_mean.clone(), middle.cursor, middle.rng.clone(), middle.memory)))
    assert torch.equal(resumed[-1][1].x, states[-1].x) and torch.equal(resumed[-1][1].rng, states[-1].rng)
    early = states[0]
    forks = [list(trajectory(again, State(early.x, early.x_mean, early.cursor, rng_from_seed(9))))[-1][1].x for _ in range(2)]
    assert torch.equal(*forks) and not torch.equal(forks[0], states[-1].x)
