"""Laws of sigma against their distribution functions, weights against their formulas."""

import math

import pytest
import torch

from scoreviz.maths import noise_levels
from scoreviz.maths.noise_levels import Levels, LogNormal, LogUniform, UniformTime, build_law, ddpm_levels, ladder, weight_of
from scoreviz.maths.sde import SDE, VESDE, VPSDE, SubVPSDE
from scoreviz.scene.learning import LogNormalSigma, LogUniformSigma, OneSigma, SigmaSpec, UniformTimeSigma

VE, VP, SUB = VESDE(0.02, 3.0), VPSDE(0.1, 20.0), SubVPSDE(0.1, 20.0)
U = torch.linspace(0, 1, 101, dtype=torch.float64)


@pytest.mark.parametrize("sde", [VE, VP, SUB], ids=["ve", "vp", "sub_vp"])
@pytest.mark.parametrize("law", [LogUniformSigma(), UniformTimeSigma(), LogNormalSigma()], ids=repr)
def test_quantiles_grow_and_span_the_sde(law: SigmaSpec, sde: SDE):
    found = build_law(law, sde)
    low, high = found.sigma_range
    if isinstance(law, LogNormalSigma):
        assert sde.sigma(sde.t_min) * (1 - 1e-9) <= low < 0.05 and 2.9 < high <= sde.sigma(1.0) * (1 + 1e-9)
    else:
        assert (low, high) == pytest.approx((sde.sigma(sde.t_min), sde.sigma(1.0)), rel=1e-9)
    sigmas = found.quantile(U)
    assert bool((sigmas.diff() > 0).all())
    assert torch.allclose(found.quantile(U.float()).double()[1:-1], sigmas[1:-1], rtol=2e-3)


def test_laws_against_their_distribution_functions():
    assert torch.allclose((LogUniform(0.1, 10.0).quantile(U) / 0.1).log() / math.log(100), U)
    sigmas = LogNormal(-1.2, 1.2).quantile(U[1:-1])
    assert torch.allclose(torch.special.ndtr((sigmas.log() + 1.2) / 1.2), U[1:-1], atol=2e-6)
    cut = LogNormal(-1.2, 1.2, 0.1, 1.0)
    p = torch.special.ndtr((torch.cat([cut.quantile(U), torch.tensor([0.1, 1.0], dtype=torch.float64)]).log() + 1.2) / 1.2)
    assert torch.allclose((p[:-2] - p[-2]) / (p[-1] - p[-2]), U, atol=1e-9)
    assert torch.allclose(VP.t_of_sigma(UniformTime(VP).quantile(U)), 1e-3 + U * (1 - 1e-3), atol=1e-6)


def test_levels():
    found = ladder(0.01, 10.0, 4)
    assert found.sigmas.tolist() == pytest.approx([0.01, 0.1, 1.0, 10.0])
    assert found.quantile(torch.tensor([0.0, 0.2499, 0.25, 0.99, 1.0])).tolist() == pytest.approx([0.01, 0.01, 0.1, 10.0, 10.0])
    assert found.levels == 4 and LogUniform(0.1, 1.0).levels is None
    assert build_law(OneSigma(sigma=0.3), VE).sigma_range == (0.3, 0.3)
    for wrong in (torch.tensor([]), torch.tensor([1.0, 1.0]), torch.tensor([0.0, 1.0]), torch.tensor([[1.0]])):
        with pytest.raises(ValueError, match="positive and ascend"):
            Levels(wrong)


def test_ddpm_levels_are_those_of_its_betas():
    """alphas_cumprod of betas linspace(1e-4, .02, 1000); with few steps no beta reaches 1."""
    abar = (1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)).cumprod(0)
    assert torch.allclose(ddpm_levels(1000, 0.1, 20.0).sigmas, ((1 - abar) / abar).sqrt(), rtol=1e-6)
    few = ddpm_levels(5, 0.1, 20.0)
    assert few.levels == 5 and few.sigma_range[1] == pytest.approx(VP.sigma(1.0), rel=1e-6)


def test_weights_are_their_formulas():
    sigma = torch.tensor([0.05, 0.4, 2.5], dtype=torch.float64)
    assert torch.allclose(weight_of("edm", VE, 0.7)(sigma), (sigma**2 + 0.49) / (sigma * 0.7) ** 2)
    assert torch.allclose(weight_of("sigma2", VE, 0.7)(sigma) * sigma**4, sigma**2)
    assert torch.allclose(weight_of("uniform", VE, 0.7)(sigma) * sigma**4, torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("sde", [VE, VP, SUB], ids=["ve", "vp", "sub_vp"])
def test_likelihood_weight_is_the_rate_of_sigma_squared(sde: SDE):
    """lambda = g^2/a^2 = d sigma^2/dt."""
    for t in (0.05, 0.5, 0.95):
        rate = (sde.sigma(t + 1e-5) ** 2 - sde.sigma(t - 1e-5) ** 2) / 2e-5
        sigma = torch.tensor([sde.sigma(t)], dtype=torch.float64)
        assert float(weight_of("likelihood", sde, 1.0)(sigma) * sigma**4) == pytest.approx(rate, rel=1e-4)
        assert float(weight_of("likelihood", sde, 1.0)(sigma.float()) * sigma**4) == pytest.approx(rate, rel=1e-2)
    beyond = weight_of("likelihood", sde, 1.0)(torch.tensor([1e-4, 1e3], dtype=torch.float64))
    assert bool(beyond.isfinite().all())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LogUniform(1.0, 0.5), "sigma_min < sigma_max, got 1.0 and 0.5"),
        (lambda: LogNormal(0.0, 1.0, 2.0, 1.0), "0 <= low < high"),
        (lambda: LogNormal(math.nan, 1.0), "finite mean"),
        (lambda: noise_levels.ladder(1.0, 0.1, 3), "at least 2 levels"),
        (lambda: noise_levels.one_sigma(math.inf), "sigma must be positive, got inf"),
    ],
)
def test_errors(make, message: str):
    with pytest.raises(ValueError, match=message):
        make()
