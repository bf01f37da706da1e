"""Traces opened in the real window: shown without an engine, scrubbed from the file, gone after an edit; wrong files are sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from scoreviz.gui.app import make_window
from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.images.tones import toned
from scoreviz.gui.traces import Kept, PictureFrames, PointFrames
from scoreviz.gui.transport import words
from scoreviz.gui.window import Window
from scoreviz.maths import VESDE, Trace, make_sampler, preset, rng_from_seed, trace
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.traces import TraceFile
from tests.gui.conftest import Open

TARGET = preset("two_moons")
SDE = VESDE(0.01, 4.0)


def points_trace(path: Path, n: int = 40) -> Path:
    sampler = make_sampler("pc", SDE, TARGET.score_fn(SDE), n_steps=8)
    trace(sampler, sampler.init(SDE.prior_sampling((n, 2), torch.Generator().manual_seed(0)), rng_from_seed(1)), path, SDE)
    return path


def pictures_trace(path: Path, channels: int = 3) -> Path:
    def score(x: torch.Tensor, t: Any) -> torch.Tensor:
        return (0.5 - x) / (0.04 + SDE.sigma(float(t)) ** 2)

    sampler = make_sampler("pc", SDE, score, n_steps=6)
    x = SDE.prior_sampling((4, channels, 8, 8), torch.Generator().manual_seed(0))
    trace(sampler, sampler.init(x, rng_from_seed(1)), path, SDE, data_range=(0.0, 1.0))
    return path


@pytest.fixture
def window(open_window: Open) -> Window:
    return open_window(engine=False)


def opened(window: Window, path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.traces.changed, timeout=10_000):
        assert window.files.open(path)
    assert window.traces.name == path.name


def told(window: Window, path: Path, qtbot: QtBot) -> str:
    with qtbot.waitSignal(window.traces.told, timeout=10_000) as said:
        window.files.open(path)
    text: str = said.args[0]
    assert window.pages.notice.text == text
    assert window.traces.name == ""
    return text


def test_points_are_shown_and_scrubbed(window: Window, tmp_path: Path, qtbot: QtBot):
    path = points_trace(tmp_path / "run.trace.npz")
    scene = window.store.scene
    opened(window, path, qtbot)
    run = window.playback.run
    assert window.pages.tab == "dynamics" and window.store.scene == scene and not window.files.modified
    with TraceFile(path) as file:
        assert run.length == len(file) and run.complete
        for k in (0, 5, run.length - 1, 2):
            window.playback.seek(k)
            assert window.playback.index == k
            assert np.array_equal(run.at(k), file.frame(k))
        assert run.nfe == file.columns["nfe"].sum()
    said = caption(run, 5)
    assert said.sigma == pytest.approx(float(run.sigma[5])) and "run.trace.npz" in said.notes[0]
    window.dynamics.screen_.refresh()
    content = window.dynamics.canvas._content
    assert content.frames is run and content.density is None and content.arrows is None
    assert "run.trace.npz" in window.dynamics.training._texts(True)[0]
    window.playback.step(1)
    assert window.playback.index == 3


def test_pictures_are_shown_and_scrubbed(window: Window, tmp_path: Path, qtbot: QtBot):
    path = pictures_trace(tmp_path / "pictures.trace.npz")
    opened(window, path, qtbot)
    run = window.pages.pictures_playback.run
    assert window.pages.tab == "images"
    tab = window.pages.images
    with TraceFile(path) as file:
        for k in (0, 3, len(file) - 1):
            window.pages.pictures_playback.seek(k)
            frame = run.frames[k]
            assert np.array_equal(frame.x.numpy(), file.frame(k))
            if k and frame.x0 is not None:
                assert np.allclose(frame.x0.numpy(), file.frame(k, "x0"), atol=2e-2)
                std = SDE.std(float(file.columns["t"][k]))
                assert np.allclose(frame.score.numpy(), file.frame(k, "score") * std, atol=2e-2, rtol=2e-3)
    window.pages.pictures_playback.seek(3)
    panes = list(toned(run, 3, "noise"))
    assert all(pane.pixels is not None for pane in panes)
    assert tab.panes.content.run is run and tab.panes.content.k == 3
    assert "pictures.trace.npz" in tab.followed.text()
    assert not tab.runs.waiting
    assert tab.figures.seconds.value.text() == "—"  # nobody measured it
    corrected = next(k for k in range(run.length) if run.stage_name(k) == "correct")
    window.pages.pictures_playback.seek(corrected)
    assert "asked" not in tab.figures.snr.value.text()  # the scene's own corrector did not make this


def test_an_edit_brings_the_live_run_back(window: Window, tmp_path: Path, qtbot: QtBot):
    live = window.playback.run
    opened(window, points_trace(tmp_path / "run.trace.npz"), qtbot)
    assert window.actions_["close_trace"].isEnabled()
    window.store.look(("view", "trails"), 3)
    assert window.traces.name, "looking is no edit"
    window.edit(("particles", "seed"), 99, "New noise")
    assert window.traces.name == "" and window.playback.run is live
    assert not window.actions_["close_trace"].isEnabled()


def test_closing_brings_the_live_run_back(open_window: Open, tmp_path: Path, qtbot: QtBot):
    """With an engine: its run before, and what it sends while the trace is on screen does not take the screen."""
    window = open_window()
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.run.complete, timeout=60_000)
    live = window.playback.run
    opened(window, points_trace(tmp_path / "run.trace.npz"), qtbot)
    shown = window.playback.run
    assert shown is not live and shown.file
    window.session.received.emit(_announced(live))
    assert window.playback.run is shown
    window.actions_["close_trace"].trigger()
    assert window.playback.run is live
    window.edit(("density",), Density(marks=(Preset(name="rings"),)), "Draw")
    qtbot.waitUntil(lambda: window.playback.run is not live and window.playback.run.complete, timeout=60_000)


def _announced(run: Any) -> Any:
    """A run of other number, as the engine would begin it."""
    from scoreviz.protocol.arrays import Array
    from scoreviz.protocol.messages import RunStarted

    return RunStarted(
        run=run.number + 1, revision=run.revision, sampler=run.sampler, label=run.label, axis=run.axis, source="exact", step=None,
        noise=run.noise, total=run.total, substep=Array.of(run.substep), stage=Array.of(run.stage), t=Array.of(run.t),
        sigma=Array.of(run.sigma), log_snr=Array.of(run.log_snr), seeing="", live=False,
    )  # fmt: skip


def test_pictures_with_an_engine_and_back(open_window: Open, tmp_path: Path, qtbot: QtBot):
    window = open_window()
    window.pages.show_tab("images")
    playback = window.pages.pictures_playback
    qtbot.waitUntil(lambda: playback.run is not None, timeout=60_000)
    playback.pause()
    live = playback.run
    opened(window, pictures_trace(tmp_path / "p.trace.npz", channels=1), qtbot)
    assert playback.run.file
    window.actions_["close_trace"].trigger()
    assert playback.run is live
    playback.seek(2)
    qtbot.waitUntil(lambda: playback.index == 2, timeout=60_000)


def test_one_trace_after_another(window: Window, tmp_path: Path, qtbot: QtBot):
    opened(window, points_trace(tmp_path / "a.trace.npz"), qtbot)
    opened(window, pictures_trace(tmp_path / "b.trace.npz"), qtbot)
    opened(window, points_trace(tmp_path / "c.trace.npz", n=7), qtbot)
    assert window.playback.run.at(0).shape == (7, 2)


def test_open_asks_for_traces_too(window: Window, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    path = points_trace(tmp_path / "run.trace.npz")
    asked: list[str] = []

    def choose(*arguments: Any) -> tuple[str, str]:
        asked.append(arguments[-1])
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    with qtbot.waitSignal(window.traces.changed, timeout=10_000):
        window.actions_["open"].trigger()
    assert "*.trace.npz" in asked[0]


@pytest.mark.parametrize("tab", ["dynamics", "images"])
def test_a_trace_is_dropped(tab: str, window: Window, tmp_path: Path, qtbot: QtBot):
    path = points_trace(tmp_path / "run.trace.npz")
    window.pages.show_tab(tab)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    with qtbot.waitSignal(window.traces.changed, timeout=10_000):
        if tab == "dynamics":
            window.dynamics.importer.take([path])
        else:
            nothing = Qt.KeyboardModifier.NoModifier
            window.pages.images.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, nothing))
    assert window.pages.tab == "dynamics" and window.playback.run.file


def test_the_command_opens_a_trace(window: Window, tmp_path: Path, qtbot: QtBot):
    path = points_trace(tmp_path / "run.trace.npz")
    assert window.theming is not None
    other = make_window(path, window.theming)
    qtbot.addWidget(other)
    qtbot.waitUntil(lambda: bool(other.traces.name), timeout=10_000)
    assert other.files.path is None
    other.retire()


# ---- what cannot be shown


@pytest.mark.parametrize(
    ("shape", "said"),
    [((5, 1), "1 dimension"), ((5, 3), "3 dimension"), ((5, 7), "5 × 7"), ((2, 2, 8, 8), "2 × 2 × 8 × 8")],
)
def test_what_cannot_be_drawn_is_a_sentence(shape: tuple[int, ...], said: str, window: Window, tmp_path: Path, qtbot: QtBot):
    live = window.playback.run
    with Trace(tmp_path / "a.trace.npz") as file:
        file.add(t=1.0, x=torch.zeros(shape))
    assert said in told(window, tmp_path / "a.trace.npz", qtbot)
    assert window.playback.run is live


def test_a_broken_file_is_a_sentence(window: Window, tmp_path: Path, qtbot: QtBot):
    path = points_trace(tmp_path / "a.trace.npz")
    path.write_bytes(path.read_bytes()[:500])
    assert "cut off" in told(window, path, qtbot)
    assert "no file" in told(window, tmp_path / "none.trace.npz", qtbot)


def test_a_loop_that_names_no_sigma_is_shown_without_it(window: Window, tmp_path: Path, qtbot: QtBot):
    for name, shape in (("a.trace.npz", (6, 2)), ("b.trace.npz", (2, 1, 8, 8))):
        with Trace(tmp_path / name) as file:
            for k in range(5):
                file.add(t=1 - k / 4, x=torch.full(shape, k / 4))
        opened(window, tmp_path / name, qtbot)
        play = window.pages.player
        for k in (4, 1):
            play.seek(k)
        window.dynamics.screen_.refresh()
        assert "σ" not in words.caption(play.run, 1)
        assert len(shape) > 2 or caption(play.run, 1).sigma is None
    run = window.pages.pictures_playback.run
    assert (run.low, run.high) == (0.0, 1.0)
    assert [pane.name for pane in toned(run, 1, "noise") if pane.pixels is not None] == ["x", "update"]
    assert window.pages.images.figures.sigma.value.text() == "—"


# ---- lazily


def test_frames_are_read_when_they_are_looked_at(tmp_path: Path):
    with TraceFile(points_trace(tmp_path / "a.trace.npz")) as file:
        frames = PointFrames(file)
        assert len(frames) == len(file)
        assert np.array_equal(frames[-1], file.frame(len(file) - 1)) and len(frames[2:5]) == 3
        with pytest.raises(IndexError):
            frames[len(file)]
    with TraceFile(pictures_trace(tmp_path / "b.trace.npz")) as file:
        pictures = PictureFrames(file, file.columns["sigma"])
        assert pictures.get(len(file)) is None and pictures.get(1) is not None
        assert sorted(pictures) == list(range(len(file)))


def test_only_so_many_frames_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scoreviz.gui.traces.CACHE", 100)
    read: list[int] = []
    kept = Kept(lambda k: read.append(k) or k, 10)
    for k in [*range(15), 14, 10, 0]:
        assert kept[k] == k
    assert read == [*range(15), 0]
