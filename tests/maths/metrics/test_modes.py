"""Mode mass: exact on average for perfect samples, overlapping or not, and sensitive to what Langevin gets wrong."""

import math

import pytest
import torch

from scoreviz.maths.metrics import mode_mass
from scoreviz.maths.targets import GaussianMixture

WEIGHTS = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)


def mixture(width: float, **settings: object) -> GaussianMixture:
    means = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    return GaussianMixture(WEIGHTS, means, torch.full((3,), width, dtype=torch.float64), **settings)


@pytest.mark.parametrize("width", [0.1, 0.8, 3.0])
def test_perfect_samples_have_the_weights(width: float):
    """Within five standard errors for separated and for overlapping modes; chi square is what chance makes it, on average over seeds."""
    target = mixture(width)
    ratios = []
    for seed in range(60):
        found = mode_mass(target.sample(1000, torch.Generator().manual_seed(seed)), target)
        assert torch.allclose(found.shares.sum(), torch.ones(()).double())
        assert bool(((found.shares - WEIGHTS).abs() < 5 * found.errors).all())
        ratios.append(found.chi_square / found.expected)
    ratio = torch.tensor(ratios)
    assert float(ratio.mean()) == pytest.approx(1, abs=5 * float(ratio.std()) / math.sqrt(60))


def test_separated_modes_are_pearsons_chi_square():
    target = mixture(0.05)
    counts = torch.tensor([400, 450, 150])
    x = target.means.repeat_interleave(counts, 0)
    for hard in (False, True):
        found = mode_mass(x, target, hard=hard)
        assert found.shares.tolist() == pytest.approx([0.4, 0.45, 0.15])
        assert found.chi_square == pytest.approx(100**2 / 500 + 150**2 / 300 + 50**2 / 200)
        assert found.total_variation == pytest.approx(0.15)
        assert found.expected == pytest.approx(float((found.shares * (1 - found.shares) / WEIGHTS).sum()), rel=0.01)


def test_hard_counts_mislead_where_modes_overlap():
    target = mixture(2.0)
    x = target.sample(20_000, torch.Generator().manual_seed(0))
    assert mode_mass(x, target).total_variation < 0.01
    assert mode_mass(x, target, hard=True).total_variation > 0.1


def test_classes():
    target = mixture(0.5, labels=torch.tensor([4, 1, 4]))
    found = mode_mass(target.sample(5000, torch.Generator().manual_seed(0)), target, classes=True)
    assert found.weights.tolist() == pytest.approx([0.3, 0.7])
    assert bool(((found.shares - found.weights).abs() < 5 * found.errors).all())


def test_lost_points_belong_to_no_mode():
    target = mixture(0.05)
    x = target.means.repeat(10, 1)
    x[::3] = math.nan
    found = mode_mass(x, target)
    assert found.lost == pytest.approx(1 / 3)
    assert found.shares.tolist() == pytest.approx([0, 1 / 3, 1 / 3])
    assert found.total_variation == pytest.approx(0.5 * (0.5 + 1 / 30 + 2 / 15 + 1 / 3))
    assert mode_mass(torch.full((4, 2), math.inf), target).lost == 1


def test_refusals():
    target = mixture(0.5)
    for x in (torch.zeros(5), torch.zeros(1, 2), torch.zeros(4, 3)):
        with pytest.raises(ValueError, match=r"at least 2 points|expected points"):
            mode_mass(x, target)
    with pytest.raises(ValueError, match="no labels"):
        mode_mass(torch.zeros(4, 2), target, classes=True)
