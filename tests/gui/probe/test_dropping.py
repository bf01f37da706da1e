"""Particles dropped in the real window: they fall in step with the transport, can be dragged, and the run does not notice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.probe.dropped import DroppedMarks
from scoreviz.gui.dynamics.probe.dropping import cloud
from scoreviz.gui.window import Window
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Scene
from scoreviz.scene.samplers import RK4, RK45, ReverseSDE
from tests.engine.oracles import ve
from tests.gui.probe.conftest import SCENE, Looking, fresh_run, page_of
from tests.gui.test_drawing import pixel

import msgspec  # isort: skip


def drawn(window: Window) -> DroppedMarks | None:
    found: Any = dict(window.dynamics.canvas._content.overlays).get("dropped")
    return found


def click(canvas: Canvas, x: float, y: float) -> None:
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, x, y))


def computed(qtbot: QtBot, window: Window) -> None:
    """Every batch has its way, and none of a place where a hand has been since."""
    dropping = window.dynamics.probe.dropping
    line = dropping._line
    qtbot.waitUntil(
        lambda: not line._waiting and line._next is None and all(b.frames is not None for b in dropping.batches), timeout=10_000
    )


def with_the_tool(window: Window) -> Canvas:
    window.actions_["tool_drop"].trigger()
    return window.dynamics.canvas


def test_a_click_drops_a_cloud_that_keeps_step_with_the_transport(qtbot: QtBot, looking: Looking) -> None:
    window = looking(page=False)
    canvas, dropping = with_the_tool(window), window.dynamics.probe.dropping
    before, density = [f.tobytes() for f in window.playback.run.frames], window.store.scene.density
    window.playback.seek(8)
    click(canvas, 1.5, 1.2)
    computed(qtbot, window)
    assert dropping.total == 12 and drawn(window) is not None and len(drawn(window).points) == 12
    assert np.linalg.norm(drawn(window).points - (1.5, 1.2), axis=1).max() < 0.2
    frames = dropping.batches[0].frames
    run = window.playback.run
    assert frames.shape == (run.length - 8, 12, 2)
    for index in (9, 20, run.length - 1):
        window.playback.seek(index)
        assert np.array_equal(drawn(window).points, frames[index - 8].astype(float))
        assert all(len(way) == index - 8 + 1 for way in drawn(window).ways)
    means, stds = np.array([[-1.0, 0.3], [1.2, -0.4]]), np.array([0.3, 0.2])
    ends = (np.linalg.norm(drawn(window).points[:, None] - means, axis=-1) / stds).min(1)
    assert np.median(ends) < 2.5, "they are where the density is"
    window.playback.seek(7)
    assert drawn(window) is None, "before they were dropped"
    assert [f.tobytes() for f in window.playback.run.frames] == before and window.store.scene.density is density
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not dropping.batches and dropping._line.inquiry.question is None
    QTest.mouseMove(canvas, pixel(canvas, -1.0, 1.0))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert dropping.total == 12 and np.abs(dropping.batches[0].points[0] - (-1.0, 1.0)).max() < 0.02, "Enter drops at the pointer"
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert not dropping.batches


def test_a_new_run_is_the_same_with_and_without_them(qtbot: QtBot, looking: Looking) -> None:
    """Another seed and back, with particles dropped meanwhile: the same bytes as before."""
    window = looking(page=False)
    canvas = with_the_tool(window)
    before = np.stack(window.playback.run.frames).tobytes()
    click(canvas, 1.5, 1.2)
    computed(qtbot, window)
    for seed in (4, 3):
        number = window.playback.run.number
        window.store.edit(("particles", "seed"), seed, "seed")
        qtbot.waitUntil(lambda number=number: window.playback.run.number != number and window.playback.run.complete, timeout=10_000)
    assert np.stack(window.playback.run.frames).tobytes() == before


def test_with_the_ode_they_follow_the_exact_flow(qtbot: QtBot, looking: Looking) -> None:
    scene: Scene = msgspec.structs.replace(
        SCENE, density=Density(marks=(Gaussian(x=0.8, y=-0.5, std=0.4),)), sampler=RK4(steps=40)
    )  # fmt: skip
    window = looking(scene, page=False)
    canvas, run = with_the_tool(window), window.playback.run
    window.playback.seek(15)
    window.dynamics.probe.dropping.count = 1
    click(canvas, 1.9, 1.2)
    computed(qtbot, window)
    (start,) = drawn(window).points
    mean = np.array([0.8, -0.5])
    widths = [np.hypot(0.4, ve(float(run.t[k]), 0.01, 4.0)[1]) for k in (15, run.length - 1)]
    window.playback.seek(run.length - 1)
    assert np.abs(drawn(window).points[0] - (mean + (start - mean) * widths[1] / widths[0])).max() < 3e-3


def test_a_dragged_point_leaves_its_cloud_and_recovers(qtbot: QtBot, looking: Looking) -> None:
    window = looking(page=False)
    canvas, dropping, playback = with_the_tool(window), window.dynamics.probe.dropping, window.playback
    playback.seek(5)
    click(canvas, 1.5, 1.2)
    computed(qtbot, window)
    playback.seek(8)
    others = drawn(window).points.copy()
    at = others[0]
    playback.play()
    index = playback.index
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, *at))
    assert dropping.held is not None and not playback.playing and playback.index == index, "playing waits for the hand"
    QTest.mouseMove(canvas, pixel(canvas, -1.8, -1.5))
    qtbot.waitUntil(lambda: dropping.held.frames is not None and len(drawn(window).ahead) == 1, timeout=5000)
    there = QPoint(pixel(canvas, -1.8, -1.5))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=there)
    assert dropping.held is None and playback.playing
    playback.pause()
    playback.seek(8)
    now = drawn(window).points
    assert len(now) == 12 and np.abs(now[-1] - (-1.8, -1.5)).max() < 2 / canvas.camera.pixels_per_unit
    assert sorted(map(tuple, now[:-1].tolist())) == sorted(map(tuple, others[1:].tolist())), "the others have not moved"
    computed(qtbot, window)
    playback.seek(playback.run.length - 1)
    assert np.linalg.norm(drawn(window).points[-1] - [-1.0, 0.3]) < 1.2, "back to a mode: the noise there is wider than it"
    playback.seek(7)
    assert len(drawn(window).points) == 12, "before the hand, it is where it was"


def test_the_page_does_it_by_keyboard(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    page, dropping = page_of(window).drop, window.dynamics.probe.dropping
    assert not page.here.isEnabled() and not page.clear.isEnabled()
    window.dynamics.probe.probing.pin(0.5, 0.5)
    QTest.keyClick(page.count.slider, Qt.Key.Key_Home)
    QTest.keyClick(page.count.slider, Qt.Key.Key_Right)
    QTest.keyClick(page.here, Qt.Key.Key_Space)
    assert dropping.total == 2 and np.allclose(dropping.batches[0].points[0], 0.5)
    computed(qtbot, window)
    assert "2 points are under way" in page.words.text() and page.state.text() == "2 of 64"
    window.playback.seek(0)
    assert "0 of 2 points" in page.words.text() and "later" in page.words.text()
    QTest.keyClick(page.clear, Qt.Key.Key_Space)
    assert not dropping.batches and "drop tool" in page.words.text()


def test_more_than_64_are_refused_in_words(qtbot: QtBot, looking: Looking) -> None:
    window = looking(page=False)
    canvas, dropping = with_the_tool(window), window.dynamics.probe.dropping
    dropping.count = 40
    click(canvas, 1.5, 1.2)
    click(canvas, -1.5, -1.2)
    assert dropping.total == 40 and "At most 64" in window.dynamics.stage.notice.text


def test_another_sampler_takes_them_over_or_says_why_not(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    canvas, dropping = with_the_tool(window), window.dynamics.probe.dropping
    window.playback.seek(15)
    click(canvas, 1.5, 1.2)
    computed(qtbot, window)
    window.store.edit(("sampler",), ReverseSDE(steps=12), "steps")
    qtbot.waitUntil(lambda: window.playback.run.length == 14 and dropping.batches[0].frames is not None, timeout=10_000)
    qtbot.waitUntil(lambda: len(dropping.batches[0].frames) == 14 - dropping.batches[0].first, timeout=5000)
    assert dropping.batches[0].first == round(15 / 31 * 13)
    window.store.edit(("sampler",), RK45(), "RK45")
    qtbot.waitUntil(lambda: "keep step" in dropping.trouble, timeout=10_000)
    fresh_run(qtbot, window)
    assert "keep step" in page_of(window).drop.words.text() and (drawn(window) is None or not drawn(window).ways)


def test_a_cloud_is_a_sunflower() -> None:
    points = cloud(1.0, 2.0, 64, 0.1)
    assert points.dtype == np.float32 and tuple(points[0]) == (1.0, 2.0)
    apart = np.linalg.norm(points[:, None] - points, axis=-1) + np.eye(64)
    assert apart.min() > 0.09 and np.linalg.norm(points - (1, 2), axis=1).max() == pytest.approx(0.1 * np.sqrt(63), rel=1e-5)
