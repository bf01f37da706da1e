"""The time line maps places to frames and back, and says what it leaves out."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.playback import Playback
from scoreviz.gui.transport import words
from scoreviz.gui.transport.bar import Transport
from scoreviz.gui.transport.timeline import Timeline
from scoreviz.gui.widgets.labels import Fitting


@pytest.fixture
def timeline(playback: Playback, qtbot: QtBot) -> Timeline:
    timeline = Timeline(playback)
    qtbot.addWidget(timeline)
    timeline.resize(640, 60)
    return timeline


@pytest.mark.parametrize("total", [1, 7, 160, 5000])
def test_places_and_frames(total, timeline: Timeline, playback: Playback, make_run) -> None:
    playback.set_run(make_run(total), 0)
    for frame in {0, 1, total // 3, total - 1, total}:
        assert timeline.frame_at(timeline.x_of(frame)) == frame
    assert timeline.frame_at(-50) == 0
    assert timeline.frame_at(10000) == total


def test_the_mouse_scrubs(timeline: Timeline, playback: Playback, make_run, qtbot: QtBot) -> None:
    playback.set_run(make_run(20), 0)
    qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=QPoint(round(timeline.x_of(5)), 30))
    assert playback.index == timeline.value() == 5
    qtbot.mouseRelease(timeline, Qt.MouseButton.LeftButton)
    playback.seek(12)
    assert timeline.value() == 12


def test_the_keys_step(timeline: Timeline, playback: Playback, make_run, qtbot: QtBot) -> None:
    playback.set_run(make_run(100), 50)
    for key, index in [
        (Qt.Key.Key_Right, 51), (Qt.Key.Key_Left, 50), (Qt.Key.Key_PageDown, 55), (Qt.Key.Key_PageUp, 50),
        (Qt.Key.Key_End, 100), (Qt.Key.Key_Home, 0),
    ]:  # fmt: skip
        qtbot.keyClick(timeline, key)
        assert playback.index == index


def test_scrubbing_stops_at_what_is_computed(timeline: Timeline, playback: Playback, make_run, qtbot: QtBot) -> None:
    run = make_run(20, ready=8)
    playback.set_run(run, 0)
    qtbot.keyClick(timeline, Qt.Key.Key_End)
    assert playback.index == 7
    assert "38 % computed" in words.aside(run)


def test_ends_and_captions(make_run) -> None:
    assert words.ends(make_run(axis="reverse")) == ("t = 1", "0")
    assert words.ends(make_run(axis="forward")) == ("t = 0", "1")
    assert words.ends(make_run(5000, axis="iterations")) == ("iteration 0", "5\u202f000")
    run = make_run(160)
    assert words.caption(run, 96) == "predict 96 of 160 · t 0.40 · σ 0.110 · log-SNR +4.4"
    assert words.caption(run, 0).startswith("start · t 1.00")
    assert words.aside(run) == ""
    assert words.aside(make_run(400, keep=4)) == "every 4th kept"


@pytest.mark.parametrize("total", [2, 160, 20000])
def test_painting_is_quick(total, timeline: Timeline, playback: Playback, make_run, qtbot: QtBot) -> None:
    playback.set_run(make_run(total), 0)
    timeline.grab()
    start = time.perf_counter()
    for index in range(20):
        playback.seek(index)
        timeline.grab()
    assert (time.perf_counter() - start) / 20 < 0.02


def test_an_empty_time_line_says_so(timeline: Timeline) -> None:
    assert not timeline.isEnabled()
    timeline.grab()
    assert timeline.frame_at(100) == 0


def test_the_transport(playback: Playback, make_run, qtbot: QtBot) -> None:
    transport = Transport(playback, QWidget())
    qtbot.addWidget(transport)
    transport.resize(1280, transport.height())
    assert not transport.play.isEnabled()
    playback.set_run(make_run(20), 3)
    transport.play.click()
    assert playback.playing and transport.play.accessibleName() == "Pause"
    transport.play.click()
    assert not playback.playing
    index = playback.index
    transport.findChild(type(transport.loop), "transport.step_forward").click()
    assert playback.index == index + 1
    transport.loop.click()
    assert not playback.loop
    menu = transport.speed_menu()
    assert [action.text() for action in menu.actions()] == ["0.1×", "0.25×", "0.5×", "1×", "2×", "4×"]
    menu.actions()[0].trigger()
    assert playback.speed == 0.1 and transport.speed.text() == "0.1×"


def test_what_stands_aside_says_as_much_as_fits(playback: Playback, qtbot: QtBot) -> None:
    aside = Fitting()
    transport = Transport(playback, aside)
    qtbot.addWidget(transport)
    aside.set_texts(["a sentence that needs all of the room there is", "few words", "…"])
    seen = []
    for width in (1440, 1100, 900):
        transport.resize(width, transport.height())
        with qtbot.waitExposed(transport):
            transport.show()
        seen.append((aside.width(), aside.text()))
        assert aside.fontMetrics().horizontalAdvance(aside.text()) <= aside.width()
    assert [width for width, _ in seen] == [280, 150, 96]
    assert seen[0][1].startswith("a sentence") and seen[-1][1] == "few words"


def test_a_step_onto_a_frame_still_under_way_waits_for_it(playback: Playback, make_run) -> None:
    run = make_run(20, ready=8)
    playback.set_run(run, 7)
    told: list[int] = []
    playback.wish_changed.connect(lambda: told.append(playback.wanted))
    playback.step(1)
    playback.step(1)
    assert playback.index == 7 and playback.wanted == 9 and told == [8, 9], "two presses are two frames on"
    run.frames.append(run.frames[0])
    playback.grow()
    assert playback.index == 8 and playback.wanted == 9
    playback.step(-1)
    assert playback.index == 8 and playback.wanted == 8 and told[-1] == 8
    playback.step(-20)
    assert playback.index == 0


def test_time_passes_only_on_screen(playback: Playback, make_run) -> None:
    playback.set_run(make_run(20), 0)
    playback.set_shown(False)
    playback.play()
    assert playback.playing and not playback.timer.isActive()
    playback.set_shown(True)
    assert playback.timer.isActive()
    playback.pause()
    assert not playback.timer.isActive()


@pytest.mark.parametrize("speed", Playback.SPEEDS)
def test_the_frame_that_comes_is_known(speed: float, playback: Playback, make_run, monkeypatch) -> None:
    """With ticks in time each frame that is shown was named before, and after the last one it is the first."""
    playback.set_run(make_run(100), 0)
    playback.set_speed(speed)
    playback.play()
    monkeypatch.setattr(playback, "_clock", SimpleNamespace(restart=playback.timer.interval))
    shown = []
    playback.index_changed.connect(shown.append)
    while playback.index < 100:
        coming, before = playback.coming, len(shown)
        playback._tick()
        assert shown[before:] in ([], [coming])
    assert len(shown) == (100 if speed <= 2 else 63) and playback.coming == 0, "at 4 it leaves some out"
