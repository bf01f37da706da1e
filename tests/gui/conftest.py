"""A real window on a real engine."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.window import Window
from scoreviz.scene.files import Document

ENGINE_START_MS = 60_000
Open = Callable[..., Window]


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Open]:
    """open_window(document=None, size=(1100, 760), engine=True) -> Window; closed again, its engine ended, at the end."""
    opened: list[tuple[Window, theme.Theming]] = []

    def build(document: Document | None = None, *, size: tuple[int, int] = (1100, 760), engine: bool = True) -> Window:
        from PySide6.QtWidgets import QApplication

        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theming = theme.Theming(app, "dark")
        window = Window(document, theming)
        window.files.may_leave = lambda: True  # type: ignore[method-assign]  # nobody is there to answer
        window.resize(*size)
        with qtbot.waitExposed(window):
            window.show()
        opened.append((window, theming))
        if engine:
            with qtbot.waitSignal(window.session.ready, timeout=ENGINE_START_MS):
                window.session.start()
        return window

    threads = threading.active_count()
    yield build
    for window, theming in opened:
        pid = window.session.engine.pid
        window.close()
        assert not (pid and is_running(pid)), "the engine outlived its window"
        window.deleteLater()
        theming.deleteLater()
    assert threading.active_count() <= threads, f"leaked threads: {threading.enumerate()}"


def is_running(pid: int) -> bool:
    """Is there a process of that id that is not a zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill(pid: int) -> None:
    """kill -9."""
    os.kill(pid, 9)
