"""From a curve on a line to a mixture: it follows what was drawn to the stated error, and what cannot be meant is a sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from scoreviz.maths import compile_density
from scoreviz.maths.line import MOST, TOLERANCE, compile_line
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.density import Density, digest_of
from scoreviz.scene.errors import SceneError
from scoreviz.scene.line import LINE_LABELS, LineCurve, LinePreset, line_bumps


def curve(heights: np.ndarray, x0: float = -4.0, x1: float = 4.0) -> tuple[LineCurve, dict[str, bytes]]:
    data = heights.astype("<f4").tobytes()
    return LineCurve(heights=digest_of(data), x0=x0, x1=x1), {digest_of(data): data}


def total_variation(target: GaussianMixture, heights: np.ndarray, x0: float, x1: float) -> float:
    """By quadrature on 200,001 points, the drawn curve interpolated and divided by its own integral."""
    x = np.linspace(x0 - 1, x1 + 1, 200_001)
    drawn = np.interp(x, np.linspace(x0, x1, len(heights)), heights, left=0.0, right=0.0)
    drawn /= np.trapezoid(drawn, x)
    p = target.log_prob(torch.from_numpy(x)[:, None]).exp().numpy()
    return float(0.5 * np.trapezoid(np.abs(p - drawn), x))


AT = np.linspace(-4, 4, 321)
RNG = np.random.default_rng(3)
DRAWN = {
    "a hump": np.exp(-0.5 * (AT / 0.7) ** 2),
    "a triangle": np.maximum(0, 1 - np.abs(AT - 0.5)),
    "a narrow triangle": np.maximum(0, 1 - np.abs(AT + 1) / 0.1),
    "a box within": (np.abs(AT) < 1.5).astype(float),
    "full from end to end": np.ones(321),
    "rising from end to end": np.linspace(0, 3, 321),
    "two far bumps": np.exp(-0.5 * ((AT - 3) / 0.1) ** 2) + 0.3 * np.exp(-0.5 * ((AT + 3) / 0.2) ** 2),
    "a shaky hand": np.abs(np.cumsum(RNG.normal(0, 0.1, 321))),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_density_follows_the_curve(name: str) -> None:
    mark, blobs = curve(DRAWN[name])
    target = compile_line((mark,), blobs)
    assert target.shape == (1,) and len(target) <= MOST
    assert total_variation(target, DRAWN[name], -4.0, 4.0) < 1.1 * TOLERANCE + 0.001


def test_a_curve_of_more_detail_than_components_hold_is_blurred_a_little_more() -> None:
    noise = RNG.uniform(0, 1, 321)
    mark, blobs = curve(noise)
    target = compile_line((mark,), blobs)
    assert len(target) == MOST and TOLERANCE < total_variation(target, noise, -4.0, 4.0) < 0.06


@pytest.mark.parametrize(("heights", "x0", "x1"), [([1.0, 1.0], -2.0, 2.0), ([0.0, 1.0], 0.0, 0.5), ([0.0, 0.0, 5.0, 0.0], -20.0, 20.0)])
def test_few_heights_and_any_ends(heights: list[float], x0: float, x1: float) -> None:
    mark, blobs = curve(np.array(heights), x0, x1)
    assert total_variation(compile_line((mark,), blobs), np.array(heights), x0, x1) < 1.1 * TOLERANCE + 0.001


def test_a_smooth_curve_takes_few_components_and_keeps_its_moments() -> None:
    mark, blobs = curve(np.exp(-0.5 * ((AT - 0.4) / 0.7) ** 2))
    target = compile_line((mark,), blobs)
    assert len(target) < 120
    assert float(target.mean()) == pytest.approx(0.4, abs=1e-3)
    assert target.sigma_data == pytest.approx(0.7, rel=0.05)


@pytest.mark.parametrize("name", LINE_LABELS)
def test_presets_lie_where_they_should(name: str) -> None:
    target = compile_line((LinePreset(name=name),), {})  # type: ignore[arg-type]
    x = target.sample(20_000, torch.Generator().manual_seed(0))
    assert 1.4 < float(x.abs().max()) < 2.6 and float((x.abs() > 2.3).float().mean()) < 0.01
    weights = np.array([w for w, _, _ in line_bumps(name)])  # type: ignore[arg-type]
    p = sum(
        w / weights.sum() * math.exp(-0.5 * ((0.3 - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))
        for w, m, s in line_bumps(name)  # type: ignore[arg-type]
    )
    assert float(target.log_prob(torch.tensor([[0.3]], dtype=torch.float64)).exp()) == pytest.approx(p, rel=1e-5)


def test_uneven_bumps_have_their_weights() -> None:
    assert compile_line((LinePreset(name="uneven_bumps"),), {}).weights.tolist() == pytest.approx([0.7, 0.2, 0.1])


def test_two_marks_have_half_the_mass_each() -> None:
    mark, blobs = curve(np.ones(11), 5.0, 6.0)
    target = compile_line((LinePreset(name="two_bumps"), mark), blobs)
    assert float(target.weights[target.means[:, 0] > 4].sum()) == pytest.approx(0.5, rel=1e-5)


def test_a_document_of_one_dimension_compiles_its_line() -> None:
    assert compile_density(Density(dimensions="1"), {}).shape == (1,)


@pytest.mark.parametrize(
    ("heights", "says"),
    [
        ([0.0, 0.0, 0.0], "zero everywhere"),
        ([1.0, -0.1, 1.0], "below zero"),
        ([1.0, math.nan, 1.0], "not finite"),
        ([1.0, math.inf], "not finite"),
        ([1.0], "at least two"),
    ],
)
def test_what_cannot_be_a_density_is_a_sentence(heights: list[float], says: str) -> None:
    mark, blobs = curve(np.array(heights))
    with pytest.raises(SceneError, match=says):
        compile_line((mark,), blobs)


def test_missing_damaged_and_empty() -> None:
    mark, blobs = curve(np.ones(4))
    with pytest.raises(SceneError, match="missing"):
        compile_line((mark,), {})
    with pytest.raises(SceneError, match="at least two numbers"):
        compile_line((mark,), {mark.heights: blobs[mark.heights] + b"x"})
    with pytest.raises(SceneError, match="no width"):
        compile_line((LineCurve(heights=mark.heights, x0=1.0, x1=1.0),), blobs)
    with pytest.raises(SceneError, match="empty"):
        compile_density(Density(dimensions="1", line=()), {})
