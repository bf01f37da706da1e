"""Sliced Wasserstein against closed forms, and the noise floor of every measure of clouds."""

import math

import pytest
import torch

from scoreviz.maths.density import preset
from scoreviz.maths.metrics import energy_distance, mode_mass, noise_floor, sliced_wasserstein


def cloud(n: int = 4000, dim: int = 2) -> torch.Tensor:
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(0))


def test_a_shift_is_seen_by_its_mean_projection():
    """a = b + d: every projection is off by |d . w|, on average 2|d|/pi in the plane."""
    b = 3 * cloud()
    unit = float(b.var(0, correction=0).mean().sqrt())
    d = torch.tensor([3.0, -4.0])
    assert sliced_wasserstein(b + d, b) == pytest.approx(5 * 2 / math.pi / unit, rel=1e-3)
    assert sliced_wasserstein(b, b) == 0.0


def test_a_stretch_of_a_gaussian():
    """N(0, c^2) against N(0, 1): |c - 1| sqrt(2/pi) in every direction."""
    b = cloud(50_000)
    assert sliced_wasserstein(b * 1.5, b) == pytest.approx(0.5 * math.sqrt(2 / math.pi), rel=0.02)


def test_one_dimension_is_the_mean_gap_of_sorted_values():
    a, b = torch.tensor([[0.0], [3.0], [1.0]]), torch.tensor([[5.0], [1.0], [0.0]])
    unit = float(b.var(0, correction=0).sqrt())
    assert sliced_wasserstein(a, b) == pytest.approx((0 + 0 + 2) / 3 / unit)


def test_units_are_the_data():
    a, b = cloud() + 0.3, cloud()
    assert sliced_wasserstein(10 * a + 7, 10 * b + 7) == pytest.approx(sliced_wasserstein(a, b), rel=1e-4)


def test_far_from_the_origin_nothing_is_lost():
    a, b = cloud().double(), cloud().double() * 1.1
    assert sliced_wasserstein(a + 1e5, b + 1e5) == pytest.approx(sliced_wasserstein(a, b), rel=1e-3)


def test_unequal_sizes():
    b = cloud(4000)
    assert sliced_wasserstein(b.repeat(3, 1), b) == pytest.approx(0.0, abs=1e-6)
    assert sliced_wasserstein(b[:1000] + 1, b) > 0.5


def test_noise_floor_falls_with_the_sample():
    target = preset("two_moons")
    mean, std = noise_floor(target, 4000)
    assert 0.015 < mean < 0.035
    assert 0 < std < 0.02
    assert noise_floor(target, 16_000)[0] < 0.7 * mean
    assert noise_floor(target, 4000) == (mean, std)


def test_symmetry_up_to_the_unit_and_the_triangle():
    a, b, c = cloud(500), cloud(1000)[500:] * 1.3 + 0.2, cloud(1500)[1000:] - 0.4
    unit = {id(v): float(v.var(0, correction=0).mean().sqrt()) for v in (a, b, c)}
    ab, ba, ac, cb = (sliced_wasserstein(u, v) * unit[id(v)] for u, v in ((a, b), (b, a), (a, c), (c, b)))
    assert ab == pytest.approx(ba, rel=1e-5)
    assert ab <= ac + cb


def test_two_gaussians_in_one_dimension():
    """W1 of N(0, 1) and N(m, 1) is m; of N(0, c^2) and N(0, 1) |c - 1| sqrt(2/pi). Sampling noise adds its floor, which is measured."""
    generator = torch.Generator().manual_seed(1)
    n = 40_000
    a, b = (torch.randn(n, 1, generator=generator, dtype=torch.float64) for _ in range(2))
    slack = 5 * 1.2 / math.sqrt(n)
    assert sliced_wasserstein(a + 0.7, b) == pytest.approx(0.7, abs=slack)
    assert sliced_wasserstein(a * 1.5, b) == pytest.approx(0.5 * math.sqrt(2 / math.pi), abs=slack)


def test_floors_of_other_measures():
    target = preset("two_moons")
    mean, std = noise_floor(target, 500, measure="energy_distance")
    assert noise_floor(target, 500, measure=energy_distance) == (mean, std)
    wrong = target.sample(500, torch.Generator().manual_seed(5)) + 0.5
    assert energy_distance(wrong, target.sample(500, torch.Generator().manual_seed(6))) > mean + 20 * std
    modes, _ = noise_floor(target, 500, measure=lambda a, _: mode_mass(a, target).total_variation)
    assert 0 < modes < 0.5
    for name, words in (("mode_mass", "does not compare two clouds"), ("energy_distanse", "did you mean “energy_distance”")):
        with pytest.raises(ValueError, match=words):
            noise_floor(target, 100, measure=name)
    with pytest.raises(ValueError, match="2 repeats"):
        noise_floor(target, 100, repeats=1)


def test_errors_and_escapes():
    with pytest.raises(ValueError, match="not finite"):
        sliced_wasserstein(cloud(), torch.full((10, 2), math.nan))
    with pytest.raises(ValueError, match="too few"):
        sliced_wasserstein(cloud(), cloud()[:1])
    with pytest.raises(ValueError, match="same dimension"):
        sliced_wasserstein(torch.ones(5), torch.ones(5))
    with pytest.raises(ValueError, match="same dimension"):
        sliced_wasserstein(cloud(), cloud(dim=3))
    with pytest.raises(ValueError, match="no spread"):
        sliced_wasserstein(cloud(), torch.ones(10, 2))
    lost = cloud()
    lost[0] = math.inf
    assert math.isnan(sliced_wasserstein(lost, cloud()))
