"""The first job, end to end: draw, a network learns it, watch it sample, undo, save, open again. Real window, real engine."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.window import Window
from scoreviz.maths.density import compile_density
from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.density import Density, Preset, Stroke
from scoreviz.scene.document import Scene, replace_at
from scoreviz.scene.files import Document, load
from scoreviz.scene.samplers import AnnealedLangevin, Forward, Langevin, PredictorCorrector, ProbabilityFlow, ReverseSDE
from tests.gui.conftest import Open

pytestmark = pytest.mark.real_engine

LEARNED = 0.08  # sliced Wasserstein; truth against truth is near 0.03 at 2000 points
TIMEOUT = 30_000


def drag(canvas: Canvas, points: list[tuple[float, float]]) -> None:
    """A stroke with the mouse through points of the drawing."""
    pixels = [QPoint(*map(round, p)) for p in canvas.camera.to_pixels(torch.tensor(points, dtype=torch.float64).numpy())]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=pixels[0])
    for a, b in itertools.pairwise(pixels):
        for k in range(1, 9):
            QTest.mouseMove(canvas, a + (b - a) * k / 8)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=pixels[-1])


def empty() -> Document:
    return Document(scene=Scene(density=Density()))


def target_of(window: Window) -> GaussianMixture:
    return compile_density(window.store.scene.density, window.store.blobs)


def learned(window: Window, since: int) -> bool:
    """Has a run of the network at a later step than `since` come closer to the truth than LEARNED?"""
    run = window.playback.run
    return (
        run is not None and run.complete and run.training_step is not None and run.training_step > since and (run.distance or 1.0) < LEARNED
    )


def test_draw_learn_sample_undo(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(empty())
    canvas, store, progress = window.dynamics.canvas, window.store, window.progress
    began = time.monotonic()
    drag(canvas, [(-1.5, -1.0), (-1.0, 1.0), (0.0, 1.4)])
    assert len(store.scene.density.marks) == 1
    assert store.scene.score.source == "network" and progress.running, "the first stroke starts the training and shows the network"
    drag(canvas, [(0.5, -1.2), (1.5, 0.0), (1.4, 1.0)])
    assert len(store.scene.density.marks) == 2
    qtbot.waitUntil(lambda: window.session.components == len(target_of(window)), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: learned(window, -1), timeout=15_000)
    assert time.monotonic() - began < 15.0

    both = window.session.components
    step = progress.step
    store.undo_stack.undo()
    assert len(store.scene.density.marks) == 1
    qtbot.waitUntil(lambda: window.session.components < both, timeout=TIMEOUT)
    assert window.session.components == len(target_of(window))
    landed = window.session.journal[-1]
    assert landed.step >= step and len(landed.parts["density"]["marks"]) == 1, "the journal says at which step the undo landed"
    qtbot.waitUntil(lambda: learned(window, landed.step), timeout=TIMEOUT)


@pytest.mark.parametrize(
    ("sampler", "bound"),
    [
        # truth against truth plus what each discretisation is known to add (a tenth of a standard deviation would be 0.08)
        (ReverseSDE(), 0.055),
        (ProbabilityFlow(), 0.055),
        pytest.param(PredictorCorrector(), 0.055, marks=pytest.mark.slow),
        (AnnealedLangevin(), 0.08),
        pytest.param(Forward(), 0.06, marks=pytest.mark.slow),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, float) else None,
)
def test_samplers_play_to_the_end_and_land(qtbot: QtBot, open_window: Open, sampler: object, bound: float) -> None:
    window = open_window(Document(scene=Scene(sampler=sampler)))  # type: ignore[arg-type]
    playback = window.playback
    qtbot.waitUntil(lambda: playback.run is not None and playback.run.complete, timeout=TIMEOUT)
    playback.loop = False
    playback.set_speed(4.0)
    with qtbot.waitSignal(playback.finished, timeout=TIMEOUT):
        playback.seek(0)
        playback.play()
    run = playback.run
    assert run is not None and playback.index == run.length - 1 == run.ready - 1
    assert run.distance is not None and run.distance < bound
    truth = target_of(window).sample(len(run.frames[-1]), torch.Generator().manual_seed(1))
    sigma_end = 0.0 if getattr(sampler, "denoise", False) not in (False, "none") else float(run.sigma[-1])
    spread = torch.from_numpy(run.frames[-1].copy()).var(0) - sigma_end**2
    # annealed Langevin leaves each level early, still a little too wide
    rtol = 0.2 if isinstance(sampler, AnnealedLangevin) else 0.12
    assert torch.allclose(spread, truth.var(0), rtol=rtol, atol=0.1 * sigma_end**2), "its variance, coordinate by coordinate"


def test_noiseless_langevin_ends_on_the_modes(qtbot: QtBot, open_window: Open) -> None:
    scene = Scene(density=Density(marks=(Preset(name="eight_gaussians"),)), sampler=Langevin(noise=False, steps=400))
    window = open_window(Document(scene=scene))
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.run.complete, timeout=TIMEOUT)
    run = window.playback.run
    assert run is not None
    target, x = target_of(window), torch.from_numpy(run.frames[-1].copy())
    sigma = float(run.sigma[-1])
    to_mode = torch.cdist(x, target.means).min(1).values
    # neighbours shift each mode a little from its component's mean; the gradient there is what vanishes
    assert (target.score_at(x, sigma).norm(dim=1) * sigma).quantile(0.99) < 1e-2
    assert to_mode.quantile(0.99) < 0.05


def test_saved_scene_reopens_equal(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(empty(), engine=False)
    drag(window.dynamics.canvas, [(-1.0, 0.0), (1.0, 0.5)])
    window.store.edit(("sampler",), Langevin(steps=17), "Change sampler")
    path = tmp_path / "drawing.scoreviz.json"
    assert window.files.save_to(path) and not window.files.modified
    other = open_window(load(path), engine=False)
    assert other.store.scene == window.store.scene
    (stroke,) = other.store.scene.density.marks
    assert isinstance(stroke, Stroke) and other.store.blobs[stroke.points] == window.store.blobs[stroke.points]
    assert replace_at(other.store.scene, ("sampler",), ReverseSDE()) != window.store.scene
