"""The projection against rotations written out here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scoreviz.gui.dynamics.space.eye import DEGREES_PER_PIXEL, KEPT, Eye, Projected

DIRECTIONS = [(0.0, 0.0), (35.0, 25.0), (-140.0, -60.0), (90.0, 90.0), (179.0, 5.0)]


def rotated(points: np.ndarray, azimuth: float, elevation: float) -> np.ndarray:
    """Turn space about z until the eye stands at -y, then about x until it stands at +z: then x is right, y up, z towards the eye."""
    a, e = -math.radians(azimuth + 90), math.radians(elevation - 90)
    about_z = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, math.cos(e), -math.sin(e)], [0, math.sin(e), math.cos(e)]])
    return points @ (about_x @ about_z).T


@pytest.mark.parametrize(("azimuth", "elevation"), DIRECTIONS)
def test_it_is_a_rotation_and_drops_one_axis(azimuth: float, elevation: float) -> None:
    points, eye = np.random.default_rng(1).normal(size=(50, 3)), Eye(azimuth, elevation)
    wanted = rotated(points, azimuth, elevation)
    assert np.allclose(eye.project(points), wanted[:, :2]) and np.allclose(eye.depth(points), wanted[:, 2])
    assert np.allclose(eye.axes @ eye.axes.T, np.eye(3)) and np.linalg.det(eye.axes) == pytest.approx(1.0)
    assert eye.project(points.astype(np.float32)).dtype == np.float32


def test_upwards_stays_upright_and_from_above_one_sees_the_plane() -> None:
    right, up = Eye(20.0, 30.0).project(np.array([[0.0, 0.0, 1.0]]))[0]
    assert right == pytest.approx(0) and up > 0.8
    above = Eye(-90.0, 90.0)  # x to the right, y up: as the plane is drawn
    assert np.allclose(above.project(np.array([[1.0, 2.0, 3.0]])), [[1.0, 2.0]])


def test_the_near_side_goes_with_the_hand() -> None:
    eye = Eye(35.0, 25.0)
    near = eye.axes[2:] * 2.0
    for moved in ((30.0, 0.0), (0.0, 20.0), (-10.0, -10.0)):
        after = eye.turned(*moved).project(near)[0]
        assert after[0] * moved[0] >= 0 and -after[1] * moved[1] >= 0 and np.abs(after).max() > 0.1


def test_one_can_look_from_right_above_but_not_over_the_top() -> None:
    assert Eye(0.0, 80.0).turned(0, 1000).elevation == 90.0 and Eye(0.0, -80.0).turned(0, -1000).elevation == -90.0
    assert Eye(170.0, 0.0).turned(-50 / DEGREES_PER_PIXEL, 0).azimuth == pytest.approx(-140.0)
    assert Eye(12.0, 3.0).turned(360 / DEGREES_PER_PIXEL, 0) == Eye(12.0, 3.0)


def test_what_is_not_finite_stays_so() -> None:
    points = np.array([[np.nan, 0, 0], [np.inf, 1, 0], [0, 0, 1]], np.float32)
    flat = Eye().project(points)
    assert not np.isfinite(flat[:2]).all(1).any() and np.isfinite(flat[2]).all()


class Walk:
    def __init__(self) -> None:
        self.frames = np.random.default_rng(0).normal(size=(60, 7, 3)).astype(np.float32)
        self.asked: list[int] = []

    def at(self, k: int) -> np.ndarray:
        self.asked.append(k)
        return self.frames[k]

    def __len__(self) -> int:
        return len(self.frames)


def test_projected_frames_are_the_frames_as_the_eye_sees_them() -> None:
    walk, eye = Walk(), Eye(10.0, 50.0)
    projected = Projected(walk, eye)
    assert len(projected) == 60
    for k in (0, 5, 59):
        assert np.allclose(projected.at(k), rotated(walk.frames[k], 10.0, 50.0)[:, :2], atol=1e-5)
    assert projected.at(5) is projected.at(5) and walk.asked == [0, 5, 59]
    for k in range(60):
        projected.at(k)
    assert len(projected._kept) <= KEPT
