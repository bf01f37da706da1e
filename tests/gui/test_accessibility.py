"""Every control of the window has a name, Tab reaches it, and nothing sticks out of what holds it, at the sizes that are promised."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QAbstractSlider, QApplication, QComboBox, QLineEdit, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.playback import Run
from scoreviz.gui.window import Window
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.samplers import SamplerSpec
from tests.gui.conftest import Open
from tests.gui.test_actions import give_run

INTERACTIVE = (QAbstractButton, QComboBox, QLineEdit, QAbstractSlider, Canvas)
SIZES = [(1280, 720), (1280, 800), (1920, 1080)]
SECTIONS = ["none", "density", "score", "sampler"]


def prepare(window: Window, section: str = "none") -> Window:
    """As in use: a run to play, something to undo and redo, the network learning, one section open, plots."""
    give_run(window.playback)
    window.dynamics.add_plots()
    window.store.edit(("particles", "seed"), 1, "New noise")
    window.store.edit(("particles", "seed"), 2, "New noise")
    window.store.undo_stack.undo()
    window.progress.running, window.progress.step, window.progress.rate = True, 12345, 1234.0
    window.progress.training_changed.emit()
    if section != "none":
        getattr(window.dynamics.side, section).set_open(True)
    QApplication.processEvents()
    return window


def controls(window: Window) -> Iterator[QWidget]:
    """What is on screen and can be worked; not the scroll bars and other parts that Qt keeps within a widget."""
    for widget in window.findChildren(QWidget):
        own = isinstance(widget, INTERACTIVE) and widget.isVisibleTo(window) and widget.window() is window
        if own and not widget.objectName().startswith("qt_") and not isinstance(widget, QScrollBar):
            yield widget


def called(widget: QWidget) -> str:
    """For messages: its object name within those that hold it."""
    names: list[str] = []
    at: QWidget | None = widget
    while at is not None and len(names) < 4:
        names.append(at.objectName() or type(at).__name__)
        at = at.parentWidget()
    return " < ".join(names)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_control_has_a_name(open_window: Open, section: str) -> None:
    window = prepare(open_window(engine=False, size=(1280, 800)), section)
    found = list(controls(window))
    assert len(found) > 40, "canvas, transport, tools, chips, the side panel, the bar"
    nameless = [called(w) for w in found if not w.objectName()]
    silent = [called(w) for w in found if not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))]
    assert not nameless and not silent


def test_names_tell_controls_apart(open_window: Open) -> None:
    """Two buttons of one bar must not sound the same."""
    window = prepare(open_window(engine=False, size=(1280, 800)), "sampler")
    for bar in (window.topbar, window.dynamics.rail, window.dynamics.transport):
        names = [w.accessibleName() for w in controls(window) if isinstance(w, QAbstractButton) and bar.isAncestorOf(w)]
        assert len(names) == len(set(names)) > 3, names


@pytest.mark.parametrize("section", SECTIONS)
def test_tab_reaches_every_control(qtbot: QtBot, open_window: Open, section: str) -> None:
    window = prepare(open_window(engine=False, size=(1280, 800)), section)
    chain: list[QWidget] = []
    at = window.nextInFocusChain()
    while at is not None and at is not window and len(chain) < 5000:
        chain.append(at)
        at = at.nextInFocusChain()
    reached = {w for w in chain if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isEnabled() and w.isVisibleTo(window)}
    wanted = [w for w in controls(window) if w.isEnabled()]
    assert not [called(w) for w in wanted if w not in reached]


def test_tab_goes_round(qtbot: QtBot, open_window: Open) -> None:
    """By the key itself: from the canvas through everything and back, and Shift+Tab the other way."""
    window = prepare(open_window(engine=False, size=(1280, 800)))
    canvas = window.dynamics.canvas
    window.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus, timeout=2000)
    wanted = {w for w in controls(window) if w.isEnabled() and w.focusProxy() is None}
    met: list[QWidget] = []
    for _ in range(300):
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus is canvas:
            break
        met.append(focus)
    assert QApplication.focusWidget() is canvas, "it comes back"
    buttons = [w for w in wanted if isinstance(w, QAbstractButton)]
    grouped = {b for b in buttons if b.autoExclusive() or ((group := b.group()) is not None and group.exclusive())}
    missed = wanted - set(met) - {canvas} - grouped  # of an exclusive group Tab reaches the chosen one, arrows the rest
    assert not [called(w) for w in missed]
    for group in {group for b in grouped if (group := b.group()) is not None}:
        assert any(button in met for button in group.buttons())
    QTest.keyClick(canvas, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.focusWidget() is met[-1]


def sticking_out(root: QWidget) -> list[str]:
    """Visible widgets below `root` of which a part lies outside of their parent, and so is not seen."""
    found = []
    for widget in root.findChildren(QWidget):
        parent = widget.parentWidget()
        if parent is None or not widget.isVisibleTo(root.window()) or widget.isWindow() or widget.size().isEmpty():
            continue
        scrolled = isinstance(parent.parentWidget(), QAbstractScrollArea) and parent.objectName() == "qt_scrollarea_viewport"
        place = widget.geometry()
        room = QRect(0, place.top(), parent.width(), place.height()) if scrolled else parent.rect()
        if not room.contains(place):
            found.append(f"{called(widget)}: {place.getRect()} in {parent.rect().getRect()}")
    return found


def too_small(root: QWidget) -> list[str]:
    """Visible buttons that are smaller than what they say."""
    found = []
    for widget in root.findChildren(QAbstractButton):
        least = widget.minimumSizeHint()
        if widget.isVisibleTo(root.window()) and (widget.width() < least.width() or widget.height() < least.height()):
            found.append(f"{called(widget)}: {widget.size().toTuple()} < {least.toTuple()}")
    return found


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("section", SECTIONS)
def test_nothing_sticks_out(qtbot: QtBot, open_window: Open, size: tuple[int, int], section: str) -> None:
    window = prepare(open_window(engine=False, size=size), section)
    window.files.path = None
    window.progress.state, window.progress.busy_seconds = "busy", 12.0
    window.progress.engine_changed.emit()
    QApplication.processEvents()
    assert window.size().toTuple() == size
    dynamics = window.dynamics
    for part in (window.topbar, dynamics.side, dynamics.rail, dynamics.transport, dynamics.stage, window.centralWidget()):
        assert part is not None and part.rect().isValid() and not sticking_out(part)
        assert not too_small(part)
    parts = {"bar": window.topbar, "tools": dynamics.rail, "canvas": dynamics.stage, "side": dynamics.side, "transport": dynamics.transport}
    where = {name: QRect(part.mapTo(window, QPoint()), part.size()) for name, part in parts.items()}
    for a in where:
        assert window.rect().contains(where[a])
        assert not [b for b in where if b != a and where[a].intersects(where[b])], "nothing overlaps"


def test_each_sampler_fits_the_panel_at_the_smallest_size(open_window: Open) -> None:
    window = prepare(open_window(engine=False, size=(1280, 720)), "sampler")
    for member in SamplerSpec.members():
        window.store.edit(("sampler",), member(), "Change sampler")
        QApplication.processEvents()
        assert not sticking_out(window.dynamics.side) and not too_small(window.dynamics.side), member.__name__


def test_a_long_name_of_a_file_leaves_room_for_the_rest(open_window: Open, tmp_path: object) -> None:
    window = prepare(open_window(Document(scene=Scene()), engine=False, size=(1280, 720)))
    window.topbar.set_file("a very long name of a drawing that somebody gave to a file of theirs.scoreviz.json", True)
    QApplication.processEvents()
    assert not sticking_out(window.topbar) and not too_small(window.topbar)
    assert isinstance(window.playback.run, Run)
