"""VESDE against its formulas, and the base class's promises."""

import math

import pytest
import torch

from scoreviz.maths import VESDE, build_sde
from scoreviz.maths.sde import expand_as
from scoreviz.scene.noise import VE

SDE = VESDE(0.01, 5.0)


def test_schedule():
    assert SDE.std(0.0) == pytest.approx(0.01)
    assert SDE.std(1.0) == pytest.approx(5.0)
    assert SDE.std(0.5) == pytest.approx(math.sqrt(0.05))
    assert SDE.t_of_sigma(SDE.std(0.3)) == pytest.approx(0.3)
    assert SDE.log_snr(0.5) == pytest.approx(-math.log(0.05))
    t = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    assert torch.allclose(SDE.std(t), torch.tensor([SDE.std(u) for u in t.tolist()], dtype=torch.float64))


def test_g_squared_is_the_growth_of_the_variance():
    t = torch.linspace(0, 1, 20001, dtype=torch.float64)
    grown = torch.trapezoid(SDE.diffusion(t) ** 2, t)
    assert float(grown) == pytest.approx(5.0**2 - 0.01**2, rel=1e-6)


def test_levels_are_the_reference_discretisation():
    expected = torch.linspace(math.log(0.01), math.log(5.0), 7, dtype=torch.float64).exp()
    levels = SDE.discretise(7)
    assert levels.stds == pytest.approx(expected.tolist(), rel=1e-12)
    assert sum(noise**2 for _, noise in levels.kernels) == pytest.approx(25.0)
    assert SDE.discretise(1).stds == pytest.approx([5.0])


def test_timesteps_are_the_published_ones():
    """linspace(T, eps, N) of score_sde, reversed; the levels k/(n-1) stay what they are."""
    assert SDE.eps == 1e-5
    expected = torch.linspace(1, 1e-5, 9, dtype=torch.float64).flip(0).tolist()
    assert SDE.timesteps(9) == pytest.approx(expected, rel=1e-12)
    assert SDE.timesteps(1) == SDE.times(1) == [1.0]
    assert SDE.times(3) == [0.0, 0.5, 1.0]
    assert VESDE(0.01, 5.0, eps=0.1).timesteps(4) == pytest.approx([0.1, 0.4, 0.7, 1.0])
    assert SDE.t_min == 0.0
    assert SDE.discretise(50).euler_steps == (0.02,) * 50
    for method in (SDE.times, SDE.timesteps):
        method(5).clear()  # a list of one's own
        assert len(method(5)) == 5
        with pytest.raises(ValueError, match="at least 1 level"):
            method(0)
    with pytest.raises(ValueError, match="0 <= eps < 1"):
        VESDE(0.01, 5.0, eps=1.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(4, 2), (4, 3, 8, 8), (4, 1)])
def test_shapes_and_dtypes(dtype: torch.dtype, shape: tuple[int, ...]):
    x = torch.ones(shape, dtype=dtype)
    for t in (0.5, torch.full((4,), 0.5)):
        mean, std = SDE.marginal_prob(x, t)
        assert mean.shape == x.shape and mean.dtype == std.dtype == dtype
        assert torch.allclose(std, torch.tensor(SDE.std(0.5), dtype=dtype))
        assert SDE.drift(x, t).shape == x.shape and not SDE.drift(x, t).any()
    assert SDE.prior_logp(x).shape == (4,)
    assert SDE.prior_sampling(shape, torch.Generator().manual_seed(0), dtype).dtype == dtype


def test_prior_logp_is_the_normal_density():
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = torch.distributions.Normal(0.0, 5.0).log_prob(x).sum(1)
    assert torch.allclose(SDE.prior_logp(x), expected)


def test_expand_as_refuses_another_batch():
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        expand_as(torch.zeros(3), torch.zeros(4, 2))


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (0.1, math.nan), (0.1, math.inf)])
def test_bad_range(low: float, high: float):
    with pytest.raises(ValueError, match="0 < sigma_min < sigma_max"):
        VESDE(low, high)


def test_t_of_sigma_out_of_range():
    with pytest.raises(ValueError, match=r"sigma=6.0 lies outside"):
        SDE.t_of_sigma(6.0)


def test_build_takes_the_diameter_unless_told():
    assert build_sde(VE(), 4.3).sigma(1.0) == pytest.approx(4.3)
    assert build_sde(VE(sigma_max=7.0), 4.3).sigma(1.0) == pytest.approx(7.0)
    assert build_sde(VE(sigma_min=1.0), 0.5).sigma(1.0) > 1.0
