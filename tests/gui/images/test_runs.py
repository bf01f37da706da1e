"""Which frames the engine is asked for, what is kept of them, and that the same frame is always the same bytes."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from scoreviz.gui.images.run import PictureRun, bytes_of
from scoreviz.gui.images.runs import AHEAD, PictureRuns
from scoreviz.gui.images.tab import ImagesTab
from scoreviz.gui.playback import Playback
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import Develop
from tests.gui.images.fake import PicturesEngine


def shown(playback: Playback[PictureRun]) -> bytes:
    """x of the frame on screen."""
    assert playback.run is not None
    return playback.run.frames[playback.index].x.data


def wishes(engine: PicturesEngine) -> list[tuple[int, int]]:
    found = [(m.first, m.last) for m in engine.of(Develop)]
    engine.sent = [m for m in engine.sent if not isinstance(m, Develop)]
    return found


def test_thirty_on_ten_back_ten_on_are_the_same_bytes(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]) -> None:
    seen: dict[int, bytes] = {}
    for _ in range(30):
        playback.step(1)
        engine.develop()
        seen[playback.index] = shown(playback)
    assert playback.index == 30 and len(set(seen.values())) == 30, "every substep moves the pictures"
    computed = engine.computed
    for k in range(29, 19, -1):
        playback.step(-1)
        assert playback.index == k and shown(playback) == seen[k]
    for k in range(21, 31):
        playback.step(1)
        assert playback.index == k and shown(playback) == seen[k]
    engine.develop()
    assert engine.computed <= computed + 1, "what is kept is not computed again"


def test_evicted_frames_come_back_with_the_same_bytes(
    store: Store, session: Session, playback: Playback[PictureRun], engine: PicturesEngine
) -> None:
    frame = 16 * 3 * 16 * 16 * 10
    runs = PictureRuns(store, session, playback, budget=8 * frame)
    session.start()
    engine.welcome()
    engine.applied()
    engine.load()
    engine.start_run(store.scene.images)
    engine.develop()
    seen = {0: shown(playback)}
    for k in range(1, 31):
        playback.step(1)
        engine.develop()
        seen[k] = shown(playback)
    run = playback.run
    assert run is not None and not run.has(5) and run.ready == 32
    assert sum(bytes_of(f) for f in run.frames.values()) <= 8 * frame
    assert sorted(run.frames) == list(range(min(run.frames), 32)), "the farthest went first"
    playback.seek(5)
    assert playback.index == 30 and playback.wanted == 5 and runs.waiting, "the screen keeps what it has until the frame comes"
    assert engine.develop()[0] == 5
    assert playback.index == 5 and shown(playback) == seen[5] and not runs.waiting
    assert run.ready == 32, "it had been computed, and still has"
    for k in (6, 7, 30, 0):
        playback.seek(k)
        engine.develop()
        assert playback.index == k and shown(playback) == seen[k]


def test_paused_asks_for_the_frame_wanted_and_the_next(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]) -> None:
    assert wishes(engine) == [(1, 1)], "so that the first step is there at once"
    playback.step(1)
    assert wishes(engine) == [(1, 2)] and playback.wanted == 1
    playback.step(1)
    playback.step(1)
    assert playback.wanted == 3 and wishes(engine)[-1] == (1, 4), "quick presses add up"
    playback.step(-1)
    assert playback.wanted == 2 and wishes(engine) == [(1, 3)], "what is wanted no more is not computed"


def test_a_slow_model_is_not_asked_for_more_than_is_wanted(
    running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]
) -> None:
    engine.seconds = 3.2
    playback.step(1)
    engine.develop()
    assert playback.run is not None and playback.run.is_slow
    wishes(engine)
    playback.step(1)
    playback.step(1)
    assert wishes(engine)[-1] == (3, 3)


def test_playing_asks_ahead_and_pausing_stops(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]) -> None:
    playback.play()
    engine.develop()
    assert wishes(engine) == [(2, AHEAD)]
    for k in range(2, 6):
        engine.received.emit(engine.frame(k))
    assert not wishes(engine), "there is enough under way"
    playback.pause()
    assert playback.index == 0
    assert wishes(engine) == [(1, 0)], "nothing more: the engine drops the rest"
    playback.play()
    assert wishes(engine)[-1] == (6, AHEAD)
    playback.pause()


def test_playing_waits_for_frames_and_ends_at_the_last(
    running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun], qtbot: QtBot
) -> None:
    playback.loop, playback.seconds = False, 0.3
    seen: list[int] = []
    playback.index_changed.connect(seen.append)
    playback.play()
    assert engine.develop() == [1] and engine.develop(2) == [2, 3]
    qtbot.waitUntil(lambda: playback.index == 3, timeout=2000)
    assert running.runs.waiting
    with qtbot.waitSignal(playback.finished, timeout=5000):
        while playback.index < 41:
            engine.develop()
            qtbot.wait(5)
    assert playback.index == 41 and seen == sorted(seen)


def test_a_far_frame_is_reached_through_those_before_it(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]) -> None:
    playback.seek(41)
    assert wishes(engine)[-1] == (1, 41)
    engine.received.emit(engine.frame(1))
    engine.received.emit(engine.frame(2))
    assert playback.index == 2 and playback.wanted == 41, "the screen follows"
    assert running.runs.seconds_left == pytest.approx(39 * 0.0011)


def test_a_changed_seed_comes_back_to_the_same_place(
    running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun], store: Store
) -> None:
    playback.seek(20)
    engine.develop()
    first, before = playback.run, shown(playback)
    store.edit(("images", "seed"), 8, "")
    engine.applied()
    engine.start_run(store.scene.images)
    assert playback.run is first and playback.index == 20, "the run before stays until there is something to show"
    engine.develop()
    engine.develop()
    assert playback.run is not first and playback.index == 20 and shown(playback) != before
    assert playback.run is not None and playback.run.images.seed == 8


def test_a_slow_run_begins_at_its_start(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun], store: Store) -> None:
    engine.seconds = 2.0
    playback.seek(4)
    engine.develop()
    store.edit(("images", "seed"), 8, "")
    engine.applied()
    engine.start_run(store.scene.images)
    engine.develop()
    assert playback.index == playback.wanted == 0


def test_a_new_engine_is_not_asked_for_the_run_of_the_old_one(
    running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun], store: Store
) -> None:
    playback.seek(10)
    engine.develop()
    old = playback.run
    engine.dies()
    engine.welcome()
    engine.applied()
    wishes(engine)
    playback.step(1)
    playback.step(1)
    assert not wishes(engine) and playback.run is old
    engine.run = 0  # numbers begin again
    engine.load()
    engine.start_run(store.scene.images)
    engine.develop()
    assert playback.run is not old


def test_what_flies_off_is_said_and_not_asked_for_again(running: ImagesTab, engine: PicturesEngine, playback: Playback[PictureRun]) -> None:
    playback.play()
    wishes(engine)
    engine.fails(step="3")
    assert not playback.playing and not wishes(engine) and not running.runs.waiting
    assert running.stage.notice.text == "The pictures flew off to infinity at substep 3."
    playback.step(1)
    assert wishes(engine) == [(1, 2)], "whoever presses again asks again"
