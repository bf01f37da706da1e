"""Entropy, cross-entropy and KL: closed forms of Gaussians, quadrature, and a model's likelihood."""

import math

import pytest
import torch

from scoreviz.maths.likelihood import log_likelihood
from scoreviz.maths.metrics import entropy, gaussian_divergence, kl_divergence
from scoreviz.maths.sde import VESDE, VPSDE
from scoreviz.maths.targets import GaussianMixture


def double(*values: object) -> torch.Tensor:
    return torch.tensor(*values, dtype=torch.float64)


def gaussian(mean: list[float], std: float) -> GaussianMixture:
    return GaussianMixture(double([1.0]), double([mean]), double([std]))


def test_isotropic_gaussians_by_hand():
    """KL = D (ln s1/s0 + s0^2/2 s1^2 - 1/2) + |m|^2/2 s1^2."""
    found = gaussian_divergence(double([1.0, 2.0]), 0.25 * torch.eye(2), double([0.0, 0.0]), 4 * torch.eye(2))
    assert found.entropy.value == pytest.approx(math.log(2 * math.pi * math.e * 0.25))
    assert found.kl.value == pytest.approx(2 * (math.log(4) + 0.25 / 8 - 0.5) + 5 / 8)
    assert found.cross_entropy.value == pytest.approx(found.entropy.value + found.kl.value)
    assert found.kl.error == 0


def test_full_covariances_against_torch():
    a, b = (torch.randn(3, 3, generator=torch.Generator().manual_seed(s), dtype=torch.float64) for s in (0, 1))
    first, second = a @ a.T + torch.eye(3), b @ b.T + torch.eye(3)
    m, n = double([0.1, -0.5, 2.0]), double([1.0, 0.0, 0.3])
    normal = torch.distributions.MultivariateNormal
    p, q = normal(m, first), normal(n, second)
    found = gaussian_divergence(m, first, n, second)
    assert found.kl.value == pytest.approx(float(torch.distributions.kl_divergence(p, q)), rel=1e-10)
    assert found.entropy.value == pytest.approx(float(p.entropy()), rel=1e-10)


def test_monte_carlo_agrees_with_the_closed_form():
    p, q = gaussian([0.3, -0.2], 0.7), gaussian([0.0, 0.1], 1.1)
    exact = gaussian_divergence(p.mean(), p.cov(), q.mean(), q.cov())
    found = kl_divergence(p, q.log_prob, 20_000, torch.Generator().manual_seed(0))
    for name in ("entropy", "cross_entropy", "kl"):
        estimate, truth = getattr(found, name), getattr(exact, name)
        assert 0 < estimate.error < 0.02
        assert estimate.value == pytest.approx(truth.value, abs=5 * estimate.error)
    assert found.kl.value == pytest.approx(found.cross_entropy.value - found.entropy.value, abs=1e-12)
    assert found.kl.error < 0.7 * math.hypot(found.entropy.error, found.cross_entropy.error)  # the draws are the same
    assert entropy(p, 2, torch.Generator()) == exact.entropy


def test_entropy_of_a_mixture_by_quadrature():
    target = GaussianMixture(double([0.7, 0.3]), double([[-1.0], [1.5]]), double([0.4, 0.8]))
    x = torch.linspace(-8, 8, 20_001, dtype=torch.float64)[:, None]
    log_p = target.log_prob(x)
    exact = -float(torch.trapezoid(log_p.exp() * log_p, x[:, 0]))
    found = entropy(target, 20_000, torch.Generator().manual_seed(0))
    assert found.value == pytest.approx(exact, abs=5 * found.error)


def test_the_law_itself_has_no_divergence():
    target = gaussian([0.0], 1.0)
    found = kl_divergence(target, target.log_prob, 100, torch.Generator().manual_seed(0))
    assert found.kl == (0.0, 0.0)


def test_a_model_by_its_likelihood():
    """The score of N(0, .8^2) as a model of N(.3, .6^2): the KL of both laws at eps, but for its error and the prior's gap."""
    sde, data, model = VPSDE(), gaussian([0.3, 0.0], 0.6), gaussian([0.0, 0.0], 0.8)
    at_eps = data.marginal(sde, sde.eps)
    law = model.marginal(sde, sde.eps)
    exact = gaussian_divergence(at_eps.mean(), at_eps.cov(), law.mean(), law.cov()).kl.value
    score_fn = model.score_fn(sde)
    found = kl_divergence(at_eps, lambda x: log_likelihood(x, sde, score_fn, steps=40).nats, 2000, torch.Generator().manual_seed(0))
    assert found.kl.value == pytest.approx(exact, abs=5 * found.kl.error + 1e-4)
    assert exact > 0.1 and found.kl.error < 0.02


def test_the_exact_score_costs_only_the_gaps():
    sde = VESDE(0.01, 50.0)
    target = GaussianMixture(double([0.5, 0.5]), double([[-1.0, 0.0], [1.0, 0.0]]), double([0.3, 0.5]))
    score_fn = target.score_fn(sde)
    found = kl_divergence(target, lambda x: log_likelihood(x, sde, score_fn, steps=60).nats, 500, torch.Generator().manual_seed(0))
    assert abs(found.kl.value) < 5 * found.kl.error + 1e-3 < 0.01


def test_refusals():
    target = gaussian([0.0, 0.0], 1.0)
    with pytest.raises(ValueError, match="answers with shape"):
        kl_divergence(target, lambda x: x, 10, torch.Generator())
    with pytest.raises(ValueError, match="at least 2 draws"):
        kl_divergence(target, target.log_prob, 1, torch.Generator())
    with pytest.raises(ValueError, match="positive definite"):
        gaussian_divergence(double([0.0]), double([[1.0]]), double([0.0]), double([[-1.0]]))
    with pytest.raises(ValueError, match="must have shape"):
        gaussian_divergence(double([0.0]), double([[1.0]]), double([0.0, 0.0]), double([[1.0]]))
