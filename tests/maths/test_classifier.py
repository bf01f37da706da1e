"""The learned noise-conditional classifier against the exact posterior of a labelled mixture."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import VESDE, GaussianMixture, make_sampler, sample, sliced_wasserstein
from scoreviz.maths.classifier import NoiseClassifier, class_columns, train_classifier
from scoreviz.maths.guidance import class_score_fn, guided
from scoreviz.maths.sde import VPSDE

SDE = VESDE(0.05, 8.0)
VP = VPSDE()
TARGET = GaussianMixture(
    torch.tensor([1.0, 1.0, 2.0, 1.0]), torch.tensor([[-1.0, 0.0], [1.0, 0.6], [0.0, -1.2], [1.2, -0.8]]), torch.full((4,), 0.35),
    labels=torch.tensor([2, 2, 5, 9]),
)  # fmt: skip


def labelled(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points of the mixture with labels drawn from their exact posterior."""
    g = torch.Generator().manual_seed(seed)
    x = TARGET.sample(n, g)
    columns = torch.multinomial(TARGET.class_log_prob(x).exp(), 1, generator=g)[:, 0]
    return x, torch.tensor(TARGET.classes)[columns]


@pytest.fixture(scope="module")
def classifier() -> NoiseClassifier:
    return train_classifier(*labelled(20_000, 0), SDE, steps=800, seed=1)


@pytest.mark.parametrize("sigma", [0.05, 0.3, 1.0, 3.0])
def test_it_learns_the_exact_posterior(classifier: NoiseClassifier, sigma: float):
    """At each level: relative entropy to the exact posterior under .02 nats, as many right answers as Bayes' rule."""
    x, y = labelled(5000, 7)
    x = x + sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(8))
    t = SDE.t_of_sigma(sigma)
    exact, learned = TARGET.class_log_prob(x, SDE, t), classifier.class_log_prob(x, SDE, t)
    assert torch.allclose(learned.exp().sum(1), torch.ones(len(x)), atol=1e-5)
    divergence = float((exact.exp() * (exact - learned)).sum(1).mean())
    assert -1e-6 < divergence < 0.02
    columns = class_columns(y, classifier.classes, len(y))
    right, best = (float((law.argmax(1) == columns).float().mean()) for law in (learned, exact))
    assert right == pytest.approx(best, abs=0.02)
    assert best > (0.9 if sigma < 0.1 else 0.4)


def test_its_gradient_is_the_gradient_of_its_log_probability(classifier: NoiseClassifier):
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = torch.tensor([2, 5, 9, 9, 2, 5])
    columns = class_columns(y, classifier.classes, 6)
    found = classifier.class_score(x, y, VP, 0.3)
    assert found.dtype == x.dtype
    for i in range(2):
        step = torch.zeros_like(x)
        step[:, i] = 1e-3
        above, below = (classifier.class_log_prob(x + d, VP, 0.3).gather(1, columns[:, None])[:, 0] for d in (step, -step))
        assert torch.allclose(found[:, i], (above - below) / 2e-3, atol=2e-3)
    with torch.no_grad():
        assert torch.equal(classifier.class_score(x, y, VP, 0.3), found)
    assert torch.allclose(classifier.class_score(x, 5, VP, 0.3)[1], found[1], atol=1e-5)
    times = torch.full((6,), 0.3, dtype=torch.float64)
    assert torch.allclose(classifier.class_score(x, y, VP, times), found, atol=1e-5)


def test_guidance_by_it_samples_the_class(classifier: NoiseClassifier):
    """From the same noise as exact guidance: what comes out lies a small part of the way from the class to the mixture."""
    n, y = 3000, 2
    x = SDE.prior_sampling((n, 2), torch.Generator().manual_seed(0))

    def through(source: Any) -> Tensor:
        return sample(make_sampler("heun", SDE, guided(TARGET.score_fn(SDE), class_score_fn(source, y, SDE), 1.0), n_steps=30), x, 0)

    exact, learned = through(TARGET), through(classifier)
    apart = sliced_wasserstein(sample(make_sampler("heun", SDE, TARGET.score_fn(SDE), n_steps=30), x, 0), exact)
    assert sliced_wasserstein(learned, exact) < 0.1 * apart


def test_the_error_of_the_gradient(classifier: NoiseClassifier):
    """Where the points are, its class score is within a quarter of the exact one (root mean square), at a middling noise level."""
    x, y = labelled(4000, 3)
    t = SDE.t_of_sigma(0.5)
    x = x + 0.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(4))
    exact, learned = TARGET.class_score(x, y, SDE, t), classifier.class_score(x, y, SDE, t)
    assert float((learned - exact).square().sum().sqrt() / exact.square().sum().sqrt()) < 0.25


def test_the_same_seed_gives_the_same_bits_and_the_global_generator_rests():
    x, y = labelled(200, 0)
    before = torch.random.get_rng_state()
    one, two, other = (train_classifier(x, y, SDE, steps=5, batch=32, seed=seed) for seed in (3, 3, 4))
    one.class_score(x, y, SDE, 0.5)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(one.flat, two.flat) and torch.equal(one.frequencies, two.frequencies)
    assert not torch.equal(one.flat, other.flat)
    assert not one.flat.requires_grad
    with torch.no_grad():
        assert torch.equal(train_classifier(x, y, SDE, steps=5, batch=32, seed=3).flat, one.flat)


def test_untrained_it_knows_nothing():
    blank = NoiseClassifier(torch.zeros(2), 1.0, torch.tensor([0, 1, 4]), torch.Generator().manual_seed(0))
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(blank.class_log_prob(x, SDE, 0.5), torch.full((5, 3), -math.log(3)))
    assert torch.equal(blank.class_score(x, 4, SDE, 0.5), torch.zeros_like(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pictures(dtype: torch.dtype):
    """(B, C, H, W): dark and bright pictures are told apart at little noise, and not at much."""
    g = torch.Generator().manual_seed(0)
    y = torch.arange(400) % 2
    x = torch.randn(400, 1, 3, 3, generator=g, dtype=dtype) * 0.2 + y[:, None, None, None]
    found = train_classifier(x, y, SDE, steps=150, batch=128, width=32)
    log_p = found.class_log_prob(x, SDE, 0.0)
    assert log_p.dtype == dtype
    assert float((log_p.argmax(1) == y).double().mean()) > 0.98
    assert found.class_score(x, y, SDE, 0.2).shape == x.shape
    assert found.class_score(x, y, SDE, 0.2).dtype == dtype


def test_bad_input(classifier: NoiseClassifier):
    x, y = labelled(10, 0)
    for bad in (x[:, 0], x.long(), x[:0], x / 0):
        with pytest.raises(ValueError, match="finite float points"):
            train_classifier(bad, y, SDE)
    for bad in (y[:5], y.float(), y[:, None]):
        with pytest.raises(ValueError, match="integer labels"):
            train_classifier(x, bad, SDE)
    for settings in ({"steps": 0}, {"batch": 0}, {"learning_rate": 0.0}, {"learning_rate": math.nan}):
        with pytest.raises(ValueError, match="positive learning rate"):
            train_classifier(x, y, SDE, **settings)
    with pytest.raises(ValueError, match="at least two classes"):
        train_classifier(x, torch.zeros_like(y), SDE)
    for settings in ({"width": 0}, {"depth": 0}, {"features": -1}):
        with pytest.raises(ValueError, match="at least"):
            train_classifier(x, y, SDE, **settings)
    with pytest.raises(ValueError, match="sigma_data"):
        train_classifier(x[:1].repeat(10, 1), torch.arange(10) % 2, SDE, steps=1)
    with pytest.raises(ValueError, match=r"no class 3; known: \[2, 5, 9\]"):
        classifier.class_score(x, 3, SDE, 0.5)
    with pytest.raises(ValueError, match="no class 11"):
        classifier.class_score(x, torch.tensor([2, 5, 9, 2, 5, 9, 2, 5, 9, 11]), SDE, 0.5)
    for y_bad in (torch.tensor([2, 5]), torch.tensor(2.0), True):
        with pytest.raises(ValueError, match="integer label"):
            classifier.class_score(x, y_bad, SDE, 0.5)
    with pytest.raises(ValueError, match=r"\(B, 2\)"):
        classifier.class_log_prob(torch.zeros(3, 4), SDE, 0.5)
