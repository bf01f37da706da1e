"""Every sampler on a Gaussian, where its own discretisation has exact moments."""

import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import VESDE, State, build_predictor, make_sampler, rng_from_seed, sample, trajectory
from scoreviz.maths.correctors import build_corrector
from scoreviz.maths.pc import PredictorCorrectorSampler
from scoreviz.scene.samplers import Ancestral, AnnealedLangevinCorrector, EulerMaruyama, LangevinCorrector, ReverseDiffusion

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


def reverse_diffusion(low: float, high: float, n: int) -> tuple[float, float]:
    return high**2 - low**2, high**2 - low**2


def ancestral(low: float, high: float, n: int) -> tuple[float, float]:
    return high**2 - low**2, low**2 * (high**2 - low**2) / high**2


def euler_maruyama(low: float, high: float, n: int) -> tuple[float, float]:
    g2 = high**2 * 2 * math.log(200) / n
    return g2, g2


@pytest.mark.parametrize(
    ("name", "rule"), [("reverse_diffusion", reverse_diffusion), ("ancestral", ancestral), ("euler_maruyama", euler_maruyama)]
)
@pytest.mark.parametrize("denoise", [True, False])
def test_predictors_obey_their_exact_recursion(name: str, rule, denoise: bool):
    n = 20
    sampler = make_sampler("reverse_sde", SDE, score, n_steps=n, predictor=name, denoise=denoise)
    sigma = levels(n)
    variance = 16.0
    for k in reversed(range(n)):
        pull, noise = rule(sigma[k], sigma[k + 1], n)
        mean_variance = (1 - pull / (V0 + sigma[k + 1] ** 2)) ** 2 * variance
        variance = mean_variance + noise
    measured = float(sample(sampler, normal(16.0), 1).var())
    assert measured == pytest.approx(mean_variance if denoise else variance, rel=WITHIN)


def test_reverse_diffusion_ends_on_tweedie():
    sampler = make_sampler("reverse_sde", SDE, score, n_steps=8)
    *_, (_, before, _), (_, predicted, info), (_, last, _) = trajectory(sampler, sampler.init(normal(16.0, 50), rng_from_seed(0)))
    assert torch.allclose(last.x, before.x + SDE.sigma_min**2 * score(before.x, 0.0))
    assert torch.allclose(last.x, info.x0)
    assert not torch.allclose(predicted.x, last.x)


@pytest.mark.parametrize("spec", [ReverseDiffusion(), Ancestral(), EulerMaruyama()])
def test_predictors_agree_in_the_limit(spec):
    n = 5000
    keep, pull, shake = build_predictor(spec)(SDE, 3000, n)
    dt, g = 1 / n, SDE.diffusion(3000 / (n - 1))
    assert keep == pytest.approx(1.0)
    assert pull == pytest.approx(g**2 * dt, rel=0.01)
    assert shake == pytest.approx(g * math.sqrt(dt), rel=0.01)


def at_one_level(spec, steps: int) -> PredictorCorrectorSampler:
    return PredictorCorrectorSampler(SDE, score, 1, None, build_corrector(spec), steps, denoise=False)


@pytest.mark.parametrize("snr", [0.16, 0.3])
def test_langevin_corrector_has_its_own_stationary_law(snr: float):
    """With e = 2 (r |z|/|s|)^2 the variance settles where W = V (1 + r^2): not at V."""
    v = V0 + SDE.std(1.0) ** 2
    measured = float(sample(at_one_level(LangevinCorrector(snr=snr), 80), normal(v), 1).var())
    assert measured == pytest.approx(v * (1 + snr**2), rel=1.5 * WITHIN)
    assert measured > v * (1 + 0.5 * snr**2)


def test_ald_corrector_has_its_own_stationary_law():
    v, e = V0 + 16.0, 2 * (0.3 * 4.0) ** 2
    measured = float(sample(at_one_level(AnnealedLangevinCorrector(snr=0.3), 80), normal(v), 1).var())
    assert measured == pytest.approx(v / (1 - e / (2 * v)), rel=1.5 * WITHIN)


def test_a_flat_score_does_not_blow_the_corrector_up():
    sampler = PredictorCorrectorSampler(SDE, lambda x, t: x * 0, 1, None, build_corrector(LangevinCorrector()), 1)
    state, _ = sampler.step(sampler.init(normal(1.0, 10), rng_from_seed(0)), sampler.plan[0])
    assert bool(state.x.isfinite().all())


@pytest.mark.parametrize("convention", ["code", "paper"])
def test_langevin_has_its_own_stationary_law(convention: str):
    e = 0.3
    sampler = make_sampler("langevin", SDE, score, n_steps=60, step_size=e if convention == "code" else 2 * e, sigma=0.02,
                           convention=convention)  # fmt: skip
    v = V0 + SDE.sigma_min**2
    measured = float(sample(sampler, normal(V0), 1).var())
    assert measured == pytest.approx(v / (1 - e / (2 * v)), rel=1.5 * WITHIN)
    assert measured > 1.2 * v


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
    assert float(sample(sampler, normal(16.0), 1).var()) == pytest.approx(variance, rel=WITHIN)


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
    assert float(sample(make_sampler("heun", SDE, score, n_steps=60), normal(16.0), 0).var()) == pytest.approx(V0, rel=0.05)


def test_ald_takes_the_noise_at_the_time_of_the_score():
    """2 (r std(t))^2 with t of linspace(1, eps, N), as published: at the lowest level std(eps), not std(0)."""
    z = torch.ones(2, 1, dtype=torch.float64)
    step = build_corrector(AnnealedLangevinCorrector(snr=0.3))
    for k, t in enumerate((1e-5, 0.500005, 1.0)):
        assert float(step(SDE, k, 3, z, z)) == pytest.approx(2 * (0.3 * 0.02 * 200**t) ** 2, rel=1e-9)
