"""What each action of the table does to a window."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from scoreviz.gui import crash, dialogs
from scoreviz.gui.canvas.tools import TOOLS
from scoreviz.scene.failures import FAILURES
from scoreviz.scene.gallery import GALLERY
from scoreviz.scene.notation import after

if TYPE_CHECKING:
    from scoreviz.gui.window import Window

Slots = dict[str, Callable[..., object]]
SCALES = (1.0, 1.25, 1.5, 1.75, 2.0)
"""Sizes of the whole window's type and widgets that the menu offers."""


def slots(window: Window) -> Slots:
    """One entry for each action's name."""
    return _document(window) | _drawing(window) | _sampling(window) | _view(window) | _recording(window) | _gallery(window) | _help(window)


def _document(window: Window) -> Slots:
    files, stack = window.files, window.store.undo_stack

    def open_picture_or_points() -> None:
        window.pages.show_tab("dynamics")
        window.dynamics.open_picture_or_points()

    return {
        "new": files.new,
        "open": lambda: files.open(),
        "import": open_picture_or_points,
        "open_model": window.open_model,
        "close_trace": window.traces.close,
        "save": files.save,
        "save_as": files.save_as,
        "export_trajectory": lambda: window.exporting.trajectory(),
        "export_figures": lambda: window.exporting.figures(),
        "export_weights": lambda: window.exporting.weights(),
        "quit": window.close,
        "undo": stack.undo,
        "redo": stack.redo,
        "copy_python": window.copy_as_python,
    }


def _drawing(window: Window) -> Slots:
    tools = window.dynamics.tools
    found: Slots = {
        "clear": lambda: window.edit(("density",), window.store.scene.density.cleared(), window.tr("Clear the drawing")),
        "text": window.dynamics.open_text,
    }
    for tool in TOOLS:
        found[f"tool_{tool}"] = lambda _=False, tool=tool: tools.set_tool(tool)
    return found


def _sampling(window: Window) -> Slots:
    session, progress = window.session, window.progress

    def speed(by: int) -> None:
        play = window.pages.player
        place = play.SPEEDS.index(play.speed) + by
        play.set_speed(play.SPEEDS[min(max(place, 0), len(play.SPEEDS) - 1)])

    def new_noise() -> None:
        path = ("images", "seed") if window.pages.tab == "images" else ("particles", "seed")
        window.edit(path, random.randrange(2**31), window.tr("New noise"))

    found: Slots = {
        "play": lambda: window.pages.player.pause() if window.pages.player.playing else window.pages.player.play(),
        "step": lambda: window.pages.player.step(1),
        "back": lambda: window.pages.player.step(-1),
        "to_start": lambda: window.pages.player.seek(0),
        "to_end": lambda: window.pages.player.seek(window.pages.player.run.length - 1 if window.pages.player.run else 0),
        "faster": lambda: speed(1),
        "slower": lambda: speed(-1),
        "new_noise": new_noise,
        "train": lambda: session.train(not progress.running),
        "reset": window.reset_training,
        "undo_reset": session.undo_reset,
        "stop_engine": window.restart_engine,
    }
    for source in ("exact", "network", "data"):
        found[f"score_{source}"] = lambda _=False, source=source: window.edit(("score", "source"), source, window.tr("Change score"))
    return found


def _view(window: Window) -> Slots:
    found: Slots = {
        "fit": window.dynamics.fit,
        "compare": window.dynamics.comparison.doing.toggle,
        "inspect": window.dynamics.inspect,
        "notation": lambda: window.edit(("view", "notation"), after(window.store.scene.view.notation), window.tr("Change notation")),
        "to_picture": lambda: window.pages.picture.setFocus(Qt.FocusReason.ShortcutFocusReason),
        "present": window.presentation.set,
        "full_screen": window.set_full_screen,
    }
    for page in window.dynamics.pages.names():
        found[f"page_{page}"] = lambda _=False, page=page: window.dynamics.pages.go_to(page)
    for tab in ("dynamics", "images"):
        found[f"tab_{tab}"] = lambda _=False, tab=tab: window.pages.show_tab(tab)
    for layer in ("density", "arrows", "particles"):
        found[f"layer_{layer}"] = lambda on, layer=layer: window.edit(("view", layer), on, window.tr("Change layers"))
    for mode in ("system", "dark", "light"):
        found[f"theme_{mode}"] = lambda _=False, mode=mode: window.set_theme(mode)
    for scale in SCALES:
        found[f"scale_{round(100 * scale)}"] = lambda _=False, scale=scale: window.scale_wanted.emit(scale)
    return found


def _recording(window: Window) -> Slots:
    return {"record": window.recording.toggle, "still": window.recording.still}


def _gallery(window: Window) -> Slots:
    return _failures(window) | {f"gallery_{k}": lambda _=False, entry=entry: window.open_gallery(entry) for k, entry in enumerate(GALLERY)}


def _failures(window: Window) -> Slots:
    return {f"failure_{found.name}": lambda _=False, found=found: window.open_failure(found) for found in FAILURES}


def _help(window: Window) -> Slots:
    def selftest() -> None:
        from scoreviz.gui.selftest import SelfTest

        SelfTest(window).open()

    def shortcuts() -> None:
        from scoreviz.gui import key_sheet, shortcut_sheet

        shortcut_sheet.shortcuts(window, window.actions_.sheet(), key_sheet.key_sheet()).open()

    def preferences() -> None:
        from scoreviz.gui.preferences_dialog import PreferencesDialog

        PreferencesDialog(window).open()

    return {
        "preferences": preferences,
        "shortcuts": shortcuts,
        "about": lambda: dialogs.about(window).open(),
        "selftest": selftest,
        "copy_diagnostics": lambda: QGuiApplication.clipboard().setText(crash.diagnostics(window.state_in_words())),
    }
