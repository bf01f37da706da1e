"""Step grids against their formulas."""

import itertools
import math

import pytest

from scoreviz.maths import VESDE, build_grid
from scoreviz.maths.sde import SDE as Noise
from scoreviz.maths.sde import VPSDE, CustomSDE
from scoreviz.scene.grids import GridSpec, KarrasGrid, LogSNRGrid, QuadraticGrid, UniformGrid
from tests.maths.sde.reference import CURVE, REFERENCES

SDE = VESDE(0.02, 4.0)
SDES = [SDE, *(r.sde for r in REFERENCES.values()), CustomSDE(CURVE)]
LOW = 0.01


@pytest.mark.parametrize("spec", [kind() for kind in GridSpec.members()], ids=repr)
@pytest.mark.parametrize("n", [1, 2, 5, 100])
@pytest.mark.parametrize("sde", SDES, ids=repr)
def test_grids_fall_from_one_to_the_end_given(spec: GridSpec, n: int, sde: Noise):
    times = build_grid(spec)(sde, n, LOW)
    assert len(times) == n
    assert times[0] == 1.0
    assert n == 1 or times[-1] == LOW
    assert all(a > b for a, b in itertools.pairwise(times))


@pytest.mark.parametrize("sde", SDES, ids=repr)
def test_each_is_even_in_its_own_coordinate(sde: Noise):
    n = 9
    even = {
        UniformGrid(): lambda t: t,
        QuadraticGrid(): math.sqrt,
        LogSNRGrid(): sde.log_snr,
        KarrasGrid(rho=7.0): lambda t: sde.sigma(t) ** (1 / 7),
        KarrasGrid(rho=1.0): sde.sigma,
    }
    for spec, there in even.items():
        u = [there(t) for t in build_grid(spec)(sde, n, LOW)]
        steps = [b - a for a, b in itertools.pairwise(u)]
        assert steps == pytest.approx([steps[0]] * (n - 1), rel=1e-6), spec


def test_errors():
    with pytest.raises(ValueError, match="at least 1 time, got 0"):
        build_grid(UniformGrid())(SDE, 0, LOW)
    with pytest.raises(ValueError, match="ends at a time in"):
        build_grid(UniformGrid())(SDE, 3, 1.0)
    with pytest.raises(ValueError, match=r"VPSDE\(.*\) has no noise at t=0.0"):
        build_grid(LogSNRGrid())(VPSDE(), 3, 0.0)
