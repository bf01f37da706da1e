"""Divergence, curl, Jacobian and the Fisher divergence against fields whose own are known."""

import math

import pytest
import torch

from scoreviz.maths.denoiser import score_fn_of
from scoreviz.maths.empirical import Empirical
from scoreviz.maths.fields import curl, divergence, draw_probes, error_map, fisher_divergence, jacobian, value_and_divergence
from scoreviz.maths.networks import build_network
from scoreviz.maths.sde import VESDE, VPSDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.learning import MLP

DOUBLE = torch.float64


def matrix(dim: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(dim, dim, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def points(n: int, *shape: int) -> torch.Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)


def linear(m: torch.Tensor):
    return lambda x: (x.flatten(1) @ m.T).reshape(x.shape)


def mixture(dim: int = 2) -> GaussianMixture:
    g = torch.Generator().manual_seed(3)
    return GaussianMixture(torch.tensor([0.5, 0.3, 0.2]), torch.randn(3, dim, generator=g), torch.tensor([0.4, 0.6, 0.3]))


@pytest.mark.parametrize("difference", [None, 1e-3])
@pytest.mark.parametrize("shape", [(1,), (2,), (3,), (5,), (2, 1, 3)])
def test_linear_fields(shape: tuple[int, ...], difference: float | None):
    m, x = matrix(math.prod(shape)), points(4, *shape)
    field = linear(m)
    assert torch.allclose(jacobian(field, x, difference), m.expand(4, -1, -1), atol=1e-10)
    assert torch.allclose(divergence(field, x, difference=difference), m.trace().expand(4), atol=1e-10)
    value, exact = value_and_divergence(field, x, difference=difference)
    assert torch.equal(value, field(x)) and exact.shape == (1, 4)
    if len(m) == 1:
        with pytest.raises(ValueError, match="at least 2 dimensions"):
            curl(field, x)
        return
    found, turn = curl(field, x, difference), m - m.T
    length = turn.norm() / math.sqrt(2)
    assert torch.allclose(found.reshape(4, -1).norm(dim=1), length.expand(4), atol=1e-10)
    if len(m) < 4:
        entries = [(1, 0)] if len(m) == 2 else [(2, 1), (0, 2), (1, 0)]
        assert torch.allclose(found.reshape(4, -1), torch.stack([turn[i] for i in entries]).expand(4, -1), atol=1e-10)


def test_curl_of_a_rotation_and_of_a_whirl_in_space():
    x = points(5, 2)
    assert torch.allclose(curl(lambda x: torch.stack([-x[:, 1], x[:, 0]], 1), x), torch.full((5,), 2.0, dtype=DOUBLE))
    y = points(5, 3)
    whirl = curl(lambda x: torch.stack([x[:, 1] ** 2, x[:, 2] ** 2, x[:, 0] ** 2], 1), y)
    assert torch.allclose(whirl, -2 * y[:, [2, 0, 1]])


@pytest.mark.parametrize("sde", [VESDE(0.01, 5.0), VPSDE()], ids=["ve", "vp"])
@pytest.mark.parametrize("dim", [2, 3, 5])
def test_exact_scores_are_free_of_curl(sde: VESDE | VPSDE, dim: int):
    target = mixture(dim)
    for t in (0.2, 0.7):
        x = points(50, dim)
        field = lambda x, t=t: target.score(x, sde, t)  # noqa: E731
        size = float(jacobian(field, x).norm(dim=(1, 2)).mean())
        assert float(curl(field, x).abs().max()) < 1e-9 * size
        hessian = jacobian(lambda x, t=t: torch.autograd.grad(target.log_prob(x, sde, t).sum(), x, create_graph=True)[0], x)
        assert torch.allclose(jacobian(field, x), hessian, atol=1e-9 * size)


def test_divergence_of_a_gaussians_score():
    """-D/(a^2 v + std^2), everywhere."""
    sde, t = VPSDE(), 0.4
    target = GaussianMixture(torch.ones(1), torch.tensor([[0.5, -1.0, 2.0]]), torch.tensor([0.7]))
    a, std = sde.mean_coefficient(t), sde.std(t)
    found = divergence(lambda x: target.score(x, sde, t), points(10, 3))
    assert torch.allclose(found, torch.full_like(found, -3 / (a**2 * 0.49 + std**2)), rtol=1e-6)


def test_divergence_of_an_exact_score_is_its_posteriors_spread():
    """div s = a^2 tr Cov(x_0|x_t)/std^4 - D/std^2, for a mixture and for stored points (by differences)."""
    sde, t = VPSDE(), 0.3
    a, std = sde.mean_coefficient(t), sde.std(t)
    stored = Empirical(points(20, 2, 1, 2))
    for target, difference in ((mixture(3), None), (mixture(3), 1e-3), (stored, 1e-3)):
        x = points(8, *target.shape) * 0.9
        expected = a**2 * target.posterior(x, sde, t).trace / std**4 - target.dim / std**2
        found = divergence(lambda x, target=target: target.score(x, sde, t), x, difference=difference)
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("t", [0.05, 0.5, 0.95])
def test_networks_are_differentiable(t: float):
    """Autograd's Jacobian of a network's score equals central differences, in float64 copies of its weights' values."""
    sde = VESDE(0.02, 4.0)
    network = build_network(MLP(width=16, depth=2), 2, 1.0, torch.Generator().manual_seed(0))
    network.flat.copy_(torch.randn(len(network.flat), generator=torch.Generator().manual_seed(1)) * 0.3)
    x = points(20, 2).float() * 2
    score_fn = score_fn_of(network, sde)
    field = lambda x: score_fn(x, t) * sde.std(t)  # noqa: E731
    exact = jacobian(field, x)
    assert torch.allclose(exact, jacobian(field, x, 0.02 * sde.std(t)), atol=0.02 * float(exact.abs().max()))


@pytest.mark.parametrize("law", ["rademacher", "gaussian"])
@pytest.mark.parametrize("difference", [None, 1e-3])
def test_probes_are_unbiased_with_their_variance(law: str, difference: float | None):
    """Variance 2 sum_{i != j} S_ij^2 with signs, 2 |S|_F^2 with normal probes; S the symmetric part."""
    m = matrix(6)
    s = (m + m.T) / 2
    variance = 2 * float(s.square().sum()) - (2 * float(s.diagonal().square().sum()) if law == "rademacher" else 0)
    n = 20_000
    draws = divergence(linear(m), torch.zeros(n, 6, dtype=DOUBLE), 1, law, torch.Generator().manual_seed(0), difference)
    assert float(draws.mean()) == pytest.approx(float(m.trace()), abs=5 * math.sqrt(variance / n))
    assert float(draws.var()) == pytest.approx(variance, rel=5 * math.sqrt((15 if law == "gaussian" else 3) / n))
    eight = divergence(linear(m), torch.zeros(n // 8, 6, dtype=DOUBLE), 8, law, torch.Generator().manual_seed(1), difference)
    assert float(eight.var()) == pytest.approx(variance / 8, rel=5 * math.sqrt(3 / (n // 8)))


def test_signs_need_no_luck_on_a_diagonal():
    m = torch.diag(torch.arange(1.0, 5.0, dtype=DOUBLE))
    assert torch.equal(divergence(linear(m), points(3, 4), 1, "rademacher", torch.Generator()), torch.full((3,), 10.0, dtype=DOUBLE))


def test_fisher_divergence_of_shifted_gaussians():
    """Scores of N(0, V) and N(m, V) differ by m/V everywhere; relative to E|s|^2 = D/V."""
    sde, t, m = VESDE(0.01, 5.0), 0.6, torch.tensor([[0.3, -0.4]])
    target, model = (GaussianMixture(torch.ones(1), mean, torch.tensor([0.8])) for mean in (torch.zeros(1, 2), m))
    v = 0.64 + sde.std(t) ** 2
    found = fisher_divergence(model.score_fn(sde), target, sde, t, 20_000, torch.Generator().manual_seed(0))
    assert found.value.value == pytest.approx(0.25 / v**2, rel=1e-4)
    assert found.relative.value == pytest.approx(0.25 / v / 2, abs=5 * found.relative.error)
    assert 0 < found.relative.error < 0.01 * found.relative.value
    assert fisher_divergence(target.score_fn(sde), target, sde, t, 100, torch.Generator()).value == (0.0, 0.0)


def test_fisher_divergence_of_other_widths():
    """Of N(0, w) from N(0, v): E|x|^2 (1/v - 1/w)^2 = D v (1/v - 1/w)^2, relative (1 - v/w)^2; for pictures as well, and for VP."""
    sde, t = VPSDE(), 0.3
    shape = (3, 2, 2)
    target, model = (GaussianMixture(torch.ones(1), torch.zeros(1, *shape), torch.tensor([s])) for s in (0.6, 0.9))
    v, w = ((sde.mean_coefficient(t) * s) ** 2 + sde.std(t) ** 2 for s in (0.6, 0.9))
    found = fisher_divergence(model.score_fn(sde), target, sde, t, 5000, torch.Generator().manual_seed(0))
    assert found.value.value == pytest.approx(12 * v * (1 / v - 1 / w) ** 2, abs=5 * found.value.error)
    assert found.relative.value == pytest.approx((1 - v / w) ** 2, rel=1e-4)
    assert found.relative.error < 1e-4


def test_error_maps():
    sde, t = VESDE(0.01, 5.0), 0.5
    target = mixture()
    xs, ys = torch.linspace(-6, 6, 241, dtype=DOUBLE), torch.linspace(-7, 7, 281, dtype=DOUBLE)
    score_fn = target.score_fn(sde)
    wrong = lambda x, t: 1.1 * score_fn(x, t) + torch.tensor([0.2, 0.0], dtype=x.dtype)  # noqa: E731
    found = error_map(wrong, target, sde, t, xs, ys)
    assert found.absolute.shape == found.relative.shape == found.angle.shape == found.weighted.shape == (281, 241)
    total = float(torch.trapezoid(torch.trapezoid(found.weighted, xs), ys))
    drawn = fisher_divergence(wrong, target, sde, t, 20_000, torch.Generator().manual_seed(0))
    assert total == pytest.approx(drawn.value.value, abs=5 * drawn.value.error)
    x = torch.tensor([[float(xs[30]), float(ys[200])]], dtype=DOUBLE)
    s, w = score_fn(x, t)[0], wrong(x, t)[0]
    assert float(found.absolute[200, 30]) == pytest.approx(float((w - s).norm()) * sde.std(t))
    assert float(found.relative[200, 30]) == pytest.approx(float((w - s).norm() / s.norm()))
    assert float(found.angle[200, 30]) == pytest.approx(float((w @ s / w.norm() / s.norm()).acos()))


def test_angles_and_scale():
    sde, target = VESDE(0.01, 5.0), mixture()
    xs = torch.linspace(-1, 1, 5)
    for factor, angle, relative in ((1.0, 0.0, 0.0), (3.0, 0.0, 2.0), (-1.0, math.pi, 2.0)):
        found = error_map(lambda x, t, f=factor: f * target.score(x, sde, t), target, sde, 0.5, xs, xs)
        assert torch.allclose(found.angle, torch.full((5, 5), angle), atol=1e-3)
        assert torch.allclose(found.relative, torch.full((5, 5), relative), atol=1e-5)
    turned = error_map(lambda x, t: target.score(x, sde, t).flip(1) * torch.tensor([-1.0, 1.0]), target, sde, 0.5, xs, xs)
    assert torch.allclose(turned.angle, torch.full((5, 5), math.pi / 2))


def test_nothing_is_left_behind():
    """No gradient on x, none through the answers, and grad mode as it was."""
    x = points(3, 2)
    with torch.no_grad():
        found = divergence(linear(matrix(2)), x), curl(linear(matrix(2)), x), jacobian(linear(matrix(2)), x)
        assert not torch.is_grad_enabled()
    assert not x.requires_grad and not any(value.requires_grad for value in found)


def test_refusals():
    x, field, g = points(3, 2), linear(matrix(2)), torch.Generator()
    for blind in (lambda x: x.detach() ** 2, torch.ones_like, lambda x: torch.mm(x, matrix(2), out=torch.empty_like(x))):
        with pytest.raises(ValueError, match="autograd cannot see"):
            divergence(blind, x)
    assert torch.allclose(divergence(lambda x: x.detach() ** 2, x, difference=1e-4), 2 * x.sum(1))
    for bad, words in (
        (lambda: divergence(field, x, 3), "needs a generator"),
        (lambda: divergence(field, x, 0, generator=g), "at least 1 probe"),
        (lambda: divergence(field, x, 1, "uniform", g), "no probes called “uniform”"),
        (lambda: divergence(field, x, difference=0.0), "positive step"),
        (lambda: divergence(lambda x: x[:, :1], x), "shape of x"),
        (lambda: divergence(lambda x: x, torch.zeros(1, 3, 32, 32)), "use probes"),
        (lambda: fisher_divergence(lambda x, t: x[:1], mixture(), VPSDE(), 0.5, 10, g), "shape of x"),
        (lambda: fisher_divergence(lambda x, t: x, mixture(), VPSDE(), 0.5, 1, g), "at least 2 draws"),
        (lambda: error_map(lambda x, t: x, mixture(3), VPSDE(), 0.5, x[:, 0], x[:, 1]), r"shape \(2,\)"),
    ):
        with pytest.raises(ValueError, match=words):
            bad()
    assert draw_probes(x, 2, "gaussian", g).shape == (2, 3, 2)
