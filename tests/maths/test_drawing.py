"""A drawing in full: marks that were moved, classes, layers, hard strokes, areas; each against its closed form."""

from __future__ import annotations

import math
import struct
import time

import numpy as np
import pytest
import torch

from scoreviz.maths import compile_density
from scoreviz.maths.merging import merge
from scoreviz.maths.parts import Components
from scoreviz.maths.shapes import PRESET_LENGTH
from scoreviz.maths.strokes import SHARPEST
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.density import (
    Area,
    Bitmap,
    Density,
    Erase,
    Gaussian,
    Layer,
    Mark,
    Placement,
    Points,
    Preset,
    Stroke,
    Text,
    digest_of,
)
from scoreviz.scene.errors import SceneError

PLACE = Placement(dx=0.7, dy=-0.4, scale=1.6, angle=0.9)


def blob(*points: tuple[float, float]) -> tuple[str, dict[str, bytes]]:
    data = struct.pack(f"<{2 * len(points)}f", *(value for point in points for value in point))
    return digest_of(data), {digest_of(data): data}


def seven() -> tuple[list[Mark], dict[str, bytes]]:
    """One mark of each kind that has mass."""
    bend, blobs = blob((-1.0, 0.0), (0.2, 0.4), (1.0, -0.5))
    corners, more = blob((0.0, 0.0), (1.0, 0.1), (0.4, 0.9))
    letter, letters = blob((-0.4, -0.5), (0.4, -0.5), (0.4, 0.5), (-0.4, 0.5), (math.nan, math.nan))
    table, rows = blob((0.0, 1.0), (0.5, -0.5), (-0.5, -0.5))
    pixels = bytes(range(0, 240, 10))
    marks: list[Mark] = [
        Stroke(points=bend, width=0.1),
        Stroke(points=bend, width=0.2, hardness=0.8),
        Gaussian(x=0.5, y=-1.0, std=0.3),
        Preset(name="two_moons"),
        Area(outline=corners),
        Text(text="I", outline=letter, x=0.3),
        Points(points=table, y=0.2),
        Bitmap(pixels=digest_of(pixels), rows=4, columns=6),
    ]
    return marks, blobs | more | letters | rows | {digest_of(pixels): pixels}


def moved(mark: Mark, **changes: object) -> Mark:
    import msgspec

    return msgspec.structs.replace(mark, **changes)


@pytest.mark.parametrize("index", range(8))
def test_a_placed_mark_is_the_density_of_the_placed_points(index: int) -> None:
    """With q = c R p + d the density is p_0(R^T (q - d)/c) / c^2, point by point."""
    marks, blobs = seven()
    plain = compile_density(Density(marks=(marks[index],)), blobs)
    placed = compile_density(Density(marks=(moved(marks[index], place=PLACE),)), blobs)
    q = placed.sample(200, torch.Generator().manual_seed(0)).double() * 1.05
    turn = torch.tensor([[math.cos(0.9), -math.sin(0.9)], [math.sin(0.9), math.cos(0.9)]], dtype=torch.float64)
    back = (q - torch.tensor([0.7, -0.4])) @ turn / 1.6  # rows times R are R^T times columns
    wanted = plain.log_prob(back) - 2 * math.log(1.6)
    near = wanted > -30  # float32 widths and centres weigh in the far tails
    assert near.sum() > 50
    assert torch.allclose(placed.log_prob(q)[near], wanted[near], atol=2e-3)


def test_moving_leaves_the_mass() -> None:
    line, blobs = blob((-1.0, 0.0), (1.0, 0.0))
    marks = (Stroke(points=line, width=0.1, place=Placement(dx=5.0, scale=2.0)), Gaussian(x=-5.0, y=0.0, std=0.2, weight=2.0))
    target = compile_density(Density(marks=marks), blobs)
    assert float(target.weights[target.means[:, 0] > 0].sum()) == pytest.approx(0.5)
    assert float(target.stds[target.means[:, 0] > 0].unique()) == pytest.approx(0.2)


def test_only_the_placed_stroke_of_a_run_moves() -> None:
    line, blobs = blob((-1.0, 0.0), (1.0, 0.0))
    stay, go = Stroke(points=line, width=0.1), Stroke(points=line, width=0.1, place=Placement(dy=2.0, angle=math.pi / 2))
    together = compile_density(Density(marks=(stay, go)), blobs)
    alone = compile_density(Density(marks=(stay,)), blobs)
    assert torch.equal(together.means[: len(alone)], alone.means)
    assert torch.allclose(together.means[len(alone) :, 0], torch.tensor(0.0), atol=1e-6)
    assert float(together.means[len(alone) :, 1].mean()) == pytest.approx(2.0)


def test_a_moved_erasure_takes_there() -> None:
    dot, blobs = blob((0.0, 0.0))
    marks = (Preset(name="eight_gaussians"), Erase(points=dot, width=0.1, place=Placement(dx=1.6, scale=3.0)))
    target = compile_density(Density(marks=marks), blobs)
    assert len(target) == 7 and not bool(((target.means - torch.tensor([1.6, 0.0])).norm(dim=1) < 0.3).any())


# ---- classes


def test_without_classes_there_are_no_labels() -> None:
    assert compile_density(Density(marks=(Preset(name="rings"),)), {}).labels is None
    assert compile_density(Density(marks=(Preset(name="rings", label=3),)), {}).labels is None, "one class is none"


def test_classes_have_the_mass_of_their_marks() -> None:
    marks, blobs = seven()
    marks = [moved(mark, label=k % 3) for k, mark in enumerate(marks)]
    target = compile_density(Density(marks=tuple(marks)), blobs)
    assert target.classes == (0, 1, 2)
    length = math.hypot(1.2, 0.4) + math.hypot(0.8, 0.9)
    area = abs(1.0 * 0.9 - 0.4 * 0.1) / 2
    masses = np.array([length, length, 1.0, PRESET_LENGTH, area, PRESET_LENGTH, PRESET_LENGTH, PRESET_LENGTH])
    for label in range(3):
        share = float(target.weights[target.labels == label].sum())
        assert share == pytest.approx(masses[label::3].sum() / masses.sum(), rel=2e-3)


def test_the_law_of_a_class_is_the_drawing_of_its_marks() -> None:
    marks, blobs = seven()
    labelled = tuple(moved(mark, label=k % 2) for k, mark in enumerate(marks))
    target = compile_density(Density(marks=labelled), blobs)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for label in (0, 1):
        alone = compile_density(Density(marks=tuple(marks[label::2])), blobs)
        assert torch.allclose(target.of_class(label).log_prob(x), alone.log_prob(x), atol=1e-5)


def test_merging_keeps_classes_apart() -> None:
    rng = np.random.default_rng(0)
    mean, label = rng.normal(0, 1, (20_000, 2)), rng.integers(0, 4, 20_000)
    mass = rng.uniform(0.5, 1.5, 20_000)
    few = merge(Components(mass, mean, np.full(20_000, 0.1), label), 1000)
    assert few.label is not None and len(few.mass) <= 1000
    for k in range(4):
        assert few.mass[few.label == k].sum() == pytest.approx(mass[label == k].sum())
        assert few.mass[few.label == k] @ few.mean[few.label == k] == pytest.approx(mass[label == k] @ mean[label == k])


def test_merging_ends_where_classes_and_widths_are_more_than_the_limit() -> None:
    few = merge(Components(np.ones(6), np.zeros((6, 2)), np.full(6, 0.1), np.arange(6)), 2)
    assert sorted(few.label.tolist()) == [0, 1, 2, 3, 4, 5] if few.label is not None else False


def test_merging_in_space_keeps_the_mean_square_radius() -> None:
    rng = np.random.default_rng(1)
    mean, mass = rng.normal(0, 1, (5000, 3)), rng.uniform(0.5, 1.5, 5000)
    few = merge(Components(mass, mean, np.full(5000, 0.2)), 500)
    before = mass @ (3 * 0.2**2 + (mean**2).sum(1))
    assert few.mass @ (3 * few.std**2 + (few.mean**2).sum(1)) == pytest.approx(before)


# ---- layers


def two_layers(**second: object) -> Density:
    marks = (Gaussian(x=-1.0, y=0.0, std=0.1), Gaussian(x=1.0, y=0.0, std=0.1, layer=1))
    return Density(marks=marks, layers=(Layer(name="left"), Layer(**second)))


def test_a_layers_weight_multiplies_its_mass() -> None:
    target = compile_density(two_layers(weight=3.0), {})
    assert float(target.weights[target.means[:, 0] > 0]) == pytest.approx(0.75)


@pytest.mark.parametrize("second", [{"weight": 0.0}, {"visible": False}])
def test_a_layer_that_weighs_nothing_or_is_hidden_is_not_there(second: dict[str, object]) -> None:
    target = compile_density(two_layers(**second), {})
    assert target.means.tolist() == [[-1.0, 0.0]]


def test_an_erasure_takes_from_its_own_layer() -> None:
    dot, blobs = blob((-1.0, 0.0), (1.0, 0.0))
    erase = Erase(points=dot, width=0.5, layer=1)
    density = two_layers()
    target = compile_density(Density(marks=(*density.marks, erase), layers=density.layers), blobs)
    assert target.means.tolist() == [[-1.0, 0.0]]


@pytest.mark.parametrize(
    ("density", "message"),
    [
        (Density(), "drawing is empty"),
        (Density(marks=(Preset(name="rings"),), layers=(Layer(weight=0.0),)), "weighs nothing"),
        (Density(marks=(Preset(name="rings"),), layers=(Layer(visible=False), Layer())), "hidden"),
        (Density(marks=(Area(outline="absent"),)), "missing"),
    ],
)
def test_no_density_is_a_sentence(density: Density, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        compile_density(density, {})


# ---- hardness


def across(target: GaussianMixture, at: np.ndarray) -> np.ndarray:
    """The density on a line across the middle of a bar along x, times the bar's length: the profile."""
    points = torch.from_numpy(np.stack([np.zeros_like(at), at], 1))
    return np.exp(target.log_prob(points).numpy())


@pytest.mark.parametrize("hardness", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_the_profile_of_a_stroke_is_its_formula(hardness: float) -> None:
    """[Phi((y + a)/s) - Phi((y - a)/s)]/2a with s = (1 - 0.7 h) w and a^2/3 + s^2 = w^2."""
    line, blobs = blob((-4.0, 0.0), (4.0, 0.0))
    width = 0.2
    target = compile_density(Density(marks=(Stroke(points=line, width=width, hardness=hardness),)), blobs)
    y = np.linspace(-0.8, 0.8, 161)
    s = (1 - 0.7 * hardness) * width
    if hardness:
        a = math.sqrt(3 * (width**2 - s**2))
        phi = np.vectorize(lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2))))
        wanted = (phi((y + a) / s) - phi((y - a) / s)) / (2 * a)
    else:
        wanted = np.exp(-0.5 * (y / width) ** 2) / (math.sqrt(2 * math.pi) * width)
    found = across(target, y) * 8.0
    assert np.abs(found - wanted).max() < 0.02 * wanted.max()
    assert float(target.cov()[1, 1]) == pytest.approx(width**2, rel=1e-5), "as wide at every hardness"
    if hardness == 1.0:
        inside = found[np.abs(y) < 0.5 * a]
        assert np.ptp(inside) < 0.01 * inside.mean(), "even inside"
        assert SHARPEST * width == pytest.approx(s)


def test_a_hard_stroke_keeps_its_mass_and_its_middle() -> None:
    bend, blobs = blob((-1.0, 0.0), (0.0, 0.5), (1.0, 0.0))
    marks = (Stroke(points=bend, width=0.1, hardness=1.0, weight=2.0), Gaussian(x=5.0, y=0.0, std=0.1))
    target = compile_density(Density(marks=marks), blobs)
    length = 2 * math.hypot(1.0, 0.5)
    assert float(target.weights[target.means[:, 0] < 3].sum()) == pytest.approx(2 * length / (2 * length + 1), rel=1e-5)
    hard = compile_density(Density(marks=marks[:1]), blobs)
    soft = compile_density(Density(marks=(Stroke(points=bend, width=0.1),)), blobs)
    assert torch.allclose(hard.mean(), soft.mean(), atol=5e-3)


def test_a_hard_dot_is_an_even_disc() -> None:
    dot, blobs = blob((0.5, 0.5))
    target = compile_density(Density(marks=(Stroke(points=dot, width=0.3, hardness=1.0),)), blobs)
    assert torch.allclose(target.cov(), 0.09 * torch.eye(2, dtype=target.cov().dtype), atol=1e-5)
    assert target.mean().tolist() == pytest.approx([0.5, 0.5], abs=1e-6)
    radius = 2 * math.sqrt(0.09 - (SHARPEST * 0.3) ** 2)
    angle = torch.linspace(0, 2 * math.pi, 40, dtype=torch.float64)[:, None]
    ring = torch.cat([angle.cos(), angle.sin()], 1) * 0.4 * radius + 0.5
    p = target.log_prob(ring).exp()
    assert float(p.max() / p.min()) < 1.1
    assert float(p.mean()) == pytest.approx(1 / (math.pi * radius**2), rel=0.1)


def test_a_trembling_hand_draws_the_same_band() -> None:
    """Rows lie beside the way that the stroke goes, not beside each of its small turns."""
    x = np.linspace(-1, 1, 400)
    y = np.random.default_rng(0).integers(-1, 2, 400) * 0.005
    data = np.stack([x, y], 1).astype("<f4").tobytes()
    target = compile_density(Density(marks=(Stroke(points="d", width=0.15, hardness=1.0),)), {"d": data})
    off = target.means[:, 1].numpy()
    rows = np.unique(np.round(off / 0.02))
    assert len(rows) < 40 and float(target.cov()[1, 1]) == pytest.approx(0.15**2, rel=0.03)


# ---- areas


def test_an_area_is_even_within_its_polygon() -> None:
    corners, blobs = blob((-1.0, -1.0), (1.0, -1.0), (1.0, 0.5), (-1.0, 0.5))
    target = compile_density(Density(marks=(Area(outline=corners),)), blobs)
    assert 300 < len(target) < 800
    assert target.mean().tolist() == pytest.approx([0.0, -0.25], abs=1e-3)
    inside = torch.tensor([[0.0, 0.0], [0.7, -0.7], [-0.6, 0.2], [0.3, -0.4]], dtype=torch.float64)
    assert torch.allclose(target.log_prob(inside).exp(), torch.tensor(1 / 3.0, dtype=torch.float64), rtol=0.02)
    outside = torch.tensor([[1.4, 0.0], [0.0, 0.9], [-1.4, -1.4]], dtype=torch.float64)
    assert float(target.log_prob(outside).max()) < -5


def test_an_area_weighs_by_its_size() -> None:
    small, a = blob((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    large, b = blob((5.0, 0.0), (7.0, 0.0), (7.0, 2.0), (5.0, 2.0))
    target = compile_density(Density(marks=(Area(outline=small), Area(outline=large))), a | b)
    assert float(target.weights[target.means[:, 0] > 3].sum()) == pytest.approx(0.8, rel=1e-3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (struct.pack("<4f", 0, 0, 1, 1), "encloses nothing"),
        (struct.pack("<6f", 0, 0, 1, 1, 2, 2), "encloses nothing"),
        (struct.pack("<6f", 0, 0, 1, math.nan, 1, 0), "damaged"),
        (b"1234567", "damaged"),
        (b"", "damaged"),
    ],
)
def test_a_broken_area_is_a_sentence(data: bytes, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        compile_density(Density(marks=(Area(outline="d"),)), {"d": data})


# ---- speed


@pytest.mark.parametrize("dressed", [False, True], ids=["plain", "placed and labelled"])
def test_ten_thousand_strokes_compile_in_a_tenth_of_a_second(dressed: bool) -> None:
    rng, blobs, marks = np.random.default_rng(0), {}, []
    for k in range(10_000):
        data = (rng.uniform(-2, 2, 2) + np.cumsum(rng.normal(0, 0.02, (20, 2)), axis=0)).astype("<f4").tobytes()
        blobs[digest_of(data)] = data
        place = Placement(dx=0.1, angle=0.2) if dressed and k % 2 else None
        marks.append(Stroke(points=digest_of(data), width=0.1, label=k % 3 if dressed else 0, place=place))
    density, times = Density(marks=tuple(marks)), []
    for _ in range(4):
        began = time.process_time()
        target = compile_density(density, blobs)
        times.append(time.process_time() - began)
    assert min(times) < (0.15 if dressed else 0.1), "of the processor's time: others use the machine too"
    assert len(target) <= 4096 and (target.labels is not None) is dressed
