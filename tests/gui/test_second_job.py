"""The second and third jobs, end to end in the real window on the real engine: pictures out of noise, and a film of it."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from scoreviz import resources
from scoreviz.gui.window import Window
from scoreviz.scene.images import EMOJI, PictureSet, Pretrained
from scoreviz.scene.samplers import Ancestral, ReverseSDE
from tests.gui.conftest import Open, kill
from tests.models.folders import ddpm_folder, ncsnpp_folder

pytestmark = pytest.mark.real_engine

LONG = 60_000


@pytest.fixture
def window(open_window: Open, qtbot: QtBot, tmp_path: Path) -> Window:
    window = open_window(size=(1100, 760))
    settings = dataclasses.replace(window.recording.settings, folder=tmp_path)
    window.topbar.record_button.set_settings(settings)
    return window


def pictures(window: Window, qtbot: QtBot) -> None:
    window.pages.pictures_playback.autoplay = False
    window.actions_["tab_images"].trigger()
    qtbot.waitUntil(lambda: window.pages.pictures_playback.run is not None, timeout=LONG)


def stored() -> np.ndarray:
    """The pictures of the bundled sheet (N, 3, 32, 32), read here without any of the program's code; blank cells are no harm."""
    sheet = np.asarray(Image.open(resources.asset(f"{EMOJI}/sheet.png")).convert("RGB"), np.float32) / 255
    rows, columns = sheet.shape[0] // 32, sheet.shape[1] // 32
    return sheet.reshape(rows, 32, columns, 32, 3).transpose(0, 2, 4, 1, 3).reshape(-1, 3, 32, 32)


def test_two_hundred_steps_of_pc_end_on_stored_pictures(window: Window, qtbot: QtBot) -> None:
    pictures(window, qtbot)
    window.store.edit(("images", "count"), 4, "fewer")
    playback = window.pages.pictures_playback
    qtbot.waitUntil(lambda: playback.run is not None and playback.run.shape[0] == 4, timeout=LONG)
    run = playback.run
    assert window.store.scene.images.sampler.steps == 200 and run.length == 402
    window.actions_["to_end"].trigger()
    qtbot.waitUntil(lambda: playback.index == 401 and run.nearest is not None, timeout=LONG)
    last = run.frames[401].x.numpy()
    distances = [np.abs(stored() - picture).max((1, 2, 3)).min() for picture in last]
    assert max(distances) < 1e-3
    assert run.nearest == pytest.approx(max(distances), abs=1e-6)
    assert len({picture.tobytes() for picture in last}) == 4


@pytest.mark.parametrize("family", ["ddpm", "ncsnpp"])
def test_a_pretrained_folder_opens_and_steps(window: Window, qtbot: QtBot, tmp_path: Path, family: str) -> None:
    folder = (ddpm_folder if family == "ddpm" else ncsnpp_folder)(tmp_path / family)
    pictures(window, qtbot)
    playback, first = window.pages.pictures_playback, window.pages.pictures_playback.run
    assert window.pages.images.opening.open(folder)
    qtbot.waitUntil(lambda: playback.run is not None and playback.run is not first, timeout=LONG)
    images = window.store.scene.images
    assert isinstance(images.model, Pretrained) and window.pages.images.side.model.name.text() == family
    if family == "ddpm":
        assert isinstance(images.sampler, ReverseSDE) and isinstance(images.sampler.predictor, Ancestral)
    before = playback.run.frames[0].x.numpy()
    for k in range(1, 4):
        window.actions_["step"].trigger()
        qtbot.waitUntil(lambda k=k: playback.index == k, timeout=LONG)
        frame = playback.run.frames[k]
        assert np.isfinite(frame.x.numpy()).all() and not np.array_equal(frame.x.numpy(), before)
        assert frame.nfe == k
        before = frame.x.numpy()
    window.actions_["undo"].trigger()
    assert isinstance(window.store.scene.images.model, PictureSet)


@pytest.mark.slow
def test_a_film_of_pictures_while_they_play(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    pictures(window, qtbot)
    window.activateWindow()
    recorder = window.recording.recorder
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: recorder.state == "recording", timeout=LONG)
    window.actions_["play"].trigger()
    qtbot.waitUntil(lambda: recorder.seconds >= 3.0, timeout=LONG)
    shown = window.pages.pictures_playback.index
    assert shown > 10 and window.pages.pictures_playback.playing
    with qtbot.waitSignal(recorder.saved, timeout=LONG) as saved:
        QTest.mouseClick(window.topbar.record_button.press, Qt.MouseButton.LeftButton)
    path: Path = saved.args[0]
    assert path.parent == tmp_path and path.suffix == ".mp4" and path.name in window.pages.images.stage.notice.text
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "nothing but the film"
    with av.open(str(path)) as film:
        frames = [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in film.decode(video=0)]
    page = window.pages.images
    assert frames[0][1].shape == (page.height() & ~1, page.width() & ~1, 3)
    times = [time for time, _ in frames]
    assert times[0] == 0 and 2.9 <= times[-1] <= 3.4
    assert all(time == pytest.approx(round(30 * time) / 30, abs=2e-3) for time in times), "thirty places a second"
    assert len(frames) == recorder.written >= 45
    panes = [np.ascontiguousarray(picture[40 : page.panes.height() // 2, : page.panes.width() // 3]) for _, picture in frames]
    changes = [np.abs(a.astype(int) - b).mean() for a, b in zip(panes, panes[15:], strict=False)]
    assert max(changes) > 5, "the pictures move"


def test_a_still_of_the_canvas_is_what_is_on_screen(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.run.complete, timeout=LONG)
    window.playback.pause()
    window.playback.seek(50)
    button = window.topbar.record_button
    button.set_settings(dataclasses.replace(button.settings, what="canvas"))
    canvas = window.dynamics.canvas
    window.actions_["still"].trigger()
    (path,) = tmp_path.iterdir()
    saved = np.asarray(Image.open(path).convert("RGB")).astype(int)
    assert saved.shape == (canvas.height(), canvas.width(), 3)
    image = canvas.render_to(canvas.size())
    expected = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1].astype(int)
    assert np.abs(saved - expected).mean() < 1.0  # but for the drawing tool's ring, if the pointer is over it


def test_another_tab_is_paused_and_nothing_is_sampled_for_it(window: Window, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.playing, timeout=LONG)
    pictures(window, qtbot)
    assert not window.playback.timer.isActive() and window.playback.playing
    index = window.playback.index
    window.actions_["step"].trigger()
    qtbot.waitUntil(lambda: window.pages.pictures_playback.index == 1, timeout=LONG)
    assert window.playback.index == index
    assert not window.actions_["tool_brush"].isEnabled()
    window.actions_["new_noise"].trigger()
    assert window.store.scene.images.seed != 7 and window.store.scene.particles.seed == 7
    window.actions_["tab_dynamics"].trigger()
    assert window.playback.timer.isActive() and window.actions_["tool_brush"].isEnabled()
    window.store.undo_stack.undo()
    assert window.pages.tab == "images", "undo goes back to where the edit was made"


def test_a_gallery_scene_is_a_copy_and_says_what_to_watch(window: Window, qtbot: QtBot) -> None:
    window.actions_["gallery_3"].trigger()
    assert window.files.path is None and not window.files.modified
    assert window.store.scene.sampler.LABEL == "annealed Langevin" and "mode" in window.pages.notice.text
    window.actions_["gallery_8"].trigger()
    assert window.pages.tab == "images"
    qtbot.waitUntil(lambda: window.pages.pictures_playback.run is not None, timeout=LONG)


def test_a_recording_whose_recorder_was_killed_can_still_be_made_a_film(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    recorder = window.recording.recorder
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: recorder.state == "recording" and recorder.seconds > 1.5, timeout=LONG)
    with qtbot.waitSignal(recorder.failed, timeout=LONG):
        kill(recorder._process.pid)
    part = next(tmp_path.glob("*.part.mkv"))
    notice = window.pages.notice
    assert part.name in notice.text
    (make,) = (button for button in notice.findChildren(QPushButton) if button.text() == "Make the film")
    with qtbot.waitSignal(recorder.saved, timeout=LONG) as saved:
        make.click()
    assert [p.name for p in tmp_path.iterdir()] == [saved.args[0].name] == [part.name.removesuffix(".part.mkv")]


def test_a_recording_cut_off_before_is_offered_at_the_start(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("old.mp4.part.mkv", "new.mp4.part.mkv"):
        (tmp_path / name).write_bytes(b"a recording")
    os.utime(tmp_path / "old.mp4.part.mkv", (1, 1))
    window.recording.offer_leftovers()
    assert "new.mp4.part.mkv" in window.pages.notice.text
    (discard,) = (button for button in window.pages.notice.findChildren(QPushButton) if button.text() == "Discard")
    discard.click()
    assert [p.name for p in tmp_path.iterdir()] == ["old.mp4.part.mkv"], "only the one that was named"
