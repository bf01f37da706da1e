"""The self-test's dialog, and “Copy as Python”: a process of its own, rows as they finish, a verdict, and text to copy."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.selftest import SelfTest
from scoreviz.scene.samplers import Langevin
from tests.gui.conftest import Open, is_running


def row(name: str, *, passed: bool = True, error: str = "") -> dict[str, object]:
    return {
        "kind": "sampler", "name": name, "says": "standard deviation", "measured": None if error else 0.50123, "expected": 0.5,
        "tolerance": 0.01, "passed": passed, "seconds": 0.1, "error": error,
    }  # fmt: skip


def saying(folder: Path, *lines: object, code: int = 0, then: str = "") -> tuple[str, ...]:
    """A program that prints these JSON lines."""
    path = folder / "says.py"
    path.write_text(
        f"import sys, time\nfor line in {[json.dumps(line) for line in lines]!r}:\n    print(line, flush=True)\n{then}\nsys.exit({code})"
    )
    return sys.executable, str(path)


@pytest.fixture(params=["dark", "light"])
def look(request: pytest.FixtureRequest, qapp: QApplication) -> str:
    theme.apply(qapp, theme.DARK if request.param == "dark" else theme.LIGHT)
    return str(request.param)


def shown(command: tuple[str, ...], qtbot: QtBot) -> SelfTest:
    dialog = SelfTest(None, command)
    dialog.show()
    return dialog


def finished(dialog: SelfTest, qtbot: QtBot) -> str:
    qtbot.waitUntil(lambda: not dialog.running and not dialog.stop_button.isEnabled(), timeout=20_000)
    return dialog.verdict.text()


def test_rows_come_as_they_finish_and_a_verdict_at_the_end(look: str, tmp_path: Path, qtbot: QtBot):
    last = {"passed": 2, "failed": 0, "missing": [], "seconds": 1.2}
    dialog = shown(saying(tmp_path, {"total": 2}, row("heun"), row("rk4"), last), qtbot)
    assert finished(dialog, qtbot) == "All 2 checks hold (1 s)."
    assert dialog.table.rowCount() == 2
    texts = [dialog.table.item(0, c).text() for c in range(7)]
    assert texts == ["sampler", "heun", "standard deviation", "0.501", "0.500", "0.01", "ok"]
    dialog.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert text.splitlines()[1].startswith("sampler\theun\tstandard deviation\t0.501")
    assert text.splitlines()[-1] == dialog.verdict.text()
    dialog.close()


def test_failures_are_red_and_counted(look: str, tmp_path: Path, qtbot: QtBot):
    last = {"passed": 1, "failed": 3, "missing": ["measure toy"], "seconds": 1.0}
    lines = [{"total": 3}, row("heun"), row("rk4", passed=False), row("mala", passed=False, error="RuntimeError: so it goes"), last]
    dialog = shown(saying(tmp_path, *lines, code=1), qtbot)
    assert finished(dialog, qtbot) == "3 of 4 failed. Without a check: measure toy."
    assert dialog.verdict.property("role") == "error"
    assert dialog.table.item(1, 6).text() == "failed"
    assert dialog.table.item(1, 1).foreground().color().name() == theme.current().error
    assert "so it goes" in dialog.table.item(2, 2).text() and dialog.table.item(2, 3).text() == "—"
    dialog.close()


def test_a_process_that_dies_is_told(tmp_path: Path, qtbot: QtBot):
    dialog = shown(saying(tmp_path, {"total": 2}, row("heun"), then="sys.stderr.write('no torch here')", code=3), qtbot)
    assert "no torch here" in finished(dialog, qtbot)
    dialog.close()
    dialog = shown(("/nowhere/python",), qtbot)
    qtbot.waitUntil(lambda: "does not start" in dialog.verdict.text(), timeout=5000)
    dialog.close()


@pytest.mark.parametrize("way", ["stop", "close"])
def test_stopping_and_closing_end_the_process(way: str, tmp_path: Path, qtbot: QtBot):
    dialog = shown(saying(tmp_path, {"total": 9}, row("heun"), then="time.sleep(60)"), qtbot)
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 1, timeout=20_000)
    assert dialog.bar.value() == 1 and "1 of 9" in dialog.verdict.text()
    pid = dialog.pid
    assert is_running(pid)
    (dialog.stop_button if way == "stop" else dialog.close_button).click()
    qtbot.waitUntil(lambda: not is_running(pid), timeout=10_000)
    if way == "stop":
        assert finished(dialog, qtbot) == "Stopped after 1 of 9 checks."
        dialog.close()


def test_help_opens_it_on_the_real_program(open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    window = open_window(engine=False)
    window.actions_["selftest"].trigger()
    dialog = window.findChild(SelfTest)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 3, timeout=60_000)
    assert {dialog.table.item(r, 6).text() for r in range(3)} == {"ok"}
    pid = dialog.pid
    dialog.close()
    assert not is_running(pid)


# ---- Copy as Python


def test_copy_as_python(open_window: Open):
    window = open_window(engine=False)
    window.edit(("sampler",), Langevin(steps=40), "Change sampler")
    window.actions_["copy_python"].trigger()
    text = QGuiApplication.clipboard().text()
    ast.parse(text)
    assert "Langevin(steps=40)" in text and "maths.trajectory" in text
    assert str(len(text.splitlines())) in window.pages.notice.text
    window.pages.show_tab("images")
    window.actions_["copy_python"].trigger()
    assert "load_model" in QGuiApplication.clipboard().text()


def test_the_copied_network_is_that_of_the_run_on_screen(open_window: Open, qtbot: QtBot):
    window = open_window()
    window.edit(("score", "source"), "network", "Change score")
    qtbot.waitUntil(lambda: window.playback.run is not None and (window.playback.run.training_step or 0) > 0, timeout=60_000)
    window.session.train(False)
    qtbot.waitUntil(lambda: not window.progress.running and window.playback.run.training_step == window.progress.step, timeout=60_000)
    qtbot.waitUntil(lambda: window.playback.run.complete, timeout=60_000)
    window.actions_["copy_python"].trigger()
    text = QGuiApplication.clipboard().text()
    assert f"range({window.playback.run.training_step})" in text
    assert f"torch.set_num_threads({window.session.threads})" in text
