"""What is exported is what is on screen: points as NPZ and CSV, figures as CSV, and a network that computes the same score elsewhere."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from safetensors import safe_open

from scoreviz.gui import exporting
from scoreviz.gui.window import Window
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP, Score
from scoreviz.scene.samplers import ReverseSDE
from tests.gui.conftest import Open

SCENE = Scene(particles=Particles(count=50), sampler=ReverseSDE(steps=12))


def complete(window: Window) -> bool:
    run = window.playback.run
    return run is not None and run.complete


def test_a_trajectory_is_the_run(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(Document(scene=SCENE))
    qtbot.waitUntil(lambda: complete(window), timeout=20_000)
    run = window.playback.run
    assert run is not None
    window.exporting.trajectory(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as found:
        assert np.array_equal(found["frames"], np.stack(run.frames)) and found["frames"].dtype == np.float32
        assert np.array_equal(found["sigma"], run.sigma) and str(found["label"]) == run.label and int(found["nfe"]) == run.nfe
        assert float(found["distance"]) == run.distance
    assert "run.npz" in window.pages.notice.text
    window.exporting.trajectory(tmp_path / "run.csv")
    rows = list(csv.DictReader((tmp_path / "run.csv").read_text().splitlines()))
    assert len(rows) == len(run.frames) * 50
    last = [r for r in rows if int(r["frame"]) == run.length - 1]
    assert np.allclose([[float(r["x"]), float(r["y"])] for r in last], run.frames[-1], rtol=1e-7)
    assert float(rows[-1]["sigma"]) == pytest.approx(float(run.sigma[-1])) and rows[0]["stage"] == "start"


def test_too_long_a_table_and_a_bad_place_are_sentences(open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = open_window(engine=False)
    window.exporting.trajectory(tmp_path / "none.npz")
    if window.playback.run is None:
        assert "Nothing has been sampled" in window.pages.notice.text
    from tests.gui.test_actions import give_run

    give_run(window.playback)
    run = window.playback.run
    assert run is not None
    monkeypatch.setattr(exporting, "MOST_ROWS", 3)
    with pytest.raises(SceneError, match="Export it as NPZ"):
        exporting.trajectory_csv(run)
    window.exporting.trajectory(tmp_path / "missing" / "run.npz")
    assert "was not saved" in window.pages.notice.text


def test_figures_are_the_curves(open_window: Open, tmp_path: Path) -> None:
    window = open_window(engine=False)
    for step in (10, 20, 30):
        window.progress.step = step
        window.progress.loss.add(step, 2.0 / step)
    window.progress.loss_floor, window.progress.loss_floor_since = 0.05, 20
    window.exporting.figures(tmp_path / "figures.csv")
    rows = [r for r in csv.DictReader((tmp_path / "figures.csv").read_text().splitlines()) if r["figure"] == "loss"]
    assert [(int(r["training_step"]), float(r["value"]), r["floor"]) for r in rows] == [
        (10, 0.2, ""),
        (20, 0.1, "0.05"),
        (30, pytest.approx(2 / 30), "0.05"),
    ]


def score_in_numpy(tensors: dict[str, np.ndarray], sd: float, x: np.ndarray, sigma: float) -> np.ndarray:
    """The rule of the file's metadata, for EDM's units and VE: written from its text alone."""
    c_in, c = 1 / np.sqrt(sigma**2 + sd**2), np.log(sigma) / 4
    u = x * c_in
    phase = u @ tensors["frequencies"]
    octaves = c * np.array([1.0, 2.0, 4.0, 8.0])
    level = np.concatenate([[c], np.sin(octaves), np.cos(octaves)])
    h = np.concatenate([u, np.sin(phase), np.cos(phase), np.tile(level, (len(x), 1))], 1)
    depth = sum(name.endswith("weight") for name in tensors)
    for k in range(depth):
        h = h @ tensors[f"layers.{k}.weight"].T + tensors[f"layers.{k}.bias"]
        h = h / (1 + np.exp(-h)) if k < depth - 1 else h
    denoised = sd**2 / (sigma**2 + sd**2) * x + sigma * sd / np.sqrt(sigma**2 + sd**2) * h
    return (denoised - x) / sigma**2


def test_an_exported_network_computes_the_score_on_screen(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    scene = Scene(
        particles=Particles(count=20),
        sampler=ReverseSDE(steps=4),
        score=Score(source="network"),
        network=MLP(width=16, depth=2, features=4),
    )
    window = open_window(Document(scene=scene))
    qtbot.waitUntil(lambda: window.progress.step > 150, timeout=20_000)
    window.session.train(False)
    qtbot.waitUntil(lambda: not window.progress.running, timeout=10_000)
    path = tmp_path / "net.safetensors"
    window.exporting.weights(path)
    qtbot.waitUntil(path.exists, timeout=10_000)
    with safe_open(path, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        metadata = file.metadata()
    step = int(metadata["step"])

    def grid():  # type: ignore[no-untyped-def]
        run = window.playback.run
        if run is None:
            return None
        found = window.dynamics.fields.arrows(float(run.sigma[window.playback.index]))
        return found if found is not None and found.kind == "network" and found.training_step == step else None

    qtbot.waitUntil(lambda: grid() is not None, timeout=10_000)
    shown = grid()
    ny, nx = shown.vectors.shape[:2]
    b = shown.bounds
    xs, ys = b.x0 + (np.arange(nx) + 0.5) * (b.x1 - b.x0) / nx, b.y0 + (np.arange(ny) + 0.5) * (b.y1 - b.y0) / ny
    points = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
    expected = shown.sigma * score_in_numpy(tensors, float(metadata["sigma_data"]), points, shown.sigma)
    assert np.allclose(shown.vectors.reshape(-1, 2), expected, atol=2e-3)


def test_an_untrained_network_is_not_exported(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(Document(scene=SCENE))
    window.exporting.weights(tmp_path / "net.safetensors")
    qtbot.waitUntil(lambda: "not been trained" in window.pages.notice.text, timeout=10_000)
    assert not (tmp_path / "net.safetensors").exists()
