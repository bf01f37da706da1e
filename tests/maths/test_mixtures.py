"""Mixtures of any covariance at every noise level: against their definition, autograd, quadrature, and one another."""

import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import GaussianMixture
from scoreviz.maths.sde import VESDE, VPSDE, SubVPSDE
from scoreviz.maths.targets import isotropic, spectral

KINDS = ("isotropic", "diagonal", "full")
LEVELS = (0.0, 0.3, 0.7, 1.0)


VE, VP, SUB_VP = VESDE(0.01, 5.0), VPSDE(0.1, 6.0), SubVPSDE(0.1, 6.0)
both_sdes = pytest.mark.parametrize("sde", [VE, VP], ids=["VE", "VP"])
every_sde = pytest.mark.parametrize("sde", [VE, VP, SUB_VP], ids=["VE", "VP", "sub-VP"])
LABELS = torch.tensor([2, 0, 2, 5])


def mixture(kind: str, dim: int = 2, k: int = 4, seed: int = 0, **more) -> GaussianMixture:
    g = torch.Generator().manual_seed(seed)
    weights, means = torch.rand(k, generator=g).double() + 0.2, torch.randn(k, dim, generator=g).double()
    if kind == "isotropic":
        return GaussianMixture(weights, means, 0.15 + 0.4 * torch.rand(k, generator=g).double(), **more)
    if kind == "diagonal":
        return GaussianMixture(weights, means, 0.15 + 0.4 * torch.rand(k, dim, generator=g).double(), **more)
    root = 0.4 * torch.randn(k, dim, dim, generator=g).double()
    return GaussianMixture(weights, means, covs=root @ root.transpose(1, 2) + 0.04 * torch.eye(dim).double(), **more)


def normal(n: int, dim: int = 2, scale: float = 1.5, seed: int = 1) -> Tensor:
    return scale * torch.randn(n, dim, generator=torch.Generator().manual_seed(seed)).double()


def covariances(target: GaussianMixture) -> Tensor:
    if target.covs is not None:
        return target.covs.double()
    return torch.diag_embed(target.stds.double().reshape(len(target), -1).expand(-1, target.dim).square())


def joint_log(target: GaussianMixture, x: Tensor, a: float = 1.0, s: float = 0.0) -> Tensor:
    """log w_k N(x; a m_k, a^2 C_k + s^2 I), (B, K), by torch.distributions."""
    cov = a * a * covariances(target) + s * s * torch.eye(target.dim).double()
    law = torch.distributions.MultivariateNormal(a * target.means.double().flatten(1), cov)
    return law.log_prob(x.double()[:, None]) + target.weights.double().log()


def square(lo: float, hi: float, n: int) -> tuple[Tensor, float]:
    axis = torch.linspace(lo, hi, n, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis), float(axis[1] - axis[0]) ** 2


@every_sde
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("t", LEVELS)
def test_density_score_and_responsibilities_are_the_definition(sde, kind: str, dim: int, t: float):
    target, a, s = mixture(kind, dim), sde.mean_coefficient(t), sde.std(t)
    x = normal(30, dim).requires_grad_()
    joint = joint_log(target, x, a, s)
    truth = torch.logsumexp(joint, 1)
    (gradient,) = torch.autograd.grad(truth.sum(), x)
    log_p = target.log_prob(x, sde, t)
    assert torch.allclose(log_p, truth, atol=1e-10)
    assert torch.allclose(torch.autograd.grad(log_p.sum(), x)[0], gradient, rtol=1e-8, atol=1e-8)
    assert torch.allclose(target.score(x, sde, t), gradient, rtol=1e-8, atol=1e-8)
    assert torch.allclose(target.responsibilities(x, sde, t), torch.softmax(joint, 1), atol=1e-10)
    times = torch.full((30,), t, dtype=torch.float64)
    assert torch.allclose(target.score(x, sde, times), gradient, rtol=1e-8, atol=1e-8)
    assert torch.allclose(target.log_prob_fn(sde)(x, times), truth, atol=1e-10)


@both_sdes
@pytest.mark.parametrize("kind", KINDS)
def test_a_time_for_each_sample(sde, kind: str):
    target, x = mixture(kind), normal(6)
    t = torch.tensor([0.05, 0.1, 0.3, 0.5, 0.9, 1.0], dtype=torch.float64)
    for method in (target.log_prob, target.score, target.denoise, target.responsibilities, lambda *a: target.tweedie(*a).cov):
        together = method(x, sde, t)
        assert torch.allclose(together, torch.cat([method(x[i : i + 1], sde, float(t[i])) for i in range(6)]), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_density_integrates_to_one(kind: str, t: float):
    points, cell = square(-9, 9, 400)
    assert float(mixture(kind).log_prob(points, VP, t).exp().sum() * cell) == pytest.approx(1, abs=1e-6)
    line = torch.linspace(-60, 60, 60001, dtype=torch.float64)[:, None]
    assert float(mixture(kind, 1).log_prob(line, VE, t).exp().sum() * 0.002) == pytest.approx(1, abs=1e-8)


@both_sdes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [0.3, 0.6, 1.0])
def test_posterior_is_that_of_quadrature(sde, kind: str, t: float):
    """E[x_0|x_t] and Cov[x_0|x_t] by summing p(x_0) N(x_t; a x_0, std^2) over a grid of x_0."""
    target, a, s = mixture(kind), sde.mean_coefficient(t), sde.std(t)
    points, _ = square(-7, 7, 351)
    x = normal(4, seed=3)
    prior = torch.logsumexp(joint_log(target, points), 1)
    r = torch.softmax(prior - (x[:, None] - a * points).square().sum(2) / (2 * s * s), 1)
    mean = r @ points
    apart = points - mean[:, None]
    cov = torch.einsum("bn,bni,bnj->bij", r, apart, apart)
    found, brief = target.tweedie(x, sde, t), target.posterior(x, sde, t)
    assert torch.allclose(found.mean, mean, atol=1e-6)
    assert torch.allclose(found.cov, cov, atol=1e-6)
    assert torch.allclose(brief.mean, found.mean, atol=1e-12)
    assert torch.allclose(brief.trace, found.cov.diagonal(dim1=1, dim2=2).sum(1), rtol=1e-9, atol=1e-12)
    assert torch.allclose(target.denoise(x, sde, t), (x + s * s * target.score(x, sde, t)) / a, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_covariance_is_tweedies_second_formula(kind: str):
    """Cov[x_0|x_t] = (s^2/a^2)(I + s^2 Hessian of log p_t), in 3-D."""
    target, t, x = mixture(kind, 3), 0.5, normal(5, 3)
    a, s = VP.mean_coefficient(t), VP.std(t)
    hessian = torch.stack([torch.autograd.functional.hessian(lambda y: target.log_prob(y[None], VP, t)[0], row) for row in x])
    assert torch.allclose(target.tweedie(x, VP, t).cov, s**2 / a**2 * (torch.eye(3) + s**2 * hessian), atol=1e-9)


@pytest.mark.parametrize("t", LEVELS)
def test_one_law_said_in_three_ways(t: float):
    of_stds = mixture("isotropic", 3)
    stds = of_stds.stds[:, None].expand(-1, 3)
    ways = [
        of_stds,
        GaussianMixture(of_stds.weights, of_stds.means, stds.clone()),
        GaussianMixture(of_stds.weights, of_stds.means, covs=torch.diag_embed(stds.square())),
    ]
    x = normal(20, 3)
    mask, values = torch.tensor([True, False, False]), torch.tensor([0.3, math.nan, math.nan]).double()
    for other in ways[1:]:
        for name in ("log_prob", "score", "denoise", "responsibilities"):
            assert torch.allclose(getattr(other, name)(x, VP, t), getattr(ways[0], name)(x, VP, t), rtol=1e-9, atol=1e-9), name
        for found, expected in zip(other.tweedie(x, VP, t), ways[0].tweedie(x, VP, t), strict=True):
            assert torch.allclose(found, expected, atol=1e-10)
        assert torch.allclose(other.posterior(x, VP, t).trace, ways[0].posterior(x, VP, t).trace, atol=1e-10)
        assert torch.allclose(other.cov(), ways[0].cov()) and torch.allclose(other.mean(), ways[0].mean())
        assert other.diameter() == ways[0].diameter() and other.sigma_data == pytest.approx(ways[0].sigma_data)
        given, expected = (way.given(mask, values).score(x[:, 1:], VP, t) for way in (other, ways[0]))
        assert torch.allclose(given, expected, atol=1e-9)


def test_a_full_covariance_turns_with_its_axes():
    """Rotating a diagonal mixture rotates its score and its covariance of x_0."""
    g = torch.Generator().manual_seed(4)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=g).double()).Q
    flat = mixture("diagonal", 3)
    turned = GaussianMixture(flat.weights, flat.means @ turn.T, covs=turn @ torch.diag_embed(flat.stds**2) @ turn.T)
    x = normal(10, 3)
    assert torch.allclose(turned.score(x @ turn.T, VP, 0.4), flat.score(x, VP, 0.4) @ turn.T, atol=1e-9)
    assert torch.allclose(turned.tweedie(x @ turn.T, VP, 0.4).cov, turn @ flat.tweedie(x, VP, 0.4).cov @ turn.T, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_change_nothing(kind: str, monkeypatch: pytest.MonkeyPatch):
    target, x, t = mixture(kind), normal(37), torch.linspace(0.01, 1, 37, dtype=torch.float64)

    def everything() -> list[Tensor]:
        found = [f(x, VP, level) for f in (target.log_prob, target.score, target.responsibilities) for level in (0.4, t)]
        return found + [part for level in (0.4, t) for part in (*target.posterior(x, VP, level), *target.tweedie(x, VP, level))]

    whole = everything()
    for module in (isotropic, spectral):
        monkeypatch.setattr(module, "CHUNK", 5 * len(target) * 2)
    for found, expected in zip(everything(), whole, strict=True):
        assert torch.allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reach", [1.0, 1e3])
@both_sdes
def test_float32_in_float32_out_near_and_far(sde, kind: str, reach: float):
    target, x, t = mixture(kind), (reach * normal(40)).float(), 0.2
    truth = torch.logsumexp(joint_log(target, x, sde.mean_coefficient(t), sde.std(t)), 1)
    y = x.double().requires_grad_()
    lowered = torch.logsumexp(joint_log(target, y, sde.mean_coefficient(t), sde.std(t)), 1)
    (score,) = torch.autograd.grad(lowered.sum(), y)
    assert target.log_prob(x, sde, t).dtype == torch.float32
    assert torch.allclose(target.log_prob(x, sde, t).double(), truth, rtol=1e-6, atol=1e-5)
    found = target.score(x, sde, t)
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), score, rtol=1e-4, atol=1e-5 * float(score.abs().max()))
    assert torch.allclose(target.score(x.double(), sde, t), score, rtol=1e-6, atol=1e-6 * float(score.abs().max()))
    a, s = sde.mean_coefficient(t), sde.std(t)
    mean, trace = target.posterior(x.double(), sde, t)
    assert torch.allclose(mean, (x.double() + s**2 * score) / a, rtol=1e-6, atol=1e-6 * reach)
    assert target.posterior(x, sde, t).trace.dtype == target.tweedie(x, sde, t).cov.dtype == torch.float32
    assert bool((trace >= 0).all()) and float(trace.max()) < 10


@pytest.mark.parametrize("kind", KINDS)
def test_draws_have_the_moments(kind: str):
    target, n = mixture(kind, 3), 200_000
    x = target.sample(n, torch.Generator().manual_seed(0))
    mean, cov = target.mean(), target.cov()
    assert bool(((x.mean(0) - mean).abs() < 5 * cov.diagonal().sqrt() / math.sqrt(n)).all())
    spread = (x - mean)[:, :, None] * (x - mean)[:, None]
    assert bool(((spread.mean(0) - cov).abs() < 5 * spread.std(0) / math.sqrt(n)).all())
    k = target.responsibilities(x).argmax(1)
    assert torch.allclose(torch.linalg.eigvalsh(cov).sum().sqrt() / math.sqrt(3), torch.tensor(target.sigma_data).double())
    assert k.unique().tolist() == [0, 1, 2, 3]


@both_sdes
@pytest.mark.parametrize("kind", KINDS)
def test_the_marginal_is_again_a_mixture(sde, kind: str):
    target, x = mixture(kind, labels=LABELS), normal(20)
    for t in LEVELS:
        law = target.marginal(sde, t)
        assert torch.allclose(law.log_prob(x), target.log_prob(x, sde, t), atol=1e-10)
        assert law.classes == target.classes


@pytest.mark.parametrize("kind", ["diagonal", "full"])
@pytest.mark.parametrize("t", LEVELS)
def test_grid_is_the_direct_sum(kind: str, t: float):
    target = mixture(kind)
    xs, ys = torch.linspace(-9, 9, 31, dtype=torch.float64), torch.linspace(-8, 8, 22, dtype=torch.float64)
    points = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).reshape(-1, 2)
    direct = torch.logsumexp(joint_log(target, points, VP.mean_coefficient(t), VP.std(t)), 1).clamp(min=-600).view(22, 31)
    assert torch.allclose(target.log_prob_grid(xs, ys, VP, t), direct, atol=1e-7)
    assert target.log_prob_grid(xs.float(), ys.float(), VP, t).dtype == torch.float32


def test_diameter_of_an_ellipse_is_along_it():
    long = torch.tensor([[1.0, 0.0], [0.0, 1e-4]])
    turn = torch.tensor([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    for covs in (long[None], (turn @ long @ turn.T)[None]):
        assert GaussianMixture(torch.ones(1), torch.zeros(1, 2), covs=covs).diameter() == pytest.approx(6.0)
    assert GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.tensor([[1.0, 0.01]])).diameter() == pytest.approx(6.0)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_points_too(kind: str):
    """Means (K, 1, 2, 2): the same numbers as the flat law, in the shape of x."""
    flat = mixture(kind, 4, labels=LABELS)
    shaped = flat.stds.view(4, 1, 2, 2) if kind == "diagonal" else None if kind == "full" else flat.stds
    pictures = GaussianMixture(flat.weights, flat.means.view(4, 1, 2, 2), shaped, covs=flat.covs, labels=LABELS)
    x = normal(6, 4)
    y = x.view(6, 1, 2, 2)
    assert pictures.shape == (1, 2, 2) and pictures.dim == 4
    for found, expected in (
        (pictures.score(y, VP, 0.4), flat.score(x, VP, 0.4)),
        (pictures.denoise(y, VP, 0.4), flat.denoise(x, VP, 0.4)),
        (pictures.class_score(y, 2, VP, 0.4), flat.class_score(x, 2, VP, 0.4)),
        (pictures.mean()[None], flat.mean()[None]),
        (pictures.sample(5, torch.Generator().manual_seed(0)), flat.sample(5, torch.Generator().manual_seed(0))),
    ):
        assert found.shape[1:] == (1, 2, 2) and torch.allclose(found.flatten(1), expected, atol=1e-12)
    assert torch.allclose(pictures.marginal(VP, 0.4).log_prob(y), flat.log_prob(x, VP, 0.4))
    mask = torch.tensor([[[True, False], [False, True]]])
    law, same = pictures.given(mask, y[0]), flat.given(mask.flatten(), x[0])
    assert torch.allclose(law.log_prob(x[:, :2]), same.log_prob(x[:, :2]))


EYE = torch.eye(2)[None]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2)), "either stds or covs, got neither"),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1), covs=EYE), "got both"),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1, 3)), r"stds \(K,\) or the shape"),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), covs=torch.eye(3)[None]), r"covs \(K, D, D\)"),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.tensor([[1.0, -1.0]])), "stds must be finite and positive"),
        (lambda: GaussianMixture(torch.tensor([1.0, 0.0]), torch.zeros(2, 2), torch.ones(2)), "weights must be finite and positive"),
        (lambda: GaussianMixture(torch.tensor([1.0, math.nan]), torch.zeros(2, 2), torch.ones(2)), "weights must be finite"),
        (lambda: GaussianMixture(torch.full((2,), 3e38), torch.zeros(2, 2), torch.ones(2)), "finite sum"),
        (
            lambda: GaussianMixture(torch.ones(2), torch.zeros(2, 2), covs=torch.cat([EYE, torch.tensor([[[1.0, 0.5], [0.2, 1.0]]])])),
            "symmetric, that of component 1",
        ),
        (
            lambda: GaussianMixture(torch.ones(2), torch.zeros(2, 2), covs=torch.cat([EYE, torch.tensor([[[1.0, 2.0], [2.0, 1.0]]])])),
            "positive definite, that of component 1 has the eigenvalue -1",
        ),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), covs=torch.ones(1, 2, 2)), "positive definite, that of component 0"),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), covs=EYE * math.inf), "covs must be finite"),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1), labels=torch.tensor([-1])), "1 integers >= 0"),
        (lambda: GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1), labels=torch.tensor([0.5])), "1 integers >= 0"),
        (lambda: mixture("full").score(torch.zeros(3, 3), VE, 0.5), r"expected points of shape \(B, 2\), got \(3, 3\)"),
        (lambda: mixture("full").score(torch.zeros(2, 2), VE, 1.5), r"lies in \[0, 1\].* got t=1.5"),
        (lambda: mixture("full").score(torch.zeros(2, 2), VE, torch.tensor([0.5, -0.1])), r"lies in \[0, 1\]"),
        (lambda: mixture("full").score(torch.zeros(2, 2), VE, math.nan), r"lies in \[0, 1\]"),
        (lambda: mixture("full").score(torch.zeros(2, 2), VE, torch.zeros(3)), r"shape \(2,\)"),
        (lambda: mixture("full").class_log_prob(torch.zeros(1, 2)), "no labels"),
        (lambda: mixture("full", labels=LABELS).class_score(torch.zeros(1, 2), 3), "no class 3; known: 0, 2, 5"),
        (lambda: mixture("full", labels=LABELS).class_score(torch.zeros(2, 2), torch.zeros(3).long()), r"shape \(2,\)"),
        (lambda: mixture("full", labels=LABELS).class_score(torch.zeros(2, 2), torch.tensor([0, 9])), "no class"),
        (lambda: mixture("full", labels=LABELS).of_class(1), "no class 1; known: 0, 2, 5"),
        (lambda: mixture("full").of_class(1), "no class 1; known: none"),
        (lambda: mixture("full").observed(torch.zeros(3), 1.0, 1.0), r"y of shape \(2,\) and std > 0, got \(3,\)"),
        (lambda: mixture("full").observed(torch.zeros(2), 1.0, 0.0), "std > 0, got"),
        (lambda: mixture("full").given(torch.ones(3, dtype=torch.bool), torch.zeros(2)), r"mask must have the shape \(2,\)"),
        (lambda: mixture("full").given(torch.ones(2, dtype=torch.bool), torch.zeros(2)), "leave a coordinate unknown"),
        (lambda: mixture("full").given(torch.tensor([1, 0]), torch.zeros(2)), "mask must be boolean"),
        (lambda: mixture("full").given(torch.tensor([True, False]), torch.tensor([math.nan, 0.0])), "known values must be finite"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence(make, message: str):
    with pytest.raises(ValueError, match=message):
        make()
