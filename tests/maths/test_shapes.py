"""Text, pictures and tables as mixtures: mass, mean and covariance against those of the shapes themselves."""

from __future__ import annotations

import math
import struct
import time

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.maths import compile_density
from scoreviz.maths.shapes import FAINT, MOST_CELLS, MOST_LETTERS, MOST_POINTS, PRESET_LENGTH, SPREAD, shape_components
from scoreviz.scene.density import Bitmap, Density, Gaussian, Mark, Points, Stroke, Text, digest_of
from scoreviz.scene.errors import SceneError

NAN = (math.nan, math.nan)


def outline(*polygons: list[tuple[float, float]]) -> bytes:
    return np.array([point for polygon in polygons for point in (*polygon, NAN)], "<f4").tobytes()


def box(x0: float, x1: float, y0: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def text(data: bytes, **settings: float) -> tuple[Text, dict[str, bytes]]:
    return Text(text="O", outline=digest_of(data), **settings), {digest_of(data): data}


def table(points: np.ndarray, **settings: float) -> tuple[Points, dict[str, bytes]]:
    data = points.astype("<f4").tobytes()
    return Points(name="data.csv", points=digest_of(data), **settings), {digest_of(data): data}


def picture(values: np.ndarray, **settings: float) -> tuple[Bitmap, dict[str, bytes]]:
    data = values.astype(np.uint8).tobytes()
    rows, columns = values.shape
    return Bitmap(name="cat.png", pixels=digest_of(data), rows=rows, columns=columns, **settings), {digest_of(data): data}


def moments_of(polygons: list[tuple[float, list[tuple[float, float]]]]) -> tuple[float, np.ndarray, np.ndarray]:
    """Area, mean and covariance of signed polygons, by Green's theorem."""
    area, first, second = 0.0, np.zeros(2), np.zeros((2, 2))
    for sign, points in polygons:
        p = np.array(points)
        q = np.roll(p, -1, 0)
        cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
        turn = sign * np.sign(cross.sum())
        area += turn * cross.sum() / 2
        first += turn * (cross[:, None] * (p + q)).sum(0) / 6
        outer = np.einsum("n,ni,nj->ij", cross, p, p) + np.einsum("n,ni,nj->ij", cross, q, q)
        mixed = np.einsum("n,ni,nj->ij", cross, p, q)
        second += turn * (2 * outer + mixed + mixed.T) / 24
    mean = first / area
    return area, mean, second / area - np.outer(mean, mean)


SQUARE_WITH_HOLE = [(1.0, box(-0.5, 0.5, -0.5, 0.5)), (-1.0, box(-0.1, 0.33, -0.21, 0.2))]
TRIANGLE = [(1.0, [(-0.7, -0.5), (0.9, -0.13), (0.1, 0.5)])]
DISC = [(1.0, [(0.5 * math.cos(a), 0.5 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 200, endpoint=False)])]


@pytest.mark.parametrize("shape", [SQUARE_WITH_HOLE, TRIANGLE, DISC])
def test_a_filled_outline_has_the_moments_of_its_area(shape: list[tuple[float, list[tuple[float, float]]]]) -> None:
    mark, blobs = text(outline(*(points for _, points in shape)), height=3.0, x=0.7, y=-0.4, weight=2.5)
    parts = shape_components(mark, blobs)
    assert parts.mass.sum() == pytest.approx(2.5 * PRESET_LENGTH)
    _, mean, cov = moments_of(shape)
    target = compile_density(Density(marks=(mark,)), blobs)
    assert target.mean().numpy() == pytest.approx(3.0 * mean + (0.7, -0.4), abs=0.003)
    h = float(target.stds[0]) / SPREAD
    expected = 9.0 * cov + np.eye(2) * (SPREAD**2 - 1 / 12) * h**2
    assert target.cov().numpy() == pytest.approx(expected, rel=0.02, abs=0.003)


def test_an_outline_is_filled_evenly() -> None:
    """Density over the square's middle is mass over area, within the ripple of the cells."""
    mark, blobs = text(outline(box(-0.5, 0.5, -0.5, 0.5)), height=2.0)
    target = compile_density(Density(marks=(mark,)), blobs)
    x = torch.rand(4000, 2, generator=torch.Generator().manual_seed(0)) - 0.5
    assert target.log_prob(x).exp().numpy() == pytest.approx(1 / 4, rel=0.01)


def test_even_odd() -> None:
    """Two squares that overlap leave a hole; a polygon listed twice is none at all."""
    both = outline(box(-0.5, 0.2, -0.5, 0.5), box(-0.2, 0.5, -0.5, 0.5))
    mark, blobs = text(both, height=1.0)
    target = compile_density(Density(marks=(mark,)), blobs)
    assert not (target.means[:, 0].abs() < 0.17).any() and float(target.mean()[0]) == pytest.approx(0.0, abs=1e-3)
    twice, blobs = text(outline(box(-0.5, 0.5, -0.5, 0.5), box(-0.5, 0.5, -0.5, 0.5)))
    with pytest.raises(SceneError, match="no ink"):
        compile_density(Density(marks=(twice,)), blobs)


def test_strokes_of_letters_are_several_cells_wide_and_many_letters_stay_within_the_limit() -> None:
    bar = outline(box(-0.5, 0.5, -0.05, 0.05))
    mark, blobs = text(bar, height=2.0)
    parts = shape_components(mark, blobs)
    rows = len(np.unique(np.round(parts.mean[:, 1], 3)))
    assert rows >= 3 and float(parts.std[0]) < 0.2 / 3
    letters = [box(i - 100.0, i - 99.85, -0.5, 0.5) for i in range(200)]
    mark, blobs = text(outline(*letters), height=0.15)
    parts = shape_components(mark, blobs)
    assert 1000 < len(parts.mass) <= MOST_LETTERS


def test_a_picture_of_two_values_is_a_component_a_pixel() -> None:
    values = np.zeros((5, 4))
    values[0, 0] = values[4, 3] = 255
    values[2, 1] = 51
    mark, blobs = picture(values, height=2.5, x=1.0, y=2.0, weight=3.0)
    parts = shape_components(mark, blobs)
    order = np.lexsort(parts.mean.T)
    assert parts.mean[order] == pytest.approx(np.array([(1.75, 1.0), (0.75, 2.0), (0.25, 3.0)])), "row 0 is at the top"
    assert parts.mass[order] == pytest.approx(np.array([5, 1, 5]) / 11 * 3.0 * PRESET_LENGTH)
    assert parts.std == pytest.approx(SPREAD * 0.5)


def test_a_large_picture_keeps_its_moments() -> None:
    rng = np.random.default_rng(0)
    values = np.kron(rng.integers(0, 2, (16, 12)), np.full((16, 16), 255))  # cells of the reduction do not fall on these
    mark, blobs = picture(values, height=4.0)
    parts = shape_components(mark, blobs)
    assert 1000 < len(parts.mass) <= MOST_CELLS
    row, column = np.nonzero(values)
    at = np.column_stack([column + 0.5 - 96, 128 - row - 0.5]) * (4.0 / 256)
    mean = (parts.mass @ parts.mean) / parts.mass.sum()
    assert mean == pytest.approx(at.mean(0), abs=0.002)
    target = compile_density(Density(marks=(mark,)), blobs)
    h = float(target.stds[0]) / SPREAD
    expected = np.cov(at.T, bias=True) + np.eye(2) * ((4 / 256) ** 2 / 12 + (SPREAD**2 - 1 / 12) * h**2)
    assert target.cov().numpy() == pytest.approx(expected, rel=0.01, abs=0.003)


def test_nearly_empty_cells_are_left_out() -> None:
    values = np.full((10, 10), 2)  # noise of the background: under a hundredth
    values[3, 3] = 255
    mark, blobs = picture(values)
    assert FAINT > 2 / 255 and len(shape_components(mark, blobs).mass) == 1


def test_points_are_gaussians_where_they_lie() -> None:
    mark, blobs = table(np.array([(1.0, 0.0), (-0.5, 0.25)]), width=0.3, x=3.0, y=-1.0, radius=4.0, weight=0.5)
    parts = shape_components(mark, blobs)
    assert parts.mean == pytest.approx(np.array([(7.0, -1.0), (1.0, 0.0)]))
    assert parts.mass == pytest.approx(0.5 * PRESET_LENGTH / 2) and parts.std == pytest.approx(0.3)


def test_a_million_points_compile_quickly_and_keep_their_moments() -> None:
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(1_000_000, 2)) @ np.array([[0.12, 0.05], [0.0, 0.04]])
    cloud = cloud[np.hypot(*cloud.T) <= 1]
    mark, blobs = table(cloud, width=0.06, x=1.0)
    began = time.perf_counter()
    target = compile_density(Density(marks=(mark,)), blobs)
    assert time.perf_counter() - began < 3.0
    assert len(target) <= MOST_POINTS
    at = 2.0 * cloud
    assert target.mean().numpy() == pytest.approx(at.mean(0) + np.array([1.0, 0.0]), abs=1e-4)
    assert float(target.cov().trace()) == pytest.approx(np.cov(at.T).trace() + 2 * 0.06**2, rel=1e-3)
    assert target.cov().numpy() == pytest.approx(np.cov(at.T) + 0.06**2 * np.eye(2), rel=0.02, abs=2e-4)


def test_masses_among_other_marks() -> None:
    """A text weighs as much as a stroke of PRESET_LENGTH."""
    mark, blobs = text(outline(box(-0.5, 0.5, -0.5, 0.5)), x=5.0)
    path = struct.pack("<4f", -5.0, 0.0, -5.0, PRESET_LENGTH)
    marks: tuple[Mark, ...] = (mark, Stroke(points=digest_of(path), width=0.3), Gaussian(x=0.0, y=-9.0, std=0.3, weight=PRESET_LENGTH))
    target = compile_density(Density(marks=marks), {**blobs, digest_of(path): path})
    for part in (target.means[:, 0] > 2, target.means[:, 0] < -2, target.means[:, 1] < -5):
        assert float(target.weights[part].sum()) == pytest.approx(1 / 3, abs=1e-5)


def test_moving_a_mark_moves_its_components() -> None:
    mark, blobs = picture(np.eye(3) * 255)
    here, there = (shape_components(m, blobs) for m in (mark, msgspec.structs.replace(mark, x=2.0, height=8.0)))
    assert there.mean == pytest.approx(here.mean * 2 + (2.0, 0.0))


@pytest.mark.parametrize(
    ("mark", "data", "message"),
    [
        (Text(text="hi", outline="d"), None, "data of “hi” are missing"),
        (Text(text="hi", outline="d"), b"\0" * 12, "“hi” is damaged"),
        (Text(text="hi", outline="d"), outline(box(0, math.inf, 0, 1)), "“hi” is damaged"),
        (Text(text="hi", outline="d"), outline(box(0, 1e9, 0, 1)), "“hi” is damaged"),
        (Text(text="hi", outline="d"), struct.pack("<4f", 0, math.nan, 1, 1), "“hi” is damaged"),
        (Text(text="hi", outline="d"), b"", "“hi” has no ink"),
        (Text(text="hi", outline="d"), outline([(0.0, 0.0), (1.0, 1.0)]), "“hi” has no ink"),
        (Bitmap(name="cat.png", pixels="d", rows=2, columns=2), None, "data of “cat.png” are missing"),
        (Bitmap(name="cat.png", pixels="d", rows=2, columns=2), b"abc", "“cat.png” is damaged: it has 3 grey values instead of 2 × 2"),
        (Bitmap(name="cat.png", pixels="d", rows=2, columns=2), bytes(4), "“cat.png” is empty everywhere"),
        (Points(name="a.csv", points="d"), None, "data of “a.csv” are missing"),
        (Points(name="a.csv", points="d"), b"", "not pairs"),
        (Points(name="a.csv", points="d"), b"\0" * 12, "not pairs"),
        (Points(name="a.csv", points="d"), struct.pack("<2f", math.nan, 0), "not finite or far away"),
        (Points(name="a.csv", points="d"), struct.pack("<2f", 30.0, 0), "not finite or far away"),
    ],
)
def test_damage_is_a_sentence(mark: Mark, data: bytes | None, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        compile_density(Density(marks=(mark,)), {} if data is None else {"d": data})
