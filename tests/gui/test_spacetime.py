"""One dimension in the real window: what it draws against closed forms, the hand on it, and the first curve that a network learns."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scipy.stats import norm

from scoreviz.gui.dynamics.spacetime.chips import LAYERS
from scoreviz.gui.dynamics.spacetime.view import SpaceTime
from scoreviz.gui.recording import Recorder, still
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.window import Window
from scoreviz.scene.density import Density
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.line import LineCurve, LinePreset, line_bumps
from scoreviz.scene.noise import VP
from scoreviz.scene.samplers import Forward, Langevin, ReverseSDE
from scoreviz.scene.view import View
from tests.gui.conftest import Open
from tests.record.pictures import decoded, psnr

LINE = Scene(
    density=Density(dimensions="1", line=(LinePreset(name="three_bumps"),)), noise=VP(), sampler=ReverseSDE(steps=40),
    particles=Particles(count=400, seed=3),
)  # fmt: skip
W, M, S = (np.array(column) for column in zip(*line_bumps("three_bumps"), strict=True))


def vp(t: float) -> tuple[float, float]:
    log_a = -0.25 * t * t * 19.9 - 0.05 * t
    return math.exp(log_a), math.sqrt(1 - math.exp(2 * log_a))


def view_of(window: Window) -> SpaceTime:
    view = window.dynamics.views.current
    assert isinstance(view, SpaceTime)
    return view


@pytest.fixture
def window(qtbot: QtBot, open_window: Open) -> Window:
    """Three bumps under VP, its run and its answers come, paused at the start."""
    window = open_window(Document(scene=LINE))
    settled(qtbot, window)
    return window


def settled(qtbot: QtBot, window: Window) -> None:
    view = view_of(window)

    def ready() -> bool:
        content = view.content
        run = content.run
        return content.heat is not None and content.curve is not None and run is not None and run.ready == run.length

    qtbot.waitUntil(ready, timeout=20_000)
    window.playback.pause()
    window.playback.seek(0)
    qtbot.waitUntil(lambda: view.content.k == 0)


def pixel(view: SpaceTime, share: float, x: float) -> QPoint:
    layout = view.layout_
    return QPoint(round(float(layout.pixel_x(np.array(share)))), round(float(layout.pixel_y(np.array(x)))))


def in_strip(view: SpaceTime, x: float, p: float) -> QPoint:
    """Where the strip shows the density p at x."""
    layout = view.layout_
    across, up = layout.curve_points(layout.drawn, np.array([x]), np.array([p]), view.content.top, leftwards=layout.data_left)[0]
    return QPoint(round(across), round(up))


def drag(view: SpaceTime, points: list[QPoint], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    QTest.mousePress(view, button, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(view, point)
    QTest.mouseRelease(view, button, pos=points[-1])


def test_what_it_shows_is_the_closed_form_and_ode_paths_are_quantile_lines(qtbot: QtBot, window: Window) -> None:
    view = view_of(window)
    content = view.content
    assert content.heat is not None and content.run is not None and content.curve is not None
    columns = content.axis.columns()
    shown = content.heat.columns(columns)
    assert shown.shape[1] == len(columns) and np.isfinite(shown).all() and content.axis.at[0] == 0.0 and content.axis.t[0] == 1.0
    for k in (0, 100, 200):
        a, std = vp(float(columns[k]))
        p = (norm.pdf(content.heat.x[:, None], a * M, np.hypot(a * S, std)) / 3).sum(1)
        assert np.allclose(shown[:, k], np.log(p), atol=1e-3)
    curve = (norm.pdf(content.curve.x[:, None], M, S) / 3).sum(1)
    assert np.allclose(content.curve.f, curve, atol=1e-4)
    window.playback.seek(25)
    qtbot.waitUntil(lambda: view.content.k == 25)
    a, std = vp(float(content.run.t[25]))
    now = view.content.now
    assert now is not None, "the frame's own law, not that of a column near it"
    assert np.allclose(now, (norm.pdf(content.heat.x[:, None], a * M, np.hypot(a * S, std)) / 3).sum(1), atol=1e-4)
    qtbot.waitUntil(lambda: view.content.flow is not None, timeout=10_000)
    flow = view.content.flow
    assert flow is not None
    n = flow.x.shape[1]
    for row, t in zip(flow.x[::40], flow.t[::40], strict=True):
        a, std = vp(float(t))
        u = (norm.cdf(row[:, None].astype(float), a * M, np.hypot(a * S, std)) / 3).sum(1)
        assert np.abs(u - (np.arange(n) + 0.5) / n).max() < 1e-3


def test_a_click_starts_paths_there_esc_clears_them_and_the_oldest_makes_room(qtbot: QtBot, window: Window) -> None:
    view = view_of(window)
    at = pixel(view, 0.4, 0.8)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: len(view.content.ways) == 1, timeout=10_000)
    (way,) = view.content.ways
    assert way.t == pytest.approx(0.6, abs=0.01) and way.x == pytest.approx(0.8, abs=0.02)
    assert (way.sde.x[0] == np.float32(way.x)).all() and way.flow.x[0, 0] == np.float32(way.x)
    assert way.sde.t[0] == way.t and way.sde.t[-1] == 0.0 and way.sde.x.shape[1] == 20
    assert len(np.unique(way.sde.x[-1].round(4))) > 10, "each of the fan has noise of its own"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(view.content.ways) == 2, timeout=10_000)
    assert view.content.ways[1].t == 1.0 and view.content.ways[1].x == 0.0
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.content.ways == () and window.store.undo_stack.count() == 0
    for k, x in enumerate((-1.0, 0.0, 1.0, 2.0)):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=pixel(view, 0.3, x))
        qtbot.waitUntil(
            lambda k=k, x=x: len(view.content.ways) == min(k + 1, 3) and abs(view.content.ways[-1].x - x) < 0.05, timeout=10_000
        )  # type: ignore[misc]
    assert [round(way.x) for way in view.content.ways] == [0, 1, 2]


def test_dragging_scrubs_esc_drops_a_curve_the_wheel_zooms(qtbot: QtBot, window: Window) -> None:
    view = view_of(window)
    drag(view, [pixel(view, 0.1, 0.0), pixel(view, 0.3, 0.0), pixel(view, 0.5, 0.1)])
    run = window.playback.run
    assert run is not None and float(run.t[window.playback.index]) == pytest.approx(0.5, abs=0.02)
    assert view.content.ways == () and window.store.undo_stack.count() == 0
    qtbot.waitUntil(lambda: view.content.k == window.playback.index)
    assert view.content.axis.at[view.content.k] == pytest.approx(0.5, abs=0.02), "the line of the present stands under the hand"
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=in_strip(view, -1.0, 0.5))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=in_strip(view, -1.0, 0.5))
    assert view.content.draft is None and window.store.undo_stack.count() == 0
    at = QPointF(pixel(view, 0.5, 1.0))
    no_modifier, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(
        view, QWheelEvent(at, QPointF(view.mapToGlobal(at)), QPoint(), QPoint(0, -240), Qt.MouseButton.NoButton, no_modifier, phase, False)
    )
    assert view.content.x1 - view.content.x0 == pytest.approx(5.2 * 1.15**2)
    assert view.layout_.data_at(at.y()) == pytest.approx(1.0, abs=0.02), "what lay under the pointer stays there"
    heat = view.content.heat
    qtbot.waitUntil(lambda: view.content.heat is not heat and view.content.heat.x1 == view.content.x1, timeout=10_000)  # type: ignore[union-attr]
    middle = (view.content.x0 + view.content.x1) / 2
    drag(view, [pixel(view, 0.5, 0.0), pixel(view, 0.5, 0.5), pixel(view, 0.5, 1.0)], Qt.MouseButton.MiddleButton)
    assert (view.content.x0 + view.content.x1) / 2 < middle - 0.4 and window.store.undo_stack.count() == 1
    window.store.edit(("view",), View(y=1.0, half_height=1.5), "look")
    assert (view_of(window).content.x0, view_of(window).content.x1) == (-0.5, 2.5)


def test_the_hand_draws_the_density(qtbot: QtBot, window: Window) -> None:
    view = view_of(window)
    before = view.content.curve
    assert before is not None
    layout = view.layout_
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=in_strip(view, -1.0, 0.5))
    QTest.mouseMove(view, in_strip(view, -0.4, 0.5))
    draft = view.content.draft
    assert draft is not None and float(draft.at(np.array([-0.7]))[0]) == pytest.approx(0.5, abs=0.02), "a live preview"
    assert window.store.undo_stack.count() == 0
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=in_strip(view, -0.4, 0.5))
    assert window.store.undo_stack.count() == 1 and window.store.undo_stack.undoText() == "Draw curve"
    (mark,) = window.store.scene.density.line
    assert isinstance(mark, LineCurve) and window.store.scene.score.source == "network" and window.progress.running
    qtbot.waitUntil(lambda: view.content.draft is None, timeout=10_000)
    after = view.content.curve
    assert after is not None and after is not before
    mass = 1.0 + 0.6 * 0.5 - float(np.trapezoid(before.f[120:145], dx=0.025))  # what was added, less what lay there
    assert float(after.at(np.array([-0.7]))[0]) == pytest.approx(0.5 / mass, rel=0.08), "the compiled density, of mass one"
    assert float(before.at(np.array([-0.7]))[0]) < 0.01 and layout.data_left is False
    window.store.undo_stack.undo()
    assert window.store.scene.density == LINE.density and window.store.scene.score.source == "exact"


def test_the_eraser_takes_away(qtbot: QtBot, window: Window) -> None:
    view = view_of(window)
    window.actions_["tool_erase"].trigger()
    window.dynamics.tools.set_width(0.1)
    drag(view, [in_strip(view, 1.0, 0.3), in_strip(view, 2.3, 0.3)])
    qtbot.waitUntil(lambda: view.content.draft is None, timeout=10_000)
    curve = view.content.curve
    assert curve is not None and window.store.undo_stack.undoText() == "Erase curve"
    assert float(curve.at(np.array([1.5]))[0]) < 1e-4 and float(curve.at(np.array([-1.6]))[0]) == pytest.approx(1.11, rel=0.05)
    drag(view, [in_strip(view, -2.5, 0.3), in_strip(view, 2.5, 0.3)])
    qtbot.waitUntil(lambda: view.content.message is not None, timeout=10_000)
    assert "empty" in str(view.content.message) and view.content.run is None and window.store.scene.density.line == ()
    window.actions_["tool_brush"].trigger()
    drag(view, [in_strip(view, -1.0, 0.6), in_strip(view, 1.0, 0.6)])
    qtbot.waitUntil(lambda: view.content.message is None and view.content.run is not None, timeout=10_000)


def test_each_chip_shows_and_hides_its_layer_and_jumps_show_what_playing_shows(qtbot: QtBot, window: Window) -> None:
    view = view_of(window)
    window.playback.seek(30)
    qtbot.waitUntil(lambda: view.content.flow is not None and view.content.k == 30, timeout=10_000)
    for layer in LAYERS:
        chip = window.findChild(Chip, f"line_{layer}")
        assert chip is not None and chip.isVisible() and chip.toolTip() and chip.parentWidget() is window.dynamics.stage.chips
        before = picture(view)
        QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
        assert getattr(window.store.scene.view, layer) is not getattr(LINE.view, layer)
        if layer == "forward_paths":
            qtbot.waitUntil(lambda: view.content.forward is not None, timeout=10_000)
        assert (picture(view) != before).any()
        window.store.undo_stack.undo()
        assert (picture(view) == before).all()
    run = view.content.run
    assert run is not None
    for k in range(0, 31):
        view.show_content(k=k)
        played = picture(view)
    view.show_content(k=run.length - 1)
    picture(view)
    view.show_content(k=30)
    assert (picture(view) == played).all()


def picture(view: SpaceTime) -> np.ndarray:
    image = view.render_to(QSize(640, 360))
    return np.frombuffer(image.constBits(), np.uint32).reshape(360, 640).copy()


def test_forward_runs_the_other_way_langevin_has_no_t_and_out_of_sight_nothing_is_asked(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = view_of(window)
    with qtbot.waitSignal(window.playback.run_changed, timeout=10_000):
        window.store.edit(("sampler",), Forward(steps=30), "forward")
    qtbot.waitUntil(lambda: view.content.axis.kind == "forward", timeout=10_000)
    assert view.content.axis.ticks()[0] == (0.0, "0") and view.layout_.drawn.right() < view.layout_.plot.left()
    chip = window.findChild(Chip, "line_flow_lines")
    assert chip is not None and chip.isEnabled()
    window.store.edit(("sampler",), Langevin(steps=50), "Langevin")
    qtbot.waitUntil(lambda: view.content.axis.kind == "iterations", timeout=10_000)
    settled(qtbot, window)
    assert not chip.isEnabled() and "noise level" in chip.toolTip()
    assert view.content.axis.ticks()[-1] == (1.0, "50")
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=pixel(view, 0.4, 0.8))
    window.playback.seek(50)
    qtbot.waitUntil(lambda: view.content.k == 50 and view.content.now is not None, timeout=10_000)
    assert view.content.ways == ()
    window.store.edit(("density", "dimensions"), "2", "2-D")
    assert window.dynamics.views.name == "plane" and not view.isVisible()
    window.playback.play()
    assert window.playback.run is not None and window.playback.run.at(0).shape[1] == 1
    monkeypatch.setattr(window.dynamics.fields, "missing", lambda _sigma: False)
    prepared: list[object] = []
    monkeypatch.setattr(window.dynamics.canvas, "prepare", lambda **changes: prepared.append(changes))
    window.dynamics.screen_._refresh.stop()
    window.dynamics.screen_._prepare()
    assert not prepared, "a run on the line is not drawn in the plane"
    window.dynamics.screen_._refresh.start()
    window.playback.pause()
    monkeypatch.undo()
    inquiries = [each for name, each in window.questions._inquiries.items() if name.startswith("spacetime")]
    assert len(inquiries) == 7 and all(each.question is None for each in inquiries)
    assert window.dynamics.stage.chips.objectName() == "layer_chips" and window.dynamics.stage.chips.isVisible()
    window.store.undo_stack.undo()
    assert window.dynamics.stage.chips.objectName() == "spacetime_chips"
    settled(qtbot, window)


def test_a_still_and_a_film_of_it_and_both_palettes(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    view = view_of(window)
    assert window.pages.picture is view
    dark = picture(view)
    view.set_palette_name("light")
    light = picture(view)
    assert (dark != light).mean() > 0.5
    with pytest.raises(ValueError, match="sepia"):
        view.set_palette_name("sepia")  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: view.content.flow is not None, timeout=10_000)
    path = still(view, tmp_path / "line.png")
    shown = np.asarray(Image.open(path).convert("RGB"))
    own = view.render_to(view.size() * view.devicePixelRatioF(), view.devicePixelRatioF())
    pixels = np.frombuffer(own.constBits(), np.uint8).reshape(own.height(), own.width(), 4)[..., 2::-1]
    assert (shown == pixels).all(), "the picture alone: no chips, no cursor"
    recorder = Recorder(window)
    recorder.start(view, tmp_path / "line.mp4", 30)
    qtbot.waitUntil(lambda: recorder.state == "recording" and recorder.seconds > 0.3, timeout=20_000)
    with qtbot.waitSignal(recorder.saved, timeout=20_000):
        recorder.stop()
    film = decoded(tmp_path / "line.mp4")
    even = pixels[: film[0][1].shape[0], : film[0][1].shape[1]]
    assert len(film) > 3 and psnr(film[-1][1], even) > 30
    assert not view.render_to(QSize(300, 200)).isNull()


def test_the_window_learns_a_curve(qtbot: QtBot, open_window: Open) -> None:
    """From nothing: a hand draws two bumps, and within seconds the network's samples have their law."""
    scene = Scene(density=Density(dimensions="1", line=()), sampler=ReverseSDE(steps=60), particles=Particles(count=1000, seed=3))
    window = open_window(Document(scene=scene))
    view = view_of(window)
    qtbot.waitUntil(lambda: view.content.message is not None, timeout=10_000)
    for x in (-1.2, 1.0):
        drag(view, [in_strip(view, x - 0.5, 0.02), in_strip(view, x, 0.8), in_strip(view, x + 0.5, 0.02)])
    assert len(window.store.scene.density.line) == 1 and window.progress.running

    def learned() -> bool:
        run = window.playback.run
        return run is not None and run.distance is not None and run.distance < 0.1 and (run.training_step or 0) > 0

    qtbot.waitUntil(learned, timeout=60_000)
    flow = window.questions._inquiries["spacetime.flow"]
    qtbot.waitUntil(lambda: flow.step > 100, timeout=10_000)  # its lines follow the network
    p = view.content.curve
    assert p is not None and float(p.at(np.array([-1.2]))[0]) > 0.6 > 0.1 > float(p.at(np.array([0.0]))[0])
