"""A slider that moves all the time still shows results, and the last one is for the last value."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QElapsedTimer, QTimer
from pytestqt.qtbot import QtBot

from scoreviz.gui.playback import Run
from scoreviz.gui.window import Window
from scoreviz.protocol.messages import Density
from scoreviz.scene.density import Gaussian
from tests.gui.conftest import Open

SECONDS = 3.0
RATE = 60


SHARE = 0.25
"""At least of the results that edits made one after another would show; a window that drops every stale result shows none."""


def seconds_of_one_edit(qtbot: QtBot, window: Window, path: tuple[str, ...], low: float, high: float) -> float:
    """How long an edit takes to be seen on this machine, now."""
    clock, times = QElapsedTimer(), []
    for k in range(5):
        clock.start()
        with qtbot.waitSignal(window.playback.run_changed, timeout=30_000):
            window.store.edit(path, type(low)(low + (high - low) * (k + 1) / 6), "Change value")
        times.append(clock.elapsed() / 1000)
    return sorted(times)[2]


@pytest.mark.parametrize(
    ("path", "low", "high"), [(("noise", "sigma_max"), 1.0, 9.0), (("sampler", "steps"), 20, 150)], ids=["sigma_max", "steps"]
)
def test_dragging_a_slider_goes_on_showing(qtbot: QtBot, open_window: Open, path: tuple[str, ...], low: float, high: float) -> None:
    window = open_window()
    playback, store = window.playback, window.store
    qtbot.waitUntil(lambda: playback.run is not None and playback.run.complete, timeout=30_000)
    playback.pause()
    playback.seek(60)
    shown: list[Run] = []
    playback.run_changed.connect(lambda: shown.append(playback.run) if playback.run is not None and playback.run not in shown else None)
    alone = seconds_of_one_edit(qtbot, window, path, low, high)
    shown.clear()
    before = store.undo_stack.count()
    total, count = int(SECONDS * RATE), 0
    clock = QElapsedTimer()
    timer = QTimer()

    def move() -> None:
        nonlocal count
        while count < min(total, clock.elapsed() * RATE / 1000):  # 60 a second, whatever the timer's resolution
            count += 1
            value = low + (high - low) * abs((count * 7) % 200 - 100) / 100
            store.edit(path, type(low)(value), "Change value", merge="drag")

    timer.timeout.connect(move)
    clock.start()
    timer.start(16)
    qtbot.waitUntil(lambda: count >= total, timeout=20_000)
    timer.stop()
    seconds = clock.elapsed() / 1000
    assert store.undo_stack.count() == before + 1, "one drag is one undo step"
    assert len(shown) * alone / seconds >= SHARE
    last = store.value(path)

    def shows_the_last() -> bool:
        run = playback.run
        assert run is not None
        return (run.total - 1 if path[-1] == "steps" else float(run.sigma[0])) == pytest.approx(last, rel=1e-6)

    qtbot.waitUntil(shows_the_last, timeout=5_000)


def test_the_sentence_of_an_empty_drawing_goes_with_the_first_ground(qtbot: QtBot, open_window: Open) -> None:
    """Not when the edit is in force, which waits for the first run."""
    window = open_window()
    canvas = window.dynamics.canvas
    qtbot.waitUntil(lambda: canvas._content.density is not None, timeout=20_000)
    window.store.edit(("density", "marks"), (), "Clear")
    qtbot.waitUntil(lambda: "empty" in (canvas._content.message or ""), timeout=10_000)
    seen: list[str | None] = []
    window.session.received.connect(lambda m: seen.append(canvas._content.message) if isinstance(m, Density) else None)
    window.store.edit(("density", "marks"), (Gaussian(x=0.5, y=0.2, std=0.4),), "Draw")
    qtbot.waitUntil(lambda: bool(seen), timeout=10_000)
    assert seen[0] is None
