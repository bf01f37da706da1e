"""`scoreviz render`: frame k shows what belongs to k / fps, twice the same; bad input is a sentence and 2, and nothing is left."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSize

from scoreviz.__main__ import main
from scoreviz.engine.shooting import THREADS
from scoreviz.gui import render as rendering
from scoreviz.gui import shots
from scoreviz.gui.canvas import PictureView
from scoreviz.gui.canvas.caption import cells, lines
from scoreviz.gui.canvas.particles import Counts
from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.offline import OfflineEngine
from scoreviz.gui.pages import PICTURE_SECONDS
from scoreviz.gui.playback import Playback
from scoreviz.gui.render import Film, Painter, render
from scoreviz.gui.shots import cue, position_at
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Arrows, Train, Trained, Welcome
from scoreviz.protocol.shots import frame_of
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene, Score
from scoreviz.scene.files import Document, JournalEntry, save
from scoreviz.scene.images import Images, PictureSet
from scoreviz.scene.learning import MLP, Training
from scoreviz.scene.samplers import PredictorCorrector, ReverseSDE
from scoreviz.scene.view import View
from tests.cli.refusals import sentence_of
from tests.engine.driver import Driver, look, parts_of

SIZE = (320, 180)
SMALL = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2, weight=2.0))),
    score=Score(source="network"),
    network=MLP(width=16, depth=2, features=4),
    training=Training(batch=128),
    sampler=ReverseSDE(steps=20),
    particles=Particles(count=200, seed=3),
)
EXACT = msgspec.structs.replace(SMALL, score=Score())


@pytest.fixture
def film(tmp_path, qapp):
    def make(name="film.mp4", seconds=1.0, fps=8, **settings):
        return Film(tmp_path / name, seconds, fps, SIZE, **{"steps_per_second": 40, **settings})

    return make


@pytest.fixture
def no_engine(monkeypatch):
    """Nothing may be computed."""

    def enter(self):
        raise AssertionError("an engine was started")

    monkeypatch.setattr(OfflineEngine, "__enter__", enter)


@pytest.fixture
def scene_file(tmp_path):
    path = tmp_path / "scene.scoreviz.json"
    save(Document(scene=EXACT), path)
    return path


def decoded(path):
    """Pictures (h, w, 3) and their times in seconds."""
    with av.open(str(path)) as container:
        pictures = list(container.decode(video=0))
    return [p.to_ndarray(format="rgb24") for p in pictures], [p.pts * p.time_base for p in pictures]


# ---- which frame is when


class Clock:
    """Stands where the transport's clock is."""

    def __init__(self, milliseconds):
        self.milliseconds = milliseconds

    def restart(self):
        return self.milliseconds


class Whole:
    """A run with all its frames."""

    length = ready = 65  # 64 substeps in 4 seconds: exact in floats

    def has(self, k):
        return 0 <= k < self.length


def test_the_place_is_the_transport_s(qapp):
    playback = Playback()
    assert playback.seconds == shots.RUN_SECONDS
    playback.set_run(Whole(), 0)
    playback.timer.stop()  # ticks come by hand
    playback._clock = Clock(31.25)
    for k in range(1, 3 * 160):
        playback._tick()
        assert playback.index == frame_of(float(position_at(Fraction(k, 32))), Whole.length), k


def test_the_pictures_transport_has_its_own_pace():
    assert PICTURE_SECONDS == rendering.PICTURE_RUN_SECONDS


def test_training_advances_by_the_video_s_time_alone():
    assert [cue(k, 30, 300).step for k in range(4)] == [0, 10, 20, 30]
    assert cue(1, 24, 100).step == 4  # 4.17
    assert cue(10**6, 30, 300).step == 10**7
    assert cue(3 * 150, 30, 0).position == 0
    assert [cue(k, 30, 0).position for k in (120, 149, 150)] == [1, 1, 0]


# ---- what is drawn


def test_two_renders_are_the_same_frames_with_their_time_stamps(film):
    first, second = render(Document(scene=SMALL), film("a.mp4")), render(Document(scene=SMALL), film("b.mp4"))
    assert first.sha256 == second.sha256
    (one, times), (two, _) = decoded(film("a.mp4").out), decoded(film("b.mp4").out)
    assert times == [Fraction(k, 8) for k in range(8)]
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert film("a.mp4").out.read_bytes() == film("b.mp4").out.read_bytes()
    assert any(not np.array_equal(one[0], other) for other in one[1:])


def test_every_frame_shows_the_state_of_its_own_time(film):
    seen = []

    def look(still):
        run, k = still.run, still.index
        said = dict(pair[:2] for pair in cells(caption(run, k)))
        below = [line.text for line in lines(caption(run, k), still.density, still.arrows, Counts(), 0)]
        seen.append((still.cue.number, still.cue.step, k))
        assert still.density.sigma == still.arrows.sigma == run.sigma[k]
        assert run.training_step == still.arrows.training_step == still.cue.step
        assert said["t"] == f"{run.t[k]:.3f}"
        assert said["σ"] == f"{run.sigma[k]:.3f}"
        assert below[0] == f"arrows: network at training step {still.cue.step}"
        assert len(run.frames) == k + 1  # no further than needed

    figures = render(Document(scene=SMALL), film(seconds=5.0, fps=4), on_still=look)
    places = [min(k % 20 / 16, 1.0) for k in range(20)]
    assert seen == [(k, 10 * k, int(places[k] * 21)) for k in range(20)]  # 20 steps and one to denoise
    assert (figures.frames, figures.training_steps) == (20, 190)
    assert 0 < figures.distance_floor[0] < figures.distance < 1


@pytest.mark.slow
def test_a_picture_of_a_time_is_the_video_s_frame(film, monkeypatch):
    drawn = []
    write = rendering.VideoFile.write
    monkeypatch.setattr(rendering.VideoFile, "write", lambda self, frame, **how: (drawn.append(frame), write(self, frame, **how)))
    render(Document(scene=SMALL), film(seconds=3.0))
    for k in (13, 23):  # trails and training come at a jump what they are when played
        still = film(f"{k}.png", seconds=k / 8)
        render(Document(scene=SMALL), still)
        with Image.open(still.out) as picture:
            assert np.array_equal(np.asarray(picture), drawn[k][:, :, 2::-1])


def test_it_is_the_window_s_own_picture(film, qtbot):
    view = PictureView()
    qtbot.addWidget(view)
    view.set_view(EXACT.view)
    some, painter = film(), Painter(EXACT, film())

    def look(still):
        view.show_content(density=still.density)
        view.show_content(arrows=still.arrows)
        view.show_frame(still.run, still.index)
        view.show_content(caption=caption(still.run, still.index))
        assert view.render_to(QSize(*SIZE)) == painter.image(still)

    render(Document(scene=EXACT), some, on_still=look)


def test_layers_that_are_not_shown_are_not_computed_in_a_gif_either(film):
    scene = msgspec.structs.replace(EXACT, view=View(density=False, arrows=False))
    fields = []
    render(Document(scene=scene), film("film.gif", seconds=0.5), on_still=lambda still: fields.append((still.density, still.arrows)))
    assert fields == [(None, None)] * 4
    assert len(decoded(film("film.gif").out)[0]) == 4


def bundle():
    """SMALL, with the second Gaussian drawn at step 20."""
    before = Density(marks=SMALL.density.marks[:1])
    whole = {name: msgspec.to_builtins(getattr(SMALL, name)) for name in ("score", "network", "training", "noise", "objective", "sampler")}
    return Document(
        scene=SMALL,
        journal=(
            JournalEntry(step=0, parts=whole | {"density": msgspec.to_builtins(before), "score": msgspec.to_builtins(Score())}),
            JournalEntry(step=20, parts={"density": msgspec.to_builtins(SMALL.density)}),
        ),
    )


def test_a_journal_s_edits_land_at_their_steps(film):
    stills = []
    render(bundle(), film(), on_still=stills.append)  # 5 steps a frame
    for still in stills:
        marks = SMALL.density.marks if still.cue.step >= 20 else SMALL.density.marks[:1]
        target = compile_density(Density(marks=marks), {})
        assert still.run.sigma[0] == pytest.approx(target.diameter())
        log_p = target.log_prob_grid(*_centres(still.density), build_sde(SMALL.noise, target.diameter()), float(still.run.t[still.index]))
        assert np.allclose(still.density.log_p, log_p.float().numpy(), atol=1e-4)
        assert still.run.source == "network"  # what drives the sampler is as the scene has it now


def _centres(grid):
    import torch

    rows, columns = grid.log_p.shape
    b = grid.bounds
    xs = b.x0 + (torch.arange(columns).double() + 0.5) * (b.x1 - b.x0) / columns
    return xs, b.y0 + (torch.arange(rows).double() + 0.5) * (b.y1 - b.y0) / rows


def test_a_video_learns_what_the_window_learned():
    """A network trained live, with an edit on the way, and its journal replayed: the same arrows at the same step."""
    before = msgspec.structs.replace(SMALL, density=Density(marks=SMALL.density.marks[:1]))
    live = Driver()
    try:
        mark, applied = live.update(parts_of(before))
        entries = [JournalEntry(step=applied.step, parts=parts_of(before))]
        live.send(Train(running=True))
        live.wait(Trained, lambda m: m.step > 20, since=mark)
        mark, applied = live.update({"density": SMALL.density})
        entries.append(JournalEntry(step=applied.step, parts={"density": SMALL.density}))
        live.wait(Trained, lambda m: m.step > applied.step + 20, since=mark)
        live.send(Train(running=False))
        end = live.wait(Trained, lambda m: not m.running, since=mark).step
        wish = look(arrows_kind="network", arrows=(applied.sigma_max,))
        mark = live.mark()
        live.send(wish)
        learned = live.wait(Arrows, lambda m: m.step == end, since=mark).vectors.numpy()
        threads = live.wait(Welcome).threads
    finally:
        live.close()
    document = Document(scene=SMALL, journal=tuple(entries))
    with OfflineEngine(document) as engine:
        (still,) = shots.Shots(engine, document, wish).stills([shots.Cue(0, end, Fraction(0))])
    assert entries[1].step > 20
    assert still.arrows.sigma == applied.sigma_max
    assert np.allclose(still.arrows.vectors, learned, atol=1e-3)
    if threads == THREADS:
        assert np.array_equal(still.arrows.vectors, learned)


def test_without_a_network_the_journal_does_not_matter():
    exact = msgspec.structs.replace(bundle(), scene=EXACT)
    assert shots.edits_of(exact) == shots.edits_of(Document(scene=EXACT))
    assert [edit.step for edit in shots.edits_of(exact)] == [0]


def test_pictures_are_developed_in_step(film, tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    for k in range(3):
        Image.fromarray(np.full((8, 8, 3), 80 * k, np.uint8)).save(folder / f"{k}.png")
    images = Images(model=PictureSet(path=str(folder), size=8), sampler=PredictorCorrector(steps=6), count=4)
    seen = []

    def look(still):
        assert isinstance(still.run, PictureRun)
        assert still.run.has(still.index)
        seen.append(still.index)

    figures = render(Document(scene=Scene(images=images, view=View(tab="images"))), film(seconds=26.0, fps=1), on_still=look)
    assert seen == 2 * [*(k * 13 // 12 for k in range(12)), 13]  # 12 substeps and one to denoise
    assert figures.nfe == 12
    assert figures.nearest < 0.05


# ---- what cannot be


refused = functools.partial(sentence_of, "render")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("film.avi", [], "end its name in .mp4, .mkv, .gif or .png"),
        ("film", [], "end its name in"),
        ("no/folder/film.mp4", [], "there is no folder"),
        ("film.mp4", ["--size", "321x180"], "both sides must be even. The nearest is 320 × 180"),
        ("film.mp4", ["--size", "4x4"], "a side has 16 to 8192 pixels"),
        ("film.png", ["--size", "9000x10"], "a side has 16 to 8192 pixels"),
        ("film.mp4", ["--size", "large"], "as in 1280x720"),
        ("film.mp4", ["--seconds", "0"], "--seconds takes a number from 0.001 to 3600, not “0”"),
        ("film.mp4", ["--seconds", "nan"], "not “nan”"),
        ("film.mp4", ["--fps", "0"], "--fps takes a whole number from 1 to 240, not “0”"),
        ("film.mp4", ["--fps", "29.97"], "a whole number"),
        ("film.gif", ["--fps", "60"], "at most 50"),
        ("film.mp4", ["--steps-per-second", "-1"], "--steps-per-second takes"),
    ],
)
def test_a_bad_wish_is_a_sentence_before_anything_is_computed(capsys, qapp, tmp_path, scene_file, no_engine, name, options, said):
    assert said in refused(capsys, scene_file, "-o", tmp_path / name, *options)
    assert list(tmp_path.iterdir()) == [scene_file]


def test_a_place_that_cannot_be_written(capsys, qapp, scene_file, no_engine, monkeypatch):
    assert "“film.mp4”" in refused(capsys, scene_file, "-o", "/proc/film.mp4").replace("/proc/", "")
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    assert "read-only" in refused(capsys, scene_file, "-o", scene_file.with_name("film.mp4"))
    assert "is a folder" in refused(capsys, scene_file, "-o", _folder(scene_file.with_name("film.mp4")))


def _folder(path):
    path.mkdir()
    return path


def test_a_broken_scene_and_a_scene_that_cannot_run(capsys, qapp, tmp_path):
    broken = tmp_path / "broken.scoreviz.json"
    broken.write_text("{")
    assert "broken.scoreviz.json" in refused(capsys, broken, "-o", tmp_path / "film.mp4")
    empty = tmp_path / "empty.scoreviz.json"
    save(Document(scene=msgspec.structs.replace(EXACT, density=Density())), empty)
    assert "The drawing is empty" in refused(capsys, empty, "-o", tmp_path / "film.mp4")
    assert sorted(tmp_path.iterdir()) == [broken, empty]


BAD_ARGUMENTS = ([], ["a.scoreviz.json"], ["a.scoreviz.json", "-o", "b.mp4", "--bogus"], ["x", "-o", "y.mp4", "--theme", "red"])


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS)
def test_arguments_that_do_not_parse_are_one_sentence(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(["render", *arguments])
    assert end.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("scoreviz: ")
    assert err.count("\n") == 1


ELSEWHERE = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


def test_without_a_display_figures_alone_are_on_stdout(scene_file):
    out = scene_file.with_name("film.mp4")
    command = [sys.executable, "-m", "scoreviz", "render", scene_file, "-o", out, "--seconds", "0.5", "--fps", "10", "--size", "320x180"]
    result = subprocess.run([*command, "--json", "--progress"], capture_output=True, env=ELSEWHERE, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert (figures["frames"], figures["size"], figures["training_steps"]) == (5, [320, 180], 0)
    assert len(figures["sha256"]) == 64
    assert "film.mp4:" in result.stderr
    assert len(decoded(out)[0]) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit and signals of POSIX")
def test_a_full_disk_leaves_nothing(scene_file):
    out = scene_file.with_name("film.mp4")
    command = f"ulimit -f 8; exec {sys.executable} -m scoreviz render {scene_file} -o {out} --seconds 2 --size 640x360"
    result = subprocess.run(["bash", "-c", command], capture_output=True, env=ELSEWHERE, text=True, timeout=60)
    assert result.returncode == 2
    assert "There is no room for" in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(scene_file.parent.iterdir()) == [scene_file]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_an_interruption_leaves_nothing_and_ends_the_engine(scene_file, number):
    out = scene_file.with_name("film.mp4")
    command = [sys.executable, "-m", "scoreviz", "render", scene_file, "-o", out, "--seconds", "600", "--progress"]
    process = subprocess.Popen(command, env=ELSEWHERE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        assert process.stderr is not None
        assert process.stderr.read(5) == b"\rfilm"  # the bar: frames are being drawn
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert children
        process.send_signal(number)
        assert process.wait(30) == 130
        assert process.stderr.read().decode().rstrip().endswith("scoreviz: Interrupted; nothing was written.")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert list(scene_file.parent.iterdir()) == [scene_file]
    end = time.monotonic() + 5
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < end:
        os.sched_yield()
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
