"""DDPM's table as an SDE: its entries, its levels, its moments, and samplers on a Gaussian where all is known."""

import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import DiscreteVPSDE, build_predictor, build_sampler, make_sampler, sample
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import Ancestral, AnnealedLangevin, EulerMaruyama, ReverseDiffusion, ReverseSDE

BETAS = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
ABAR = torch.cumprod(1 - BETAS, 0)
SDE = DiscreteVPSDE(ABAR)
V0 = 0.25


def score(x: Tensor, t: float) -> Tensor:
    """Data N(0, V0)."""
    return -x / (SDE.mean_coefficient(t) ** 2 * V0 + SDE.std(t) ** 2)


def test_entries_are_exact():
    for i in (0, 1, 17, 500, 998, 999):
        t = i / 999
        assert SDE.mean_coefficient(t) == pytest.approx(math.sqrt(float(ABAR[i])), rel=1e-12)
        assert SDE.std(t) == pytest.approx(math.sqrt(1 - float(ABAR[i])), rel=1e-10)
    t = torch.arange(1000, dtype=torch.float64) / 999
    assert torch.allclose(SDE.mean_coefficient(t).square(), ABAR, rtol=1e-12)
    assert torch.allclose(SDE.mean_coefficient(t) ** 2 + SDE.std(t) ** 2, torch.ones(1000, dtype=torch.float64))


def test_between_entries_the_logarithm_is_linear():
    middle = SDE.mean_coefficient(100.5 / 999) ** 2
    assert middle == pytest.approx(math.sqrt(float(ABAR[100] * ABAR[101])), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_floats_and_tensors_agree(dtype: torch.dtype):
    t = torch.tensor([0.0, 0.1, 0.37, 1.0], dtype=dtype)
    for method in (SDE.mean_coefficient, SDE.std, SDE.drift_coefficient, SDE.diffusion, SDE.sigma, SDE.log_snr):
        found = method(t)
        assert found.dtype == dtype and found.shape == t.shape
        assert torch.allclose(found, torch.tensor([method(float(u)) for u in t], dtype=dtype), rtol=1e-4)


def test_drift_and_diffusion_carry_the_marginals():
    """a' = c a and (std^2)' = 2 c std^2 + g^2, by differences within an interval of the table."""
    for t in (0.0501, 0.5, 0.9303):
        h, c, g = 1e-7, SDE.drift_coefficient(t), SDE.diffusion(t)
        slope = (SDE.mean_coefficient(t + h) - SDE.mean_coefficient(t - h)) / (2 * h)
        assert slope == pytest.approx(c * SDE.mean_coefficient(t), rel=1e-5)
        growth = (SDE.std(t + h) ** 2 - SDE.std(t - h) ** 2) / (2 * h)
        assert growth == pytest.approx(2 * c * SDE.std(t) ** 2 + g**2, rel=1e-5)


def test_t_of_sigma():
    for t in (0.0, 0.00042, 0.3, 0.77, 1.0):
        assert SDE.t_of_sigma(SDE.sigma(t)) == pytest.approx(t, abs=1e-9)
    t = torch.linspace(0, 1, 50, dtype=torch.float64)
    assert torch.allclose(SDE.t_of_sigma(SDE.sigma(t)), t, atol=1e-9)
    with pytest.raises(ValueError, match="sigma=1000 lies outside"):
        SDE.t_of_sigma(1000)


def test_the_prior_is_standard():
    assert SDE.prior_std() == 1.0
    assert SDE.std(1.0) < 1.0
    assert SDE.t_min == 0.0


LEADING = {1: [0], 3: [0, 333, 666], 10: list(range(0, 1000, 100)), 600: list(range(600)), 1000: list(range(1000))}


@pytest.mark.parametrize("n", LEADING)
def test_leading(n: int):
    assert SDE.indices(n) == LEADING[n]
    assert SDE.times(n) == SDE.timesteps(n) == [i / 999 for i in LEADING[n]]


def test_forward_kernels_multiply_to_the_table():
    for n in (10, 1000):
        scale, variance = 1.0, 0.0
        for i, (s, noise) in zip(SDE.indices(n), SDE.discretise(n).kernels, strict=True):
            scale, variance = scale * s, variance * s**2 + noise**2
            assert scale == pytest.approx(math.sqrt(float(ABAR[i])), rel=1e-10)
            assert variance == pytest.approx(1 - float(ABAR[i]), rel=1e-9)
    assert SDE.discretise(1000).kernels[5][1] ** 2 == pytest.approx(float(BETAS[5]), rel=1e-9)


@pytest.mark.parametrize("k", [0, 1, 400, 999])
def test_ancestral_is_ddpm_s_step(k: int):
    """mu~ and beta~ of Ho et al. 2020, eqs. 7 and 11, from the table."""
    beta, abar = float(BETAS[k]), float(ABAR[k])
    below = float(ABAR[k - 1]) if k else 1.0
    levels = SDE.discretise(1000)
    keep, pull, shake = build_predictor(Ancestral())(levels, k)
    assert keep == pytest.approx(1 / math.sqrt(1 - beta))
    assert pull == pytest.approx(beta / math.sqrt(1 - beta))
    assert shake**2 == pytest.approx(beta * (1 - below) / (1 - abar), rel=1e-9, abs=1e-300)
    assert build_predictor(Ancestral(variance="forward"))(levels, k) == pytest.approx((keep, pull, math.sqrt(beta)))


@pytest.mark.parametrize("spec", [ReverseDiffusion(), Ancestral(), Ancestral(variance="forward"), EulerMaruyama()], ids=repr)
@pytest.mark.parametrize("steps", [1000, 600])
def test_predictors_find_the_data_s_variance(spec, steps: int):
    """V0 + 1 - abar_0 at a thousand steps, and also where the leading levels end at 599: dt is their own distance.

    There the run starts, as in diffusers, from N(0, 1) although std(599) is .98.
    """
    x = torch.randn(5000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = sample(build_sampler(ReverseSDE(steps=steps, predictor=spec), SDE, score), x, 1)
    assert float(y.var()) == pytest.approx(V0, rel=5 * math.sqrt(2 / 5000))


def test_heun_against_its_closed_form():
    x = torch.randn(20, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = sample(make_sampler("heun", SDE, score, n_steps=1000), x, 0)

    def spread(t: float) -> float:
        return math.sqrt(SDE.mean_coefficient(t) ** 2 * V0 + SDE.std(t) ** 2)

    assert torch.allclose(y, x * spread(0.0) / spread(1.0), rtol=2e-3)


def test_annealed_langevin_stays_finite():
    """Its steps grow with std, not with std/a, which is 157 at t = 1: x is in units where it is at most 1."""
    x = torch.randn(4000, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = sample(build_sampler(AnnealedLangevin(levels=20, steps_per_level=60, epsilon=2e-5), SDE, score), x, 0)
    assert float(y.var()) == pytest.approx(V0, rel=0.2)


def test_more_steps_than_levels():
    with pytest.raises(SceneError, match="trained with 1000 noise levels, so it cannot take 1001 steps: choose fewer"):
        build_sampler(ReverseSDE(steps=1001), SDE, score)
    with pytest.raises(SceneError, match=r"steps_offset 5 step 1004 lies beyond this model's 1000 noise levels"):
        DiscreteVPSDE(ABAR, steps_offset=5).times(1000)
    with pytest.raises(ValueError, match="at least 1 level"):
        SDE.times(0)


@pytest.mark.parametrize("table", [[0.5], [0.5, 0.6], [1.0, 0.5], [0.5, 0.0], [0.5, 0.5], [float("nan"), 0.5]], ids=str)
def test_bad_tables(table: list[float]):
    with pytest.raises(ValueError, match="fall strictly"):
        DiscreteVPSDE(torch.tensor(table))


def test_bad_spacing():
    with pytest.raises(ValueError, match="leading, trailing or linspace"):
        DiscreteVPSDE(ABAR, "karras")
