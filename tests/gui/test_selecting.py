"""The selection tool, layers, classes and dimensions in the real window: by the mouse, by the keys, one undo step each."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.density_words import in_words
from scoreviz.gui.dynamics.selecting.figures import figure
from scoreviz.gui.dynamics.selecting.layers import LayersList
from scoreviz.gui.dynamics.selecting.selected import SelectedMark
from scoreviz.gui.window import Window
from scoreviz.scene.density import (
    Area,
    Bitmap,
    Density,
    Erase,
    Gaussian,
    Layer,
    Mark,
    Placement,
    Points,
    Preset,
    Stroke,
    Text,
)
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.line import LinePreset
from scoreviz.scene.solid import SolidPreset
from tests.gui.conftest import Open
from tests.gui.test_drawing import drag, engine_of, pixel
from tests.gui.test_session import FakeEngine

LEFT = Qt.MouseButton.LeftButton
LINE = np.array([[-1.0, 0.0], [1.0, 0.0]], "<f4").tobytes()


@pytest.fixture
def window(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> Window:
    """A stroke from (-1, 0) to (1, 0), a Gaussian at (0, 1.5), an erasure along (.., -1.5); the selection tool in hand."""
    monkeypatch.setattr("scoreviz.gui.session.EngineProcess", FakeEngine)
    window = open_window(Document(scene=Scene()), engine=False)
    engine_of(window).welcome()
    engine_of(window).applied()
    digest = window.store.add_blob(LINE)
    marks = (
        Stroke(points=digest, width=0.1), Gaussian(x=0.0, y=1.5, std=0.3),
        Erase(points=digest, width=0.1, place=Placement(dy=-1.5)),
    )  # fmt: skip
    window.store.edit(("density",), Density(marks=marks), "Draw")
    window.store.undo_stack.clear()
    window.actions_["tool_select"].trigger()
    return window


def marks(window: Window) -> tuple[Mark, ...]:
    return window.store.scene.density.marks


def click(window: Window, x: float, y: float) -> None:
    canvas = window.dynamics.canvas
    QTest.mouseClick(canvas, LEFT, pos=pixel(canvas, x, y))


def press_key(window: Window, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window.dynamics.canvas, key, modifiers)


def one_step(window: Window, text: str, before: Density) -> None:
    """Undo gives back what there was; redo what there is."""
    stack, now = window.store.undo_stack, window.store.scene.density
    assert stack.count() == 1 and stack.undoText() == text
    stack.undo()
    assert window.store.scene.density == before
    stack.redo()
    assert window.store.scene.density == now


@pytest.mark.parametrize(("place", "index"), [((0.4, 0.05), 0), ((0.1, 1.6), 1), ((-0.6, -1.5), 2), ((2.0, 2.0), None)])
def test_a_click_chooses_what_lies_there(window: Window, place: tuple[float, float], index: int | None) -> None:
    window.dynamics.selection.select(0)
    before = window.store.scene
    click(window, *place)
    assert window.dynamics.selection.index == index and window.store.scene is before, "choosing edits nothing"


def test_the_topmost_is_chosen(window: Window) -> None:
    density = window.store.scene.density
    window.store.edit(("density", "marks"), (*density.marks, Gaussian(x=0.0, y=0.0, std=0.2)), "")
    click(window, 0.0, 0.05)
    assert window.dynamics.selection.index == 3
    hidden = msgspec.structs.replace(window.store.scene.density.marks[3], layer=1)
    layers = (Layer(), Layer(visible=False))
    window.store.edit(("density",), Density(marks=(*density.marks, hidden), layers=layers), "")
    click(window, 0.0, 0.05)
    assert window.dynamics.selection.index == 0, "what is hidden is not chosen"


def test_a_drag_moves(window: Window) -> None:
    before = window.store.scene.density
    drag(window.dynamics.canvas, [(0.5, 0.0), (1.0, 0.4)])
    assert marks(window)[1:] == before.marks[1:]
    place = marks(window)[0].place
    assert place is not None and (place.dx, place.dy) == pytest.approx((0.5, 0.4), abs=0.02) and place.scale == 1.0
    one_step(window, "Move mark", before)


def test_a_gaussian_moves_by_its_middle_and_grows_by_its_ring(window: Window) -> None:
    before = window.store.scene.density
    drag(window.dynamics.canvas, [(0.0, 1.5), (0.6, 1.0)])
    moved = marks(window)[1]
    assert isinstance(moved, Gaussian) and (moved.x, moved.y, moved.std) == pytest.approx((0.6, 1.0, 0.3), abs=0.02)
    window.store.undo_stack.undo()
    window.dynamics.selection.select(1)
    drag(window.dynamics.canvas, [(0.0, 1.8), (0.0, 2.1)])  # on the ring, above the middle
    grown = marks(window)[1]
    assert isinstance(grown, Gaussian) and (grown.x, grown.y) == pytest.approx((0.0, 1.5)) and grown.std == pytest.approx(0.6, abs=0.02)
    one_step(window, "Scale mark", before)


def test_a_corner_scales_about_the_middle(window: Window) -> None:
    before = window.store.scene.density
    window.dynamics.selection.select(0)
    shown = figure(marks(window)[0], window.store.blobs)
    assert shown is not None
    corner = tuple(shown.box[2])
    drag(window.dynamics.canvas, [corner, (corner[0] * 1.5, corner[1] * 1.5)])
    place = marks(window)[0].place
    assert place is not None and place.scale == pytest.approx(1.5, abs=0.03) and place.at(0.0, 0.0) == pytest.approx((0.0, 0.0), abs=1e-6)
    one_step(window, "Scale mark", before)


@pytest.mark.parametrize("snap", [False, True])
def test_the_handle_on_the_stalk_turns(window: Window, snap: bool) -> None:
    before, canvas = window.store.scene.density, window.dynamics.canvas
    window.dynamics.selection.select(0)
    shown = figure(marks(window)[0], window.store.blobs)
    assert shown is not None
    top = pixel(canvas, 0.0, float(shown.box[2][1])) - QPoint(0, 24)
    centre = pixel(canvas, 0.0, 0.0)
    reach = centre.y() - top.y()
    angle = math.radians(50.0)  # to the right: clockwise
    to = centre + QPoint(round(reach * math.sin(angle)), round(-reach * math.cos(angle)))
    keys = Qt.KeyboardModifier.ShiftModifier if snap else Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas, LEFT, keys, top)
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    QApplication.sendEvent(canvas, QMouseEvent(QEvent.Type.MouseMove, QPointF(to), QPointF(to), Qt.MouseButton.NoButton, LEFT, keys))
    assert window.store.scene.density is before, "not before it is let go"
    QTest.mouseRelease(canvas, LEFT, keys, to)
    place = marks(window)[0].place
    assert place is not None and place.scale == 1.0
    assert math.degrees(place.angle) == pytest.approx(-45.0 if snap else -50.0, abs=0.01 if snap else 2.0)
    one_step(window, "Turn mark", before)


def test_escape_lets_a_drag_go(window: Window) -> None:
    before, canvas = window.store.scene, window.dynamics.canvas
    QTest.mousePress(canvas, LEFT, pos=pixel(canvas, 0.5, 0.0))
    QTest.mouseMove(canvas, pixel(canvas, 1.5, 1.0))
    press_key(window, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, pos=pixel(canvas, 1.5, 1.0))
    assert window.store.scene is before and window.dynamics.selection.index == 0


def test_a_click_on_a_handle_changes_nothing(window: Window) -> None:
    before = window.store.scene
    click(window, 0.5, 0.0)
    click(window, 0.5, 0.0)
    assert window.store.scene is before


# ---- keys


def test_tab_goes_from_mark_to_mark_and_escape_leaves(window: Window, qtbot: QtBot) -> None:
    canvas, chosen = window.dynamics.canvas, window.dynamics.selection
    window.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus, timeout=2000)
    press_key(window, Qt.Key.Key_Return)
    assert chosen.index == 2, "Enter begins with the topmost"
    press_key(window, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert chosen.index == 1
    press_key(window, Qt.Key.Key_Tab)
    assert chosen.index == 2 and canvas.hasFocus()
    press_key(window, Qt.Key.Key_Escape)
    assert chosen.index is None
    press_key(window, Qt.Key.Key_Tab)
    assert not canvas.hasFocus(), "without a mark Tab goes on"


def test_arrows_nudge_and_a_row_of_them_is_one_step(window: Window) -> None:
    before, pixels = window.store.scene.density, window.dynamics.canvas.camera.pixels_per_unit
    window.dynamics.selection.select(1)
    for _ in range(5):
        press_key(window, Qt.Key.Key_Right)
    press_key(window, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    mark = marks(window)[1]
    assert isinstance(mark, Gaussian) and (mark.x, mark.y) == pytest.approx((5 / pixels, 1.5 - 10 / pixels))
    one_step(window, "Move mark", before)


def test_brackets_size_and_braces_turn(window: Window) -> None:
    window.dynamics.selection.select(0)
    width = window.dynamics.tools.width
    press_key(window, Qt.Key.Key_BracketRight)
    press_key(window, Qt.Key.Key_BracketRight)
    press_key(window, Qt.Key.Key_BraceLeft, Qt.KeyboardModifier.ShiftModifier)
    place = marks(window)[0].place
    assert place is not None and place.scale == pytest.approx(1.21) and math.degrees(place.angle) == pytest.approx(15.0)
    assert window.store.undo_stack.count() == 2 and window.dynamics.tools.width == width, "not the brush"
    press_key(window, Qt.Key.Key_Escape)
    press_key(window, Qt.Key.Key_BracketRight)
    assert window.dynamics.tools.width > width


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_removes(window: Window, key: Qt.Key) -> None:
    before = window.store.scene.density
    window.dynamics.selection.select(2)
    press_key(window, key)
    assert marks(window) == before.marks[:2] and window.dynamics.selection.index is None
    one_step(window, "Delete mark", before)


def test_control_d_duplicates_and_chooses_the_copy(window: Window) -> None:
    before = window.store.scene.density
    window.dynamics.selection.select(0)
    press_key(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert marks(window)[:3] == before.marks and window.dynamics.selection.index == 3
    copy = marks(window)[3]
    assert isinstance(copy, Stroke) and copy.place is not None and copy.place.dx > 0
    one_step(window, "Duplicate mark", before)


def test_the_choice_follows_its_mark(window: Window) -> None:
    chosen = window.dynamics.selection
    chosen.select(1)
    window.store.edit(("density", "marks"), marks(window)[1:], "")
    assert chosen.index == 0 and isinstance(chosen.mark, Gaussian)
    window.store.undo_stack.undo()
    assert chosen.index == 1
    window.store.edit(("density", "marks"), (Preset(name="rings"),), "")
    assert chosen.index is None and chosen.mark is None
    with pytest.raises(ValueError, match="no mark 7"):
        chosen.select(7)


# ---- the picture


def test_outlines_are_seen_with_the_tool_alone(window: Window) -> None:
    canvas = window.dynamics.canvas
    with_tool = canvas.grab().toImage()
    window.actions_["tool_pan"].trigger()
    without = canvas.grab().toImage()
    at = pixel(canvas, 0.5, 0.0)
    assert with_tool.pixelColor(at) != without.pixelColor(at)
    window.actions_["tool_select"].trigger()
    window.dynamics.selection.select(0)
    assert canvas.grab().toImage() != with_tool, "its frame"
    assert canvas.render_to(canvas.size()) == canvas.render_to(canvas.size()), "no cursor in a film"


def test_outlines_are_drawn_once_for_a_drawing_and_a_camera(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be thousands, and the canvas paints sixty times a second."""
    calls: list[Mark] = []

    def counted(mark: Mark, blobs: object) -> object:
        calls.append(mark)
        return figure(mark, window.store.blobs)

    monkeypatch.setattr("scoreviz.gui.dynamics.selecting.outlines.figure", counted)
    canvas = window.dynamics.canvas
    for _ in range(3):
        canvas.grab()
    assert calls == [], "they have been painted before"
    window.dynamics.drawing.look(0.1, 0.0, 2.0)
    for _ in range(3):
        canvas.grab()
    assert calls == list(marks(window))
    window.store.edit(("density", "marks"), marks(window)[:1], "")
    canvas.grab()
    assert len(calls) == 4


def every_kind(window: Window) -> tuple[Mark, ...]:
    add = window.store.add_blob
    square = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]], "<f4")
    letters = np.concatenate([square, np.full((1, 2), np.nan, "<f4")]).astype("<f4")
    return (
        Stroke(points=add(LINE), width=0.1), Erase(points=add(LINE), width=0.1), Gaussian(x=0.0, y=0.0, std=0.3),
        Area(outline=add(square.tobytes())), Text(text="o", outline=add(letters.tobytes())),
        Bitmap(pixels=add(bytes([1] * 6)), rows=2, columns=3, height=1.0), Points(points=add((2 * square).tobytes())),
        Preset(name="eight_gaussians"),
    )  # fmt: skip


@pytest.mark.parametrize("index", range(8))
def test_every_kind_is_hit_moved_and_painted(window: Window, index: int) -> None:
    mark = msgspec.structs.replace(every_kind(window)[index], label=index)
    window.store.edit(("density",), Density(marks=(mark,)), "")
    at = (1.6, 0.0) if isinstance(mark, Preset) else (0.0, 0.0)
    drag(window.dynamics.canvas, [at, (at[0] + 0.5, at[1] + 0.5)])
    moved = marks(window)[0]
    shown, was = (figure(m, window.store.blobs) for m in (moved, mark))
    assert shown is not None and was is not None
    assert np.subtract(shown.centre, was.centre) == pytest.approx((0.5, 0.5), abs=0.02)
    assert not window.dynamics.canvas.grab().toImage().isNull()


def test_a_mark_whose_points_are_missing_has_no_figure(window: Window) -> None:
    assert figure(Stroke(points="absent", width=0.1), window.store.blobs) is None
    window.store.edit(("density",), Density(marks=(Stroke(points="absent", width=0.1),)), "")
    click(window, 0.0, 0.0)
    assert window.dynamics.selection.index is None


# ---- layers and the chosen mark


@pytest.fixture
def panel(window: Window) -> tuple[LayersList, SelectedMark]:
    density = window.dynamics.side.density
    density.set_open(True)
    return density.layers, density.selected


def part(row: QWidget, name: str) -> QAbstractButton:
    found = row.findChild(QAbstractButton, name)
    assert isinstance(found, QAbstractButton)
    return found


def test_layers_are_added_named_weighed_hidden_and_deleted(qtbot: QtBot, window: Window, panel: tuple[LayersList, SelectedMark]) -> None:
    layers, _ = panel
    stack = window.store.undo_stack
    assert len(layers.rows) == 1 and not layers.rows[0].delete.isEnabled(), "there is always one"
    layers.add.click()
    assert window.store.scene.density.layers == (Layer(), Layer()) and window.dynamics.selection.layer == 1
    row = layers.rows[1]
    assert row.active.isChecked() and not layers.rows[0].active.isChecked()
    qtbot.waitUntil(row.name.isVisible)
    row.name.setFocus()
    QTest.keyClicks(row.name, "noise")
    QTest.keyClick(row.name, Qt.Key.Key_Return)
    row.weight.figure.typed.emit("0.5")
    part(row, "visible").click()
    assert window.store.scene.density.layers == (Layer(), Layer(name="noise", weight=0.5, visible=False))
    assert stack.count() == 4 and "Show layer 2" in row.eye.accessibleName()
    assert "2 layers" in in_words(window.store.scene.density, window.store.blobs)
    layers.rows[0].active.click()
    assert window.dynamics.selection.layer == 0 and stack.count() == 4, "where one draws is no edit"
    row.delete.click()
    assert window.store.scene.density.layers == () and len(marks(window)) == 3
    for _ in range(5):
        stack.undo()
    assert window.store.scene.density.layers == () and len(layers.rows) == 1


def test_a_name_that_was_undone_does_not_come_back(qtbot: QtBot, window: Window, panel: tuple[LayersList, SelectedMark]) -> None:
    """Qt says that a field is done whenever it loses the keyboard: with the next click, or because an undo took its row away."""
    layers, _ = panel
    stack = window.store.undo_stack
    layers.add.click()
    name = layers.rows[1].name
    window.activateWindow()
    qtbot.waitUntil(name.isVisible)
    name.setFocus()
    qtbot.waitUntil(name.hasFocus)
    QTest.keyClicks(name, "noise")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert window.store.scene.density.layers[1].name == "noise"
    stack.undo()
    assert name.text() == "" and name.hasFocus()
    layers.rows[0].name.setFocus()
    assert window.store.scene.density.layers == (Layer(), Layer()) and stack.canRedo()
    name.setFocus()
    QTest.keyClicks(name, "half typed")
    stack.undo()
    assert window.store.scene.density.layers == () and len(layers.rows) == 1 and stack.canRedo()


def test_a_deleted_layer_takes_its_marks_along(window: Window, panel: tuple[LayersList, SelectedMark]) -> None:
    density = window.store.scene.density
    placed = tuple(msgspec.structs.replace(mark, layer=k) for k, mark in enumerate(density.marks))
    window.store.edit(("density",), Density(marks=placed, layers=(Layer(), Layer(), Layer(name="top"))), "")
    panel[0].rows[1].delete.click()
    assert [type(mark) for mark in marks(window)] == [Stroke, Erase] and [mark.layer for mark in marks(window)] == [0, 1]
    assert [layer.name for layer in window.store.scene.density.layers] == ["", "top"]


@pytest.mark.parametrize("typed", ["-1", "nan", "2000"])
def test_a_weight_that_is_none_changes_nothing(window: Window, panel: tuple[LayersList, SelectedMark], typed: str) -> None:
    before, row = window.store.scene, panel[0].rows[0]
    row.weight.figure.typed.emit(typed)
    assert window.store.scene is before and row.weight.figure.text() == "1.00"


def test_the_chosen_mark_is_told_and_changed(window: Window, panel: tuple[LayersList, SelectedMark]) -> None:
    layers, selected = panel
    assert "No mark is selected" in selected.title.text() and not selected.copy.isVisible()
    click(window, 0.5, 0.0)
    assert selected.title.text() == "Selected: stroke, 1 of 3"
    QTest.mouseClick(selected.classes.buttons[4], LEFT)
    selected.numbers["hardness"].figure.typed.emit("0.5")
    selected.numbers["weight"].figure.typed.emit("3")
    selected.numbers["width"].figure.typed.emit("0.2")
    mark = marks(window)[0]
    assert isinstance(mark, Stroke) and (mark.label, mark.hardness, mark.weight, mark.width) == (4, 0.5, 3.0, 0.2)
    assert window.store.undo_stack.count() == 4
    assert "2 classes" in in_words(window.store.scene.density, window.store.blobs)
    layers.add.click()
    selected.layers.combo.activated.emit(1)
    assert marks(window)[0].layer == 1
    selected.copy.click()
    assert len(marks(window)) == 4
    selected.delete.click()
    assert len(marks(window)) == 3 and not selected.copy.isVisible()
    window.dynamics.selection.select(2)
    shown = {name for name, editor in selected.numbers.items() if editor.isVisible()}
    assert shown == {"width"} and not selected.classes.isVisible(), "an erasure has neither weight nor class"


def test_everything_in_the_panel_has_a_name_and_tab_reaches_it(window: Window, panel: tuple[LayersList, SelectedMark]) -> None:
    panel[0].add.click()
    window.dynamics.selection.select(0)
    for widget in window.dynamics.side.density.findChildren(QWidget):
        if isinstance(widget, QAbstractButton | QLineEdit) and widget.isVisible() and widget.isEnabled():
            assert widget.accessibleName() and widget.objectName(), widget
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.objectName()


# ---- dimensions


def test_dimensions_are_chosen_and_keep_their_drawings(window: Window) -> None:
    panel, before = window.dynamics.side.density, window.store.scene.density
    for segment in panel.dimensions.segments:
        assert segment.accessibleName()
    panel.dimensions.segments[0].click()
    assert window.store.scene.density == msgspec.structs.replace(before, dimensions="1")
    assert panel.state.text() == "three bumps" and panel.named("1")["three_bumps"].isChecked()
    panel.named("1")["comb"].click()
    assert window.store.scene.density.line == (LinePreset(name="comb"),) and window.store.undo_stack.undoText() == "Preset “comb”"
    panel.dimensions.segments[2].click()
    panel.named("3")["helix"].click()
    assert window.store.scene.density.solid == (SolidPreset(name="helix"),) and panel.state.text() == "helix"
    assert not panel.more_button.isVisible() and not panel.buttons["rings"].isVisible() and panel.named("3")["helix"].isVisible()
    panel.dimensions.segments[1].click()
    assert window.store.scene.density.marks == before.marks and panel.buttons["rings"].isVisible()
    for _ in range(5):
        window.store.undo_stack.undo()
    assert window.store.scene.density == before
