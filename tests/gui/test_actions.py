"""Every action is in one table, has something to do, a place in the menu and, with keys, on the F1 sheet; and does what it says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from scoreviz.gui import commands
from scoreviz.gui.actions import ENTRIES, Actions
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.window import Window
from scoreviz.protocol.messages import Reset, Train, Update
from scoreviz.scene.density import Density
from scoreviz.scene.document import Scene
from tests.gui.conftest import Open
from tests.gui.test_session import FakeEngine


@pytest.fixture
def window(open_window: Open) -> Window:
    window = open_window(engine=False)
    window.activateWindow()
    return window


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows made from here on have a fake engine."""
    monkeypatch.setattr("scoreviz.gui.session.EngineProcess", FakeEngine)


def with_engine(open_window: Open) -> tuple[Window, FakeEngine]:
    window = open_window(engine=False)
    engine = window.session.engine
    assert isinstance(engine, FakeEngine)
    engine.welcome()
    engine.applied()
    engine.sent.clear()
    return window, engine


def give_run(playback: Playback, frames: int = 21) -> None:
    """Something to play."""
    t = np.linspace(1.0, 0.0, frames)
    sigma = 0.01 * 400.0**t
    run = Run(
        number=1, revision=1, sampler="reverse_sde", label="reverse SDE", axis="reverse", source="exact", training_step=None, noise="VE",
        total=frames - 1, substep=np.arange(frames), stage=np.ones(frames, np.uint8), t=t, sigma=sigma, log_snr=-2 * np.log(sigma),
    )  # fmt: skip
    run.frames = [np.zeros((4, 2), np.float32)] * frames
    playback.autoplay = False
    playback.set_run(run, 0)


def leaves(menu: QMenu) -> list[QAction]:
    found: list[QAction] = []
    for action in menu.actions():
        submenu = action.menu()
        if isinstance(submenu, QMenu):
            found += leaves(submenu)
        elif not action.isSeparator():
            found.append(action)
    return found


# ---- the table


def test_every_entry_is_an_action_of_the_window(window: Window) -> None:
    for entry in ENTRIES:
        action = window.actions_[entry.name]
        assert action in window.actions() and action.objectName() == f"action_{entry.name}" and action.text()
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES) == len(window.actions_.by_name)


def test_a_name_without_a_slot_is_an_error(window: Window) -> None:
    slots = commands.slots(window)
    assert set(slots) == {entry.name for entry in ENTRIES}, "no slot is without an action either"
    del slots["play"]
    with pytest.raises(KeyError, match="play"):
        Actions(window, slots)


def test_shortcuts_are_unique(window: Window) -> None:
    used = Counter(key.toString() for entry in ENTRIES for key in window.actions_[entry.name].shortcuts())
    assert len(used) == sum(bool(entry.keys) for entry in ENTRIES), "each set of keys means something"
    assert not [keys for keys, times in used.items() if times > 1]
    known = [QKeySequence(entry.keys).toString() for entry in ENTRIES if entry.keys]
    assert all(known) and not any("Unknown" in keys for keys in known)


def test_every_action_is_in_the_menu_once(window: Window) -> None:
    menu = window.actions_.menu(window)
    assert Counter(action.objectName() for action in leaves(menu)) == Counter(f"action_{entry.name}" for entry in ENTRIES)
    assert [action.text() for action in menu.actions()] == list(dict.fromkeys(entry.menu for entry in ENTRIES))
    menu.deleteLater()


def test_whatever_has_keys_is_on_the_sheet(window: Window) -> None:
    listed = {(menu, text): keys for menu, rows in window.actions_.sheet() for keys, text in rows}
    for entry in ENTRIES:
        if entry.keys:
            native = QKeySequence(entry.keys).toString(QKeySequence.SequenceFormat.NativeText)
            shown = listed[entry.menu, entry.text].replace("−", "-")  # a sign that is hard to see may have a word beside it
            assert native and native in shown
    assert len(listed) == sum(bool(entry.keys) for entry in ENTRIES)


def test_f1_shows_the_sheet(qtbot: QtBot, window: Window) -> None:
    window.actions_["shortcuts"].trigger()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None and dialog.objectName() == "shortcuts"
    shown = {label.text() for label in dialog.findChildren(QLabel)}
    assert {entry.text for entry in ENTRIES if entry.keys} <= shown
    dialog.close()


def test_about(window: Window) -> None:
    window.actions_["about"].trigger()
    dialog = QApplication.activeModalWidget()
    assert dialog is not None and dialog.objectName() == "about" and "MIT" in " ".join(x.text() for x in dialog.findChildren(QLabel))
    dialog.close()


def test_opening_the_menu_again_and_again_leaves_nothing_behind(qtbot: QtBot, window: Window) -> None:
    def open_and_close() -> None:
        window.topbar.menu.click()
        popup = QApplication.activePopupWidget()
        assert isinstance(popup, QMenu) and popup.isVisible()
        popup.close()
        qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None, timeout=1000)
        QApplication.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
        QApplication.processEvents()

    open_and_close()
    before = len(window.findChildren(QMenu))
    for _ in range(5):
        open_and_close()
    assert len(window.findChildren(QMenu)) <= before


# ---- what they do


def test_play_step_and_the_ends(window: Window) -> None:
    give_run(window.playback)
    act, playback = window.actions_, window.playback
    act["step"].trigger()
    act["step"].trigger()
    assert playback.index == 2
    act["back"].trigger()
    assert playback.index == 1 and not playback.playing
    act["to_end"].trigger()
    assert playback.index == 20
    act["to_start"].trigger()
    assert playback.index == 0
    act["play"].trigger()
    assert playback.playing
    act["play"].trigger()
    assert not playback.playing
    act["play"].trigger()
    act["step"].trigger()
    assert not playback.playing, "a substep stops the playing"


def test_without_a_run_they_do_nothing(window: Window) -> None:
    window.playback.clear()
    for name in ("play", "step", "back", "to_start", "to_end"):
        window.actions_[name].trigger()
    assert window.playback.run is None and not window.playback.playing


def test_faster_and_slower_stay_within_the_speeds(window: Window) -> None:
    for _ in range(10):
        window.actions_["faster"].trigger()
    assert window.playback.speed == max(Playback.SPEEDS)
    window.actions_["slower"].trigger()
    assert window.playback.speed == sorted(Playback.SPEEDS)[-2]
    for _ in range(10):
        window.actions_["slower"].trigger()
    assert window.playback.speed == min(Playback.SPEEDS)


@pytest.mark.parametrize("layer", ["density", "arrows", "particles"])
def test_layers(window: Window, layer: str) -> None:
    action = window.actions_[f"layer_{layer}"]
    assert action.isChecked()
    action.trigger()
    assert not getattr(window.store.scene.view, layer) and not action.isChecked() and window.store.undo_stack.count() == 1
    window.store.undo_stack.undo()
    assert action.isChecked() and getattr(window.store.scene.view, layer), "the mark follows the scene"


def test_the_source_of_the_score(engine: None, open_window: Open) -> None:
    window, fake = with_engine(open_window)
    assert window.actions_["score_exact"].isChecked()
    window.actions_["score_network"].trigger()
    assert window.store.scene.score.source == "network" and fake.of(Train) == [Train(running=True)]
    assert [set(u.parts) for u in fake.of(Update)] == [{"score"}]
    window.store.undo_stack.undo()
    assert window.actions_["score_exact"].isChecked() and not window.actions_["score_network"].isChecked()


def test_tools(window: Window) -> None:
    for tool in ("erase", "gaussian", "pan", "brush"):
        window.actions_[f"tool_{tool}"].trigger()
        assert window.dynamics.tools.tool == window.dynamics.canvas.tool == tool
        assert window.dynamics.rail.button(tool).isChecked()
        assert [e.name for e in ENTRIES if e.group == "tool" and window.actions_[e.name].isChecked()] == [f"tool_{tool}"]


def test_the_menu_marks_what_is_chosen_from_the_start(window: Window) -> None:
    for group in ("tool", "source", "theme"):
        chosen = [entry.name for entry in ENTRIES if entry.group == group and window.actions_[entry.name].isChecked()]
        assert len(chosen) == 1, group


def test_clear_undo_redo(window: Window) -> None:
    undo, redo = window.actions_["undo"], window.actions_["redo"]
    assert not undo.isEnabled() and not redo.isEnabled()
    window.actions_["clear"].trigger()
    assert window.store.scene.density == Density() and undo.isEnabled() and undo.text() == "Undo: Clear the drawing"
    undo.trigger()
    assert window.store.scene == Scene() and not undo.isEnabled() and redo.text() == "Redo: Clear the drawing"
    redo.trigger()
    assert window.store.scene.density == Density()


def test_new_noise_is_another_seed(window: Window) -> None:
    before = window.store.scene.particles
    window.actions_["new_noise"].trigger()
    assert window.store.scene.particles.seed != before.seed and window.store.scene.particles.count == before.count


def test_train_reset_and_back(engine: None, open_window: Open) -> None:
    window, fake = with_engine(open_window)
    act, notice = window.actions_, window.dynamics.stage.notice
    act["train"].trigger()
    act["train"].trigger()
    assert fake.of(Train) == [Train(running=True), Train(running=False)]
    fake.trained(700)
    kept = fake.snapshot(700)
    act["reset"].trigger()
    assert fake.of(Reset) == [Reset()] and "The one before is kept" in notice.text
    act["undo_reset"].trigger()
    assert window.session.snapshot == kept


def test_restart_the_engine(engine: None, open_window: Open) -> None:
    window, fake = with_engine(open_window)
    window.actions_["stop_engine"].trigger()
    assert fake.kills == 1 and fake.starts == 0, "the death that follows starts it"
    fake.dies()
    fake.welcome()
    fake.dies()
    assert window.progress.state == "stopped"
    starts = fake.starts
    window.actions_["stop_engine"].trigger()
    assert fake.starts == starts + 1


def test_copy_diagnostics(window: Window) -> None:
    QApplication.clipboard().setText("before")
    window.actions_["copy_diagnostics"].trigger()
    text = QApplication.clipboard().text()
    assert text.startswith("scoreviz ") and "engine starting" in text and "training step 0" in text


def test_fit_shows_the_square_of_the_presets(window: Window) -> None:
    window.dynamics.drawing.look(5.0, 5.0, 0.5)
    window.actions_["fit"].trigger()
    view, camera = window.store.scene.view, window.dynamics.canvas.camera
    assert (view.x, view.y, view.half_height) == (camera.x, camera.y, camera.half_height) == (0.0, 0.0, 2.6)


def ground(window: Window) -> QColor:
    return window.dynamics.canvas.render_to(QSize(64, 64)).pixelColor(32, 2)


def test_the_theme_dresses_the_canvas_too(qtbot: QtBot, window: Window) -> None:
    assert window.theming is not None
    assert ground(window) == palette("dark").ground
    window.actions_["theme_light"].trigger()
    assert ground(window) == palette("light").ground and window.theming.mode == "light"
    app = QApplication.instance()
    assert isinstance(app, QApplication) and app.palette().window().color().lightnessF() > 0.9
    assert window.preferences.text("theme", "") == "light"
    window.actions_["theme_dark"].trigger()
    assert ground(window) == palette("dark").ground and app.palette().window().color().lightnessF() < 0.2
    assert window.actions_["theme_dark"].isChecked() and not window.actions_["theme_light"].isChecked()


# ---- by the keys


@pytest.mark.parametrize("focus", ["canvas", "timeline"])
def test_keys_reach_the_window_from_where_one_works(qtbot: QtBot, window: Window, focus: str) -> None:
    give_run(window.playback)
    widget = window.dynamics.canvas if focus == "canvas" else window.dynamics.transport.timeline
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus, timeout=2000)
    for key, tool in ((Qt.Key.Key_E, "erase"), (Qt.Key.Key_G, "gaussian"), (Qt.Key.Key_B, "brush")):
        QTest.keyClick(widget, key)
        assert window.dynamics.tools.tool == tool
    QTest.keyClick(widget, Qt.Key.Key_Period)
    assert window.playback.index == 1
    QTest.keyClick(widget, Qt.Key.Key_Comma)
    assert window.playback.index == 0
    QTest.keyClick(widget, Qt.Key.Key_1)
    assert not window.store.scene.view.density
    QTest.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.store.scene.view.density
    QTest.keyClick(widget, Qt.Key.Key_Space)
    assert window.playback.playing
    QTest.keyClick(widget, Qt.Key.Key_Space)
    assert not window.playback.playing
