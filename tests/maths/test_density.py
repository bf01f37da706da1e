"""From marks to mixtures."""

import math
import struct
import time

import numpy as np
import pytest
import torch

from scoreviz.maths import compile_density, preset
from scoreviz.maths.merging import merge
from scoreviz.maths.presets import PRESETS, Components
from scoreviz.maths.shapes import PRESET_LENGTH
from scoreviz.maths.strokes import SPACING
from scoreviz.scene.density import PRESET_LABELS, Density, Erase, Gaussian, Preset, Stroke, digest_of
from scoreviz.scene.errors import SceneError


def path(*points: tuple[float, float]) -> tuple[str, dict[str, bytes]]:
    data = struct.pack(f"<{2 * len(points)}f", *(value for point in points for value in point))
    return digest_of(data), {digest_of(data): data}


@pytest.mark.parametrize("name", PRESET_LABELS)
def test_presets(name: str):
    target = preset(name)
    assert 8 <= len(target) <= 250
    assert float(target.stds.min()) >= 0.05
    x = target.sample(5000, torch.Generator().manual_seed(0))
    assert 1.5 < float(x.norm(dim=1).max()) < 3.0
    assert float(target.mean().norm()) < 0.15


def test_every_preset_has_a_density():
    assert set(PRESETS) == set(PRESET_LABELS)


def test_eight_gaussians_are_eight_on_a_circle():
    target = preset("eight_gaussians")
    assert len(target) == 8
    assert torch.allclose(target.means.norm(dim=1), torch.tensor(1.6))
    assert torch.allclose(target.weights, torch.tensor(1 / 8))


def test_a_straight_stroke_is_a_bar():
    digest, blobs = path((-1.0, 0.0), (0.5, 0.0), (1.0, 0.0))
    target = compile_density(Density(marks=(Stroke(points=digest, width=0.1),)), blobs)
    assert len(target) == math.ceil(2 / (SPACING * 0.1))
    assert torch.allclose(target.weights, torch.tensor(1 / len(target)))
    assert torch.allclose(target.stds, torch.tensor(0.1))
    assert torch.allclose(target.means[:, 1], torch.tensor(0.0))
    gaps = target.means[:, 0].diff()
    assert torch.allclose(gaps, gaps[0].expand_as(gaps), atol=1e-5)
    assert float(target.mean()[0]) == pytest.approx(0.0, abs=1e-6)
    assert float(target.cov()[0, 0]) == pytest.approx(4 / 12 + 0.01, rel=0.01)


def test_masses():
    digest, blobs = path((0.0, 0.0), (0.0, 3.0))
    dot, dot_blob = path((5.0, 5.0))
    marks = (
        Stroke(points=digest, width=0.1, weight=2.0),
        Stroke(points=dot, width=0.5, weight=4.0),
        Gaussian(x=-5.0, y=0.0, std=0.3, weight=7.0),
        Preset(name="eight_gaussians", weight=0.5),
    )
    target = compile_density(Density(marks=marks), blobs | dot_blob)
    total = 6.0 + 2.0 + 7.0 + 0.5 * PRESET_LENGTH
    for centre, mass in (((5.0, 5.0), 2.0), ((-5.0, 0.0), 7.0)):
        near = (target.means - torch.tensor(centre)).norm(dim=1) < 0.01
        assert float(target.weights[near].sum()) == pytest.approx(mass / total, rel=1e-5)
    on_stroke = target.means[:, 0].abs().lt(1e-6) & target.stds.isclose(torch.tensor(0.1))
    assert float(target.weights[on_stroke].sum()) == pytest.approx(6.0 / total, rel=1e-5)


def test_strokes_do_not_run_into_each_other():
    one, a = path((0.0, 0.0), (1.0, 0.0))
    two, b = path((0.0, 2.0), (1.0, 2.0))
    target = compile_density(Density(marks=(Stroke(points=one, width=0.1), Stroke(points=two, width=0.2))), a | b)
    assert set(target.means[:, 1].tolist()) == {0.0, 2.0}
    assert float(target.weights[target.means[:, 1] == 2.0].sum()) == pytest.approx(0.5)


def test_erase_takes_earlier_marks_only_and_only_within_its_width():
    line, a = path((-1.0, 0.0), (1.0, 0.0))
    gap, b = path((0.0, -1.0), (0.0, 1.0))
    erased = (Stroke(points=line, width=0.05), Erase(points=gap, width=0.3))
    target = compile_density(Density(marks=erased), a | b)
    assert 0.3 < float(target.means[:, 0].abs().min()) < 0.35
    again = compile_density(Density(marks=(*erased, Gaussian(x=0.0, y=0.0, std=0.1))), a | b)
    assert float(again.means.norm(dim=1).min()) == 0.0


def test_a_dot_erases_too():
    dot, blobs = path((1.6, 0.0))
    assert len(compile_density(Density(marks=(Preset(name="eight_gaussians"), Erase(points=dot, width=0.2))), blobs)) == 7


def test_an_endless_scribble_stays_bounded():
    rng = np.random.default_rng(0)
    data = rng.uniform(-20, 20, (100_000, 2)).astype("<f4").tobytes()
    target = compile_density(Density(marks=(Stroke(points="d", width=0.01),)), {"d": data})
    assert len(target) <= 4096
    assert float(target.mean().norm()) < 0.3


def test_erasing_is_round_not_square():
    dot, blobs = path((0.0, 0.0))
    marks = (Gaussian(x=0.45, y=0.45, std=0.1), Gaussian(x=0.3, y=0.3, std=0.1), Erase(points=dot, width=0.5))
    assert compile_density(Density(marks=marks), blobs).means.tolist() == [pytest.approx([0.45, 0.45])]


def test_merging_keeps_mass_mean_and_size():
    rng = np.random.default_rng(0)
    many = Components(rng.uniform(0.1, 1, 20000), rng.normal(0, 1, (20000, 2)), rng.choice([0.05, 0.3], 20000))
    few = merge(many, 4096)
    assert len(few.mass) <= 4096
    assert few.mass.sum() == pytest.approx(many.mass.sum())
    assert few.mass @ few.mean == pytest.approx(many.mass @ many.mean)

    def square(parts: Components) -> float:
        return float(parts.mass @ ((parts.mean**2).sum(1) + 2 * parts.std**2))

    assert square(few) == pytest.approx(square(many))
    from scoreviz.maths import GaussianMixture

    exact, merged = (GaussianMixture(*(torch.from_numpy(column) for column in parts[:3])) for parts in (many, few))
    x = exact.sample(1000, torch.Generator().manual_seed(0))
    assert float((exact.log_prob(x) - merged.log_prob(x)).abs().mean()) < 0.02


def test_ten_thousand_strokes():
    rng = np.random.default_rng(0)
    blobs, marks = {}, []
    for _ in range(10_000):
        data = (rng.uniform(-2, 2, 2) + rng.normal(0, 0.03, (40, 2)).cumsum(0)).astype("<f4").tobytes()
        blobs[digest_of(data)] = data
        marks.append(Stroke(points=digest_of(data), width=0.05))
    start = time.perf_counter()
    target = compile_density(Density(marks=tuple(marks)), blobs)
    assert time.perf_counter() - start < 3.0
    assert len(target) <= 4096


@pytest.mark.parametrize(
    ("marks", "blobs", "message"),
    [
        ((), {}, "drawing is empty"),
        ((Stroke(points="absent", width=0.1),), {}, "missing .absent."),
        ((Stroke(points="d", width=0.1),), {"d": b"\0" * 12}, "not pairs"),
        ((Stroke(points="d", width=0.1),), {"d": b""}, "not pairs"),
        ((Stroke(points="d", width=0.1),), {"d": struct.pack("<2f", math.nan, 0)}, "not finite"),
        ((Stroke(points="d", width=0.1),), {"d": struct.pack("<2f", 1e30, 0)}, "far away"),
        ((Preset(name="no_such"),), {}, "no preset called “no_such”"),
    ],
)
def test_errors(marks: tuple, blobs: dict[str, bytes], message: str):
    with pytest.raises(SceneError, match=message):
        compile_density(Density(marks=marks), blobs)


def test_erasing_everything_is_an_empty_drawing():
    line, blobs = path((-3.0, 0.0), (3.0, 0.0))
    with pytest.raises(SceneError, match="has been erased"):
        compile_density(Density(marks=(Preset(name="two_moons"), Erase(points=line, width=5.0))), blobs)
