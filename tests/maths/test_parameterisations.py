"""One denoiser in five units: REFERENCE's conversions, in VE and in VP units, held against an exact score."""

import pytest
import torch
from torch import Tensor

from scoreviz.maths.denoiser import score_from_v, v_from_score
from scoreviz.maths.parameterisations import PARAMETERISATIONS, Parameterisation, parameterisation
from scoreviz.maths.sde import SDE, VESDE, VPSDE, SubVPSDE
from scoreviz.maths.targets import GaussianMixture

TARGET = GaussianMixture(
    torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 0.5], [-1.0, 0.0]], dtype=torch.float64), torch.tensor([0.3, 0.6], dtype=torch.float64)
)
SD = 0.8
SIGMA = torch.tensor([[0.01], [0.3], [1.0], [30.0]], dtype=torch.float64)


def points() -> tuple[Tensor, Tensor, Tensor]:
    """x, and its exact D and z = -sigma s, one for each sigma."""
    x = torch.randn(4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * (1 + SIGMA)
    return x, TARGET.posterior_at(x, SIGMA[:, 0]).mean, -SIGMA * TARGET.score_at(x, SIGMA[:, 0])


def c_in() -> Tensor:
    return (SIGMA**2 + SD**2).rsqrt()


@pytest.mark.parametrize("kind", PARAMETERISATIONS.values(), ids=lambda kind: kind.name)
def test_aim_and_denoised_are_inverse(kind: Parameterisation):
    x, d, z = points()
    f = kind.aim(d, z, SIGMA, c_in(), SD)
    assert torch.allclose(kind.denoised(x, c_in() * x, f, SIGMA, c_in(), SD), d, atol=1e-12)
    assert torch.allclose(f, (d - kind.c_skip(SIGMA, SD) * x) / kind.c_out(SIGMA, SD), atol=1e-9), "without cancellation the same"
    assert torch.equal(d, points()[1]) and torch.equal(z, points()[2]), "the arguments are left as they are"


def test_what_each_predicts():
    """The predictions written out, for a known denoiser and noise."""
    x, d, z = points()
    a = 1 / (1 + SIGMA**2).sqrt()
    expected = {
        "edm": (d - SD**2 / (SIGMA**2 + SD**2) * x) * (SIGMA**2 + SD**2).sqrt() / (SIGMA * SD),
        "score": SIGMA * TARGET.score_at(x, SIGMA[:, 0]),
        "eps": z,
        "x0": d / SD,
        "v": a * z - a * SIGMA * d,
    }
    assert set(expected) == set(PARAMETERISATIONS)
    for name, value in expected.items():
        assert torch.allclose(parameterisation(name).aim(d, z, SIGMA, c_in(), SD), value, atol=1e-9), name


@pytest.mark.parametrize("sde", [VPSDE(0.1, 20.0), VESDE(0.01, 20.0), SubVPSDE(0.1, 20.0)], ids=lambda sde: type(sde).__name__)
@pytest.mark.parametrize("t", [0.05, 0.5, 0.9])
def test_predictions_to_score_in_the_units_of_the_sde(sde: SDE, t: float):
    """REFERENCE: eps -eps/std; x0 (a x0 - x)/std^2; v eps = a v + std x (VP units); EDM denoiser (D - x)/sigma^2."""
    a, std, sigma = sde.mean_coefficient(t), sde.std(t), sde.sigma(t)
    level = torch.tensor(sigma, dtype=torch.float64)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * (a + std)  # of x_t
    score = TARGET.score(x, sde, t)
    u = x / a
    d, z = TARGET.posterior_at(u, sigma).mean, -sigma * TARGET.score_at(u, sigma)
    c = (level**2 + SD**2).rsqrt()
    f = {name: kind.aim(d, z, level, c, SD) for name, kind in PARAMETERISATIONS.items()}
    assert torch.allclose(-f["eps"] / std, score, atol=1e-8)
    assert torch.allclose(f["score"] / std, score, atol=1e-8)
    assert torch.allclose((a * SD * f["x0"] - x) / std**2, score, atol=1e-8)
    edm = SD**2 / (sigma**2 + SD**2) * u + sigma * SD / (sigma**2 + SD**2) ** 0.5 * f["edm"]
    assert torch.allclose((edm - u) / sigma**2 / a, score, atol=1e-7)
    if isinstance(sde, VPSDE):
        assert torch.allclose(-(a * f["v"] + std * x) / std, score, atol=1e-8)
    assert torch.allclose(score_from_v(f["v"], x, sde, t), score, atol=1e-8)
    assert torch.allclose(v_from_score(score, x, sde, t), f["v"], atol=1e-8)
    each = torch.full((50,), t, dtype=torch.float64)
    assert torch.allclose(score_from_v(f["v"], x, sde, each), score, atol=1e-8)


def test_v_of_variance_preserving_noise_is_salimans_and_hos():
    """For single pairs (x_0, z): x_t = a x_0 + std z, v = a z - std x_0, and back."""
    sde, t = VPSDE(0.1, 20.0), 0.4
    g = torch.Generator().manual_seed(2)
    x0, z = (torch.randn(5, 3, 4, generator=g, dtype=torch.float64) for _ in range(2))
    a, std = sde.mean_coefficient(t), sde.std(t)
    x, v = a * x0 + std * z, a * z - std * x0
    assert torch.allclose(score_from_v(v, x, sde, t), -z / std)
    assert torch.allclose(a * x - std * v, x0)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="no parameterisation called “epsilon”; known: edm, score, eps, x0, v"):
        parameterisation("epsilon")
