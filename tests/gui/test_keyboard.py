"""Everything by keys alone: a cross-hair to draw, probe and drop with, pages, rules between parts; and F1 lists what each widget takes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.actions import ENTRIES
from scoreviz.gui.canvas import Canvas
from scoreviz.gui.canvas.keyboard import FAR, STEP
from scoreviz.gui.dynamics.spacetime.view import SpaceTime
from scoreviz.gui.dynamics.tab import PLOTS_HEIGHT, SIDE_WIDTH
from scoreviz.gui.key_sheet import key_sheet, tables
from scoreviz.gui.widgets.divider import STEP as RULE_STEP
from scoreviz.gui.window import Window
from scoreviz.scene.density import Density, Gaussian, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from tests.gui.conftest import Open
from tests.gui.test_actions import give_run

Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
PRESSED = [
    *(Key(code) for code in range(Key.Key_Space, Key.Key_AsciiTilde + 1) if chr(code) not in "abcdefghijklmnopqrstuvwxyz"),
    Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Insert,
    Key.Key_Return, Key.Key_Enter, Key.Key_Escape, Key.Key_Delete, Key.Key_Backspace, *(Key(Key.Key_F1 + k) for k in range(12)),
]  # fmt: skip
"""What a keyboard has, without Tab, which moves the focus of any widget."""


@pytest.fixture
def window(open_window: Open) -> Window:
    window = open_window(Document(scene=Scene(density=Density())), engine=False, size=(1280, 800))
    give_run(window.playback)
    window.activateWindow()
    QApplication.processEvents()
    return window


def focused(qtbot: QtBot, window: Window) -> QWidget:
    """The picture on screen, reached by its key."""
    QTest.keyClick(window, Key.Key_F6)
    picture = window.dynamics.views.current
    target = picture.focusProxy() or picture
    qtbot.waitUntil(target.hasFocus, timeout=2000)
    return target


def click(widget: QWidget, *keys: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    for key in keys:
        QTest.keyClick(widget, key, modifiers)


def tool(window: Window, name: str) -> Canvas:
    window.actions_[f"tool_{name}"].trigger()
    return window.dynamics.canvas


# ---- the cross-hair


def test_a_gaussian_is_placed_by_keys(qtbot: QtBot, window: Window) -> None:
    """Three far steps right and two small ones up from the middle, measured against the camera."""
    canvas = tool(window, "gaussian")
    assert focused(qtbot, window) is canvas
    click(canvas, Key.Key_Right)  # shows it in the middle
    assert canvas.cross == pytest.approx(canvas.camera.to_data(canvas.width() / 2, canvas.height() / 2))
    click(canvas, *[Key.Key_Right] * 3, modifiers=SHIFT)
    click(canvas, *[Key.Key_Up] * 2)
    wanted = canvas.camera.to_data(canvas.width() / 2 + 3 * FAR, canvas.height() / 2 - 2 * STEP)
    click(canvas, Key.Key_BracketRight)
    click(canvas, Key.Key_Return)
    (mark,) = window.store.scene.density.marks
    assert isinstance(mark, Gaussian) and (mark.x, mark.y) == pytest.approx(wanted)
    assert mark.std == pytest.approx(canvas.brush_width), "of the size that [ and ] set"
    click(canvas, Key.Key_Escape)
    assert canvas.cross is None
    click(canvas, Key.Key_Return)
    assert len(window.store.scene.density.marks) == 1, "without a cross-hair Enter draws nothing"


def test_the_cross_hair_stays_on_the_canvas_and_yields_to_the_pointer(qtbot: QtBot, window: Window) -> None:
    canvas = tool(window, "brush")
    focused(qtbot, window)
    click(canvas, *[Key.Key_Left] * 60, modifiers=SHIFT)
    assert canvas.cross is not None and canvas.cross[0] == pytest.approx(canvas.bounds.x0)
    QTest.mouseMove(canvas, canvas.rect().center())
    qtbot.waitUntil(lambda: canvas.cross is None, timeout=2000)


def test_a_line_and_a_polygon_by_keys(qtbot: QtBot, window: Window) -> None:
    canvas = tool(window, "line")
    focused(qtbot, window)
    click(canvas, Key.Key_Right, Key.Key_Return)
    click(canvas, Key.Key_Right, Key.Key_Right, modifiers=SHIFT)
    click(canvas, Key.Key_Return)
    (line,) = window.store.scene.density.marks
    assert isinstance(line, Stroke) and np.frombuffer(window.store.blobs[line.points], "<f4").size == 4, "two ends"
    canvas = tool(window, "curve")
    for key in (Key.Key_Left, Key.Key_Up, Key.Key_Right):
        click(canvas, key, key, modifiers=SHIFT)
        click(canvas, Key.Key_Return)
    assert len(window.store.scene.density.marks) == 1, "three corners, nothing finished yet"
    click(canvas, Key.Key_Return)
    assert len(window.store.scene.density.marks) == 2, "Enter where the last corner is finishes it"


def test_probe_and_drop_by_keys(qtbot: QtBot, window: Window) -> None:
    canvas = tool(window, "probe")
    focused(qtbot, window)
    click(canvas, Key.Key_Right, Key.Key_Down)
    place = canvas.cross
    assert place is not None
    click(canvas, Key.Key_Return)
    probing = window.dynamics.probe.probing
    assert probing.mode == "pinned" and probing.x == pytest.approx(place) and window.dynamics.pages.page == "probe"
    tool(window, "drop")
    click(canvas, *[Key.Key_Up] * 3, modifiers=SHIFT)
    click(canvas, Key.Key_Return)
    (batch,) = window.dynamics.probe.dropping.batches
    assert np.mean(batch.points, 0) == pytest.approx(canvas.cross, abs=0.2), "at the cross-hair, not at the pin"


def test_the_selection_holds_tab_and_escape_lets_it_go(qtbot: QtBot, window: Window) -> None:
    marks = tuple(Gaussian(x=float(x), y=0.0, std=0.2) for x in (-1, 0, 1))
    window.store.edit(("density", "marks"), marks, "Draw")
    canvas = tool(window, "select")
    focused(qtbot, window)
    click(canvas, Key.Key_Return)
    selection = window.dynamics.selection
    seen = {selection.index}
    for _ in range(3):
        click(canvas, Key.Key_Tab)
        seen.add(selection.index)
    assert canvas.hasFocus() and seen == {0, 1, 2}
    before = selection.mark
    click(canvas, Key.Key_Right, modifiers=SHIFT)
    click(canvas, Key.Key_BracketRight)
    assert selection.mark != before
    count = len(window.store.scene.density.marks)
    click(canvas, Key.Key_Delete)
    assert len(window.store.scene.density.marks) == count - 1
    click(canvas, Key.Key_Return, Key.Key_Escape)
    assert selection.mark is None
    click(canvas, Key.Key_Tab)
    assert not canvas.hasFocus(), "no trap"


def test_the_picture_moves_and_zooms_by_keys(qtbot: QtBot, window: Window) -> None:
    canvas = tool(window, "pan")
    focused(qtbot, window)
    start = canvas.camera
    click(canvas, Key.Key_Right, Key.Key_Up)
    assert canvas.camera.x > start.x and canvas.camera.y > start.y, "the arrows look to the right and up"
    click(canvas, Key.Key_PageUp)
    assert canvas.camera.half_height < start.half_height
    click(canvas, Key.Key_PageDown)
    assert canvas.camera.half_height == pytest.approx(start.half_height)
    assert window.store.scene.view.x == pytest.approx(canvas.camera.x), "the scene knows"


# ---- other views


@pytest.fixture
def line(window: Window) -> Window:
    window.store.edit(("density", "dimensions"), "1", "1-D")
    QApplication.processEvents()
    return window


def test_paths_on_the_line_start_where_the_keys_say(qtbot: QtBot, line: Window) -> None:
    view = focused(qtbot, line)
    assert isinstance(view, SpaceTime)
    started: list[tuple[float, float]] = []
    view.pointClicked.connect(lambda t, x: started.append((t, x)))
    x0, x1 = view.content.x0, view.content.x1
    click(view, Key.Key_Return)
    click(view, Key.Key_Up, modifiers=SHIFT)
    click(view, Key.Key_Return)
    middle = (x0 + x1) / 2
    assert [x for _, x in started] == pytest.approx([middle, middle + 0.1 * (x1 - x0)])
    assert all(0.0 <= t <= 1.0 for t, _ in started)
    click(view, Key.Key_PageUp)
    assert view.content.x1 - view.content.x0 < x1 - x0


def test_space_turns_by_keys(qtbot: QtBot, window: Window) -> None:
    window.store.edit(("density", "dimensions"), "3", "3-D")
    QApplication.processEvents()
    view = focused(qtbot, window)
    azimuth = window.store.scene.view.azimuth
    click(view, Key.Key_Left)
    assert window.store.scene.view.azimuth != azimuth
    click(view, Key.Key_Home)
    assert window.store.scene.view.azimuth == azimuth


def test_compare_is_entered_and_worked_by_keys(qtbot: QtBot, window: Window) -> None:
    QTest.keyClick(window, Key.Key_M)
    QApplication.processEvents()
    assert window.dynamics.views.name == "compare"
    picture = focused(qtbot, window)
    before = window.store.scene.view.x
    click(picture, Key.Key_Right)
    assert window.store.scene.view.x != before


# ---- pages and rules


@pytest.mark.parametrize(("place", "page"), list(enumerate(["scene", "probe", "steps", "compare", "race"])))
def test_each_page_has_a_key_that_takes_the_keyboard_there(qtbot: QtBot, window: Window, place: int, page: str) -> None:
    focused(qtbot, window)
    QTest.keyClick(window, Key(Key.Key_1 + place), Qt.KeyboardModifier.AltModifier)
    pages = window.dynamics.pages
    assert pages.page == page and window.actions_[f"page_{page}"].isChecked()
    tab = QApplication.focusWidget()
    assert tab is not None and tab.objectName() == f"side_tab.{page}"
    QTest.keyClick(tab, Key.Key_Tab)
    at = QApplication.focusWidget()
    assert at is not None and pages.opened(page).isAncestorOf(at), "the next Tab is on the page"


def test_rules_move_by_keys_and_go_back(qtbot: QtBot, window: Window) -> None:
    dynamics = window.dynamics
    side, plots = dynamics.columns.handle(1), dynamics.rows.handle(1)
    assert side.accessibleName() == "Width of the side column" and plots.accessibleName() == "Height of the plots"
    click(side, Key.Key_Left, Key.Key_Left, Key.Key_Up)
    click(plots, Key.Key_Up)
    assert (dynamics.pages.width(), dynamics._plots_holder.height()) == (SIDE_WIDTH + 2 * RULE_STEP, PLOTS_HEIGHT + RULE_STEP)
    click(side, *[Key.Key_Right] * 200)
    least = dynamics.pages.width()
    click(side, Key.Key_Left)
    assert dynamics.pages.width() == least + RULE_STEP, "what could not be reached is not remembered"
    click(side, Key.Key_Delete)
    click(plots, Key.Key_Delete)
    assert (dynamics.pages.width(), dynamics._plots_holder.height()) == (SIDE_WIDTH, PLOTS_HEIGHT)


# ---- F1


def taken(widget: QWidget, key: Qt.Key) -> bool:
    """Does the widget itself answer to the key?"""
    event = QKeyEvent(QEvent.Type.KeyPress, key, NONE)
    if isinstance(widget, Canvas):  # by way of those who watch it
        return QApplication.sendEvent(widget, event) and event.isAccepted()
    return widget.event(event) and event.isAccepted()


def reaches(window: Window, widget: QWidget, key: Qt.Key) -> bool:
    """False where a shortcut of the window takes the key first."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, NONE)
    event.ignore()
    QApplication.sendEvent(widget, event)
    shortcuts = {sequence.toString() for action in window.actions() for sequence in action.shortcuts()}
    from PySide6.QtGui import QKeySequence

    return event.isAccepted() or QKeySequence(key).toString() not in shortcuts


def listed(*titles: str) -> set[int]:
    return {int(key) for title, lines in tables() if title in titles for line in lines for key in line.keys}


def test_every_key_that_the_canvas_takes_is_on_the_sheet(qtbot: QtBot, window: Window) -> None:
    """With every tool, with a mark chosen and without, with corners set and without."""
    canvas, dynamics = window.dynamics.canvas, window.dynamics
    of_tool = {"select": ("Select marks",), "probe": ("Probe",), "drop": ("Drop particles",)}
    marks = (Gaussian(x=0.0, y=0.0, std=0.2),)
    for name in ("select", "brush", "erase", "line", "polygon", "curve", "gaussian", "pan", "probe", "drop"):
        tool(window, name)
        for key in PRESSED:
            window.store.edit(("density", "marks"), marks, "Draw") if window.store.scene.density.marks != marks else None
            if name == "select":
                dynamics.selection.select(0)
            if reaches(window, canvas, key) and taken(canvas, key):
                assert int(key) in listed("Drawing in the plane", *of_tool.get(name, ())), (name, key)


@pytest.mark.parametrize(("dimensions", "title"), [("1", "Space-time (1-D)"), ("3", "Space (3-D)")])
def test_every_key_of_the_other_views_is_on_the_sheet_and_the_reverse(window: Window, dimensions: str, title: str) -> None:
    window.store.edit(("density", "dimensions"), dimensions, "Change dimensions")
    QApplication.processEvents()
    view = window.dynamics.views.current
    found = {int(key) for key in PRESSED if reaches(window, view, key) and taken(view, key)}
    idle = {int(Key.Key_Escape)} if dimensions == "1" else set()  # there is nothing to clear
    assert found | idle == listed(title)


@pytest.mark.parametrize("name", ["timeline", "listing", "pane", "divider", "slider"])
def test_every_key_of_the_widgets_is_on_the_sheet(window: Window, name: str) -> None:
    titles = {"timeline": "Time line", "listing": "Steps", "pane": "Panes side by side", "divider": "Rules between parts",
              "slider": "Sliders and choices"}  # fmt: skip
    from scoreviz.gui.dynamics.steps.listing import ListingView
    from scoreviz.gui.widgets.slider import Slider

    if name == "pane":
        window.actions_["compare"].trigger()
    widgets: dict[str, QWidget | None] = {
        "timeline": window.dynamics.transport.timeline,
        "listing": window.dynamics.pages.opened("steps").findChild(ListingView) if name == "listing" else None,
        "pane": window.dynamics.views.current.focusProxy(),
        "divider": window.dynamics.columns.handle(1),
        "slider": window.dynamics.pages.opened("scene").findChild(Slider) if name == "slider" else None,
    }
    widget = widgets[name]
    assert widget is not None
    QApplication.processEvents()
    found = {int(key) for key in PRESSED if reaches(window, widget, key) and taken(widget, key)}
    idle = {int(Key.Key_Up), int(Key.Key_Down)} if name == "divider" else set()  # those of the rule that lies
    assert found | idle == listed(titles[name])


def test_the_sheet_shows_all_and_fits(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(engine=False, size=(1280, 720))
    window.actions_["shortcuts"].trigger()
    sheet = QApplication.activeModalWidget()
    assert sheet is not None
    said = {label.text() for label in sheet.findChildren(QLabel)}
    assert {entry.words for entry in ENTRIES if entry.keys} <= said
    for title, lines in key_sheet():
        assert title in said and {text for _, text in lines} <= said
    assert sheet.width() <= 1280 and sheet.height() <= 720
    area = sheet.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    QApplication.processEvents()
    assert area.horizontalScrollBar().maximum() == 0, "three columns fit"
    below = area.verticalScrollBar().maximum()
    area.setFocus()
    QTest.keyClick(area, Key.Key_PageDown)
    assert below == 0 or area.verticalScrollBar().value() > 0, "by keys too"
    sheet.close()
