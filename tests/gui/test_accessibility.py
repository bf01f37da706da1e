"""Every control of the window has a name, Tab reaches it, and nothing sticks out of what holds it, at the sizes that are promised."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QSplitterHandle,
    QWidget,
)
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.compare.picture import PanePicture
from scoreviz.gui.dynamics.space.view import SpaceView
from scoreviz.gui.dynamics.spacetime.view import SpaceTime
from scoreviz.gui.dynamics.steps.listing import ListingView
from scoreviz.gui.playback import Run
from scoreviz.gui.widgets.section import Section
from scoreviz.gui.window import Window
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.samplers import SamplerSpec
from tests.gui.conftest import Open
from tests.gui.focus_chain import focus_chain
from tests.gui.test_actions import give_run

INTERACTIVE = (
    QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QAbstractSlider, QSplitterHandle,
    Canvas, SpaceTime, SpaceView, PanePicture, ListingView,
)  # fmt: skip
SIZES = [(900, 600), (1280, 720), (1280, 800), (1920, 1080)]
PAGES = ["probe", "steps", "compare", "race"]
VIEWS = ["line", "space", "panes"]
DIALOGS = ["preferences", "about", "shortcuts", "selftest"]
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


def show(window: Window, place: str) -> None:
    """A page of the side column, or a view, with every More of the page open."""
    if place in PAGES:
        window.dynamics.pages.show_page(place)
    if place in VIEWS:
        if place == "panes":
            window.store.edit(("density", "dimensions"), "2", "Change dimensions")
            window.actions_["compare"].trigger()
        else:
            window.store.edit(("density", "dimensions"), {"line": "1", "space": "3"}[place], "Change dimensions")
        assert window.dynamics.views.name == {"panes": "compare"}.get(place, place)
    for section in window.dynamics.pages.opened(window.dynamics.pages.page).findChildren(Section):
        if place not in VIEWS and section.more_button.isVisible():
            section.set_open(True)
    QApplication.processEvents()


def nameless(found: list[QWidget]) -> list[str]:
    """Controls without an object name, or without anything for a screen reader to say."""
    bare = [called(w) for w in found if not w.objectName()]
    return bare + [called(w) for w in found if not (w.accessibleName() or (isinstance(w, QAbstractButton) and w.text()))]


def unreached(window: QWidget, wanted: list[QWidget]) -> list[str]:
    """Those of `wanted` that the chain of Tab does not hold."""
    chain = focus_chain(window)
    reached = {w for w in chain if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isEnabled() and w.isVisibleTo(window)}
    reached |= {w for w in wanted if isinstance(w, QAbstractButton) and (g := w.group()) and g.exclusive() and reached & {*g.buttons()}}
    return [called(w) for w in wanted if w.isEnabled() and w not in reached]  # of several choices Tab reaches one, arrows the others


def controls(window: QWidget) -> Iterator[QWidget]:
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
    chain = focus_chain(window)
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


# ---- pages, views, dialogs


@pytest.mark.parametrize("place", [*PAGES, *VIEWS])
def test_pages_and_views_are_named_and_reached(open_window: Open, place: str) -> None:
    window = prepare(open_window(engine=False, size=(1280, 800)))
    show(window, place)
    found = list(controls(window))
    assert not nameless(found) and not unreached(window, found)
    page = window.dynamics.pages
    names = [w.accessibleName() for w in controls(window) if isinstance(w, QAbstractButton) and page.isAncestorOf(w)]
    assert len(names) == len(set(names)) > 4, sorted(names)
    assert not [called(w) for w in found if isinstance(w, QAbstractButton) and w.width() < 12]


@pytest.mark.parametrize("place", VIEWS)
def test_tab_goes_round_in_every_view(qtbot: QtBot, open_window: Open, place: str) -> None:
    """By the key itself, and it comes to the view right before its chips."""
    window = prepare(open_window(engine=False, size=(1280, 800)))
    show(window, place)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=2000)
    QTest.keyClick(window, Qt.Key.Key_F6)
    view = window.dynamics.views.current
    start = view.focusProxy() or view
    qtbot.waitUntil(start.hasFocus, timeout=2000)
    met: list[QWidget] = []
    for _ in range(300):
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus is start:
            break
        met.append(focus)
    assert QApplication.focusWidget() is start, "it comes back"
    assert len(met) == len(set(met)) > 20
    beyond = next(w for w in met if not view.isAncestorOf(w))
    assert window.dynamics.stage.chips.isAncestorOf(beyond), called(beyond)


@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_are_named_and_reached(open_window: Open, name: str) -> None:
    window = open_window(engine=False, size=(1280, 720))
    window.actions_[name].trigger()
    QApplication.processEvents()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QDialog) and dialog.windowTitle()
    check_dialog(dialog)
    if name == "about":
        from scoreviz.gui import dialogs

        licences = dialogs.licences(dialog)
        licences.show()
        QApplication.processEvents()
        check_dialog(licences)
        licences.close()
    dialog.close()


def check_dialog(dialog: QDialog) -> None:
    """Named, reached, within itself and within the smallest promised screen."""
    found = list(controls(dialog))
    assert found and not nameless(found) and not unreached(dialog, found)
    assert not sticking_out(dialog) and not too_small(dialog)
    assert dialog.width() <= 1280 and dialog.height() <= 720


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pages_fit_at_every_size_and_scale(
    qtbot: QtBot, open_window: Open, size: tuple[int, int], scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages may scroll down, never sideways; only where the smallest window is too small for a larger type is it larger."""
    whole = theme.Theming
    monkeypatch.setattr(theme, "Theming", lambda app, mode: whole(app, mode, scale))
    window = prepare(open_window(engine=False, size=size))
    assert theme.current().scale == scale
    dynamics = window.dynamics
    for place in (*PAGES, *VIEWS):
        show(window, place)
        parts = (window.topbar, dynamics.rail, dynamics.stage, dynamics.pages, dynamics.transport, dynamics)

        def fits(parts: tuple[QWidget, ...] = parts, place: str = place) -> None:  # when a page of many rows has laid itself out
            assert not [(place, *wrong) for part in parts if (wrong := sticking_out(part) + too_small(part))]

        qtbot.waitUntil(fits, timeout=2000)
    if scale == 1.0 or size[0] >= 1280:
        assert window.size().toTuple() == size
