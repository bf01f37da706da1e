"""What could not be sampled, and what an engine that was killed was asked: it is said where one looks, and goes on by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.compare.page import ComparePage
from scoreviz.gui.dynamics.runs import Runs
from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.progress import Progress
from scoreviz.gui.topbar import TopBar
from scoreviz.gui.window import Window
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Problem, RunDone, RunFrames, RunStarted
from scoreviz.scene.compare import Compare, Pane
from scoreviz.scene.control import ByClass, Unconditional
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import Score
from scoreviz.scene.samplers import Langevin, ReverseSDE
from tests.gui.conftest import Open, kill

SCENE = Scene(
    density=Density(marks=(Gaussian(x=0.3, y=-0.2, std=0.6),)), sampler=ReverseSDE(steps=7), particles=Particles(count=100, seed=3)
)
WAIT = 30_000


def settled(qtbot: QtBot, window: Window) -> Run:
    """The complete run of the scene as it is now."""
    qtbot.waitUntil(lambda: window.session.up_to_date and window.playback.run is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: window.playback.run.complete and window.playback.run.revision == window.session.revision, timeout=WAIT)
    run = window.playback.run
    assert run is not None
    return run


@pytest.mark.parametrize(
    ("path", "bad", "good", "why"),
    [
        (("control",), ByClass(label=5), Unconditional(), "class colour 5"),
        (("score",), Score(source="network"), Score(), "tells 0 classes apart"),
    ],
    ids=["class without data", "network without classes"],
)
def test_it_is_said_until_it_is_mended(qtbot: QtBot, open_window: Open, path: tuple[str, ...], bad: Any, good: Any, why: str) -> None:
    control = ByClass(label=2, rule="classifier_free") if path == ("score",) else Unconditional()
    classes = Density(marks=tuple(Gaussian(x=float(label), y=0.0, std=0.3, label=label) for label in range(3)))
    window = open_window(Document(scene=Scene(density=classes, sampler=SCENE.sampler, particles=SCENE.particles, control=control)))
    before = settled(qtbot, window)
    panel = window.dynamics.side.sampler
    assert panel.state.text() == "7 evaluations" and not before.left_behind
    notice = window.dynamics.stage.notice
    window.store.edit(path, bad, "bad")
    qtbot.waitUntil(lambda: why in notice.text, timeout=WAIT)
    assert not notice._timer.isActive(), "it does not go by itself"
    assert window.playback.run is before and before.left_behind
    assert any("could not be sampled" in note for note in caption(before, 0).notes)
    window.store.edit(path, good, "good")
    after = settled(qtbot, window)
    assert notice.text == "" and not after.left_behind and not any("could not" in note for note in caption(after, 0).notes)


def test_a_run_that_breaks_off_says_where_it_ends(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=SCENE))
    settled(qtbot, window)
    window.store.edit(("sampler",), Langevin(steps=1000, step_size=1.0, sigma=0.01), "too large a step")
    notice, panel = window.dynamics.stage.notice, window.dynamics.side.sampler
    qtbot.waitUntil(lambda: "flew off to infinity" in notice.text, timeout=WAIT)
    run = window.playback.run
    assert run is not None and (run.broken or run.left_behind) and panel.state.text() == "", "no figure of another method"
    assert any("could not" in note for note in caption(run, 0).notes)
    window.store.edit(("sampler",), Langevin(steps=1000, step_size=0.01, sigma=0.3), "mended")
    after = settled(qtbot, window)
    assert not after.broken and notice.text == "" and panel.state.text() == "1\u202f000 evaluations"


def test_one_evaluation_is_one(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=SCENE))
    window.store.edit(("sampler",), ReverseSDE(steps=1), "one")
    settled(qtbot, window)
    assert window.dynamics.side.sampler.state.text() == "1 evaluation"


def started(number: int, revision: int, live: bool) -> RunStarted:
    floats = Array.of(np.linspace(1.0, 0.0, 3))
    return RunStarted(
        run=number, revision=revision, sampler="reverse_sde", label="reverse SDE", axis="reverse", source="network", step=10 * number,
        noise="VE", total=2, substep=Array.of(np.arange(3, dtype=np.int32)), stage=Array.of(np.zeros(3, np.uint8)), t=floats,
        sigma=floats, log_snr=floats, seeing="", live=live,
    )  # fmt: skip


def whole(runs: Runs, number: int, revision: int = 1, *, live: bool = False) -> None:
    """The engine says a whole run."""
    runs.receive(started(number, revision, live))
    runs.receive(RunFrames(run=number, first=0, frames=Array.of(np.zeros((3, 5, 2), np.float32))))
    runs.receive(RunDone(run=number, step=10 * number, nfe=2, seconds=0.1, distance=None, floor=None, truth=""))


def test_a_newer_run_that_waits_takes_the_screen_when_one_pauses(qapp: object) -> None:
    playback = Playback()
    runs = Runs(playback)
    whole(runs, 1)
    playback.play()
    playback.seek(1)
    whole(runs, 2, live=True)
    run = playback.run
    assert run is not None and run.number == 1, "the first has not been shown for long"
    playback.pause()
    assert playback.run is not None and playback.run.number == 2 and playback.index == 1, "at the same place"


def test_a_run_of_the_scene_as_it_is_is_not_left_behind(qapp: object) -> None:
    playback = Playback()
    runs = Runs(playback)
    whole(runs, 1, revision=4)
    assert playback.run is not None
    runs.receive(Problem(where="run", template="no", revision=4))
    assert not playback.run.left_behind, "a renewed run failed; this one is still of this scene"
    runs.receive(Problem(where="run", template="no", revision=5))
    assert playback.run.left_behind and not playback.run.broken
    runs.receive(started(2, 6, live=False))
    runs.receive(RunFrames(run=2, first=0, frames=Array.of(np.zeros((2, 5, 2), np.float32))))
    playback.seek(0)
    runs.receive(Problem(where="run", template="no", revision=6))
    assert playback.run.number == 2 and playback.run.broken and "2 of 3 frames" in caption(playback.run, 0).notes[-2]


def test_what_a_killed_engine_was_asked_is_asked_again(qtbot: QtBot, open_window: Open) -> None:
    scene = Scene(
        density=SCENE.density, sampler=SCENE.sampler, particles=SCENE.particles, compare=Compare(panes=(Pane(sampler=ReverseSDE(steps=5)),))
    )
    window = open_window(Document(scene=scene), size=(1280, 900))
    settled(qtbot, window)
    page = window.dynamics.pages.opened("compare")
    assert isinstance(page, ComparePage)
    entry = window.dynamics.comparison.entries[0]
    qtbot.waitUntil(lambda: entry.run is not None and not entry.inquiry.waiting, timeout=WAIT)
    nfe = page.nfe
    nfe.editors["upto"].edited.emit("640", "")
    nfe.editors["seeds"].edited.emit(10, "")
    nfe.toggle()
    qtbot.waitUntil(lambda: "left" in nfe.progress.text(), timeout=WAIT)
    window.store.edit(("compare", "panes"), (Pane(sampler=ReverseSDE(steps=6)),), "pane")
    with qtbot.waitSignal(window.session.ready, timeout=60_000):
        kill(window.session.engine.pid)
        qtbot.waitUntil(lambda: nfe.progress.text() == "The engine is starting; then this begins anew.", timeout=5_000)
        assert nfe.measuring.running
    qtbot.waitUntil(lambda: "left" in nfe.progress.text() or "Starting" in nfe.progress.text(), timeout=WAIT)
    qtbot.waitUntil(lambda: entry.way is not None and entry.way.sampler == ReverseSDE(steps=6) and not entry.inquiry.waiting, timeout=WAIT)
    assert entry.run is not None and entry.run.nfe == 6
    qtbot.waitUntil(lambda: nfe.measuring.share > 0, timeout=WAIT)
    nfe.toggle()


def test_nothing_trains_while_there_is_no_engine(qapp: object) -> None:
    progress = Progress()
    bar = TopBar(progress, [("dynamics", "Dynamics")])
    progress.state, progress.step, progress.rate, progress.running = "ready", 1200, 340.0, True
    assert bar._training_words(0) == "training · step 1\u202f200 · 340 / s"
    for state in ("starting", "restarting", "stopped"):
        progress.state = state  # type: ignore[assignment]
        assert bar._training_words(0) == "training waits · step 1\u202f200"
