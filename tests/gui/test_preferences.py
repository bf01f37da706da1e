"""Preferences hold at once, are remembered, and reach the engine at its next start; licences are those of what is installed."""

from __future__ import annotations

import os

import msgspec
import numpy as np
import PySide6
import pytest
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui import dialogs, motion
from scoreviz.gui.playback import Playback
from scoreviz.gui.preferences import engine_arguments
from scoreviz.gui.preferences_dialog import PreferencesDialog
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.window import Window
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.samplers import Langevin
from tests.gui.conftest import Open


@pytest.fixture(autouse=True)
def as_before():  # type: ignore[no-untyped-def]
    yield
    motion.set_reduced(False)


def opened(window: Window) -> PreferencesDialog:
    window.actions_["preferences"].trigger()
    found = window.findChild(PreferencesDialog)
    assert isinstance(found, PreferencesDialog)
    return found


def editor(dialog: PreferencesDialog, name: str) -> Editor:
    found = dialog.findChild(QWidget, f"preferences.{name}")
    assert isinstance(found, Editor) and found.accessibleName()
    return found


def test_less_motion_holds_at_once_and_in_the_next_window(open_window: Open) -> None:
    window = open_window(engine=False)
    dialog = opened(window)
    assert window.playback.autoplay and window.playback.loop
    editor(dialog, "reduced_motion").edited.emit(True, "")
    assert motion.reduced() and not window.playback.autoplay and not window.playback.loop
    fresh: Playback = Playback()
    assert not fresh.autoplay and not fresh.loop
    motion.set_reduced(False)
    again = open_window(engine=False)
    assert motion.reduced() and not again.playback.autoplay, "it was remembered"
    editor(opened(again), "reduced_motion").edited.emit(False, "")
    assert not motion.reduced() and again.playback.loop


def test_the_theme_and_the_scale_are_the_actions(open_window: Open) -> None:
    window = open_window(engine=False)
    dialog = opened(window)
    editor(dialog, "theme").edited.emit("light", "")
    assert window.theming is not None and window.theming.mode == "light"
    editor(dialog, "theme").edited.emit("dark", "")
    wanted: list[float] = []
    window.scale_wanted.connect(wanted.append)
    editor(dialog, "scale").edited.emit("150", "")
    assert wanted == [1.5]


def test_threads_and_memory_reach_the_engine_at_its_next_start(qtbot: QtBot, open_window: Open) -> None:
    scene = Scene(particles=Particles(count=20_000), sampler=Langevin(steps=600))
    window = open_window()
    dialog = opened(window)
    cores = os.cpu_count() or 1
    editor(dialog, "threads").edited.emit(cores, "")
    editor(dialog, "cache").edited.emit(64, "")
    assert engine_arguments(window.preferences) == ["--threads", str(cores), "--cache-mib", "64"]
    restart = dialog.findChild(QPushButton, "preferences.restart")
    assert restart is not None
    with qtbot.waitSignal(window.session.ready, timeout=60_000):
        restart.click()
    assert window.session.threads == cores
    dialog.close()
    window.store.replace(msgspec.structs.replace(window.store.scene, particles=scene.particles, sampler=scene.sampler), "long run")

    def announced() -> bool:
        run = window.playback.run
        return run is not None and run.sampler == "langevin" and run.total == 600

    qtbot.waitUntil(announced, timeout=30_000)
    run = window.playback.run
    assert run is not None and run.length * 20_000 * 8 <= 64 << 20
    assert len(np.unique(np.diff(run.substep[:-1]))) == 1 and run.substep[1] > 1, "every n-th is kept"


def test_values_that_make_no_sense_are_left_out(open_window: Open) -> None:
    window = open_window(engine=False)
    window.preferences.set("engine/threads", 10_000)
    window.preferences.set("engine/cache_mib", 1)
    assert engine_arguments(window.preferences) == ["--cache-mib", "64"]


def test_licences_are_of_what_is_installed(open_window: Open) -> None:
    window = open_window(engine=False)
    about = dialogs.about(window)
    button = about.findChild(QPushButton, "about.licences")
    assert button is not None and button.accessibleName()
    button.click()
    text = about.findChild(QPlainTextEdit, "licences.text")
    assert text is not None
    said = text.toPlainText()
    assert f"PySide6_Essentials {PySide6.__version__}: " in said or f"PySide6-Essentials {PySide6.__version__}: " in said
    assert "LGPL" in said and "numpy" in said and "SIL OPEN FONT LICENSE" in said.upper()
    about.close()
