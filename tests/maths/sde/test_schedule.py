"""Noise by its schedule: EDM's line, and curves through points."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from scipy.interpolate import PchipInterpolator

from scoreviz.maths.sde import EDMSDE, VESDE, VPSDE, CustomSDE, build_sde
from scoreviz.scene.choice import decode_choice
from scoreviz.scene.errors import SceneError
from scoreviz.scene.noise import EDM, VE, VP, Custom, SubVP

CURVES = [
    ((0.0, 0.02), (1.0, 4.0)),
    ((0.0, 0.02), (0.3, 0.2), (1.0, 4.0)),
    ((0.0, 0.01), (0.1, 0.011), (0.2, 1.0), (0.9, 1.1), (1.0, 50.0)),
    ((0.0, 1.0), (0.05, 100.0), (1.0, 101.0)),
]
T = np.linspace(0, 1, 501)


@pytest.mark.parametrize("points", CURVES)
def test_the_curve_is_scipy_s_monotone_cubic(points: Any):
    sde = CustomSDE(points)
    t, sigma = zip(*points, strict=True)
    expected = np.exp(PchipInterpolator(t, np.log(sigma))(T))
    assert np.allclose([sde.sigma(u) for u in T.tolist()], expected, rtol=1e-12)
    assert np.allclose(sde.sigma(torch.from_numpy(T)).numpy(), expected, rtol=1e-12)
    assert np.all(np.diff(expected) >= 0)
    for u, s in points:
        assert sde.sigma(u) == pytest.approx(s, rel=1e-12)


@pytest.mark.parametrize("points", CURVES)
def test_lines_are_geometric(points: Any):
    sde = CustomSDE(points, "linear")
    t, sigma = zip(*points, strict=True)
    assert np.allclose([sde.sigma(u) for u in T.tolist()], np.exp(np.interp(T, t, np.log(sigma))), rtol=1e-12)


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_two_points_are_ve(interpolation: str):
    ve, sde = VESDE(0.02, 4.0), CustomSDE(((0.0, 0.02), (1.0, 4.0)), interpolation)
    for t in (0.0, 0.3, 1.0):
        assert sde.std(t) == pytest.approx(ve.std(t)) and sde.diffusion(t) == pytest.approx(ve.diffusion(t))
        assert sde.drift_coefficient(t) == 0.0 and sde.mean_coefficient(t) == 1.0


def test_preserving_is_exploding_divided_by_its_spread():
    """x_t/a has the same law, a^2 + std^2 = 1; and through VP's own sigma(t) it is VP."""
    one, other = CustomSDE(CURVES[1]), CustomSDE(CURVES[1], preserving=True)
    for t in (0.0, 0.2, 0.9, 1.0):
        assert other.sigma(t) == one.sigma(t)
        assert other.mean_coefficient(t) ** 2 + other.std(t) ** 2 == pytest.approx(1.0)
    vp = VPSDE()
    times = [0.0, *np.linspace(0.01, 1, 300).tolist()]
    near = CustomSDE([(t, vp.sigma(t) if t else 1e-4) for t in times], preserving=True)
    for t in (0.1, 0.5, 0.93):
        assert near.mean_coefficient(t) == pytest.approx(vp.mean_coefficient(t), rel=1e-5)
        assert near.diffusion(t) == pytest.approx(vp.diffusion(t), rel=1e-3)


def test_edm_is_a_line():
    sde = EDMSDE(0.002, 80.0)
    assert (sde.sigma(0.0), sde.sigma(1.0)) == (0.002, 80.0)
    assert sde.sigma(0.25) == pytest.approx(0.002 + 0.25 * 79.998)
    assert sde.std(0.25) == sde.sigma(0.25)
    t = torch.linspace(0, 1, 20001, dtype=torch.float64)
    assert float(torch.trapezoid(sde.diffusion(t) ** 2, t)) == pytest.approx(80.0**2 - 0.002**2, rel=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (0.1, math.nan), (0.1, math.inf)])
def test_bad_range(low: float, high: float):
    with pytest.raises(ValueError, match=f"0 < sigma_min < sigma_max, got sigma_min={low}, sigma_max={high}"):
        EDMSDE(low, high)


BAD_CURVES = {
    "one point": (((0.0, 1.0),), "at least 2 points.*it has 1"),
    "no end": (((0.0, 1.0), (0.9, 2.0)), "from t = 0 to t = 1; this one runs from 0.0 to 0.9"),
    "no start": (((0.1, 1.0), (1.0, 2.0)), "runs from 0.1 to 1.0"),
    "unsorted": (((0.0, 1.0), (0.6, 2.0), (0.5, 3.0), (1.0, 4.0)), "after t = 0.6 comes 0.5"),
    "falling": (((0.0, 1.0), (0.5, 3.0), (1.0, 2.0)), "after σ = 3.0 comes 2.0"),
    "flat": (((0.0, 1.0), (1.0, 1.0)), "after σ = 1.0 comes 1.0"),
    "no noise": (((0.0, 0.0), (1.0, 1.0)), "σ = 0.0: σ must be above 0"),
    "not a number": (((0.0, 0.1), (1.0, math.nan)), "σ = nan"),
}


@pytest.mark.parametrize(("points", "message"), BAD_CURVES.values(), ids=BAD_CURVES)
def test_bad_curves(points: Any, message: str):
    for make in (CustomSDE, lambda points: Custom(points=points)):
        with pytest.raises(SceneError, match=message):
            make(points)
    if not any(math.isnan(s) for _, s in points):
        with pytest.raises(msgspec.ValidationError, match=message):
            msgspec.convert({"type": "custom", "points": [list(p) for p in points]}, Custom, dec_hook=decode_choice)


def test_bad_interpolation():
    with pytest.raises(ValueError, match="linear or cubic, got 'spline'"):
        CustomSDE(CURVES[0], "spline")


def test_every_spec_is_built():
    points = Custom().points
    assert repr(build_sde(VP(beta_min=0.2, beta_max=10.0), 4.3)) == "VPSDE(beta_min=0.2, beta_max=10)"
    assert repr(build_sde(SubVP(), 4.3)) == "SubVPSDE(beta_min=0.1, beta_max=20)"
    assert repr(build_sde(EDM(), 4.3)) == "EDMSDE(sigma_min=0.002, sigma_max=4.3)"
    assert repr(build_sde(EDM(sigma_max=7.0), 4.3)) == "EDMSDE(sigma_min=0.002, sigma_max=7)"
    assert build_sde(EDM(sigma_min=1.0), 0.5).sigma(1.0) > 1.0
    assert repr(build_sde(VE(), 4.3)) == "VESDE(sigma_min=0.01, sigma_max=4.3)"
    custom = build_sde(Custom(interpolation="linear", scale="preserving"), 4.3)
    assert repr(custom) == "CustomSDE(3 points, linear, preserving)"
    assert custom.sigma(1.0) == pytest.approx(points[-1][1])
