"""Killed processes: the window lives on, the drawing is intact, no engine is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from scoreviz.gui.window import Window
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import Score
from tests.gui.conftest import Open, is_running, kill

pytestmark = pytest.mark.real_engine  # its birth and death are what is tested

TIMEOUT = 60_000
LEARNING = Scene(density=Density(marks=(Gaussian(x=0.5, y=0.5, std=0.3),)), score=Score(source="network"))


def wait_trained(qtbot: QtBot, window: Window, step: int) -> None:
    qtbot.waitUntil(lambda: window.progress.step >= step and window.session.snapshot is not None, timeout=TIMEOUT)


def test_a_killed_engine_restarts_from_its_snapshot(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=LEARNING))
    wait_trained(qtbot, window, 300)
    qtbot.waitUntil(lambda: window.session.snapshot is not None and window.session.snapshot.step > 100, timeout=TIMEOUT)
    assert window.session.snapshot is not None
    kept, first = window.session.snapshot.step, window.session.engine.pid
    steps: list[int] = []
    window.progress.training_changed.connect(lambda: steps.append(window.progress.step))
    with qtbot.waitSignal(window.session.ready, timeout=TIMEOUT):
        kill(first)
        qtbot.waitUntil(lambda: window.progress.state == "restarting", timeout=5_000)
        steps.clear()
        at_death = window.progress.step
        assert "engine stopped" in window.dynamics.stage.notice.text and "drawing is kept" in window.dynamics.stage.notice.text
    assert window.session.engine.pid not in (0, first)
    assert window.store.scene == LEARNING
    qtbot.waitUntil(lambda: window.progress.step > kept, timeout=TIMEOUT)
    assert window.progress.running
    assert all(s >= kept for s in steps if s not in (0, at_death)), "it went on from the snapshot, not from the start"


def test_two_deaths_in_ten_seconds_ask(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=LEARNING))
    with qtbot.waitSignal(window.session.ready, timeout=TIMEOUT):
        kill(window.session.engine.pid)
    kill(window.session.engine.pid)
    qtbot.waitUntil(lambda: window.progress.state == "stopped", timeout=5_000)
    notice = window.dynamics.stage.notice
    assert "stopped again" in notice.text and window.session.engine.pid == 0
    (restart,) = (b for b in notice.findChildren(QPushButton) if b.text() == "Restart the engine")
    with qtbot.waitSignal(window.session.ready, timeout=TIMEOUT):
        restart.click()
    assert window.store.scene == LEARNING and window.progress.state == "ready"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child by /proc")
def test_a_killed_window_leaves_no_engine() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    program = subprocess.Popen([sys.executable, "-m", "scoreviz"], env=environment, stderr=subprocess.DEVNULL)
    try:
        engine = _wait_for_child(program.pid)
        kill(program.pid)
        program.wait(5)
        end = time.monotonic() + 2.0
        while is_running(engine) and time.monotonic() < end:
            os.sched_yield()
        assert not is_running(engine)
    finally:
        program.kill()
        program.wait(5)


def _wait_for_child(pid: int) -> int:
    """The engine's pid, once it has loaded torch: it must go even when its main thread is busy."""
    end = time.monotonic() + 60.0
    while time.monotonic() < end:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            if "libtorch" in Path(f"/proc/{child}/maps").read_text():
                return int(child)
    raise AssertionError("no engine appeared")
