"""Space in the real window, on the real engine: what is drawn is the mixture's, the hand turns it, every chip does what it says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui import motion, recording
from scoreviz.gui.dynamics.space.opening import Space
from scoreviz.gui.window import Window
from scoreviz.maths import Trace
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.samplers import ReverseSDE
from scoreviz.scene.solid import SolidPoints, SolidPreset
from scoreviz.scene.view import View
from tests.engine.test_solid import by_hand, plane
from tests.gui.conftest import Open

HELIX = Scene(
    density=Density(dimensions="3", marks=(Preset(name="two_moons"),), solid=(SolidPreset(name="helix"),)),
    sampler=ReverseSDE(steps=24),
    particles=Particles(count=300, seed=2),
)


def view_of(window: Window) -> Space:
    view = window.dynamics.views.current
    assert isinstance(view, Space)
    return view


def settled(qtbot: QtBot, window: Window) -> Space:
    """A whole run on screen, at rest, with the slice of its own noise level."""
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.run.complete and shape(window) == 3, timeout=20_000)
    window.playback.pause()
    view = view_of(window)
    qtbot.waitUntil(lambda: has_own_slice(window) and view.content.cloud is not None, timeout=10_000)
    return view


def shape(window: Window) -> int:
    return int(window.playback.run.at(0).shape[1])


def has_own_slice(window: Window) -> bool:
    content, run = view_of(window).content, window.playback.run
    return content.plane is not None and content.plane.sigma == run.sigma[window.playback.index]


def pixels(view: Space) -> np.ndarray:
    image = view.render_to(QSize(320, 240))
    return np.frombuffer(image.constBits(), np.uint8).reshape(240, 320, 4).copy()


def drag(view: Space, *points: tuple[int, int]) -> None:
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(*points[0]))
    for point in points[1:]:
        QTest.mouseMove(view, QPoint(*point))
        QApplication.processEvents()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(*points[-1]))


def test_a_run_in_space_plays_with_the_slice_of_its_own_noise(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    run = window.playback.run
    assert run.at(5).shape == (300, 3) and len(run) == run.length
    for index in (3, 14, run.length - 1):
        window.playback.seek(index)
        qtbot.waitUntil(lambda: has_own_slice(window), timeout=10_000)
        content = view.content
        assert content.plane is not None and content.frames is not None
        n = len(content.plane.log_p)
        log_p, _ = by_hand(plane("z", 0.0, content.half, n), content.plane.sigma**2)
        assert np.abs(content.plane.log_p.reshape(-1) - np.maximum(log_p, -600)).max() < 2e-3
        m = len(content.plane.vectors)
        _, score = by_hand(plane("z", 0.0, content.half, m), content.plane.sigma**2)
        assert np.abs(content.plane.vectors.reshape(-1, 3) - content.plane.sigma * score).max() < 2e-3
        assert np.allclose(content.frames.at(index), run.at(index) @ content.eye.axes[:2].T, atol=1e-4)
        assert content.caption is not None and content.caption.sigma == content.plane.sigma
    radius = np.hypot(run.at(run.length - 1)[:, 0], run.at(run.length - 1)[:, 1])
    assert np.abs(radius - 1.2).max() < 0.5, "the run ends on the helix"
    assert run.distance is not None and run.distance < 0.15
    with qtbot.waitSignal(window.playback.index_changed, timeout=5_000):
        window.playback.play()
    qtbot.waitUntil(lambda: view.content.k == window.playback.index > 0, timeout=5_000)


def test_a_drag_turns_what_is_drawn_as_one_undo_step(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    before, steps = pixels(view), window.store.undo_stack.count()
    drag(view, (300, 200), (320, 205), (350, 215), (390, 230))
    scene = window.store.scene.view
    assert scene.azimuth == pytest.approx(-55.0 - 0.4 * 90) and scene.elevation == pytest.approx(25.0 + 0.4 * 30)
    assert (view.content.eye.azimuth, view.content.eye.elevation) == (scene.azimuth, scene.elevation)
    assert not view.content.moving and (pixels(view) != before).mean() > 0.02
    assert window.store.undo_stack.count() == steps + 1
    window.store.undo_stack.undo()
    assert (pixels(view) == before).all(), "the very same picture"
    index = window.playback.index
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert window.store.scene.view.azimuth == -60.0 and window.playback.index == index, "the arrow keys are the view's, not the transport's"


def test_wheel_keys_and_double_click(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX), engine=False)
    view, scene = view_of(window), lambda: window.store.scene.view
    at = QPointF(200, 200)
    wheel = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, wheel)
    assert scene().space_half_height == pytest.approx(View().space_half_height / 1.15) == view.camera.half_height
    assert scene().half_height == View().half_height, "the plane's own zoom is another"
    view.setFocus()
    position = window.playback.wanted
    for key, change in ((Qt.Key.Key_Left, (-5, 0)), (Qt.Key.Key_Up, (0, 5)), (Qt.Key.Key_Right, (5, 0)), (Qt.Key.Key_Down, (0, -5))):
        before = (scene().azimuth, scene().elevation)
        QTest.keyClick(view, key)
        moved = (scene().azimuth - before[0], scene().elevation - before[1])
        assert moved == pytest.approx(change)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert scene() == View() and window.playback.wanted == position
    drag(view, (300, 200), (340, 260))
    assert scene().azimuth != View().azimuth
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    assert scene() == View()
    drag(view, (300, 200), (340, 260))
    window.actions_["fit"].trigger()
    assert scene() == View()


def test_the_zoom_stops_at_its_range(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX), engine=False)
    view = view_of(window)
    for key, end in ((Qt.Key.Key_Minus, 80.0), (Qt.Key.Key_Plus, 0.05)):
        for _ in range(60):
            QTest.keyClick(view, key)
        assert window.store.scene.view.space_half_height == end


def test_each_chip_changes_what_is_drawn(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    chips = view.chips
    assert chips.isVisible() and chips.parentWidget() is window.dynamics.stage
    for name, chip in chips.layers.items():
        before = pixels(view)
        chip.click()
        assert getattr(window.store.scene.view, name) is False and not chip.isChecked()
        assert (pixels(view) != before).any(), name
        window.store.undo_stack.undo()
        assert chip.isChecked()
        qtbot.waitUntil(lambda: has_own_slice(window), timeout=10_000)
    for value in ("x", "none", "y"):
        next(segment for segment in chips.axis.segments if segment.value == value).click()
        assert window.store.scene.view.slice == value and chips.place.isEnabled() == (value != "none")
        if value == "none":
            assert view.content.shown_plane is None
        else:
            qtbot.waitUntil(lambda value=value: view.content.plane.axis == value, timeout=10_000)
    chips.place.slider.setFocus()
    QTest.keyClick(chips.place.slider, Qt.Key.Key_PageUp)
    assert window.store.scene.view.slice_at == pytest.approx(0.5)
    qtbot.waitUntil(lambda: view.content.plane.at == 0.5, timeout=10_000)
    n = len(view.content.plane.log_p)
    log_p, _ = by_hand(plane("y", 0.5, view.content.half, n), view.content.plane.sigma**2)
    assert np.abs(view.content.plane.log_p.reshape(-1) - np.maximum(log_p, -600)).max() < 2e-3


def test_the_menu_says_what_the_arrows_show(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    view.chips.options["field", "network"].trigger()
    qtbot.waitUntil(lambda: view.content.plane.kind == "network" and has_own_slice(window), timeout=10_000)
    assert view.content.plane.step == 0 and view.chips.menu_chip.text() == "network's score"
    window.session.train(True)
    qtbot.waitUntil(lambda: (view.content.plane.step or 0) > 50, timeout=15_000)
    window.session.train(False)
    qtbot.waitUntil(lambda: view.content.plane.step == window.progress.step, timeout=10_000)
    view.chips.options["density_scale", "relative"].trigger()
    assert window.store.scene.view.density_scale == "relative"


def test_the_turntable_turns_and_is_one_step_when_it_stops(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX), engine=False)
    view, steps = view_of(window), window.store.undo_stack.count()
    view.chips.turn.click()
    assert view.turntable.turning and view.chips.turn.isChecked()
    qtbot.waitUntil(lambda: abs(view.content.eye.azimuth + 55.0) > 1.0, timeout=5_000)
    assert window.store.undo_stack.count() == steps and window.store.scene.view.azimuth == -55.0
    view.chips.layers["cloud"].click()
    assert view.content.eye.azimuth > -54.5, "an edit of something else does not turn it back"
    view.chips.turn.click()
    assert not view.turntable.turning and window.store.scene.view.azimuth == pytest.approx(view.content.eye.azimuth, abs=0.01)
    assert window.store.undo_stack.count() == steps + 2
    view.chips.turn.click()
    window.store.edit(("density",), msgspec.structs.replace(HELIX.density, dimensions="2"), "plane")
    assert not view.turntable.turning, "nothing turns out of sight"


def test_where_less_motion_is_asked_for_a_press_is_a_step(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX), engine=False)
    view = view_of(window)
    motion.set_reduced(True)
    try:
        view.chips.turn.click()
        assert not view.turntable.turning and not view.chips.turn.isChecked()
        assert window.store.scene.view.azimuth == -40.0
    finally:
        motion.set_reduced(False)


def test_to_the_plane_and_back(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    asked = view.keeper._slice
    window.store.edit(("density", "dimensions"), "2", "plane")
    assert window.dynamics.views.name == "plane" and not view.chips.isVisible() and asked.question is None
    qtbot.waitUntil(lambda: shape(window) == 2 and window.dynamics.canvas.counts.total == 300, timeout=20_000)
    window.store.undo_stack.undo()
    assert window.dynamics.views.name == "space" and view.chips.isVisible()
    settled(qtbot, window)
    assert view.counts.total == 300 and window.dynamics.canvas.counts.total in (0, 300)
    assert window.dynamics.canvas._content.frames is None, "the plane's canvas rests"


def test_empty_space_and_damaged_points_are_said_where_they_would_be(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    window.store.edit(("density", "solid"), (), "clear")
    qtbot.waitUntil(lambda: "Space is empty" in (view.content.message or ""), timeout=10_000)
    assert view.content.plane is None and view.content.cloud is None
    nan = window.store.add_blob(np.full(3, np.nan, "<f4").tobytes())
    window.store.edit(("density", "solid"), (SolidPoints(name="a.csv", points=nan),), "points")
    qtbot.waitUntil(lambda: "a.csv" in (view.content.message or ""), timeout=10_000)
    points = np.random.default_rng(0).normal(size=(4000, 3)).astype("<f4") * 0.3
    mark = SolidPoints(name="a.csv", points=window.store.add_blob(points.tobytes()))
    window.store.edit(("density", "solid"), (mark,), "points")
    settled(qtbot, window)
    assert view.content.message is None
    assert view.content.cloud.std(0) == pytest.approx(2 * points.std(0), rel=0.2)  # type: ignore[union-attr]


def test_both_palettes_a_larger_scale_and_a_still(qtbot: QtBot, open_window: Open, tmp_path: object) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    dark = pixels(view)
    window.pages.dynamics.views.set_palette_name("light")
    light = pixels(view)
    assert light[..., :3].mean() > 150 > 80 > dark[..., :3].mean()
    assert view.render_to(QSize(200, 100), 2.0).size() == QSize(200, 100)
    path = recording.still(window.pages.picture, tmp_path / "space.png")  # type: ignore[operator]
    image = QImage(str(path))
    assert image.size() == view.size() * view.devicePixelRatioF()
    window.actions_["present"].trigger()
    assert view._ui_scale > 1.5 and not view.chips.isVisible()


def test_out_of_sight_nothing_is_asked(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    window.pages.show_tab("images")
    assert view.keeper._slice.question is None and view.keeper._cloud.question is None
    window.pages.show_tab("dynamics")
    qtbot.waitUntil(lambda: view.keeper._cloud.complete, timeout=10_000)


def test_a_trace_in_space_is_shown_without_a_slice_and_one_of_the_plane_is_a_sentence(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    window = open_window(Document(scene=HELIX))
    view = settled(qtbot, window)
    for name, dim in (("plane.trace.npz", 2), ("space.trace.npz", 3)):
        with Trace(tmp_path / name) as file:
            for k in range(4):
                file.add(t=1 - k / 3, x=torch.full((5, dim), k / 3))
    with qtbot.waitSignal(window.traces.told, timeout=10_000) as said:
        window.files.open(tmp_path / "plane.trace.npz")
    assert "2 dimension(s), and the drawing is in 3" in said.args[0] and view.counts.total == 300
    with qtbot.waitSignal(window.traces.changed, timeout=10_000):
        window.files.open(tmp_path / "space.trace.npz")
    window.playback.pause()
    window.playback.seek(2)
    qtbot.waitUntil(lambda: view.content.k == 2 and view.counts.total == 5, timeout=5_000)
    assert view.content.plane is None and view.content.cloud is None and view.keeper._slice.question is None
    assert np.allclose(view.content.points, 2 / 3)
    window.traces.close()
    settled(qtbot, window)
    assert view.content.cloud is not None
