"""Laws that follow from a mixture: classes by Bayes' rule, known coordinates, noisy observations. Against quadrature and joint draws."""

import math

import pytest
import torch

from scoreviz.maths import GaussianMixture
from tests.maths.test_mixtures import KINDS, LABELS, both_sdes, covariances, joint_log, mixture, normal, square


@both_sdes
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("t", [0.0, 0.4, 1.0])
def test_classes_are_bayes_rule(sde, kind: str, t: float):
    target, x = mixture(kind, labels=LABELS), normal(20).requires_grad_()
    joint = joint_log(target, x, sde.mean_coefficient(t), sde.std(t))
    assert target.classes == (0, 2, 5)
    truth = torch.stack([torch.logsumexp(joint[:, y == LABELS], 1) for y in target.classes], 1) - torch.logsumexp(joint, 1)[:, None]
    found = target.class_log_prob(x, sde, t)
    assert torch.allclose(found, truth, rtol=1e-8, atol=1e-8)
    assert torch.allclose(found.exp().sum(1), torch.ones(20).double())
    chosen = torch.tensor([0, 2, 5, 2] * 5)
    (gradient,) = torch.autograd.grad(truth[torch.arange(20), torch.tensor([0, 1, 2, 1] * 5)].sum(), x, retain_graph=True)
    assert torch.allclose(target.class_score(x, chosen, sde, t), gradient, rtol=1e-7, atol=1e-7)
    for y in target.classes:
        apart = target.of_class(y).score(x, sde, t) - target.score(x, sde, t)
        assert torch.allclose(target.class_score(x, y, sde, t), apart, rtol=1e-7, atol=1e-7)
    assert target.class_score(x.float(), 2, sde, t).dtype == target.class_log_prob(x.float(), sde, t).dtype == torch.float32


def test_the_class_score_keeps_its_digits_where_the_class_is_certain():
    """Two unit Gaussians at +-3: log p(+|x) = log sigmoid(6 x), its slope 6 sigmoid(-6 x), 10^-25 at x = 10."""
    target = GaussianMixture(torch.ones(2), torch.tensor([[-3.0], [3.0]]).double(), torch.ones(2).double(), labels=torch.tensor([0, 1]))
    x = torch.tensor([[-10.0], [0.0], [3.0], [10.0]], dtype=torch.float64)
    truth = 6 * torch.sigmoid(-6 * x)
    assert torch.allclose(target.class_score(x, 1), truth, rtol=1e-9, atol=0)
    assert torch.allclose(target.class_log_prob(x)[:, 1:], torch.nn.functional.logsigmoid(6 * x), rtol=1e-9, atol=1e-15)


@both_sdes
@pytest.mark.parametrize("kind", KINDS)
def test_conditioning_is_the_slice_of_the_joint_density(sde, kind: str):
    """p(x_u|y) against the joint along the slice, normalised by quadrature; and noised, p_t(x_u|y), against a direct convolution."""
    target = mixture(kind, 2, labels=LABELS)
    line = torch.linspace(-6, 6, 4001, dtype=torch.float64)
    for known in (0, 1):
        mask, values = torch.arange(2) == known, torch.full((2,), 0.7).double()
        points = torch.stack([values[known].expand(4001), line] if known == 0 else [line, values[known].expand(4001)], 1)
        p = torch.logsumexp(joint_log(target, points), 1).exp()
        p = p / (p.sum() * 0.003)
        conditional = target.given(mask, values)
        assert conditional.shape == (1,)
        assert torch.allclose(conditional.log_prob(line[:, None]).exp(), p, atol=1e-8)
        a, s = sde.mean_coefficient(0.5), sde.std(0.5)
        x = torch.tensor([[-1.0], [0.2], [1.3]]).double()
        kernel = torch.exp(-((x - a * line) ** 2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi))
        assert torch.allclose(conditional.log_prob(x, sde, 0.5).exp(), kernel @ p * 0.003, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_conditioning_in_three_dimensions(kind: str):
    """p(x_u|y) = p(x_u, y)/p(y), with p(y) the mixture of the known coordinates' own blocks."""
    target = mixture(kind, 3, labels=LABELS)
    mask = torch.tensor([False, True, False])
    values = torch.tensor([math.nan, -0.4, math.nan]).double()  # what is unknown is not read
    conditional, x = target.given(mask, values), normal(15)
    full = torch.stack([x[:, 0], torch.full((15,), -0.4).double(), x[:, 1]], 1)
    of_known = GaussianMixture(target.weights, target.means[:, 1:2], covs=covariances(target)[:, 1:2, 1:2])
    expected = torch.logsumexp(joint_log(target, full), 1) - of_known.log_prob(values[1:2][None])
    assert torch.allclose(conditional.log_prob(x), expected, atol=1e-9)
    assert conditional.classes == (0, 2, 5)
    two = target.given(~mask, torch.tensor([0.5, math.nan, -1.0]).double())
    assert two.shape == (1,) and float(
        two.log_prob(torch.linspace(-8, 8, 4001, dtype=torch.float64)[:, None]).exp().sum() * 0.004
    ) == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_conditioning_agrees_with_joint_samples(kind: str):
    """Among many draws, those whose known coordinate lies within .01 of y have the conditional's mean, spread and classes."""
    target = mixture(kind, 2, labels=LABELS)
    x = target.sample(2_000_000, torch.Generator().manual_seed(0))
    near = x[(x[:, 0] - 0.5).abs() < 0.01, 1]
    law = target.given(torch.tensor([True, False]), torch.tensor([0.5, 0.0]).double())
    error = float(near.std()) / math.sqrt(len(near))
    assert len(near) > 3000
    assert float(near.mean()) == pytest.approx(float(law.mean()), abs=5 * error)
    kurtosis = float(((near - near.mean()) / near.std()).pow(4).mean())
    assert float(near.var()) == pytest.approx(float(law.cov()), rel=5 * math.sqrt((kurtosis - 1) / len(near)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1.0, 0.3, 0.0])
def test_a_noisy_observation_is_bayes_rule(kind: str, scale: float):
    """p(x|y) = p(x) N(y; scale x, std^2)/p(y) with p(y) by quadrature, in the densities themselves."""
    target = mixture(kind, labels=LABELS)
    points, cell = square(-8, 8, 401)
    y, std = torch.tensor([0.4, -0.8], dtype=torch.float64), 0.5
    log_p = torch.logsumexp(joint_log(target, points), 1) - (y - scale * points).square().sum(1) / (2 * std**2)
    log_p = log_p - torch.logsumexp(log_p, 0) - math.log(cell)
    law = target.observed(y, scale, std)
    assert torch.allclose(law.log_prob(points).exp(), log_p.exp(), atol=1e-7)
    assert law.classes == target.classes and law.isotropic == target.isotropic


def test_conditioning_far_away_keeps_what_has_weight():
    """Two narrow components, and a known value that only one can explain: the other's weight is e^-20000."""
    target = GaussianMixture(torch.ones(2), torch.tensor([[0.0, -1.0], [2.0, 1.0]]), torch.full((2,), 0.01), labels=torch.tensor([0, 1]))
    law = target.given(torch.tensor([True, False]), torch.tensor([2.0, 0.0]))
    assert len(law) == 1 and law.classes == (1,) and law.mean().item() == pytest.approx(1.0)
    assert law.sample(3, torch.Generator().manual_seed(0)).dtype == torch.float32


def test_the_uniform_that_chooses_a_component_chooses_the_class():
    far = GaussianMixture(
        torch.tensor([1.0, 2.0, 1.0]), torch.tensor([[-9.0], [0.0], [9.0]]), torch.full((3,), 0.1), labels=torch.tensor([4, 1, 4])
    )
    u = torch.tensor([0.0, 0.2, 0.3, 0.7, 0.8, 1.0])
    assert far.components_at(u).tolist() == [0, 0, 1, 1, 2, 2]
    x, labels = far.sample_at(u, torch.zeros(6, 1)), far.labels[far.components_at(u)]
    assert torch.equal(far.class_log_prob(x).argmax(1), (labels == 4).long())
