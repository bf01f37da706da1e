"""The exact mixture against direct sums, autograd and brute-force integrals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from scoreviz.maths import VESDE, GaussianMixture, denoiser_from_score, preset

SDE = VESDE(0.01, 5.0)


def mixture(k: int = 7, dim: int = 2, seed: int = 0, dtype: torch.dtype = torch.float64, least: float = 0.05) -> GaussianMixture:
    g = torch.Generator().manual_seed(seed)
    return GaussianMixture(
        torch.rand(k, generator=g, dtype=dtype) + 0.1,
        torch.randn(k, dim, generator=g, dtype=dtype),
        least + torch.rand(k, generator=g, dtype=dtype) * 0.3,
    )


def direct_log_prob(target: GaussianMixture, x: Tensor, a: float, s: float) -> Tensor:
    """The definition, in float64, component by component."""
    x, w, m, std = (v.double() for v in (x, target.weights, target.means, target.stds))
    v = a * a * std**2 + s * s
    d2 = (x[:, None] - a * m).square().sum(2)
    return torch.logsumexp(w.log() - 0.5 * target.dim * (2 * math.pi * v).log() - d2 / (2 * v), 1)


def direct_score(target: GaussianMixture, x: Tensor, sigma: float) -> Tensor:
    x = x.double().requires_grad_()
    (g,) = torch.autograd.grad(direct_log_prob(target, x, 1.0, sigma).sum(), x)
    return g


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("t", [0.0, 0.4, 1.0])
def test_log_prob_is_the_direct_sum_and_its_gradient_the_score(dim: int, t: float):
    target = mixture(dim=dim)
    x = (2 * torch.randn(50, dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).requires_grad_()
    log_p = target.log_prob(x, SDE, t)
    assert torch.allclose(log_p, direct_log_prob(target, x, 1.0, SDE.std(t)), atol=1e-10)
    (gradient,) = torch.autograd.grad(log_p.sum(), x)
    score = target.score(x, SDE, t)
    assert torch.allclose(gradient, score, rtol=1e-8, atol=1e-8)
    assert torch.allclose(target.score_at(x, SDE.std(t)), score)
    assert torch.allclose(target.log_prob_at(x, SDE.std(t)), log_p)


def test_one_t_a_sample():
    target = mixture()
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    t = torch.tensor([0.0, 0.1, 0.3, 0.5, 0.9, 1.0], dtype=torch.float64)
    for method in (target.log_prob, target.score, target.denoise):
        together = method(x, SDE, t)
        apart = torch.cat([method(x[i : i + 1], SDE, float(t[i])) for i in range(6)])
        assert torch.allclose(together, apart, rtol=1e-8, atol=1e-10)


def test_general_mean_coefficient():
    """The algebra with a != 1, which VE alone would never exercise."""

    class Shrinking(VESDE):
        def mean_coefficient(self, t):
            return 1 - 0.5 * t

    sde, target = Shrinking(0.01, 2.0), mixture()
    x = torch.randn(40, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64, requires_grad=True)
    t = 0.6
    log_p = target.log_prob(x, sde, t)
    assert torch.allclose(log_p, direct_log_prob(target, x, 0.7, sde.std(t)))
    (gradient,) = torch.autograd.grad(log_p.sum(), x)
    assert torch.allclose(target.score(x, sde, t), gradient)
    assert torch.allclose(target.score(x, sde, torch.full((40,), t)), gradient)
    assert torch.allclose(target.denoise(x, sde, t), denoiser_from_score(x, gradient, sde, t))
    grid = target.log_prob_grid(torch.linspace(-1, 1, 5).double(), torch.linspace(-1, 1, 4).double(), sde, t)
    points = torch.cartesian_prod(torch.linspace(-1, 1, 4).double(), torch.linspace(-1, 1, 5).double()).flip(1)
    assert torch.allclose(grid.flatten(), target.log_prob(points, sde, t))


@pytest.mark.parametrize("reach", [1.0, 20.0])
@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0])
def test_float32_keeps_its_digits_far_out_and_at_small_sigma(sigma: float, reach: float):
    target = mixture(200, dtype=torch.float32, least=0.01)
    x = reach * torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    truth = direct_score(target, x, sigma)
    error = (target.score_at(x, sigma).double() - truth).norm(dim=1) / truth.norm(dim=1).clamp(min=1 / sigma)
    assert float(error.max()) < 1e-5


def test_large_batches_go_through_chunks():
    target = mixture(3000)
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert torch.allclose(target.score_at(x, 0.1), direct_score(target, x, 0.1), atol=1e-9)
    assert torch.allclose(target.score(x, SDE, torch.full((100,), 0.3)), target.score(x, SDE, 0.3), atol=1e-9)


@pytest.mark.parametrize("name", ["two_spirals", "eight_gaussians"])
@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_grid_is_the_direct_sum(name: str, t: float):
    target = preset(name)
    xs, ys = torch.linspace(-2.6, 2.6, 40).double(), torch.linspace(-3.0, 2.0, 31).double()
    points = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).reshape(-1, 2)
    direct = direct_log_prob(target, points, 1.0, SDE.std(t)).view(31, 40)
    grid = target.log_prob_grid(xs, ys, SDE, t)
    shown = direct > -590
    assert shown.any()
    assert torch.allclose(grid[shown], direct[shown], atol=1e-9)
    assert (grid[direct < -601] == pytest.approx(-600.0)) if (direct < -601).any() else True


def test_density_integrates_to_one():
    axis = torch.linspace(-12, 12, 400).double()
    for t in (None, 0.7):
        p = mixture().log_prob_grid(axis, axis, SDE if t else None, t).exp()
        assert float(p.sum() * (24 / 399) ** 2) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 3.0])
def test_posterior_against_brute_force(sigma: float):
    """p(x_0 | x) by quadrature over a grid of x_0."""
    target = mixture(4, dim=1, least=0.2)
    x0 = torch.linspace(-8, 8, 20001, dtype=torch.float64)
    x = torch.tensor([[-1.0], [0.2], [1.7]], dtype=torch.float64)
    weight = direct_log_prob(target, x0[:, None], 1.0, 0.0).exp() * torch.exp(-((x - x0) ** 2) / (2 * sigma**2))
    weight /= weight.sum(1, keepdim=True)
    mean = weight @ x0
    variance = weight @ x0**2 - mean**2
    posterior = target.posterior_at(x, sigma)
    assert torch.allclose(posterior.mean[:, 0], mean, atol=1e-6)
    assert torch.allclose(posterior.trace, variance, atol=1e-6)


def test_denoiser_is_tweedie_and_trace_is_its_divergence():
    target = mixture()
    x = torch.randn(30, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    t, sigma = 0.6, SDE.std(0.6)
    assert torch.allclose(target.denoise(x, SDE, t), denoiser_from_score(x, target.score(x, SDE, t), SDE, t))
    jacobian = torch.func.vmap(torch.func.jacrev(lambda y: target.score_at(y[None], sigma)[0]))(x)
    trace = sigma**2 * (2 + sigma**2 * jacobian.diagonal(dim1=1, dim2=2).sum(1))
    assert torch.allclose(target.posterior(x, SDE, t).trace, trace, rtol=1e-6, atol=1e-9)


def test_moments_and_samples():
    target = mixture()
    x = target.sample(200_000, torch.Generator().manual_seed(0))
    assert torch.allclose(x.mean(0), target.mean(), atol=0.01)
    assert torch.allclose(x.T.cov(), target.cov(), atol=0.02)
    assert target.sigma_data == pytest.approx(float(x.var(0).mean().sqrt()), rel=0.01)
    one = GaussianMixture(torch.ones(1), torch.tensor([[3.0, 4.0]]), torch.tensor([0.5]))
    assert one.sigma_data == pytest.approx(0.5)
    assert one.diameter() == pytest.approx(3.0)


def test_diameter_bounds_the_distance_between_points():
    target = preset("two_moons")
    x = target.sample(3000, torch.Generator().manual_seed(0))
    widest = float(torch.cdist(x, x).max())
    assert 0.9 * widest < target.diameter() < 1.4 * widest
    assert float(f"{target.diameter():.2g}") == target.diameter()


@settings(max_examples=30, deadline=None)
@given(shift=st.floats(-5, 5), scale=st.floats(0.2, 5))
def test_score_is_equivariant(shift: float, scale: float):
    """Moving and stretching the density moves and shrinks its score."""
    target = mixture()
    moved = GaussianMixture(target.weights, target.means * scale + shift, target.stds * scale)
    x = torch.randn(10, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    there = moved.score_at(x * scale + shift, 0.3 * scale)
    assert torch.allclose(there * scale, target.score_at(x, 0.3), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("weights", "means", "stds", "message"),
    [
        (torch.ones(2), torch.zeros(3, 2), torch.ones(3), r"weights \(K,\)"),
        (torch.ones(0), torch.zeros(0, 2), torch.ones(0), "K >= 1"),
        (torch.tensor([1.0, -1.0]), torch.zeros(2, 2), torch.ones(2), "weights must be finite and positive"),
        (torch.ones(1), torch.tensor([[math.nan, 0.0]]), torch.ones(1), "means must be finite"),
        (torch.ones(1), torch.zeros(1, 2), torch.zeros(1), "stds must be finite and positive"),
    ],
)
def test_bad_mixtures(weights: Tensor, means: Tensor, stds: Tensor, message: str):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(weights, means, stds)


def test_bad_arguments():
    target = mixture()
    with pytest.raises(ValueError, match=r"shape \(B, 2\), got \(4, 3\)"):
        target.score(torch.zeros(4, 3), SDE, 0.5)
    with pytest.raises(ValueError, match="both sde and t"):
        target.log_prob(torch.zeros(4, 2), SDE)
    with pytest.raises(ValueError, match=r"shape \(4,\)"):
        target.score(torch.zeros(4, 2), SDE, torch.zeros(3))
    with pytest.raises(ValueError, match="2 dimensions"):
        mixture(dim=3).log_prob_grid(torch.zeros(2), torch.zeros(2))
