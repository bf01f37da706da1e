"""The network's preconditioning, its inference path and the backward pass by hand."""

import math

import pytest
import torch

from scoreviz.maths import VESDE, ScoreMLP, denoiser_from_score, eps_from_score, score_fn_of, score_from_denoiser, score_from_eps
from scoreviz.maths.denoiser import log_prob_fn_of
from scoreviz.maths.gradients import MLPGradient
from scoreviz.maths.networks import EnergyMLP, build_network
from scoreviz.maths.parameterisations import PARAMETERISATIONS
from scoreviz.maths.sde import SDE as AnySDE
from scoreviz.maths.sde import VPSDE
from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning import MLP

SDE = VESDE(0.01, 5.0)


def network(features: int = 8, depth: int = 3, dim: int = 2, seed: int = 0) -> ScoreMLP:
    g = torch.Generator().manual_seed(seed)
    return disturbed(ScoreMLP(dim, 16, depth, features, 0.9, g), g)


def disturbed(net: ScoreMLP, g: torch.Generator) -> ScoreMLP:
    net.flat.add_(0.1 * torch.randn(net.flat.shape, generator=g))  # the last layer too
    return net


def of_kind(predicts: str = "edm", energy: bool = False, classes: int = 0, dim: int = 2) -> ScoreMLP:
    """In float64."""
    g = torch.Generator().manual_seed(3)
    spec = MLP(width=16, depth=2, features=8, parameterisation=predicts, energy=energy, classes=classes)
    net = disturbed(build_network(spec, dim, 0.9, g), g)
    return net.with_weights(net.flat.double())


def some(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


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


@pytest.mark.parametrize("predicts", PARAMETERISATIONS)
@pytest.mark.parametrize("energy", [False, True])
def test_every_kind_is_c_skip_x_plus_c_out_f(predicts: str, energy: bool):
    net, x, sigma, sd = of_kind(predicts, energy), some(5, 2), torch.tensor([[0.02], [0.3], [1.0], [4.0], [50.0]], dtype=torch.float64), 0.9
    f = net.prediction(x * net.c_in(sigma), net.embed(sigma[:, 0]), None)
    kind = PARAMETERISATIONS[predicts]
    expected = kind.c_skip(sigma, sd) * x + kind.c_out(sigma, sd) * f
    assert torch.allclose(net.denoiser(x, sigma[:, 0]), expected, atol=1e-10)
    assert float(f.abs().max()) > 0.01, "the test must not be of nothing"
    fresh = build_network(MLP(width=8, depth=2, parameterisation=predicts, energy=energy), 2, sd, torch.Generator().manual_seed(0))
    assert torch.allclose(fresh.denoiser(x, 0.5), kind.c_skip(torch.tensor(0.5), sd) * x, atol=1e-6)


@pytest.mark.parametrize("features", [0, 8])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_energys_chain_rule_is_autograds(features: int, depth: int):
    g = torch.Generator().manual_seed(0)
    net = disturbed(EnergyMLP(3, 16, depth, features, 0.9, g, classes=2), g)
    net = net.with_weights(net.flat.double())
    u, embedding, hot = some(6, 3).requires_grad_(), net.embed(torch.tensor(0.4, dtype=torch.float64)), net.one_hot(1, 6)
    (gradient,) = torch.autograd.grad(net.potential(u, embedding, hot).sum(), u)
    assert torch.allclose(net.prediction(u, embedding, hot), gradient, atol=1e-12)


@pytest.mark.parametrize("predicts", PARAMETERISATIONS)
@pytest.mark.parametrize("sde", [SDE, VPSDE(0.1, 20.0)], ids=["ve", "vp"])
def test_an_energys_score_is_the_gradient_of_its_log_density(predicts: str, sde: AnySDE):
    net = of_kind(predicts, energy=True, classes=3)
    x = some(7, 2).requires_grad_()
    for t in (0.3, torch.linspace(0.1, 0.9, 7, dtype=torch.float64)):
        for labels in (None, 2, torch.tensor([0, 1, 2, -1, 0, 1, 2])):
            log_prob = log_prob_fn_of(net, sde, labels)(x, t)
            assert log_prob.shape == (7,)
            (gradient,) = torch.autograd.grad(log_prob.sum(), x)
            score = score_fn_of(net, sde, labels)(x, t)
            assert torch.allclose(score, gradient, rtol=1e-8, atol=1e-8)


def test_an_energys_field_has_no_curl_and_a_free_one_has():
    curls = []
    for energy in (False, True):
        net, x = of_kind(energy=energy), some(20, 2).requires_grad_()
        d = net.denoiser(x, 0.7)
        (dx,) = torch.autograd.grad(d[:, 0].sum(), x, retain_graph=True)
        (dy,) = torch.autograd.grad(d[:, 1].sum(), x)
        curls.append(float((dx[:, 1] - dy[:, 0]).abs().max()))
    assert curls[0] > 1e-3 and curls[1] < 1e-12


def test_a_free_field_has_no_density():
    with pytest.raises(SceneError, match="free vector field and has no density"):
        log_prob_fn_of(of_kind(), SDE)


@pytest.mark.parametrize("energy", [False, True])
def test_labels(energy: bool):
    net, x = of_kind(energy=energy, classes=3), some(4, 2)
    each = torch.tensor([0, 2, -1, 1])
    d = net.denoiser(x, 0.5, each)
    for i, label in enumerate(each.tolist()):
        alone = net.denoiser(x[i : i + 1], 0.5, label)
        assert torch.allclose(d[i : i + 1], alone, atol=1e-12)
        assert torch.allclose(alone, net.denoiser(x[i : i + 1], 0.5)) == (label == -1)
    assert torch.allclose(net.denoiser(x, torch.full((4,), 0.5, dtype=torch.float64), each), d, atol=1e-12)
    assert torch.allclose(score_fn_of(net, SDE, 1)(x, 0.4), score_fn_of(net, SDE, torch.ones(4, dtype=torch.long))(x, 0.4))
    for wrong in (3, -2, torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1]), torch.tensor([0.0, 1, 2, 1])):
        with pytest.raises(ValueError, match=r"labels must be|knows the classes 0 to 2"):
            net.denoiser(x, 0.5, wrong)
    with pytest.raises(ValueError, match="knows no classes, got labels=1"):
        of_kind(energy=energy).denoiser(x, 0.5, 1)
    with pytest.raises(ValueError, match="knows no classes"):
        score_fn_of(of_kind(energy=energy), SDE, 1)


@pytest.mark.parametrize("energy", [False, True])
def test_points_of_any_shape_in_any_precision(energy: bool):
    net, x = of_kind(energy=energy, dim=12), some(5, 3, 2, 2)
    sigma = torch.linspace(0.1, 2.0, 5, dtype=torch.float64)
    for level in (0.4, sigma):
        d = net.denoiser(x, level)
        assert d.shape == x.shape and d.dtype == torch.float64
        assert torch.equal(d.flatten(1), net.denoiser(x.flatten(1), level))
        assert score_fn_of(net, SDE)(x, 0.3).shape == x.shape
    single = net.with_weights(net.flat.float())
    assert single.denoiser(x.float(), sigma).dtype == torch.float32
    assert single.denoiser(x, sigma).dtype == torch.float64, "the dtype of x, whatever the weights'"
    assert torch.allclose(single.denoiser(x, sigma), d, atol=1e-4)
    with pytest.raises(ValueError, match=r"points of 12 coordinates, got \(5, 2\)"):
        net.denoiser(x.flatten(1)[:, :2], 0.4)
    line = of_kind(energy=energy, dim=1)
    assert line.denoiser(some(4, 1), 0.3).shape == (4, 1)


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
    with pytest.raises(ValueError, match="no parameterisation called “noise”"):
        ScoreMLP(2, 8, 1, 0, 1.0, torch.Generator(), predicts="noise")
    with pytest.raises(ValueError, match="classes must be at least 0"):
        ScoreMLP(2, 8, 1, 0, 1.0, torch.Generator(), classes=-1)
