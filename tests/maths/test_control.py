"""What a scene may ask of its samples, against laws known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from scoreviz.maths.control import (
    controlled_log_prob,
    controlled_sampler,
    controlled_score,
    data_law,
    law_of,
    learned_source,
    source_of,
)
from scoreviz.maths.empirical import data_set
from scoreviz.maths.networks import build_network
from scoreviz.maths.sampling import build_sampler, prior_points, sample
from scoreviz.maths.sde import VESDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.control import ByClass, Inpaint, Unconditional
from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning import MLP
from scoreviz.scene.samplers import RK45, Forward, LangevinCorrector, PredictorCorrector, ReverseSDE

SDE = VESDE(0.01, 8.0)


def two_classes() -> GaussianMixture:
    """N(-1, .3^2) and N((1, .5), .4^2) are class 0, N((.5, -1), .2^2) is class 2."""
    means = torch.tensor([[-1.0, 0.0], [1.0, 0.5], [0.5, -1.0]])
    return GaussianMixture(torch.tensor([0.3, 0.3, 0.4]), means, torch.tensor([0.3, 0.4, 0.2]), labels=torch.tensor([0, 0, 2]))


def score_by_hand(x: np.ndarray, keep: list[int], t: float) -> np.ndarray:
    """Score of the components `keep` alone at time t, in numpy."""
    law = two_classes()
    w, m = law.weights.double().numpy()[keep], law.means.double().numpy()[keep]
    v = law.stds.double().numpy()[keep] ** 2 + float(SDE.std(t)) ** 2
    apart = x[:, None] - m
    log = np.log(w) - np.log(v) - 0.5 * (apart**2).sum(2) / v
    r = np.exp(log - log.max(1, keepdims=True))
    r /= r.sum(1, keepdims=True)
    return -(r[:, :, None] * apart / v[:, None]).sum(1)


@pytest.mark.parametrize("rule", ["classifier", "classifier_free"])
@pytest.mark.parametrize("w", [0.0, 1.0, 2.5])
def test_guided_scores_are_the_combination_of_both(rule: str, w: float) -> None:
    law, t = two_classes(), 0.55
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    score = controlled_score(ByClass(label=2, weight=w, rule=rule), source_of(law, SDE), law, SDE)(x, t)  # type: ignore[arg-type]
    whole, own = score_by_hand(x.double().numpy(), [0, 1, 2], t), score_by_hand(x.double().numpy(), [2], t)
    assert np.allclose(score.double().numpy(), whole + w * (own - whole), rtol=1e-4, atol=1e-5)


def test_a_guided_log_density_has_the_guided_score_as_its_gradient() -> None:
    law, t = two_classes(), 0.4
    control = ByClass(label=0, weight=1.7)
    x = torch.randn(20, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()
    log_prob = controlled_log_prob(control, law.log_prob_fn(SDE), law, SDE)
    assert log_prob is not None
    (gradient,) = torch.autograd.grad(log_prob(x, t).sum(), x)
    score = controlled_score(control, source_of(law, SDE), law, SDE)(x.detach(), t)
    assert torch.allclose(gradient, score, rtol=1e-6, atol=1e-8)


def test_a_class_is_sampled_and_its_law_is_said() -> None:
    law, control = two_classes(), ByClass(label=2)
    score = controlled_score(control, source_of(law, SDE), law, SDE)
    sampler = build_sampler(ReverseSDE(steps=200), SDE, score)
    x = sample(sampler, prior_points(SDE, (4000, 2), torch.Generator().manual_seed(0), law.mean(), torch.float32), 1)
    error = 0.2 / math.sqrt(4000)
    assert torch.allclose(x.mean(0), torch.tensor([0.5, -1.0]), atol=6 * error)
    assert x.std(0).mean() == pytest.approx(0.2, rel=0.08)
    said = law_of(control, law)
    assert said is not None and len(said.mixture) == 1 and said.columns is None
    assert law_of(ByClass(label=2, weight=3.0), law) is None, "nobody knows that law"
    whole = law_of(ByClass(label=2, weight=0.0), law)
    assert whole is not None and len(whole.mixture) == 3


def correlated() -> GaussianMixture:
    """The Gaussian of REFERENCE: unit variances, correlation .9."""
    return GaussianMixture(torch.ones(1), torch.zeros(1, 2), covs=torch.tensor([[[1.0, 0.9], [0.9, 1.0]]]))


def test_replacement_misses_the_conditional_and_a_corrector_mends_it() -> None:
    """REFERENCE: .94 +- .56 from the predictor alone, 1.35 +- .44 with one Langevin corrector a step, which is the truth."""
    law, control, sde = correlated(), Inpaint(coordinate="x", value=1.5), VESDE(0.01, 10.0)
    said = law_of(control, law)
    assert said is not None and said.columns == (1,)
    assert float(said.mixture.means[0, 0]) == pytest.approx(1.35, abs=1e-5)
    assert float(said.mixture.cov()) == pytest.approx(0.19, abs=1e-5)
    start = prior_points(sde, (3000, 2), torch.Generator().manual_seed(0), law.mean(), torch.float32)
    found = {}
    for corrector_steps in (0, 1):
        spec = PredictorCorrector(steps=1000, corrector_steps=corrector_steps, corrector=LangevinCorrector(snr=0.16))
        sampler = controlled_sampler(control, build_sampler(spec, sde, law.score_fn(sde)), sde, 2)
        x = sample(sampler, start, 1)
        assert bool((x[:, 0] == 1.5).all()), "what is known is exact at the end"
        found[corrector_steps] = said.of(x)[:, 0]
    assert float(found[0].mean()) == pytest.approx(0.94, abs=0.05) and float(found[0].std()) == pytest.approx(0.56, abs=0.03)
    assert float(found[1].mean()) == pytest.approx(1.35, abs=0.04) and float(found[1].std()) == pytest.approx(0.44, abs=0.03)


@pytest.mark.parametrize(
    ("control", "dim", "words"),
    [
        (Inpaint(coordinate="z"), 2, "cannot be known"),
        (Inpaint(coordinate="x"), 1, "nothing to be sampled"),
    ],
)
def test_what_cannot_be_known_is_a_sentence(control: Inpaint, dim: int, words: str) -> None:
    law = GaussianMixture(torch.ones(1), torch.zeros(1, dim), torch.ones(1))
    sampler = build_sampler(ReverseSDE(steps=3), SDE, law.score_fn(SDE))
    with pytest.raises(SceneError, match=words):
        controlled_sampler(control, sampler, SDE, dim)


def test_samplers_that_cannot_hold_a_coordinate_say_so() -> None:
    law = two_classes()
    for spec, words in ((RK45(), "chooses its levels"), (Forward(), "from data to noise")):
        with pytest.raises(SceneError, match=words):
            controlled_sampler(Inpaint(), build_sampler(spec, SDE, law.score_fn(SDE)), SDE, 2)


def test_a_class_without_data_is_a_sentence() -> None:
    law = two_classes()
    for ask in (lambda: law_of(ByClass(label=1), law), lambda: data_law(ByClass(label=5), law)):
        with pytest.raises(SceneError, match="Nothing is drawn in class colour"):
            ask()
    with pytest.raises(SceneError, match="Nothing is drawn in class colour 1"):
        controlled_score(ByClass(label=1), source_of(law, SDE), law, SDE)
    plain = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1))
    x = torch.randn(5, 2)
    same = controlled_score(ByClass(label=0, weight=4.0), source_of(plain, SDE), plain, SDE)(x, 0.5)
    assert torch.equal(same, plain.score(x, SDE, 0.5)), "of one colour alone, the class says nothing"


def test_a_network_without_classes_has_no_conditional_score() -> None:
    network = build_network(MLP(width=8, depth=1, features=2), 2, 1.0, torch.Generator().manual_seed(0))
    with pytest.raises(SceneError, match="Raise “classes” of the network to 3"):
        learned_source(network, SDE)(2)
    taught = build_network(MLP(width=8, depth=1, features=2, classes=3), 2, 1.0, torch.Generator().manual_seed(0))
    x = torch.randn(4, 2)
    source = learned_source(taught, SDE)
    law = two_classes()
    control = ByClass(label=2, weight=1.5, rule="classifier_free")
    with torch.no_grad():
        expected = source(None)(x, 0.5) + 1.5 * (source(2)(x, 0.5) - source(None)(x, 0.5))
        assert torch.allclose(controlled_score(control, source, law, SDE)(x, 0.5), expected)


def test_nothing_asked_changes_nothing() -> None:
    law = two_classes()
    sampler = build_sampler(ReverseSDE(steps=5), SDE, law.score_fn(SDE))
    assert controlled_sampler(Unconditional(), sampler, SDE, 2) is sampler
    said = law_of(Unconditional(), law)
    assert said is not None and said.mixture is law and data_law(Unconditional(), law) is law


def test_data_are_samples_with_their_classes() -> None:
    law = two_classes()
    data = data_set(law, 500, 3)
    assert torch.equal(data.points, law.sample(500, torch.Generator().manual_seed(3))), "as `sample` draws them"
    assert data.classes == (0, 2)
    near = law.means[:, None].sub(data.points).norm(dim=2).argmin(0)
    assert float((law.labels[near] == data.labels).double().mean()) > 0.97  # type: ignore[index]
    assert torch.equal(data_set(law, 500, 3).points, data.points) and not torch.equal(data_set(law, 500, 4).points, data.points)
