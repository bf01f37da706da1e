"""Orders from errors whose law is known, and the end of the ODE against its closed form."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from scoreviz.maths.metrics.convergence import EXACT, fitted_order, ode_end, rms_distance
from tests.maths.solvers.problems import MIXTURE, SDES, gaussian_flow, gaussian_score, lines, mixture_flow


def end_of(sde, score, x):
    *way, end = ode_end(sde, score, x)
    assert set(way) == {None}
    return end


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_order_of_a_power_law(order):
    ns = [10, 20, 40, 80]
    found = fitted_order(ns, [3.0 * n**-order for n in ns])
    assert found is not None and found.value == pytest.approx(order, abs=1e-9) and found.error < 1e-7


def test_it_is_of_the_last_points_and_says_how_sure_it_is():
    ns = [10, 20, 40, 80, 160]
    errors = [1.0, 1.0, 2.0e-2, 5.2e-3, 1.24e-3]  # the first two are not small
    found = fitted_order(ns, errors)
    slopes = [math.log2(a / b) for a, b in pairwise(errors[2:])]
    assert found is not None and found.value == pytest.approx(sum(slopes) / 2, abs=1e-9)
    assert found.error == pytest.approx(abs(slopes[0] - slopes[1]) / 2 / math.sqrt(3), rel=1e-6)


def test_what_shows_no_order():
    assert fitted_order([10], [0.1]) is None
    assert fitted_order([10, 20], [math.nan, 0.1]) is None
    assert fitted_order([10, 20, 40], [EXACT / 2] * 3) is None, "as small as the reference's own error"
    two = fitted_order([10, 20], [0.2, 0.1])
    assert two is not None and two.value == pytest.approx(1.0) and math.isnan(two.error)


@pytest.mark.parametrize("kind", SDES)
def test_the_end_of_the_ode(kind):
    sde = SDES[kind]
    x = lines(sde)
    for score, flow in ((gaussian_score(sde), gaussian_flow), (MIXTURE.score_fn(sde), mixture_flow)):
        assert rms_distance(end_of(sde, score, x), flow(sde, x, 1.0, sde.eps)) < EXACT


def test_rms_distance():
    x = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert rms_distance(x, x + torch.tensor([3.0, 4.0])) == pytest.approx(5.0)
    assert math.isnan(rms_distance(x, x * math.inf))
