"""Starts the program: application, theme, crash hooks, window; after the first paint the engine and the rest."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

import scoreviz
from scoreviz.gui import first_sight, theme
from scoreviz.gui.crash import CrashReporter
from scoreviz.gui.preferences import Preferences
from scoreviz.gui.window import Window
from scoreviz.scene.files import load

REPORT_FIRST_PAINT = "SCOREVIZ_REPORT_FIRST_PAINT"
"""Set, the program prints a line at its first paint and quits: the benchmark's clock is outside."""


def main(file: Path | None, argv: Sequence[str]) -> int:
    """Open the window, on `file` if one is given, and run until it closes."""
    app = QApplication(list(argv))
    app.setApplicationName("scoreviz")
    app.setApplicationVersion(scoreviz.__version__)
    reporter = CrashReporter(app)
    reporter.install()
    mode = Preferences().text("theme", "system")
    theming = theme.Theming(app, mode if mode in ("system", "dark", "light") else "system")
    document = load(file) if file is not None else None
    window = Window(document, theming)
    if file is not None and document is not None:
        window.files.opened(file)
        window.session.opened(document)
    else:
        first_sight.show(window)
    if os.environ.get(REPORT_FIRST_PAINT):
        window.first_painted.connect(lambda: (print("first-paint", flush=True), app.quit()))
    window.first_painted.connect(lambda: after_first_paint(window))
    window.show()
    return app.exec()


def after_first_paint(window: Window) -> None:
    """The engine first: it takes two seconds to be ready. Then what the eye does not miss at once."""
    window.session.start()
    QTimer.singleShot(0, window.dynamics.add_plots)
    QTimer.singleShot(200, window.offer_recovery)
    QTimer.singleShot(1000, _settle_garbage)


def _settle_garbage() -> None:
    """What lives as long as the window is never searched again: a full collection among it takes longer than a frame."""
    gc.collect()
    gc.freeze()
