"""The network's preconditioning, its inference path and the backward pass by hand."""

import math

import pytest
import torch

from scoreviz.maths import VESDE, ScoreMLP, denoiser_from_score, eps_from_score, score_fn_of, score_from_denoiser, score_from_eps
from scoreviz.maths.gradients import MLPGradient

SDE = VESDE(0.01, 5.0)


def network(features: int = 8, depth: int = 3, dim: int = 2, seed: int = 0) -> ScoreMLP:
    g = torch.Generator().manual_seed(seed)
    net = ScoreMLP(dim, 16, depth, features, 0.9, g)
    net.flat.add_(0.1 * torch.randn(net.flat.shape, generator=g))  # the last layer too
    return net


def test_an_untrained_network_is_the_gaussian_denoiser():
    net = ScoreMLP(2, 16, 2, 4, 0.9, torch.Generator().manual_seed(0))
    x = torch.randn(10, 2, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(net.denoiser(x, 0.5), x * 0.81 / (0.81 + 0.25), atol=1e-6)


@pytest.mark.parametrize("features", [0, 8])
def test_one_sigma_for_all_or_one_each(features: int):
    net = network(features)
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(1))
    for sigma in (0.01, 0.7, 5.0):
        assert torch.allclose(net.denoiser(x, sigma), net.denoiser(x, torch.full((6,), sigma)), atol=1e-6)


def test_preconditioning():
    """D = c_skip x + c_out F with Karras et al.'s coefficients, F computed layer by layer."""
    net, sd = network(), 0.9
    x, sigma = torch.randn(5, 2, generator=torch.Generator().manual_seed(1)), 0.3
    c_in = 1 / math.sqrt(sigma**2 + sd**2)
    phase = (c_in * x) @ net.frequencies
    h = torch.cat([c_in * x, phase.sin(), phase.cos(), net.embed(torch.tensor(sigma)).expand(5, -1)], 1)
    for matrix, bias in net.layers[:-1]:
        h = torch.nn.functional.silu(h @ matrix + bias)
    f = h @ net.layers[-1][0] + net.layers[-1][1]
    expected = sd**2 / (sigma**2 + sd**2) * x + sigma * sd * c_in * f
    assert torch.allclose(net.denoiser(x, sigma), expected, atol=1e-6)


@pytest.mark.parametrize("features", [0, 8])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_by_hand_is_autograds(features: int, depth: int, weighted: bool):
    net = network(features, depth)
    g = torch.Generator().manual_seed(2)
    scaled, target = torch.randn(32, 2, generator=g), torch.randn(32, 2, generator=g)
    sigma, weight = torch.rand(32, generator=g) + 0.1, torch.rand(32, 1, generator=g) if weighted else 1.0
    own = MLPGradient(net, 32)
    loss = own.loss(scaled, sigma, target, weight)

    flat = net.flat.clone().requires_grad_()
    phase = scaled @ net.frequencies
    h = torch.cat([scaled, phase.sin(), phase.cos(), net.embed(sigma)], 1)
    layers = net.with_weights(flat).layers
    for matrix, bias in layers[:-1]:
        h = torch.nn.functional.silu(h @ matrix + bias)
    expected = ((h @ layers[-1][0] + layers[-1][1] - target).square() * weight).sum(1).mean()
    (gradient,) = torch.autograd.grad(expected, flat)
    assert torch.allclose(loss, expected, rtol=1e-5)
    assert torch.allclose(own.flat, gradient, rtol=1e-4, atol=1e-6)
    first = own.flat.clone()
    own.loss(scaled, sigma, target, weight)
    assert torch.equal(own.flat, first), "buffers carry something over"


def test_differentiable_in_x():
    net = network()
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(1), requires_grad=True)
    (gradient,) = torch.autograd.grad(net.denoiser(x, 0.5).sum(), x)
    step = torch.zeros_like(x)
    step[:, 0] = 1e-3
    with torch.no_grad():
        difference = (net.denoiser(x + step, 0.5).sum(1) - net.denoiser(x - step, 0.5).sum(1)) / 2e-3
    assert torch.allclose(gradient[:, 0], difference, atol=1e-2)
    assert torch.allclose(net.denoiser(x, 0.5), net.denoiser(x.detach(), 0.5))


def test_weights_come_from_the_generator_given():
    assert torch.equal(network(seed=3).flat, network(seed=3).flat)
    assert not torch.equal(network(seed=3).flat, network(seed=4).flat)


def test_conversions_are_inverse_and_score_fn_matches():
    net, t = network(), 0.6
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
    denoised = net.denoiser(x, SDE.sigma(t))
    for at in (t, torch.full((5,), t)):
        score = score_from_denoiser(x, denoised, SDE, at)
        assert torch.allclose(denoiser_from_score(x, score, SDE, at), denoised, atol=1e-5)
        assert torch.allclose(score_from_eps(eps_from_score(score, SDE, at), SDE, at), score)
        assert torch.allclose(score_fn_of(net, SDE)(x, at), score, atol=1e-5)
    assert torch.allclose(score, (denoised - x) / SDE.std(t) ** 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 8, 1, 0, 1.0), "dim"), ((2, 0, 1, 0, 1.0), "width"), ((2, 8, 0, 0, 1.0), "depth"), ((2, 8, 1, -1, 1.0), "features"),
     ((2, 8, 1, 0, 0.0), "sigma_data"), ((2, 8, 1, 0, math.nan), "sigma_data")],
)  # fmt: skip
def test_bad_arguments(arguments: tuple, message: str):
    with pytest.raises(ValueError, match=message):
        ScoreMLP(*arguments, torch.Generator())
    with pytest.raises(ValueError, match="weights, got"):
        network().with_weights(torch.zeros(3))
