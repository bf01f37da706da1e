"""Shapes in space: on their curves by closed forms, with the moments of even mass; points of tables, and what is wrong with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from scoreviz.maths.density import compile_density
from scoreviz.maths.solid import (
    MAX_COMPONENTS,
    PRESET_COMPONENTS,
    PRESETS,
    Parts,
    compile_solid,
    lorenz_path,
    lorenz_rate,
    merged,
    solid_preset,
)
from scoreviz.scene.density import Density
from scoreviz.scene.errors import SceneError
from scoreviz.scene.solid import SOLID_LABELS, SolidPoints, SolidPreset, SolidPresetName


def samples(name: SolidPresetName, n: int = 4000) -> np.ndarray:
    return solid_preset(name).sample(n, torch.Generator().manual_seed(5)).double().numpy()


def test_each_label_has_a_shape_within_the_ball_and_small_enough_for_a_fast_score() -> None:
    assert set(PRESETS) == set(SOLID_LABELS)
    for name in PRESETS:
        mixture = solid_preset(name)
        assert mixture.dim == 3 and len(mixture.means) <= PRESET_COMPONENTS
        assert float(mixture.means.norm(dim=1).max()) < 2.0
        assert (np.linalg.norm(samples(name), axis=1) < 2.2).mean() > 0.995


def test_the_density_compiles_what_its_dimensions_say() -> None:
    density = Density(dimensions="3", solid=(SolidPreset(name="helix"),))
    assert torch.equal(compile_density(density, {}).means, solid_preset("helix").means)


def test_helix_samples_satisfy_its_equation() -> None:
    x, y, z = samples("helix").T
    along = 3 * np.pi * z / 1.6  # the angle at this height
    gap = np.abs(np.angle(np.exp(1j * (np.arctan2(y, x) - along)))) * 1.2
    rise = 1.6 / (3 * np.pi)  # per radian
    slope = rise / math.hypot(1.2, rise)
    across = np.hypot(np.hypot(x, y) - 1.2, gap * slope)  # to the curve, taken straight near it
    assert (across < 3 * 0.07).mean() > 0.98 and across.max() < 5 * 0.07


def test_knot_samples_lie_around_the_trefoil() -> None:
    x, y, z = samples("torus_knot").T
    u = np.linspace(0, 2 * np.pi, 6000)
    r = 1.35 + 0.6 * np.cos(3 * u)
    curve = np.column_stack([r * np.cos(2 * u), r * np.sin(2 * u), 0.6 * np.sin(3 * u)])
    points = np.column_stack([x, y, z])[:800]
    gaps = np.sqrt(((points[:, None] - curve[None, ::4]) ** 2).sum(-1).min(1))
    assert (gaps < 3 * 0.07).mean() > 0.98  # of a chi law with two degrees: 0.989
    tube = np.hypot(np.hypot(x, y) - 1.35, z)
    assert np.abs(tube - 0.6).max() < 5 * 0.07, "it winds on the torus"


def test_the_rings_are_two_linked_circles() -> None:
    points = samples("linked_rings")
    lying = np.hypot(np.hypot(points[:, 0] + 0.6, points[:, 1]) - 1.25, points[:, 2])
    standing = np.hypot(np.hypot(points[:, 0] - 0.6, points[:, 2]) - 1.25, points[:, 1])
    assert (np.minimum(lying, standing) < 3 * 0.08).mean() > 0.98
    assert abs((lying < standing).mean() - 0.5) < 0.03
    centres = solid_preset("linked_rings").means.double().numpy()
    first, second = centres[: len(centres) // 2], centres[len(centres) // 2 :]
    gap = first[:, None] - second[None]
    steps = [(np.roll(ring, -1, 0) - np.roll(ring, 1, 0)) / 2 for ring in (first, second)]
    cross = np.cross(steps[0][:, None], steps[1][None])
    linking = (gap * cross).sum(-1) / (np.linalg.norm(gap, axis=-1) ** 3 * 4 * np.pi)  # Gauss' integral
    assert abs(abs(linking.sum()) - 1) < 0.02


def test_the_roll_is_even_over_its_area() -> None:
    points = samples("swiss_roll", 20_000)
    assert (np.abs(points[:, 2]) < 1 + 5 * 0.11).all()
    assert points[:, 2].var() == pytest.approx((1 / 3) * 0.99 + 0.11**2, rel=0.05)
    r = np.hypot(points[:, 0], points[:, 1])
    inner, outer = 1.75 / 3, 1.75
    # mass per arc length even: the density of r is close to proportional to r between the ends, up to the pitch
    mean = (2 / 3) * (outer**3 - inner**3) / (outer**2 - inner**2)
    assert r.mean() == pytest.approx(mean, rel=0.02)


def test_lorenz_is_on_the_attractor_and_its_moments_are_those_of_time() -> None:
    start = lorenz_path(np.array([1.0, 1.0, 25.0]), 5.0, 0.005)[-1]
    path = lorenz_path(start, 9.5, 0.005)
    fine = lorenz_path(start, 1.0, 0.001)
    assert np.abs(path[200] - fine[-1]).max() < 1e-3, "the step is fine enough"
    rate = (fine[2:] - fine[:-2]) / 0.002
    assert np.abs(rate - np.array([lorenz_rate(p) for p in fine[1:-1]])).max() < 0.02
    placed = (path - [0, 0, 25]) / 14
    mixture = solid_preset("lorenz")
    weights = (mixture.weights / mixture.weights.sum())[:, None]
    assert np.abs((weights * mixture.means).sum(0).numpy() - placed.mean(0)).max() < 0.02, "mass by the time spent"
    second = (weights * mixture.means.square()).sum(0).numpy()
    assert np.abs(second / (placed**2).mean(0) - 1).max() < 0.05


def blob(points: np.ndarray) -> dict[str, bytes]:
    return {"digest": np.asarray(points, "<f4").tobytes()}


MARK = SolidPoints(name="cloud.csv", points="digest", width=0.1, radius=1.5)


def test_points_become_a_gaussian_each() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, -0.5, 0.25]])
    mixture = compile_solid((MARK,), blob(points))
    assert torch.allclose(mixture.means, torch.tensor(1.5 * points, dtype=torch.float32))
    assert torch.allclose(mixture.stds, torch.tensor(0.1)) and torch.allclose(mixture.weights / mixture.weights.sum(), torch.tensor(1 / 3))


def test_a_hundred_thousand_points_are_merged_with_their_moments_kept() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(100_000, 3)) * [0.3, 0.2, 0.1]
    mixture = compile_solid((MARK,), blob(points))
    assert len(mixture.means) <= MAX_COMPONENTS
    assert np.abs(mixture.mean().numpy() - 1.5 * points.astype("<f4").mean(0)).max() < 1e-4
    total = 3 * mixture.sigma_data**2
    assert total == pytest.approx((1.5 * points).var(0).sum() + 3 * 0.1**2, rel=1e-4)


def test_merging_leaves_few_components_alone() -> None:
    parts = Parts(np.ones(4), np.zeros((4, 3)), np.full(4, 0.1))
    assert merged(parts, 4) is parts
    one = merged(parts, 1)
    assert one.mass.tolist() == [4.0] and one.std == pytest.approx(0.1)


def test_two_marks_share_the_mass() -> None:
    mixture = compile_solid((SolidPreset(name="helix"), MARK), blob(np.zeros((5, 3))))
    far = mixture.means.norm(dim=1) > 1e-6
    weights = mixture.weights / mixture.weights.sum()
    assert float(weights[far].sum()) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "missing"),
        (b"", "not triples"),
        (b"\0" * 20, "not triples"),
        (np.array([0, 0, np.nan], "<f4").tobytes(), "not finite"),
        (np.array([0, np.inf, 0], "<f4").tobytes(), "not finite"),
        (np.array([0, 1e7, 0], "<f4").tobytes(), "far away"),
    ],
)
def test_what_is_wrong_with_points_is_a_sentence(data: bytes | None, says: str) -> None:
    with pytest.raises(SceneError) as caught:
        compile_solid((MARK,), {} if data is None else {"digest": data})
    assert says in str(caught.value) and "cloud.csv" in str(caught.value)


def test_empty_space_is_a_sentence() -> None:
    with pytest.raises(SceneError, match="Space is empty"):
        compile_density(Density(dimensions="3", solid=()), {})
