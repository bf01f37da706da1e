"""The tab in the real window on the real engine: the bundled pictures, substep by substep."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from scoreviz.gui.images.figures import _short
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.tones import to_uint8
from scoreviz.gui.window import Window
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.images import Images, PictureSet
from scoreviz.scene.samplers import PredictorCorrector
from tests.gui.conftest import Open

LONG = 60_000


@pytest.fixture
def window(open_window: Open, qtbot: QtBot) -> Window:
    """The Images tab with the bundled pictures and a short run, at its start and paused."""
    images = Images(sampler=PredictorCorrector(steps=20), count=4)
    window = open_window(Document(scene=msgspec.structs.replace(Scene(), images=images)), size=(1280, 800))
    window.pages.pictures_playback.autoplay = False
    window.pages.show_tab("images")
    qtbot.waitUntil(lambda: window.pages.pictures_playback.run is not None, timeout=LONG)
    return window


def go(window: Window, qtbot: QtBot, k: int) -> bytes:
    """Frame k on screen; its x."""
    playback = window.pages.pictures_playback
    playback.seek(k)
    qtbot.waitUntil(lambda: playback.index == k and playback.run.has(k), timeout=LONG)
    data: bytes = playback.run.frames[k].x.data
    return data


def test_thirty_on_ten_back_ten_on(window: Window, qtbot: QtBot) -> None:
    """And once more after everything but the start was dropped: the engine computes the same bits."""
    playback = window.pages.pictures_playback
    run: PictureRun = playback.run
    seen = {0: run.frames[0].x.data}
    for k in range(1, 31):
        playback.step(1)
        qtbot.waitUntil(lambda k=k: playback.index == k, timeout=LONG)
        seen[k] = run.frames[k].x.data
    for k in range(29, 19, -1):
        playback.step(-1)
        assert playback.index == k and run.frames[k].x.data == seen[k]
    for k in range(21, 31):
        playback.step(1)
        assert playback.index == k and run.frames[k].x.data == seen[k]
    for k in [k for k in run.frames if k not in (0, 30)]:
        run._drop(k)
    for k in (12, 13, 29, 1):
        assert go(window, qtbot, k) == seen[k]


def test_the_run_ends_on_stored_pictures_and_every_figure_is_the_engines(window: Window, qtbot: QtBot) -> None:
    playback, tab = window.pages.pictures_playback, window.pages.images
    run: PictureRun = playback.run
    assert tab.side.model.name.text() == "emoji32" and tab.runs.card.stored > 1000
    assert [run.stage_name(k) for k in (0, 1, 2, 3, run.length - 1)] == ["start", "correct", "predict", "correct", "denoise"]
    go(window, qtbot, run.length - 1)
    qtbot.waitUntil(lambda: run.nearest is not None, timeout=LONG)
    assert run.nfe == 40 == run.frames[run.length - 1].nfe
    assert tab.figures.nearest.value.text() == f"largest difference {_short(run.nearest)}"
    go(window, qtbot, 7)
    frame = run.frames[7]
    before = run.frames[6].x.numpy()
    assert np.allclose(frame.update.numpy(), frame.x.numpy() - before, atol=1e-3 * run.std[6])
    assert np.allclose((frame.x0.numpy() - before) / run.std[6], frame.score.numpy(), atol=2e-2), "Tweedie's formula"
    pane = tab.panes.picture.panes(tab.panes.content)[0]
    assert np.array_equal(pane.pixels, to_uint8(frame.x.numpy(), pane.low, pane.high))
    assert float(tab.figures.snr.value.text().split()[0]) == pytest.approx(frame.snr, rel=0.01)


def test_a_picture_run_plays_to_its_end(window: Window, qtbot: QtBot) -> None:
    playback = window.pages.pictures_playback
    playback.seconds, playback.loop = 0.5, False
    with qtbot.waitSignal(playback.finished, timeout=LONG):
        QTimer.singleShot(0, playback.play)
    assert playback.index == playback.run.length - 1


def test_a_folder_of_ones_own_and_a_bad_one(window: Window, qtbot: QtBot, pictures_folder: Path, tmp_path: Path) -> None:
    tab, playback = window.pages.images, window.pages.pictures_playback
    run = playback.run
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "a.png").write_bytes(b"no picture")
    tab.opening.open(broken)
    qtbot.waitUntil(lambda: bool(tab.stage.notice.text), timeout=LONG)
    assert playback.run is run and tab.side.model.name.text() == "emoji32"
    assert window.store.scene.images.model == PictureSet(), "the scene is as it was"
    playback.step(1)
    qtbot.waitUntil(lambda: playback.index == 1, timeout=LONG)
    tab.opening.open(pictures_folder)
    qtbot.waitUntil(lambda: playback.run is not run, timeout=LONG)
    assert tab.side.model.name.text() == "cats" and playback.run.shape == (4, 3, 32, 32)
    tab.opening._settings.remove("images/recent")
