from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from PySide6.QtCore import QSize

from scoreviz.gui.canvas import Camera, palette
from scoreviz.gui.canvas.trails import Trails, dimness, visible_segments
from scoreviz.scene.view import View

CAMERA = Camera(half_height=2.0, width_px=240, height_px=200)


class Frames(list):
    def at(self, k):
        return self[k]


def played(frames, k, length, camera=CAMERA, scale=1.0):
    trails = Trails()
    for j in range(k + 1):
        level = trails.level(frames, j, camera, length, scale)
    return level


@pytest.mark.parametrize("length", [1, 2, 12, 40])
@pytest.mark.parametrize("k", [0, 1, 11, 39])
def test_playing_to_a_frame_equals_jumping_to_it(walk, length, k):
    jumped = Trails().level(walk, k, CAMERA, length, 1.0)
    assert np.array_equal(played(walk, k, length), jumped)
    assert (jumped.max() > 0) == (k > 0)


def test_scrubbing_to_and_fro_equals_jumping(walk):
    trails = Trails()
    for k in (5, 30, 29, 28, 3, 39, 0, 17, 20):
        assert np.array_equal(trails.level(walk, k, CAMERA, 12, 1.0), Trails().level(walk, k, CAMERA, 12, 1.0))


@pytest.fixture
def ticking(monkeypatch):
    """A clock that counts how often it is looked at: once before the first substep, and once before each of the others."""
    ticks = itertools.count()
    monkeypatch.setattr(time, "thread_time", lambda: next(ticks))


def test_a_long_trail_comes_in_pieces_the_newest_first(walk, ticking):
    whole, trails, colours = Trails(), Trails(), palette("dark")
    for k in (30, 39, 38, 3, 20):  # jumps to and fro, and on while it is unfinished
        expected = whole.image(walk, k, CAMERA, 40, 1.0, colours).copy()
        sums, turns = [], 0
        while turns == 0 or trails.unfinished:
            picture, turns = trails.image(walk, k, CAMERA, 40, 1.0, colours, seconds=7), turns + 1
            sums.append(np.frombuffer(picture.constBits(), np.uint8).sum(dtype=int))
        assert picture == expected and not whole.unfinished
        assert turns >= min(k, 40) // 8 and sums == sorted(sums), "it only becomes brighter"
    trails.image(walk, 5, CAMERA, 40, 1.0, colours, seconds=2)
    for k in range(6, 40):  # plays on while it is unfinished: two at each frame leave one for the past
        picture = trails.image(walk, k, CAMERA, 40, 1.0, colours, seconds=2)
    assert not trails.unfinished and picture == whole.image(walk, 39, CAMERA, 40, 1.0, colours)


def test_counting_from_another_substep_changes_nothing():
    """Whole numbers of 16 bits hold the fade of some thirty lengths."""
    rng = np.random.default_rng(0)
    frames = Frames(np.cumsum(rng.normal(0, 0.1, (300, 20, 2)), 0).astype(np.float32) % 2)
    assert np.array_equal(played(frames, 299, 5), Trails().level(frames, 299, CAMERA, 5, 1.0))


def test_on_screen_a_long_trail_is_whole_in_the_end(canvas, walk, qtbot, ticking):
    with qtbot.waitExposed(canvas):
        canvas.show()
    canvas.set_view(View(trails=40))
    canvas._picture.brush.trail_seconds = 15
    canvas.repaint()
    paints = []
    canvas.painted.connect(lambda _seconds: paints.append(canvas._picture.unfinished))
    canvas.show_frame(walk, 39)
    qtbot.waitUntil(lambda: bool(paints) and not paints[-1], timeout=5000)
    assert paints == [True, True, False], "39 substeps, 16 at a time"
    on_screen, offline = canvas.grab().toImage(), canvas.render_to(QSize(300, 200))
    assert on_screen.convertToFormat(offline.format()) == offline


def test_another_length_camera_or_run_starts_anew(walk):
    trails = Trails()
    trails.level(walk, 30, CAMERA, 12, 1.0)
    other = Camera(x=0.5, half_height=3.0, width_px=100, height_px=120)
    reversed_walk = Frames(walk.positions[::-1])
    for args in ((walk, 30, CAMERA, 5, 1.0), (walk, 30, other, 5, 1.0), (walk, 30, other, 5, 2.0), (reversed_walk, 30, other, 5, 2.0)):
        assert np.array_equal(trails.level(*args), Trails().level(*args))


def test_a_trail_is_gone_after_its_length():
    still = np.array([[0.0, 0.0]], np.float32)
    frames = Frames([still - 0.1, *[still] * 40])
    assert Trails().level(frames, 11, CAMERA, 12, 1.0).max() > 0
    assert played(frames, 13, 12)[:, :].max() <= 255
    moved = Frames([still - 0.5, still - 0.3, *[still + 5] * 40])  # then out of sight
    assert played(moved, 40, 12).max() == 0


def test_a_line_goes_from_frame_to_frame():
    frames = Frames([np.array([[-1.0, 0.0]]), np.array([[1.0, 0.0]])])
    level = Trails().level(frames, 1, CAMERA, 12, 1.0)
    rows, columns = np.nonzero(level)
    assert set(rows) <= {99, 100}
    assert (columns.min(), columns.max()) == (pytest.approx(70, abs=1), pytest.approx(170, abs=1))


def test_a_longer_way_is_dimmer_by_as_much():
    segments = np.array([[[0, 0], [8, 0]], [[0, 0], [20, 0]], [[0, 0], [80, 0]], [[0, 0], [1e5, 0]]], float)
    assert dimness(segments, 1.0).tolist() == [0, 2, 6, 9]  # halves of a halving
    assert dimness(segments * 2, 2.0).tolist() == [0, 2, 6, 9]


def test_what_cannot_be_seen_is_left_out():
    before = np.array([[0, 0], [np.nan, 0], [50, 0], [-50, 0], [0, 1e30]], np.float32)
    after = np.array([[0.1, 0], [0, 0], [51, 0], [50, 0], [0, 0]], np.float32)
    assert len(visible_segments(before, after, CAMERA)) == 2  # the first, and the fourth, which crosses the picture
    assert len(visible_segments(before, after[:3], CAMERA)) == 0


def test_played_scrubbed_and_offline_pictures_are_the_same(canvas, walk):
    canvas.set_view(View(trails=12))
    for k in range(30):
        canvas.show_frame(walk, k)
        played_picture = canvas.grab().toImage()
    canvas.show_frame(walk, 3)
    canvas.grab()
    canvas.show_frame(walk, 29)
    scrubbed = canvas.grab().toImage()
    offline = canvas.render_to(QSize(300, 200))
    assert played_picture == scrubbed
    assert offline == scrubbed.convertToFormat(offline.format())
