"""The two slots of plots: what they show is asked only while it is seen, and is what the engine said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.plots.makers import MAKERS
from scoreviz.gui.window import Window
from scoreviz.maths.density import compile_density
from scoreviz.protocol.questions import LossBySigma, ModeMass, Objectives
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP
from scoreviz.scene.view import PLOT_LABELS, View
from tests.gui.conftest import Open

GAUSSIANS = Density(marks=(Preset(name="eight_gaussians"),))
SMALL = Scene(density=GAUSSIANS, network=MLP(width=32, depth=2, features=8), particles=Particles(count=1000))


def slot(window: Window, place: str = "left") -> Any:
    return getattr(window.dynamics.plots, place)


def run_of(qtbot: QtBot, window: Window) -> Any:
    """The run of the scene as it is, whole, the transport at rest."""

    def whole() -> bool:
        run = window.playback.run
        return run is not None and run.complete and run.revision > 0

    qtbot.waitUntil(whole, timeout=30_000)
    window.playback.pause()
    return window.playback.run


def show(window: Window, name: str, place: str = "left") -> Any:
    slot(window, place).choose(name)
    assert slot(window, place).name == name
    return slot(window, place).plot


@pytest.fixture
def window(open_window: Open) -> Window:
    window = open_window(Document(scene=SMALL), size=(1280, 800))
    window.dynamics.add_plots()
    return window


def test_the_heading_opens_the_list_and_choosing_is_one_edit(qtbot: QtBot, window: Window) -> None:
    left = slot(window)
    menu = left.menu()
    names = [action.objectName() for action in menu.actions()]
    assert names == list(PLOT_LABELS) and set(names) == set(MAKERS)
    assert [action.objectName() for action in menu.actions() if action.isChecked()] == ["loss"]
    next(action for action in menu.actions() if action.objectName() == "variance").trigger()
    assert window.store.scene.view.left_plot == "variance" and left.name == "variance"
    window.store.undo_stack.undo()
    assert window.store.scene.view.left_plot == "loss" and left.name == "loss"
    left.choose("distance")  # the right one has it: they change places
    view = window.store.scene.view
    assert (view.left_plot, view.right_plot) == ("distance", "loss")
    window.store.undo_stack.undo()
    assert window.store.scene.view == View()


def test_the_heading_is_reached_by_keyboard(qtbot: QtBot, window: Window) -> None:
    heading = slot(window).plot.heading
    heading.setFocus(Qt.FocusReason.TabFocusReason)
    assert heading.focusPolicy() & Qt.FocusPolicy.TabFocus and "Left plot" in heading.accessibleName()
    opened = []
    slot(window).plot.menu_wanted.connect(lambda: opened.append(True))
    slot(window).menu = lambda: _silent(window)
    qtbot.keyClick(heading, Qt.Key.Key_Space)
    assert opened


def _silent(window: Window) -> Any:
    from PySide6.QtWidgets import QMenu

    return QMenu(window)


def test_only_what_is_seen_is_asked(qtbot: QtBot, window: Window) -> None:
    def asked() -> set[str]:
        return {i.asker for i in window.questions._inquiries.values() if i.asker.startswith("plot.") and i.question is not None}

    assert asked() == set()
    show(window, "variance")
    qtbot.waitUntil(lambda: asked() == {"plot.left.variance"})
    show(window, "loss")
    qtbot.waitUntil(lambda: asked() == set())
    show(window, "objectives", "right")
    window.pages.show_tab("images")
    qtbot.waitUntil(lambda: asked() == set())
    window.pages.show_tab("dynamics")
    qtbot.waitUntil(lambda: asked() == {"plot.right.objectives"})


def test_loss_by_sigma_of_the_network_that_learns(qtbot: QtBot, window: Window) -> None:
    window.session.train(True)
    plot = show(window, "loss_by_sigma")
    qtbot.waitUntil(lambda: not plot.shows_words and window.progress.step > 300, timeout=30_000)
    window.session.train(False)
    qtbot.waitUntil(
        lambda: not window.progress.running and plot._asker.complete and plot._asker.step == window.progress.step, timeout=30_000
    )
    answer = plot._asker.answer
    assert isinstance(answer, LossBySigma)
    plot.draw_now()
    x, y = plot._loss.getData()
    np.testing.assert_allclose(x, np.log10(answer.sigma.numpy()))
    np.testing.assert_allclose(y, answer.loss.numpy())
    assert answer.floor.numpy().mean() == pytest.approx(window.progress.loss_floor, rel=0.05), "even bins of ln σ, as it is trained"
    assert "σ" in plot.figure.text()


def test_objectives_variance_and_snr(qtbot: QtBot, window: Window) -> None:
    plot = show(window, "objectives")
    qtbot.waitUntil(lambda: not plot.shows_words, timeout=30_000)
    assert isinstance(plot._asker.answer, Objectives)
    run = run_of(qtbot, window)
    variance, snr = show(window, "variance"), show(window, "snr", "right")
    qtbot.waitUntil(lambda: not variance.shows_words, timeout=20_000)
    for index in (0, 40, run.length - 1):
        window.playback.seek(index)
        qtbot.waitUntil(lambda index=index: snr._cursor.value() == index)
        qtbot.waitUntil(lambda index=index: variance._cursor.value() == pytest.approx(float(run.t[index])))
    assert variance.plot.getViewBox().state["xInverted"], "t runs from 1 to 0, as the time line does"
    t, total = variance._total.getData()
    target = compile_density(GAUSSIANS, {})
    sigma = 0.01 * (window.session.sigma_max / 0.01) ** t  # VE, in closed form
    np.testing.assert_allclose(total, float(target.cov().trace()) / 2 + sigma**2, rtol=1e-5)
    window.playback.seek(30)
    levels = snr._levels.getData()
    np.testing.assert_allclose(levels[1], -2 * np.log(run.sigma[np.isfinite(run.log_snr)]), rtol=1e-9)


def test_mode_mass_of_the_frame_on_screen(qtbot: QtBot, window: Window) -> None:
    run = run_of(qtbot, window)
    plot = show(window, "mode_mass")
    window.playback.seek(run.length - 1)
    qtbot.waitUntil(lambda: not plot.shows_words and plot._asker.complete and plot._asker.answer.sigma == 0.0, timeout=20_000)
    answer: ModeMass = plot._asker.answer
    np.testing.assert_allclose(answer.weights.numpy(), 1 / 8, rtol=1e-6)
    np.testing.assert_allclose(answer.shares.numpy(), 1 / 8, atol=0.05)
    plot.draw_now()
    np.testing.assert_allclose(plot._bars.opts["height"], answer.shares.numpy())
    window.store.edit(("density",), Density(marks=(Preset(name="two_spirals"),)), "one piece")
    qtbot.waitUntil(lambda: plot.shows_words and "one connected piece" in plot.empty.text(), timeout=20_000)
