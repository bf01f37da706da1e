from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoreviz.gui.canvas import Camera
from scoreviz.scene.parameters import parameters
from scoreviz.scene.view import View

cameras = st.builds(
    Camera,
    x=st.floats(-20, 20), y=st.floats(-20, 20), half_height=st.floats(0.05, 40),
    width_px=st.integers(1, 4000), height_px=st.integers(1, 4000),
)  # fmt: skip


@given(cameras, st.floats(0, 1), st.floats(0, 1))
def test_pixels_to_data_and_back(camera, u, v):
    px, py = u * camera.width_px, v * camera.height_px
    (back,) = camera.to_pixels(np.array([camera.to_data(px, py)]))
    assert back == pytest.approx((px, py), abs=1e-6 * max(camera.width_px, camera.height_px) + 1e-6)


def test_y_is_up_and_the_centre_is_the_centre():
    camera = Camera(x=1.0, y=2.0, half_height=2.0, width_px=600, height_px=400)
    pixels = camera.to_pixels(np.array([[1.0, 2.0], [1.0, 4.0], [4.0, 2.0]]))
    assert pixels.tolist() == [[300, 200], [300, 0], [600, 200]]


def test_the_bounds_are_the_whole_canvas():
    camera = Camera(half_height=2.0, width_px=600, height_px=400)
    assert camera.bounds() == (-3.0, 3.0, -2.0, 2.0)


@given(cameras, st.floats(0.5, 2), st.floats(0, 1), st.floats(0, 1))
def test_zoom_keeps_the_point_under_the_pointer(camera, factor, u, v):
    px, py = u * camera.width_px, v * camera.height_px
    zoomed = camera.zoomed(factor, px, py)
    if abs(zoomed.x) == 20 or abs(zoomed.y) == 20:
        return  # held at the edge of the world
    assert zoomed.to_data(px, py) == pytest.approx(camera.to_data(px, py), abs=1e-9 * camera.half_height * 4000 + 1e-9)


@given(cameras, st.floats(1e-3, 1e3), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_a_camera_moved_by_hand_is_one_that_the_document_takes(camera, factor, dx, dy):
    moved = camera.zoomed(factor, 0, 0).panned(dx, dy)
    for parameter in parameters(View):
        if parameter.name in ("x", "y", "half_height"):
            assert parameter.low <= getattr(moved, parameter.name) <= parameter.high


def test_infinities_pass_through():
    pixels = Camera(width_px=10, height_px=10).to_pixels(np.array([[np.inf, 0.0], [np.nan, 1.0]], np.float32))
    assert np.isinf(pixels[0, 0]) and np.isnan(pixels[1, 0])
