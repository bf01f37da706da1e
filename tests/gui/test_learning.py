"""What the window says of learning: one noise level alone, a network too small, data points."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.dynamics.data_points import Rings
from scoreviz.gui.dynamics.resting import rests_above
from scoreviz.gui.progress import Curve
from scoreviz.gui.window import Window
from scoreviz.maths.density import compile_density
from scoreviz.maths.empirical import data_set
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP, Denoising, OneSigma, Score, Training
from scoreviz.scene.samplers import Langevin
from tests.gui.conftest import Open
from tests.gui.test_plot_slots import GAUSSIANS, SMALL, run_of


@pytest.fixture
def window(open_window: Open) -> Window:
    window = open_window(Document(scene=SMALL), size=(1280, 800))
    window.dynamics.add_plots()
    return window


def test_one_level_alone_greys_the_others_and_hatches_the_time_line(qtbot: QtBot, window: Window) -> None:
    run = run_of(qtbot, window)
    line, combo = window.dynamics.transport.timeline, window.dynamics.side.sampler.form.row("sampler").editor.combo

    def able(tag: str) -> bool:
        return bool(combo.model().flags(combo.model().index(combo.findData(tag), 0)) & Qt.ItemFlag.ItemIsEnabled)

    before = line.grab().toImage()
    window.store.edit(("objective",), Denoising(sigmas=OneSigma(sigma=0.3)), "one")
    assert able("pc") and line.is_trained(0), "the exact score drives still"
    window.store.edit(("score", "source"), "network", "network")
    assert able("langevin") and able("forward") and not able("pc") and not able("annealed_langevin")
    row = combo.findData("pc")
    assert "σ 0.3 alone" in combo.itemData(row, Qt.ItemDataRole.ToolTipRole)
    assert "alone" in window.dynamics.side.score.note.text() and window.dynamics.side.score.note.isVisibleTo(window)
    trained = [line.is_trained(k) for k in range(run.length)]
    assert trained == [abs(s - 0.3) <= 0.3 * 0.1 + 1e-12 for s in run.sigma.tolist()] and 0 < sum(trained) < len(trained) / 3
    assert line.grab().toImage() != before and "not trained" in line._caption(0) and "not trained" not in line._caption(trained.index(True))
    qtbot.waitUntil(lambda: "alone" in window.dynamics.stage.notice.text, timeout=20_000)
    window.store.edit(("sampler",), Langevin(sigma=0.3, steps=20), "Langevin")
    qtbot.waitUntil(lambda: window.playback.run.axis == "iterations", timeout=20_000)
    assert window.playback.run.source == "network" and all(line.is_trained(k) for k in range(window.playback.run.length))
    window.store.edit(("objective",), Denoising(), "all")
    assert able("pc") and not window.dynamics.side.score.note.isVisibleTo(window)


def curve_of(step: np.ndarray, value: np.ndarray) -> Curve:
    return Curve(step=step.tolist(), value=value.tolist())


def test_when_a_loss_rests() -> None:
    step = np.arange(0, 4000, 50)
    noise = 0.01 * np.sin(step)
    assert rests_above(curve_of(step, 1.4 + np.exp(-step / 300) + noise), 1.0, 0) == pytest.approx(0.4, abs=0.01)
    assert rests_above(curve_of(step, 1.01 + np.exp(-step / 300) + noise), 1.0, 0) is None, "near enough"
    assert rests_above(curve_of(step, 1.0 + 4 / (1 + step / 300) + noise), 1.0, 0) is None, "falls still"
    assert rests_above(curve_of(step[:20], 1.4 + noise[:20]), 1.0, 0) is None, "too young"
    assert rests_above(curve_of(step, 1.4 + noise), 1.0, 3000) is None, "young on this drawing"
    assert rests_above(curve_of(step, 0.4 + noise), 0.0, 0) is None and rests_above(curve_of(step, 0.4 + noise), None, 0) is None


@pytest.mark.parametrize("large", [False, True], ids=["too small", "large enough"])
def test_a_network_too_small_is_told(qtbot: QtBot, open_window: Open, large: bool) -> None:
    """4 units in one layer on the checkerboard, and the default network."""
    network, training = MLP() if large else MLP(width=4, depth=1, features=0), Training(batch=512 if large else 256)
    checkerboard = Density(marks=(Preset(name="checkerboard"),))
    scene = Scene(density=checkerboard, network=network, training=training, score=Score(source="network"))
    window = open_window(Document(scene=scene), engine=False)
    with qtbot.waitSignal(window.session.ready, timeout=60_000):
        window.session.start()
    window.session.train(True)
    note = window.dynamics.side.score.note
    if large:
        qtbot.waitUntil(lambda: window.progress.step > 1900, timeout=60_000)
        assert "too small" not in note.text()
    else:
        qtbot.waitUntil(lambda: "too small" in note.text(), timeout=60_000)
        share = rests_above(window.progress.loss, window.progress.loss_floor, window.progress.loss_floor_since)
        assert share is not None and share > 0.02 and "% above the floor" in note.text()
    window.session.train(False)


def test_data_points_are_ringed_while_they_matter(qtbot: QtBot, window: Window) -> None:
    def rings() -> Rings | None:
        return dict(window.dynamics.canvas._content.overlays).get("data")  # type: ignore[return-value]

    assert rings() is None
    window.store.edit(("data",), DataSet(size=8, seed=4), "eight")
    assert rings() is None
    window.store.edit(("score", "source"), "data", "data")
    qtbot.waitUntil(lambda: rings() is not None, timeout=20_000)
    expected = data_set(compile_density(GAUSSIANS, {}), 8, 4).points.numpy()
    np.testing.assert_array_equal(rings().points, expected)  # type: ignore[union-attr]
    assert "8 data points" in window.dynamics.side.score.state.text()
    assert window.actions_["score_data"].isChecked()
    qtbot.waitUntil(lambda: window.playback.run.source == "data" and window.playback.run.complete, timeout=20_000)
    last = window.playback.run.at(window.playback.run.length - 1)
    apart = np.sqrt(((last[:, None] - expected[None]) ** 2).sum(-1)).min(1)
    assert np.median(apart) < 0.05, "the data's own score returns nothing but them"
    window.actions_["score_exact"].trigger()
    assert rings() is None
    window.store.edit(("data", "train"), True, "train on them")
    qtbot.waitUntil(lambda: rings() is not None, timeout=20_000)


def test_rings_lie_where_the_points_are() -> None:
    image = QImage(200, 100, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    camera = Camera(half_height=1.0, width_px=200, height_px=100)
    Rings(np.array([[0.5, 0.2], [50.0, 50.0]])).paint(painter, camera, 1.0, palette("dark"))
    painter.end()
    (x, y), _ = camera.to_pixels(np.array([[0.5, 0.2], [50.0, 50.0]]))
    drawn = np.argwhere(np.array([[image.pixelColor(i, j).alpha() for i in range(200)] for j in range(100)]) > 0)
    assert abs(drawn[:, 1].mean() + 0.5 - x) < 0.6 and abs(drawn[:, 0].mean() + 0.5 - y) < 0.6
    assert not image.pixelColor(QPoint(round(x), round(y))).alpha(), "a ring, not a disc"
