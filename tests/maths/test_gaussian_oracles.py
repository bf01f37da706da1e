"""Every sampler on a Gaussian, where its own discretisation has exact moments."""

import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import VESDE, State, make_sampler, rng_from_seed, sample, trajectory
from scoreviz.maths.correctors import build_corrector
from scoreviz.maths.pc import PredictorCorrectorSampler
from scoreviz.scene.samplers import AnnealedLangevinCorrector, LangevinCorrector
from tests.maths.orthogonal import moments_of_run

SDE = VESDE(0.02, 4.0)
V0 = 0.49
N = 200_000
WITHIN = 5 * math.sqrt(2 / N)  # five standard errors of a variance


def score(x: Tensor, t: float) -> Tensor:
    """Data N(0, V0)."""
    return -x / (V0 + SDE.std(t) ** 2)


def normal(variance: float, n: int = N) -> Tensor:
    return torch.randn(n, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * math.sqrt(variance)


def levels(n: int) -> list[float]:
    """sigma_{-1} = 0, then the reference's geometric levels, written out here once more."""
    return [0.0, *(0.02 * 200 ** (k / (n - 1)) for k in range(n))]


def test_reverse_diffusion_ends_on_tweedie():
    sampler = make_sampler("reverse_sde", SDE, score, n_steps=8)
    *_, (_, before, _), (_, predicted, info), (_, last, _) = trajectory(sampler, sampler.init(normal(16.0, 50), rng_from_seed(0)))
    assert torch.allclose(last.x, before.x + SDE.sigma_min**2 * score(before.x, 0.0))
    assert torch.allclose(last.x, info.x0)
    assert not torch.allclose(predicted.x, last.x)


def at_one_level(spec, steps: int) -> PredictorCorrectorSampler:
    return PredictorCorrectorSampler(SDE.discretise(1), score, None, build_corrector(spec), steps, denoise="none")


def test_langevin_corrector_has_its_own_stationary_law():
    """With e = 2 (r |z|/|s|)^2 the variance settles where W = V (1 + r^2): not at V. In one dimension, with the norms of a large batch."""
    snr, v = 0.3, V0 + SDE.std(1.0) ** 2
    measured = float(sample(at_one_level(LangevinCorrector(snr=snr), 20), normal(v), 1).var())
    assert measured == pytest.approx(v * (1 + snr**2), rel=1.5 * WITHIN)
    assert measured > v * (1 + 0.5 * snr**2)


def test_a_flat_score_does_not_blow_the_corrector_up():
    sampler = PredictorCorrectorSampler(SDE.discretise(1), lambda x, t: x * 0, None, build_corrector(LangevinCorrector()), 1)
    state, _ = sampler.step(sampler.init(normal(1.0, 10), rng_from_seed(0)), sampler.plan[0])
    assert bool(state.x.isfinite().all())


def test_langevin_without_noise_is_a_contraction():
    sampler = make_sampler("langevin", SDE, score, n_steps=5, step_size=0.1, sigma=1.0, noise=False)
    x = normal(1.0, 10)
    assert torch.allclose(sample(sampler, x, 0), x * (1 - 0.1 / (V0 + 1.0)) ** 5)


def test_langevin_sigma_is_held_within_the_range():
    for sigma, held in ((0.001, 0.02), (50.0, 4.0)):
        assert SDE.std(make_sampler("langevin", SDE, score, n_steps=1, sigma=sigma).plan[0].t) == pytest.approx(held)


@pytest.mark.parametrize("convention", ["code", "paper"])
def test_annealed_langevin_steps(convention: str):
    """alpha_i = eps sigma_i^2/sigma_L^2 at each level, halved by the paper's convention."""
    sampler = make_sampler("annealed_langevin", SDE, score, n_steps=5, n_corrector_steps=2, epsilon=1e-4, convention=convention)
    infos = [(sub, info) for sub, _, info in trajectory(sampler, sampler.init(normal(16.0, 4), rng_from_seed(0)))]
    assert len(infos) == 10
    for i, (substep, info) in enumerate(infos):
        sigma = 0.02 * 200 ** (1 - (i // 2) / 4)
        assert SDE.std(substep.t) == pytest.approx(sigma)
        assert float(info.step_size) == pytest.approx(1e-4 * sigma**2 / 0.02**2 / (1 if convention == "code" else 2))


def test_annealed_langevin_moments():
    sampler = make_sampler("annealed_langevin", SDE, score, n_steps=6, n_corrector_steps=10, epsilon=4e-5)
    variance = 16.0
    for sigma in reversed(levels(6)[1:]):
        e, v = 4e-5 * sigma**2 / 0.02**2, V0 + sigma**2
        for _ in range(10):
            variance = (1 - e / v) ** 2 * variance + 2 * e
    assert moments_of_run(sampler, 0.0, 4.0)[1] ** 2 == pytest.approx(variance, rel=1e-9)


def test_forward_sde_has_the_marginals_of_every_t():
    """Started from p at sigma_min, not from the data."""
    sampler = make_sampler("forward", SDE, score, n_steps=6)
    x = normal(V0 + SDE.sigma_min**2)
    for substep, state, info in trajectory(sampler, sampler.init(x, rng_from_seed(1))):
        assert float(state.x.var()) == pytest.approx(V0 + SDE.std(substep.s) ** 2, rel=WITHIN)
        assert info.nfe == 0


def test_probability_flow_against_its_closed_form():
    """x_0 = x_T S_0/S_T, S = sqrt(V0 + sigma^2)."""
    x = normal(16.0, 20)
    y = sample(make_sampler("heun", SDE, score, n_steps=2000), x, 0)
    assert torch.allclose(y, x * math.sqrt((V0 + SDE.sigma_min**2) / (V0 + 16.0)), rtol=1e-5)


def test_dropping_the_noise_of_the_reverse_sde_contracts():
    """The common mistake: g^2 kept, noise dropped. The variance is not the data's, and the ODE's is."""
    sampler = make_sampler("reverse_sde", SDE, score, n_steps=200)
    x = normal(16.0, 5000)
    for substep in sampler.plan:
        state, _ = sampler.step(State(x, x, substep.index, rng_from_seed(0)), substep)
        x = state.x_mean
    assert float(x.std()) < 0.25 * math.sqrt(V0)
    assert float(sample(make_sampler("heun", SDE, score, n_steps=60), normal(16.0, 5000), 0).var()) == pytest.approx(V0, rel=0.1)


def test_ald_takes_the_noise_at_the_time_of_the_score():
    """2 (r std(t))^2 with t of linspace(1, eps, N), as published: at the lowest level std(eps), not std(0)."""
    z = torch.ones(2, 1, dtype=torch.float64)
    step = build_corrector(AnnealedLangevinCorrector(snr=0.3))
    for k, t in enumerate((1e-5, 0.500005, 1.0)):
        assert float(step(SDE.discretise(3), k, z, z)) == pytest.approx(2 * (0.3 * 0.02 * 200**t) ** 2, rel=1e-9)
