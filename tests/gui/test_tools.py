"""Every tool of the canvas, by the mouse and the keys in the real window: what is drawn, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas.classes import class_colour
from scoreviz.gui.canvas.corners import smooth
from scoreviz.gui.canvas.palette import palette, to_oklab
from scoreviz.gui.canvas.tools import TOOLS
from scoreviz.gui.dynamics.tool_settings import ToolSettings
from scoreviz.gui.window import Window
from scoreviz.scene.density import CLASSES, Area, Density, Gaussian, Layer, Preset, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from tests.gui.conftest import Open
from tests.gui.test_drawing import drag, engine_of, only_mark, pixel
from tests.gui.test_session import FakeEngine

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> Window:
    """An empty drawing, a fake engine that is up."""
    monkeypatch.setattr("scoreviz.gui.session.EngineProcess", FakeEngine)
    window = open_window(Document(scene=Scene(density=Density())), engine=False)
    engine_of(window).welcome()
    engine_of(window).applied()
    window.dynamics.tools.set_width(0.12)
    window.dynamics.tools.set_weight(1.0)
    return window


def ink(window: Window, **changes: Any) -> None:
    tools = window.dynamics.tools
    tools.set_ink(dataclasses.replace(tools.ink, **changes))


def click(window: Window, *points: tuple[float, float]) -> None:
    canvas = window.dynamics.canvas
    for point in points:
        QTest.mouseMove(canvas, pixel(canvas, *point))
        QTest.mouseClick(canvas, LEFT, pos=pixel(canvas, *point))


def key(window: Window, key: Qt.Key) -> None:
    QTest.keyClick(window.dynamics.canvas, key)


def points_of(window: Window, digest: str) -> np.ndarray:
    return np.frombuffer(window.store.blobs[digest], "<f4").reshape(-1, 2)


def undo_gives_back(window: Window, text: str) -> None:
    """One step, called so, and without it there is nothing."""
    stack = window.store.undo_stack
    assert stack.undoText() == text and stack.count() == 1
    stack.undo()
    assert window.store.scene.density == Density()


# ---- lines, polygons, curves


def test_a_line_is_straight_from_press_to_release(window: Window) -> None:
    window.actions_["tool_line"].trigger()
    ink(window, label=2, hardness=0.5)
    drag(window.dynamics.canvas, [(-1.0, 0.5), (0.3, 0.9), (1.0, -0.5)])
    mark = only_mark(window)
    assert isinstance(mark, Stroke) and (mark.label, mark.hardness, mark.width) == (2, 0.5, 0.12)
    assert points_of(window, mark.points) == pytest.approx(np.array([[-1.0, 0.5], [1.0, -0.5]]), abs=0.02)
    undo_gives_back(window, "Draw line")


def test_with_shift_a_line_turns_in_steps(window: Window) -> None:
    canvas = window.dynamics.canvas
    window.actions_["tool_line"].trigger()
    a, b = pixel(canvas, 0.0, 0.0), pixel(canvas, 1.0, 0.2)
    QTest.mousePress(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, a)
    QTest.mouseRelease(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, b)
    mark = only_mark(window)
    assert isinstance(mark, Stroke)
    (x0, y0), (x1, y1) = points_of(window, mark.points).tolist()
    assert math.degrees(math.atan2(y1 - y0, x1 - x0)) == pytest.approx(15.0, abs=0.01)


@pytest.mark.parametrize("how", ["enter", "double click", "first corner"])
def test_a_polygon_closes(window: Window, how: str) -> None:
    window.actions_["tool_polygon"].trigger()
    corners = [(-1.0, -1.0), (1.0, -0.8), (0.2, 1.0)]
    click(window, *corners)
    assert window.store.scene.density.marks == (), "it is not done yet"
    canvas = window.dynamics.canvas
    if how == "enter":
        key(window, Qt.Key.Key_Return)
    elif how == "double click":
        QTest.mouseDClick(canvas, LEFT, pos=pixel(canvas, *corners[-1]))
    else:
        click(window, corners[0])
    mark = only_mark(window)
    assert isinstance(mark, Stroke)
    assert points_of(window, mark.points) == pytest.approx(np.array([*corners, corners[0]]), abs=0.02)
    undo_gives_back(window, "Draw polygon")


def test_a_filled_polygon_is_an_area(window: Window) -> None:
    window.actions_["tool_polygon"].trigger()
    ink(window, filled=True, label=5)
    corners = [(-1.0, -1.0), (1.0, -0.8), (0.2, 1.0)]
    click(window, *corners)
    key(window, Qt.Key.Key_Return)
    mark = only_mark(window)
    assert isinstance(mark, Area) and mark.label == 5 and mark.weight == 1.0
    assert points_of(window, mark.outline) == pytest.approx(np.array(corners), abs=0.02)
    undo_gives_back(window, "Draw polygon")


def test_a_filled_polygon_of_two_corners_is_a_sentence(window: Window) -> None:
    window.actions_["tool_polygon"].trigger()
    ink(window, filled=True)
    click(window, (-1.0, -1.0), (1.0, -0.8))
    key(window, Qt.Key.Key_Return)
    assert window.store.scene.density == Density() and "three corners" in window.dynamics.stage.notice.text


def test_corners_can_be_taken_back_and_left(window: Window) -> None:
    window.actions_["tool_polygon"].trigger()
    click(window, (-1.0, -1.0), (1.0, -0.8), (3.0, 1.0), (0.2, 1.0))
    key(window, Qt.Key.Key_Backspace)
    key(window, Qt.Key.Key_Backspace)
    click(window, (0.2, 1.0))
    key(window, Qt.Key.Key_Return)
    mark = only_mark(window)
    assert isinstance(mark, Stroke) and len(points_of(window, mark.points)) == 4
    click(window, (-1.0, -1.0), (1.0, -0.8), (3.0, 1.0))
    key(window, Qt.Key.Key_Escape)
    key(window, Qt.Key.Key_Return)
    assert only_mark(window) is mark, "Escape left nothing to end"


def test_corners_stay_where_they_are_while_the_picture_is_moved(window: Window) -> None:
    window.actions_["tool_polygon"].trigger()
    click(window, (-1.0, -1.0), (1.0, -0.8))
    window.dynamics.drawing.look(0.5, 0.5, 3.0)
    click(window, (0.2, 1.0))
    key(window, Qt.Key.Key_Return)
    mark = only_mark(window)
    assert isinstance(mark, Stroke)
    assert points_of(window, mark.points)[:3] == pytest.approx(np.array([(-1.0, -1.0), (1.0, -0.8), (0.2, 1.0)]), abs=0.02)


def test_a_curve_goes_through_its_clicks(window: Window) -> None:
    window.actions_["tool_curve"].trigger()
    clicks = [(-1.5, 0.0), (-0.5, 1.0), (0.5, -0.5), (1.5, 0.3)]
    click(window, *clicks)
    key(window, Qt.Key.Key_Return)
    mark = only_mark(window)
    assert isinstance(mark, Stroke)
    points = points_of(window, mark.points)
    for place in clicks:
        assert np.hypot(*(points - place).T).min() < 0.02
    turns = np.diff(np.unwrap(np.arctan2(*np.diff(points, axis=0).T[::-1])))
    assert len(points) > 40 and np.abs(turns).max() < 0.45, "it is smooth"
    undo_gives_back(window, "Draw curve")


def test_smooth_is_catmull_and_roms_curve() -> None:
    """With equal distances the knots are even, and the slope at a point is half the way from its neighbour to the next."""
    square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    curve = smooth(square, closed=True)
    assert np.allclose(curve[0], curve[-1]) and np.allclose(curve[16], (1, 0)) and np.allclose(curve[32], (1, 1))
    middle = curve[8]  # (P1 + P2)/2 + (m1 - m2)/8 with m = (P_next - P_before)/2
    assert middle == pytest.approx([0.5, -0.125])
    assert smooth(square[:2], closed=False) == pytest.approx(np.array(square[:2]))


@pytest.mark.parametrize("tool", ["line", "polygon", "curve"])
def test_outside_of_the_world_is_a_sentence(window: Window, tool: str) -> None:
    window.actions_[f"tool_{tool}"].trigger()
    window.dynamics.drawing.look(0.0, 0.0, 40.0)
    before = window.store.scene
    drag(window.dynamics.canvas, [(0.0, 35.0), (3.0, 38.0)])
    key(window, Qt.Key.Key_Return)
    assert window.store.scene is before and "outside" in window.dynamics.stage.notice.text


def test_another_tool_leaves_no_corners_behind(window: Window) -> None:
    window.actions_["tool_curve"].trigger()
    click(window, (-1.5, 0.0), (-0.5, 1.0))
    window.actions_["tool_polygon"].trigger()
    key(window, Qt.Key.Key_Return)
    assert window.store.scene.density == Density()


# ---- what is drawn with


def test_class_and_hardness_go_into_strokes_and_gaussians(window: Window) -> None:
    popup = window.dynamics.rail.popup
    window.dynamics.rail.size_button.click()
    QTest.mouseClick(popup.classes.buttons[3], LEFT)
    popup.hardness_editor.figure.typed.emit("0.8")
    popup.filled.switch.click()
    popup.hide()
    assert window.dynamics.tools.ink.filled and window.dynamics.tools.ink.label == 3
    window.actions_["tool_brush"].trigger()
    drag(window.dynamics.canvas, [(-1.0, 0.0), (1.0, 0.0)])
    window.actions_["tool_gaussian"].trigger()
    click(window, (0.0, 1.0))
    stroke, gaussian = window.store.scene.density.marks
    assert isinstance(stroke, Stroke) and (stroke.label, stroke.hardness) == (3, 0.8)
    assert isinstance(gaussian, Gaussian) and gaussian.label == 3


def test_the_arrow_keys_choose_a_class(window: Window) -> None:
    buttons = window.dynamics.rail.popup.classes.buttons
    QTest.keyClick(buttons[0], Qt.Key.Key_Right)
    QTest.keyClick(buttons[1], Qt.Key.Key_Right)
    QTest.keyClick(buttons[2], Qt.Key.Key_Left)
    assert window.dynamics.tools.label == 1 and buttons[1].isChecked()
    QTest.keyClick(buttons[0], Qt.Key.Key_Left)
    assert window.dynamics.tools.label == 1, "there is none before the first"


def test_new_marks_go_into_the_layer_that_is_drawn_into(window: Window) -> None:
    window.store.edit(("density",), Density(layers=(Layer(), Layer())), "")
    window.dynamics.selection.set_layer(1)
    for tool, text in (("brush", "Draw stroke"), ("erase", "Erase")):
        window.actions_[f"tool_{tool}"].trigger()
        drag(window.dynamics.canvas, [(-1.0, 0.0), (1.0, 0.0)])
        assert window.store.scene.density.marks[-1].layer == 1 and window.store.undo_stack.undoText() == text
    assert len(window.store.scene.density.layers) == 2


def test_settings_are_remembered_but_not_the_class(tmp_path: Any) -> None:
    settings = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    one, other = ToolSettings(), ToolSettings()
    one.set_ink(dataclasses.replace(one.ink, hardness=0.7, label=4))
    one.save(settings)
    other.load(settings)
    assert other.hardness == pytest.approx(0.7) and other.label == 0
    with pytest.raises(ValueError, match="no class 8"):
        one.set_ink(dataclasses.replace(one.ink, label=8))


def tablet(window: Window, kind: QEvent.Type, at: QPoint, pressure: float) -> None:
    """A pen's event, and the mouse event that Qt makes of it when nobody takes it."""
    canvas, pen = window.dynamics.canvas, QPointingDevice.primaryPointingDevice()
    point, none = QPointF(at), Qt.KeyboardModifier.NoModifier
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else LEFT
    event = QTabletEvent(kind, pen, point, point, pressure, 0, 0, 0, 0, 0, none, LEFT, held)
    QApplication.sendEvent(canvas, event)
    assert not event.isAccepted()
    made = {
        QEvent.Type.TabletPress: QEvent.Type.MouseButtonPress, QEvent.Type.TabletMove: QEvent.Type.MouseMove,
        QEvent.Type.TabletRelease: QEvent.Type.MouseButtonRelease,
    }[kind]  # fmt: skip
    button = Qt.MouseButton.NoButton if made == QEvent.Type.MouseMove else LEFT
    QApplication.sendEvent(canvas, QMouseEvent(made, point, point, button, held, none))


def test_a_pens_mean_pressure_scales_the_weight(window: Window) -> None:
    canvas = window.dynamics.canvas
    window.dynamics.tools.set_weight(2.0)
    pressures = [0.2, 0.4, 0.6]
    tablet(window, QEvent.Type.TabletPress, pixel(canvas, -1.0, 0.0), pressures[0])
    tablet(window, QEvent.Type.TabletMove, pixel(canvas, 0.0, 0.0), pressures[1])
    tablet(window, QEvent.Type.TabletMove, pixel(canvas, 1.0, 0.0), pressures[2])
    tablet(window, QEvent.Type.TabletRelease, pixel(canvas, 1.0, 0.0), 0.0)
    mark = only_mark(window)
    assert isinstance(mark, Stroke) and mark.weight == pytest.approx(2.0 * 0.4)
    drag(canvas, [(-1.0, 1.0), (1.0, 1.0)])
    by_mouse = window.store.scene.density.marks[-1]
    assert isinstance(by_mouse, Stroke) and by_mouse.weight == 2.0, "a mouse has no pressure"


# ---- pointing


def test_the_probe_tells_where_it_is_pressed_and_dragged(window: Window, qtbot: QtBot) -> None:
    canvas, heard = window.dynamics.canvas, []
    canvas.probed.connect(lambda x, y: heard.append((x, y)))
    window.actions_["tool_probe"].trigger()
    QTest.mouseMove(canvas, pixel(canvas, 1.0, 1.0))
    assert heard == []
    drag(canvas, [(-1.0, 0.5), (1.0, 0.5)])
    assert len(heard) == 9 and heard[0] == pytest.approx((-1.0, 0.5), abs=0.01) and heard[-1] == pytest.approx((1.0, 0.5), abs=0.01)
    QTest.mouseMove(canvas, pixel(canvas, 0.0, 0.0))
    assert len(heard) == 9 and window.store.scene.density == Density()


def test_the_dropper_tells_press_drag_and_release(window: Window) -> None:
    canvas, heard = window.dynamics.canvas, []
    canvas.dropBegan.connect(lambda x, y: heard.append(("began", x, y)))
    canvas.dropMoved.connect(lambda x, y: heard.append(("moved", x, y)))
    canvas.dropEnded.connect(lambda x, y: heard.append(("ended", x, y)))
    window.actions_["tool_drop"].trigger()
    drag(canvas, [(-1.0, 0.5), (1.0, -0.5)])
    assert [name for name, _x, _y in heard] == ["began", *["moved"] * 8, "ended"]
    assert heard[0][1:] == pytest.approx((-1.0, 0.5), abs=0.01) and heard[-1][1:] == pytest.approx((1.0, -0.5), abs=0.01)
    assert window.store.scene.density == Density()


# ---- the rail


def test_every_tool_has_a_button_and_a_key(window: Window, qtbot: QtBot) -> None:
    keys = {"select": "V", "brush": "B", "line": "K", "polygon": "Y", "curve": "C", "gaussian": "G", "erase": "E", "probe": "P",
            "drop": "D", "pan": "H"}  # fmt: skip
    assert set(keys) == set(TOOLS)
    for tool in TOOLS:
        QTest.mouseClick(window.dynamics.rail.button(tool), LEFT)
        assert window.dynamics.tools.tool == tool == window.dynamics.canvas.tool
    window.activateWindow()
    window.dynamics.canvas.setFocus()
    qtbot.waitUntil(window.dynamics.canvas.hasFocus, timeout=2000)
    for tool, name in keys.items():
        QTest.keyClick(window.dynamics.canvas, getattr(Qt.Key, f"Key_{name}"))
        assert window.dynamics.tools.tool == tool and window.dynamics.rail.button(tool).isChecked()


def test_tools_of_the_plane_rest_elsewhere(window: Window) -> None:
    rail = window.dynamics.rail
    for dimensions, works in (("1", {"brush", "erase"}), ("3", set()), ("2", set(TOOLS))):
        window.store.edit(("density", "dimensions"), dimensions, "")
        assert {tool for tool in TOOLS if rail.button(tool).isEnabled()} == works


def test_clear_keeps_the_other_drawings(window: Window) -> None:
    window.store.edit(("density",), Density(marks=(Preset(name="rings"),), dimensions="1"), "")
    window.dynamics.rail.clear_button.click()
    density = window.store.scene.density
    assert density.line == () and density.marks == (Preset(name="rings"),) and not window.dynamics.rail.clear_button.isEnabled()
    window.store.edit(("density", "dimensions"), "2", "")
    window.actions_["clear"].trigger()
    assert window.store.scene.density.marks == () and window.store.scene.density.solid


# ---- colours


@pytest.mark.parametrize("name", ["dark", "light"])
def test_classes_are_told_apart(name: Any) -> None:
    colours = [class_colour(k, name) for k in range(CLASSES)]
    lab = to_oklab(np.array([c.getRgbF()[:3] for c in colours]))
    away = np.linalg.norm(lab[:, None] - lab, axis=2) + 10 * np.eye(CLASSES)
    assert away.min() > 0.09
    ground = to_oklab(np.array([palette(name).ground.getRgbF()[:3]]))
    assert np.abs(lab[:, 0] - ground[:, 0]).min() > 0.3, "against the ground"
    with pytest.raises(ValueError, match="no class 8"):
        class_colour(8, name)
