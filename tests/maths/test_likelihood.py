"""Likelihood by the ODE against exact densities, with both gaps taken apart, and the figures of Song et al.'s conventions."""

import math

import pytest
import torch

from scoreviz.maths.denoiser import score_fn_of
from scoreviz.maths.likelihood import likelihood_gaps, log_likelihood
from scoreviz.maths.networks import build_network
from scoreviz.maths.sde import SDE, VESDE, VPSDE, DiscreteVPSDE, SubVPSDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.grids import KarrasGrid
from scoreviz.scene.learning import MLP

DOUBLE = torch.float64
BETAS = torch.linspace(1e-4, 0.02, 1000, dtype=DOUBLE)
ALL = {
    "vp": VPSDE(),
    "sub_vp": SubVPSDE(),
    "ve": VESDE(0.01, 50.0),
    "ve_4": VESDE(0.01, 4.0),
    "table": DiscreteVPSDE((1 - BETAS).cumprod(0)),
}


def double(*values: object) -> torch.Tensor:
    return torch.tensor(*values, dtype=DOUBLE)


def mixture() -> GaussianMixture:
    return GaussianMixture(double([0.5, 0.3, 0.2]), double([[1.0, 0.5], [-1.0, 0.8], [-0.2, -1.5]]), double([0.3, 0.4, 0.5]))


def gaussian(mean: list[float], std: float) -> GaussianMixture:
    return GaussianMixture(double([1.0]), double([mean]), double([std]))


def rms(x: torch.Tensor) -> float:
    return float(x.square().mean().sqrt())


def drawn(target: GaussianMixture, n: int = 200) -> torch.Tensor:
    return target.sample(n, torch.Generator().manual_seed(0))


def latent_of(x: torch.Tensor, target: GaussianMixture, sde: SDE) -> torch.Tensor:
    """A single Gaussian's: a_1 m + (x - a m) S_1/S_eps with S = sqrt(a^2 v + std^2)."""
    low, one = max(sde.eps, sde.t_min), 1.0
    spread = [math.hypot(sde.mean_coefficient(t) * float(target.stds[0]), sde.std(t)) for t in (low, one)]
    return sde.mean_coefficient(one) * target.means + (x - sde.mean_coefficient(low) * target.means) * (spread[1] / spread[0])


@pytest.mark.parametrize("name", ALL)
def test_a_mixture_in_the_plane(name: str):
    """Within .01 nats of log p_0 for VP and sub-VP at every point; for VE once the prior's mismatch is out; the rest is the solver's."""
    sde, target = ALL[name], mixture()
    x = drawn(target)
    found = log_likelihood(x, sde, target.score_fn(sde), steps=60)
    gaps = likelihood_gaps(x, sde, target, found.latent)
    truth = target.log_prob(x)
    assert found.nfe == 240
    assert float((found.nats - truth - gaps.eps - gaps.prior).abs().max()) < 2e-3
    assert float((found.nats - truth - gaps.prior).abs().max()) < 0.01
    if name in ("vp", "sub_vp"):
        assert float((found.nats - truth).abs().max()) < 0.01
    elif name == "ve_4":
        assert float((found.nats - truth).abs().max()) > 0.1
    assert torch.allclose(found.nats, found.prior + found.log_det)


@pytest.mark.parametrize("sigma_max, centred, off", [(50.0, 0.0003, 0.03), (4.0, None, 0.4)])
def test_the_priors_gap_of_ve(sigma_max: float, centred: float | None, off: float):
    """Root mean square: .0003 nats for a centred blob of std .87 at sigma_max 50, .03 at distance 1.5; .4 there at sigma_max 4."""
    sde = VESDE(0.01, sigma_max)
    away, there = gaussian([1.5, 0.0], 0.87), gaussian([0.0, 0.0], 0.87)
    x, y = drawn(away, 4000), drawn(there, 4000)
    gap = likelihood_gaps(x, sde, away, latent_of(x, away, sde)).prior
    middle = likelihood_gaps(y, sde, there, latent_of(y, there, sde)).prior
    assert rms(gap) == pytest.approx(off, rel=0.05)
    if centred is not None:
        assert rms(middle) == pytest.approx(centred, rel=0.1)
    moved = likelihood_gaps(x, sde, away, latent_of(x, away, sde), centre=away.mean()).prior
    assert rms(moved) == pytest.approx(rms(middle), rel=0.1)  # the same draws, shifted
    few = likelihood_gaps(x[:20], sde, away).prior  # by its own path
    assert torch.allclose(few, gap[:20], atol=1e-4)


def test_the_gap_of_eps_on_a_narrow_component():
    """VP stops at 1e-3, where the noise of std .0105 widens a component of width .05: .04 nats."""
    sde, target = VPSDE(), gaussian([0.0, 0.0], 0.05)
    x = drawn(target, 4000)
    gaps = likelihood_gaps(x, sde, target, latent_of(x, target, sde))
    assert rms(gaps.eps) == pytest.approx(0.043, rel=0.05)
    nearer = likelihood_gaps(x[:20], sde, target, eps=1e-4)
    assert rms(nearer.eps) < 0.1 * rms(gaps.eps[:20])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(1,), (1, 2, 2)])
def test_a_gaussian_in_any_shape(name: str, shape: tuple[int, ...]):
    """The path is the closed form's, and the likelihood the change of variables of that map."""
    sde, dim = ALL[name], math.prod(shape)
    mean = torch.linspace(-1, 1, dim, dtype=DOUBLE).reshape(1, *shape)
    target = GaussianMixture(double([1.0]), mean, double([0.7]))
    x = drawn(target, 10)
    latent = latent_of(x, target, sde)
    found = log_likelihood(x, sde, target.score_fn(sde), steps=60)
    assert torch.allclose(found.latent, latent, rtol=2e-4, atol=1e-4)
    stretch = float((latent[0] - latent[1]).norm() / (x[0] - x[1]).norm())
    assert torch.allclose(found.nats, sde.prior_logp(latent) + dim * math.log(stretch), atol=5e-4 * dim)


def test_order_of_the_solver():
    """RK4: halving the step divides the error by 16, about."""
    sde, target = VPSDE(), mixture()
    x = drawn(target, 50)
    reference = log_likelihood(x, sde, target.score_fn(sde), steps=160).nats
    errors = [rms(log_likelihood(x, sde, target.score_fn(sde), steps=n).nats - reference) for n in (40, 80)]
    assert 3.5 < math.log2(errors[0] / errors[1]) < 4.8
    even = rms(log_likelihood(x, sde, target.score_fn(sde), steps=40, grid=KarrasGrid(rho=3.0)).nats - reference)
    assert even > 3 * errors[0]  # why steps are even in ln sigma


def test_the_adaptive_solver_meets_its_tolerance():
    sde, target = ALL["vp"], mixture()
    x = drawn(target, 40)
    reference = log_likelihood(x, sde, target.score_fn(sde), steps=200).nats
    found = [log_likelihood(x, sde, target.score_fn(sde), rtol=tolerance) for tolerance in (1e-3, 1e-5, 1e-6)]
    errors = [rms(one.nats - reference) for one in found]
    assert all(error < 10 * tolerance for error, tolerance in zip(errors, (1e-3, 1e-5, 1e-6), strict=True))
    assert found[0].nfe < found[1].nfe < found[2].nfe


@pytest.mark.parametrize("law", ["rademacher", "gaussian"])
def test_hutchinson_is_unbiased(law: str):
    """Over independent probes the mean is the exact trace's value; the error reported is the spread of the mean of k probes."""
    sde, target = VPSDE(), mixture()
    point, n = drawn(target, 1), 400
    score_fn = target.score_fn(sde)
    exact = float(log_likelihood(point, sde, score_fn, steps=30).nats)
    x = point.expand(n, -1).contiguous()
    found = log_likelihood(x, sde, score_fn, steps=30, probes=4, law=law, generator=torch.Generator().manual_seed(0))
    assert found.error is not None
    assert float(found.nats.mean()) == pytest.approx(exact, abs=5 * float(found.nats.std()) / math.sqrt(n))
    assert rms(found.error) == pytest.approx(float(found.nats.std()), rel=0.2)
    assert torch.allclose(found.latent, log_likelihood(point, sde, score_fn, steps=30).latent.expand(n, -1))


def test_signs_vary_less_than_normal_probes():
    """On a Gaussian the Jacobian is diagonal: signs are exact, normal probes have variance 2 |J|_F^2 summed along the path."""
    sde = VPSDE()
    target = gaussian([0.2, -0.3], 0.5)
    x, g = drawn(target, 300), torch.Generator().manual_seed(0)
    score_fn = target.score_fn(sde)
    exact = log_likelihood(x, sde, score_fn, steps=20)
    signs = log_likelihood(x, sde, score_fn, steps=20, probes=1, generator=g)
    normal = log_likelihood(x, sde, score_fn, steps=20, probes=1, law="gaussian", generator=g)
    assert torch.allclose(signs.nats, exact.nats) and signs.error is None
    change = float(exact.log_det[0] - 2 * math.log(sde.mean_coefficient(1.0) / sde.mean_coefficient(sde.eps)))
    assert float((normal.nats - exact.nats).std()) == pytest.approx(abs(change), rel=0.25)  # sqrt(2 * 2 (change/2)^2)


def test_bits_per_dimension_of_a_small_picture():
    """H in bits of N(0, s^2) per pixel, moved by log2 of the cells of 256 values; [-1, 1] holds the same pictures as [0, 1]."""
    sde, shape = VESDE(0.01, 50.0), (3, 2, 1)
    target = GaussianMixture(double([1.0]), torch.full((1, *shape), 0.5, dtype=DOUBLE), double([0.2]))
    x, bits = drawn(target, 4), 6 * math.log(2)
    found = log_likelihood(x, sde, target.score_fn(sde), steps=30, probes=2, generator=torch.Generator().manual_seed(0))
    gaps = likelihood_gaps(x, sde, target, found.latent)
    assert torch.allclose(found.bits_per_dim() + (gaps.eps + gaps.prior) / bits, -target.log_prob(x) / bits + 8, atol=2e-3)
    twice = VESDE(0.02, 100.0)
    wide = GaussianMixture(double([1.0]), torch.zeros(1, *shape, dtype=DOUBLE), double([0.4]))
    same = log_likelihood(2 * x - 1, twice, wide.score_fn(twice), steps=10, centre=torch.zeros(shape))
    half = log_likelihood(x, sde, target.score_fn(sde), steps=10, centre=target.mean())
    assert torch.allclose(same.bits_per_dim(2.0), half.bits_per_dim(1.0), atol=1e-6)
    assert float(same.bits_per_dim(2.0)[0]) == pytest.approx(float(-same.nats[0]) / bits + 7)
    for bad in ({"data_range": 0.0}, {"levels": 0}):
        with pytest.raises(ValueError, match="bits per dimension"):
            found.bits_per_dim(**bad)


def test_a_network_integrates_to_one():
    """An untrained network's law is a density like any other: its likelihood, summed over a line, is 1."""
    sde = VPSDE()
    network = build_network(MLP(width=16, depth=2), 1, 0.8, torch.Generator().manual_seed(0))
    network.flat.add_(0.05 * torch.randn(len(network.flat), generator=torch.Generator().manual_seed(1)))
    x = torch.linspace(-8, 8, 1601)[:, None]
    found = log_likelihood(x, sde, score_fn_of(network, sde), steps=100)
    assert found.nats.dtype == DOUBLE and found.latent.dtype == torch.float32
    assert float(torch.trapezoid(found.nats.exp(), x[:, 0].double())) == pytest.approx(1, abs=5e-3)


def test_single_precision_and_differences_agree():
    sde, target = VPSDE(), mixture()
    x = drawn(target, 30).float()
    score_fn = target.score_fn(sde)
    exact = log_likelihood(x.double(), sde, score_fn, steps=30)
    assert torch.allclose(log_likelihood(x, sde, score_fn, steps=30).nats, exact.nats, atol=1e-5)
    blind = log_likelihood(x.double(), sde, lambda x, t: score_fn(x, t).detach(), steps=30, difference=1e-3)
    assert torch.allclose(blind.nats, exact.nats, atol=1e-4)
    assert blind.nfe == 30 * 4 * 5


def test_no_trace_of_the_call():
    sde, target = VPSDE(), mixture()
    x, before = drawn(target, 3), torch.random.get_rng_state()
    with torch.no_grad():
        found = log_likelihood(x, sde, target.score_fn(sde), steps=5, probes=2, generator=torch.Generator().manual_seed(0))
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not x.requires_grad and not found.nats.requires_grad and not found.latent.requires_grad


def test_refusals():
    sde: SDE = VPSDE()
    target, g = mixture(), torch.Generator()
    x, score_fn = drawn(target, 3), mixture().score_fn(sde)
    for settings, words in (
        ({"probes": 2}, "needs a generator"),
        ({"probes": 0, "generator": g}, "at least 1 probe"),
        ({"probes": 1, "generator": g, "law": "cauchy"}, "no probes called"),
        ({"steps": 0}, "at least 1 step"),
        ({"eps": 0.0}, "has noise"),
        ({"eps": 1.0}, "eps must lie in"),
        ({"rtol": 0.0}, "tolerances must be positive"),
        ({"rtol": 1e-5, "atol": -1.0}, "tolerances must be positive"),
        ({"centre": torch.zeros(3)}, "shape of a point"),
    ):
        with pytest.raises(ValueError, match=words):
            log_likelihood(x, sde, score_fn, **settings)
    for points in (torch.zeros(4), torch.zeros(0, 2), torch.full((1, 2), math.nan), torch.zeros(2, 2, dtype=torch.long)):
        with pytest.raises(ValueError, match="finite float points"):
            log_likelihood(points, sde, score_fn)
    with pytest.raises(ValueError, match="autograd cannot see"):
        log_likelihood(x, sde, lambda x, t: -x.detach())
    with pytest.raises(ValueError, match="loosen them"):
        log_likelihood(x, sde, lambda x, t: x * math.nan, rtol=1e-3)
    assert bool(log_likelihood(x, sde, lambda x, t: x * math.nan, steps=2).nats.isnan().all())
