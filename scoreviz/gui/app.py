"""Starts the program: application, theme, crash hooks, window; after the first paint the engine and the rest."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy  # noqa: F401 - first: PySide6 reads the source of whatever is imported after it, and msgspec slows numpy's Literals
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

import scoreviz
from scoreviz.gui import first_sight, theme
from scoreviz.gui.crash import CrashReporter
from scoreviz.gui.preferences import Preferences
from scoreviz.gui.widgets import formula
from scoreviz.gui.window import Window
from scoreviz.scene.folders import document_of
from scoreviz.scene.traces import is_trace

REPORT_FIRST_PAINT = "SCOREVIZ_REPORT_FIRST_PAINT"
"""Set, the program prints a line at its first paint and quits: the benchmark's clock is outside."""


def main(file: Path | None, argv: Sequence[str], *, present: bool = False, play: bool = False) -> int:
    """Open the window, on `file` if one is given, and run until it closes.

    `present` begins in present mode on the whole screen; `play` plays what comes, and trains if the scene samples with the network.
    """
    app = QApplication(list(argv))
    app.setApplicationName("scoreviz")
    app.setApplicationVersion(scoreviz.__version__)
    reporter = CrashReporter(app)
    reporter.install()
    preferences = Preferences()
    theming = theme.Theming(app, preferences.text("theme", "system"), preferences.number("ui_scale", 1.0))
    window = make_window(file, theming, present=present, play=play)
    if os.environ.get(REPORT_FIRST_PAINT):
        window.first_painted.connect(lambda: (print("first-paint", flush=True), app.quit()))
    window.first_painted.connect(lambda: after_first_paint(window))
    keeper = Keeper(window)
    window.show()
    code = app.exec()
    del keeper
    return code


def make_window(file: Path | None, theming: theme.Theming, *, present: bool = False, play: bool = False) -> Window:
    """The window on a scene file, on a folder for the Images tab, on a trace, or on the first scene. SceneError if it is none of these."""
    if file is not None and is_trace(file):
        window = make_window(None, theming, present=present, play=play)
        window.traces.open(file)
        return window
    document = document_of(file) if file is not None else None
    window = Window(document, theming)
    if file is not None and document is not None:
        if file.is_file():
            window.files.opened(file)
        window.session.opened(document)
    else:
        first_sight.show(window)
    if present:
        window.presentation.set(True)
        window.set_full_screen(True)
    if play:
        window.playback.autoplay = window.pages.pictures_playback.autoplay = True
    return window


class Keeper(QObject):
    """Holds the window, and builds it anew where it must be: sizes are fixed when a widget is made, so another UI scale is another
    window. Document, undo history, network and place on the screen move over."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window
        window.scale_wanted.connect(self._rescale)

    def _rescale(self, scale: float) -> None:
        old = self.window
        if old.theming is None or scale == theme.current().scale:
            return
        document, training = old.whole_document(), old.progress.running
        old.preferences.set("ui_scale", scale)
        old.retire()
        old.theming.set_scale(scale)
        new = Window(None, old.theming)
        new.store.adopt(old.store)
        new.files.adopt(old.files)
        new.session.opened(document)
        new.session.train(training)
        new.scale_wanted.connect(self._rescale)
        new.first_painted.connect(lambda: after_first_paint(new))
        new.presentation.set(old.presentation.on)
        self.window = new
        new.show()
        old.hide()
        old.deleteLater()


def after_first_paint(window: Window) -> None:
    """The engine first: it takes two seconds to be ready. Then what the eye does not miss at once."""
    window.session.start()
    QTimer.singleShot(0, window.dynamics.add_plots)
    QTimer.singleShot(200, window.offer_recovery)
    QTimer.singleShot(400, window.recording.offer_leftovers)
    QTimer.singleShot(1000, _settle_garbage)
    QTimer.singleShot(2500, lambda: threading.Thread(target=_warm, daemon=True).start())  # a bound method would be held weakly, and lost


def _warm() -> None:
    """What the first formula needs takes a third of a second: before it is wanted, and beside the window."""
    import scoreviz.scene.pseudocode  # noqa: F401

    formula.warm()


def _settle_garbage() -> None:
    """What lives as long as the window is never searched again: a full collection among it takes longer than a frame.

    Whoever imports this module may have put collecting off until then (`cli.open`).
    """
    gc.collect()
    gc.freeze()
    gc.enable()
