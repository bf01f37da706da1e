"""A seeded monkey at the window: actions, drags, keys, sizes, tabs, pages, edits, scenes, for three minutes.

Another story, or a shorter one: SCOREVIZ_MONKEY_SEED=7 SCOREVIZ_MONKEY_SECONDS=30 pytest -n 0 -m quiet -s tests/gui/test_monkey.py.

No exception and no Qt warning (pytest-qt fails on both), the window's heart beats, the engine lives, and undoing everything restores
the first scene exactly.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from scoreviz.cli.probes.frames import Plain
from scoreviz.gui.app import after_first_paint
from scoreviz.gui.window import Window
from scoreviz.scene.document import Scene, replace_at
from scoreviz.scene.failures import FAILURES
from scoreviz.scene.gallery import GALLERY
from tests.gui.conftest import Open, is_running

pytestmark = pytest.mark.real_engine

SECONDS = float(os.environ.get("SCOREVIZ_MONKEY_SECONDS", "180"))
SEED = int(os.environ.get("SCOREVIZ_MONKEY_SEED", "20261121"))
BEAT_MS = 150.0
MOST_OVER = 3
"""Silences over that, in three minutes of a machine that is not ours alone; none over twice as much, which is when a benchmark fails."""

ASKS = {"open", "import", "open_model", "save", "save_as", "quit", "export_trajectory", "export_figures", "export_weights", "selftest",
        "record", "still", "stop_engine", "full_screen", "text"}  # fmt: skip
"""Actions that open a dialog of the system, end something, write a file, or take minutes: they have tests of their own."""


class Heart:
    """A timer of 10 ms whose longest silence is noted, with what the monkey did then.

    What counts is the processor's time of the window's thread: a machine that others use as well may let the thread wait for as long as it
    likes. By the clock the silence is noted beside it. What such a machine does to the processor's own time, drawing in plain Qt calls
    tells, now and then, as in the benchmark.
    """

    def __init__(self) -> None:
        self.longest: list[tuple[float, float, str]] = []
        self.doing = ""
        self._plain = Plain()
        self._quick = float(np.percentile([self._plain.draw() for _ in range(100)], 10))
        self._slow: list[float] = []
        self._last = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """From now on."""
        self.feel()
        self._timer.start(10)

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        clock, worked = (1000 * (b - a) for a, b in zip(self._last, now, strict=True))
        self.longest.append((worked, clock, self.doing))
        self.longest = sorted(self.longest, reverse=True)[:40]
        self._last = now

    def feel(self) -> None:
        """Draw the plain picture once, which is nobody's silence."""
        self._slow.append(self._plain.draw())
        self._last = time.perf_counter(), time.thread_time()

    @property
    def slowdown(self) -> float:
        """How many times as long as before the plain picture takes now."""
        return max(1.0, float(np.median(self._slow)) / self._quick)


class Monkey:
    """Chooses by its own generator alone, so that a seed is a story."""

    def __init__(self, window: Window, seed: int) -> None:
        self.window, self.random = window, random.Random(seed)
        self.story: deque[str] = deque(maxlen=60)
        self.count: Counter[str] = Counter()
        self.does: list[tuple[int, Callable[[], str]]] = [
            (14, self.action), (22, self.drag), (8, self.click_button), (6, self.key), (3, self.resize), (6, self.page), (4, self.choose),
            (5, self.edit_number), (4, self.wheel), (3, self.scene), (6, self.undo), (3, self.seek), (3, self.dimension), (4, self.view),
        ]  # fmt: skip

    def act(self, heart: Heart) -> None:
        """One thing."""
        (chosen,) = self.random.choices([does for _, does in self.does], [weight for weight, _ in self.does])
        heart.doing = f"{heart.doing.rpartition(' > ')[2]} > {chosen.__name__}"
        said = chosen()
        heart.doing = heart.doing.rpartition(" > ")[0] + " > " + said
        self.story.append(said)
        self.count[chosen.__name__] += 1
        self.close_popups()

    def close_popups(self) -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QMenu | QDialog) and widget.isVisible():
                widget.close()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()

    def action(self) -> str:
        names = [
            n for n, a in self.window.actions_.by_name.items() if n not in ASKS and a.isEnabled() and not n.startswith(("gallery", "scale"))
        ]
        name = self.random.choice(names)
        self.window.actions_[name].trigger()
        return f"action {name}"

    def drag(self) -> str:
        target = self.window.pages.picture
        if not target.isVisible() or target.width() < 10:
            return "no picture"
        steps = self.random.randint(1, 12)
        points = [self._within(target) for _ in range(2)]
        (a, b) = points
        button = self.random.choice([Qt.MouseButton.LeftButton] * 5 + [Qt.MouseButton.MiddleButton])
        QTest.mousePress(target, button, pos=a)
        for k in range(1, steps + 1):
            QTest.mouseMove(target, a + (b - a) * (k / steps))
        QTest.mouseRelease(target, button, pos=b)
        return f"drag {a.toTuple()} {b.toTuple()}"

    def click_button(self) -> str:
        found = [w for w in self.window.findChildren(QAbstractButton) if self._workable(w)]
        if not found:
            return "no button"
        button = self.random.choice(found)
        name = button.objectName()
        if name.startswith("topbar.record") or "record" in name or name in ("topbar.menu", "topbar.file", "tool.text", "tool.picture"):
            return f"left {name} alone"
        button.click()
        return f"click {name}"

    def key(self) -> str:
        keys = [Qt.Key.Key_Space, Qt.Key.Key_Period, Qt.Key.Key_Comma, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Tab, Qt.Key.Key_Escape,
                Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Delete, Qt.Key.Key_BracketLeft, Qt.Key.Key_1, Qt.Key.Key_B,
                Qt.Key.Key_V, Qt.Key.Key_P, Qt.Key.Key_D, Qt.Key.Key_Return]  # fmt: skip
        key = self.random.choice(keys)
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key)
        return f"key {key.name}"

    def resize(self) -> str:
        size = self.random.choice([(900, 600), (1100, 760), (1280, 720), (1280, 800), (1600, 950), (1920, 1080)])
        self.window.resize(*size)
        return f"resize {size}"

    def page(self) -> str:
        pages = self.window.dynamics.pages
        name = self.random.choice(pages.names())
        pages.show_page(name)
        return f"page {name}"

    def edit_number(self) -> str:
        fields = [w for w in self.window.findChildren(QLineEdit) if self._workable(w)]
        if not fields:
            return "no field"
        field = self.random.choice(fields)
        text = self.random.choice(["1", "0", "-3", "0.5", "12", "1e9", "nan", "abc", "", "40"])
        field.setFocus()
        field.setText(text)
        QTest.keyClick(field, Qt.Key.Key_Return)
        return f"type {text!r} into {field.objectName()}"

    def choose(self) -> str:
        found = [w for w in self.window.findChildren(QComboBox) if self._workable(w) and w.count() > 1]
        if not found:
            return "no combo"
        combo = self.random.choice(found)
        index = self.random.randrange(combo.count())
        combo.setCurrentIndex(index)
        combo.activated.emit(index)
        return f"choose {index} of {combo.objectName()}"

    def wheel(self) -> str:
        from PySide6.QtCore import QPointF
        from PySide6.QtGui import QWheelEvent

        target = self.window.pages.picture
        at = QPointF(self._within(target))
        turn = QPoint(0, self.random.choice([-120, 120, 240]))
        nothing = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
        QApplication.sendEvent(target, QWheelEvent(at, target.mapToGlobal(at), QPoint(), turn, *nothing))
        return "wheel"

    def scene(self) -> str:
        if self.random.random() < 0.5:
            failure = self.random.choice(FAILURES)
            self.window.open_failure(failure)
            return f"failure {failure.name}"
        entry = self.random.choice(GALLERY)
        self.window.open_gallery(entry)
        return f"gallery {entry.file}"

    def undo(self) -> str:
        stack = self.window.store.undo_stack
        for _ in range(self.random.randint(1, 6)):
            stack.undo() if self.random.random() < 0.6 else stack.redo()
        return "undo and redo"

    def seek(self) -> str:
        player = self.window.pages.player
        if player.run is not None:
            player.seek(self.random.randrange(player.run.length))
        return "seek"

    def dimension(self) -> str:
        value = self.random.choice("1223")
        self.window.edit(("density", "dimensions"), value, "dimensions")
        return f"dimension {value}"

    def view(self) -> str:
        name, values = self.random.choice(
            [
                ("map", ["none", "error", "relative", "angle", "weighted", "curl", "divergence", "log_ode", "log_network"]),
                ("lines", ["none", "contours", "streamlines", "posterior_mean"]),
                ("notation", ["sde", "ncsn", "ddpm"]),
                ("left_plot", ["loss", "loss_by_sigma", "objectives", "variance", "mode_mass"]),
                ("right_plot", ["distance", "snr", "nfe", "race", "mode_mass"]),
            ]
        )
        value = self.random.choice(values)
        self.window.edit(("view", name), value, name)
        return f"view {name} {value}"

    def _within(self, widget: QWidget) -> QPoint:
        return QPoint(self.random.randrange(max(widget.width(), 1)), self.random.randrange(max(widget.height(), 1)))

    def _workable(self, widget: QWidget) -> bool:
        return widget.isVisible() and widget.isEnabled() and widget.window() is self.window and not widget.objectName().startswith("qt_")


def answer_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would wait for a person is answered at once, with nothing: files, questions, menus that hold their caller."""
    for name in ("getOpenFileName", "getSaveFileName", "getOpenFileNames"):
        monkeypatch.setattr(QFileDialog, name, lambda *_args, **_more: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args, **_more: "")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_more: ("", False))
    monkeypatch.setattr(QMessageBox, "exec", lambda *_args: QMessageBox.StandardButton.Cancel)
    monkeypatch.setattr(QDialog, "exec", lambda *_args: 0)


@pytest.mark.slow
@pytest.mark.quiet
def test_three_minutes(qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_nothing(monkeypatch)
    heart = Heart()
    window = open_window(size=(1280, 800), engine=False)
    after_first_paint(window)
    qtbot.waitUntil(lambda: window.playback.run is not None, timeout=20_000)
    qtbot.wait(4000)  # what is made late is made
    first: list[Scene] = [window.store.scene]
    window.store.changed.connect(lambda _old, new, origin: first.append(new) if origin == "open" else None)
    monkey = Monkey(window, SEED)
    heart.start()
    end = time.monotonic() + SECONDS
    acted = 0
    while time.monotonic() < end:
        monkey.act(heart)
        acted += 1
        if acted % 40 == 0:
            heart.feel()
        qtbot.wait(monkey.random.choice([5, 15, 40, 120]))
        pid = window.session.engine.pid
        assert window.session.engine.pid == 0 or is_running(pid), f"the engine died after {list(monkey.story)[-8:]}"
        assert window.progress.state in ("ready", "busy", "starting"), (
            window.progress.state,
            window.progress.note,
            list(monkey.story)[-8:],
        )
    silences = [(round(worked), round(clock), what) for worked, clock, what in heart.longest]
    bound = BEAT_MS * heart.slowdown
    print(f"{acted} acts: {dict(monkey.count)}; bound {bound:.0f} ms; longest silences {silences[:8]}")
    assert acted > SECONDS * 5
    over = [silence for silence in silences if silence[0] > bound]  # (ms of work, ms by the clock, before > during)
    assert len(over) <= MOST_OVER and not any(worked > 2 * bound for worked, *_ in over), (bound, over)
    window.pages.show_tab("dynamics")
    stack = window.store.undo_stack
    while stack.canUndo():
        stack.undo()
    now, then = _without_looks(window.store.scene), _without_looks(first[-1])
    unlike = {name: (value, other) for name in Scene.__struct_fields__ if (value := getattr(now, name)) != (other := getattr(then, name))}
    assert not unlike, "undo to the start restores the scene as it was opened"
    qtbot.waitUntil(lambda: window.session.up_to_date, timeout=60_000)


def _without_looks(scene: Scene) -> Scene:
    """Which tab and which picture is looked at are no edits, so undo does not go back to them."""
    return cast("Scene", replace_at(replace_at(scene, ("view", "tab"), "dynamics"), ("images", "chosen"), 0))
