"""A real window on a real engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import scoreviz
from scoreviz.gui import theme
from scoreviz.gui.window import Window
from scoreviz.scene.files import Document

ENGINE_START_MS = 60_000
Open = Callable[..., Window]


@pytest.fixture(scope="session")
def zygote() -> Iterator[Path]:
    """The socket of a process that forks engines (`zygote.py`)."""
    folder = Path(tempfile.mkdtemp(prefix="scoreviz-zygote-"))
    path = folder / "socket"
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py")), "--serve", str(path)], stdout=subprocess.PIPE, env=with_package()
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    yield path
    process.kill()
    process.wait()
    process.stdout.close()
    shutil.rmtree(folder)


def with_package() -> dict[str, str]:
    """The environment, with the package under test on the path."""
    return dict(os.environ, PYTHONPATH=str(Path(scoreviz.__file__).parents[1]))


@pytest.fixture
def open_window(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[Open]:
    """open_window(document=None, size=(1100, 760), engine=True) -> Window; closed again, its engine ended, at the end.

    The engine is forked from the zygote, except where a test is marked `real_engine`.
    """
    forked = request.node.get_closest_marker("real_engine") is None and sys.platform.startswith("linux")
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
        if forked and engine:
            socket = request.getfixturevalue("zygote")
            window.session.engine._command = [sys.executable, "-S", "-E", str(Path(__file__).with_name("zygote.py")), str(socket)]
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
