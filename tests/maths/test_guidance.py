"""Class guidance: exact at w = 1, and what law other weights sample."""

import math
from typing import Any

import pytest
import torch
from scipy.integrate import quad

from scoreviz.maths import VESDE, GaussianMixture, make_sampler, sample
from scoreviz.maths.guidance import class_score_fn, classifier_free, guided
from scoreviz.maths.sde import VPSDE

SDE = VESDE(0.01, 50.0)
VP = VPSDE()
V, C, M = 1.0, 0.5, 1.2
"""x ~ N(0, V), and x given y is N(M, C): the two coordinates of a Gaussian."""


def mixture(dim: int = 2) -> GaussianMixture:
    g = torch.Generator().manual_seed(0)
    means = torch.randn(6, dim, generator=g, dtype=torch.float64)
    weights, stds = torch.tensor([1.0, 2, 1, 3, 1, 2], dtype=torch.float64), torch.full((6,), 0.4, dtype=torch.float64)
    return GaussianMixture(weights, means, stds, labels=torch.tensor([0, 0, 3, 3, 7, 7]))


@pytest.mark.parametrize("sde", [SDE, VP], ids=["ve", "vp"])
@pytest.mark.parametrize("t", [0.02, 0.4, 1.0])
def test_at_weight_one_both_rules_are_the_conditional_score(sde: Any, t: float):
    target = mixture()
    x = sde.prior_sampling((50, 2), torch.Generator().manual_seed(1), torch.float64) * 0.3
    for y in target.classes:
        conditional = target.of_class(y).score_fn(sde)
        by_class = guided(target.score_fn(sde), class_score_fn(target, y, sde), 1.0)
        assert torch.allclose(by_class(x, t), conditional(x, t), rtol=1e-8, atol=1e-8)
        assert classifier_free(target.score_fn(sde), conditional, 1.0) is conditional
        for w in (-0.5, 0.0, 0.3, 4.0):
            one = guided(target.score_fn(sde), class_score_fn(target, y, sde), w)(x, t)
            assert torch.allclose(one, classifier_free(target.score_fn(sde), conditional, w)(x, t), rtol=1e-7, atol=1e-7), "the same field"
        assert torch.equal(guided(target.score_fn(sde), class_score_fn(target, y, sde), 0.0)(x, t), target.score_fn(sde)(x, t))


def test_the_combination_is_the_same_in_every_unit():
    """eps = -std s, D = (x + std^2 s)/a: each is s times a factor plus what both share."""
    x, s_u, s_c = (torch.randn(5, 3, generator=torch.Generator().manual_seed(i), dtype=torch.float64) for i in range(3))
    w, t = 2.5, 0.3
    a, std = VP.mean_coefficient(t), VP.std(t)
    s = classifier_free(lambda x, t: s_u, lambda x, t: s_c, w)(x, t)
    eps_u, eps_c = -std * s_u, -std * s_c
    assert torch.allclose(-std * s, eps_u + w * (eps_c - eps_u))
    d_u, d_c = (x + std**2 * s_u) / a, (x + std**2 * s_c) / a
    assert torch.allclose((x + std**2 * s) / a, d_u + w * (d_c - d_u))


def test_one_weight_and_one_label_for_each_sample():
    target = mixture()
    x, y, w = (
        torch.randn(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)),
        torch.tensor([0, 3, 7, 3]),
        torch.arange(4.0),
    )
    field = guided(target.score_fn(SDE), class_score_fn(target, y, SDE), w)(x, 0.3)
    for i in range(4):
        alone = guided(target.score_fn(SDE), class_score_fn(target, int(y[i]), SDE), float(w[i]))(x[i : i + 1], 0.3)
        assert torch.allclose(field[i : i + 1], alone)
    pictures = torch.randn(4, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(guided(lambda x, t: x, lambda x, t: x, w)(pictures, 0.3), pictures * (1 + w)[:, None, None, None])
    assert torch.allclose(classifier_free(lambda x, t: 0 * x, lambda x, t: x, w)(pictures, 0.3), pictures * w[:, None, None, None])


def joint_gaussian(w: float) -> Any:
    def score(mean: float, variance: float) -> Any:
        return lambda x, t: (mean - x) / (variance + SDE.std(t) ** 2)

    return classifier_free(score(0.0, V), score(M, C), w)


def contraction(w: float, u: float) -> float:
    """h with dh/du = h (w/(C + u) + (1 - w)/(V + u))/2, u = sigma^2."""
    return (C + u) ** (w / 2) * (V + u) ** ((1 - w) / 2)


@pytest.mark.parametrize("w", [0.0, 0.5, 1.0, 3.0])
def test_the_ode_of_guidance_on_a_gaussian_has_its_closed_form(w: float):
    """x_0 = h_0/h_1 x_1 + h_0 int w M/(2 (C + u) h) du, neither the conditional nor p p(y|x)^w except at w = 0 and 1."""
    x = torch.linspace(-100, 100, 11, dtype=torch.float64)[:, None]
    y = sample(make_sampler("heun", SDE, joint_gaussian(w), n_steps=2000), x, 0)
    low, high = SDE.std(SDE.eps) ** 2, SDE.std(1.0) ** 2
    # from u to ln u, so that the quadrature sees all scales
    pull = quad(lambda v: math.exp(v) * w * M / (2 * (C + math.exp(v)) * contraction(w, math.exp(v))), math.log(low), math.log(high))[0]
    expected = contraction(w, low) * (x / contraction(w, high) + pull)
    assert torch.allclose(y, expected, atol=2e-4)
    variance = contraction(w, 0.0) ** 2
    assert variance == pytest.approx(C**w * V ** (1 - w))
    assert float((y[-1] - y[0]).square() / (x[-1] - x[0]).square()) * SDE.std(1.0) ** 2 == pytest.approx(variance, rel=2e-3)
    tilted = 1 / (w / C + (1 - w) / V)
    if w not in (0.0, 1.0):
        assert abs(variance - tilted) > 0.05 * tilted and abs(variance - C) > 0.05 * C


def test_the_sde_of_guidance_samples_yet_another_law():
    """w = 3: variance int_0^inf exp(-2 int k) du, k = w/(C + u) + (1 - w)/(V + u); ODE .125, SDE .194, p p(y|x)^w .25, conditional .5."""
    w, n = 3.0, 20_000
    exact = quad(lambda u: (C / (C + u)) ** (2 * w) * (V / (V + u)) ** (2 * (1 - w)), 0, math.inf)[0]
    x = SDE.prior_sampling((n, 1), torch.Generator().manual_seed(0), torch.float64)
    measured = float(sample(make_sampler("reverse_sde", SDE, joint_gaussian(w), n_steps=500), x, 1).var())
    assert measured == pytest.approx(exact, rel=5 * math.sqrt(2 / n) + 0.04)  # 500 steps leave 2%
    assert exact == pytest.approx(0.19375)
    ode, tilted = C**w * V ** (1 - w), 1 / (w / C + (1 - w) / V)
    assert (ode, tilted) == pytest.approx((0.125, 0.25))
    assert ode * 1.05 < exact < tilted * 0.95


def test_the_law_of_guidance_on_two_classes():
    """1-D, classes N(+-1, .6^2), w = 3: the conditional is 1 +- .6, p p(y|x)^3 is 1.11 +- .52, and guidance samples 1.62 +- .38."""
    w, sd = 3.0, 0.6
    target = GaussianMixture(
        torch.ones(2, dtype=torch.float64), torch.tensor([[-1.0], [1.0]], dtype=torch.float64), torch.full((2,), sd, dtype=torch.float64),
        labels=torch.tensor([0, 1]),
    )  # fmt: skip
    u = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    x = torch.erfinv(2 * u - 1)[:, None] * math.sqrt(2)

    def law(weight: float) -> tuple[float, float]:
        field = guided(target.score_fn(VP), class_score_fn(target, 1, VP), weight)
        y = sample(make_sampler("heun", VP, field, n_steps=100), x, 0)
        return float(y.mean()), float(y.std())

    grid = torch.linspace(-8, 8, 8001, dtype=torch.float64)[:, None]
    density = (target.log_prob(grid) + w * target.class_log_prob(grid)[:, 1]).exp()
    mean = float((grid[:, 0] * density).sum() / density.sum())
    tilted = mean, math.sqrt(float(((grid[:, 0] - mean).square() * density).sum() / density.sum()))
    assert law(1.0) == pytest.approx((1.0, sd), abs=0.01)
    assert tilted == pytest.approx((1.111, 0.522), abs=0.002)
    assert law(w) == pytest.approx((1.622, 0.377), abs=0.01)


@pytest.mark.parametrize("w", [math.nan, math.inf, torch.tensor([1.0, math.nan]), torch.ones(2, 2)])
def test_bad_weights(w: Any):
    for rule in (guided, classifier_free):
        with pytest.raises(ValueError, match="guidance weight must be finite"):
            rule(lambda x, t: x, lambda x, t: x, w)


def test_bad_batches_and_labels():
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        guided(lambda x, t: x, lambda x, t: x, torch.ones(2))(torch.ones(3, 2), 0.5)
    target = mixture()
    for y in (5, torch.tensor([0, 3])):
        with pytest.raises(ValueError):
            class_score_fn(target, y, SDE)(torch.ones(3, 2, dtype=torch.float64), 0.5)
