"""The plots show the curves that there are, and words where there are none."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots import PlotContext, Plots
from scoreviz.gui.dynamics.plots.axes import MOST_TICKS, log_ticks
from scoreviz.gui.dynamics.plots.by_sigma import LossBySigmaPlot, ObjectivesPlot
from scoreviz.gui.dynamics.plots.noise import SnrPlot
from scoreviz.gui.dynamics.racing import Racing
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.store import Store
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions import LossBySigma, Objectives
from tests.gui.panels.conftest import RunMaker
from tests.gui.test_questions import FakeSession


@pytest.fixture
def context(store: Store, progress: Progress, playback: Playback) -> PlotContext:
    questions = Questions(store, FakeSession(), progress)  # type: ignore[arg-type]
    return PlotContext(store, progress, playback, questions, Racing(questions))


def parts(plots: Plots) -> tuple[Any, Any]:
    """The two that one sees first."""
    return plots.left.plot, plots.right.plot


def test_words_before_curves(context: PlotContext, progress: Progress, playback: Playback, make_run: RunMaker, qtbot: QtBot) -> None:
    playback.set_run(make_run(), 0)
    plots = Plots(context)
    qtbot.addWidget(plots)
    plots.resize(1000, 120)
    with qtbot.waitExposed(plots):
        plots.show()
    assert plots.left.plot.empty.isVisible()
    progress.loss.add(0, 2.0)
    progress.loss.add(10, 0.742)
    progress.loss_floor = 0.733
    progress.distance.add(0, 1.2)
    progress.distance.add(10, 0.0312)
    progress.distance_floor = (0.025, 0.008)
    progress.curves_changed.emit()
    qtbot.waitUntil(lambda: plots.left.plot.figure.text() == "0.742 · floor 0.733")
    assert plots.right.plot.figure.text() == "0.0312 · floor 0.0250"
    _x, y = plots.right.plot._line.getData()
    np.testing.assert_allclose(y, np.log10([1.2, 0.0312]))  # 40 times apart: a logarithmic axis
    np.testing.assert_allclose(plots.left.plot._line.getData()[1], [2.0, 0.742])
    assert not plots.left.plot.empty.isVisible()
    assert plots.left.plot._floor.value() == 0.733


def test_where_nothing_is_drawn_nothing_has_a_floor(
    context: PlotContext, progress: Progress, playback: Playback, make_run: RunMaker, qtbot: QtBot
) -> None:
    """Nor a distance: there is no run. What the engine said last was of the drawing before."""
    plots = Plots(context)
    qtbot.addWidget(plots)
    plots.resize(1000, 120)
    with qtbot.waitExposed(plots):
        plots.show()
    progress.loss_floor, progress.distance_floor, progress.run_distance = 1.9, (0.03, 0.01), 0.04
    playback.set_run(make_run(), 0)
    loss, distance = plots.left.plot, plots.right.plot
    qtbot.waitUntil(lambda: "floor" in loss.figure.text() and "this run" in distance.figure.text(), timeout=2000)
    playback.clear()
    qtbot.waitUntil(lambda: loss.figure.text() == distance.figure.text() == "", timeout=2000)


def test_a_floor_is_drawn_only_where_it_holds(
    context: PlotContext, progress: Progress, playback: Playback, make_run: RunMaker, qtbot: QtBot
) -> None:
    """Another drawing has another floor: the losses before it are none of its business, and may lie below it."""
    playback.set_run(make_run(), 0)
    plots = Plots(context)
    qtbot.addWidget(plots)
    progress.set_loss_floor(1.7)
    for step in (100, 200, 300, 400):
        progress.step = step
        if step == 300:
            progress.set_loss_floor(1.9)
            progress.set_distance_floor((0.03, 0.01))
        progress.set_loss_floor(progress.loss_floor)  # the same again is no new one
        progress.loss.add(step, 1.75 if step < 300 else 1.95)
        progress.distance.add(step, 0.05)
    progress.report()
    with qtbot.waitSignal(progress.curves_changed, timeout=2000):
        pass
    plots.left.plot.draw_now()
    plots.right.plot.draw_now()
    assert plots.left.plot._floor.value() == 1.9 and plots.left.plot._floor.span == (0.75, 1.0)
    assert plots.right.plot._floor.span == (0.75, 1.0) and plots.right.plot._band.span == (0.75, 1.0)
    progress.clear_training()
    assert progress.loss_floor_since == progress.distance_floor_since == 0


def test_hidden_plots_do_not_draw(context: PlotContext, progress: Progress, qtbot: QtBot) -> None:
    plots = Plots(context)
    qtbot.addWidget(plots)
    progress.loss.add(0, 2.0)
    progress.curves_changed.emit()
    assert not plots.left.plot._timer.isActive()
    with qtbot.waitExposed(plots):
        plots.show()
    assert plots.left.plot.figure.text() == "2.00"


def test_they_draw_at_most_ten_times_a_second(context: PlotContext, progress: Progress, qtbot: QtBot, monkeypatch) -> None:
    plots = Plots(context)
    qtbot.addWidget(plots)
    with qtbot.waitExposed(plots):
        plots.show()
    drawn = []
    monkeypatch.setattr(plots.left.plot, "show_series", lambda series: drawn.append(series))
    for step in range(35):
        progress.loss.add(step, 1.0)
        progress.curves_changed.emit()
        qtbot.wait(10)
    assert 1 <= len(drawn) <= 5


def test_a_run_from_a_file_has_no_distance_of_its_own(
    context: PlotContext, progress: Progress, playback: Playback, make_run: RunMaker, qtbot: QtBot
) -> None:
    plots = Plots(context)
    qtbot.addWidget(plots)
    with qtbot.waitExposed(plots):
        plots.show()
    progress.run_distance, progress.distance_floor = 0.0423, (0.0333, 0.001)
    playback.set_run(make_run(), 0)
    plots.left.plot.draw_now()
    plots.right.plot.draw_now()
    assert "this run" in plots.right.plot.figure.text()
    playback.set_run(dataclasses.replace(make_run(), file="own.trace.npz"), 0)
    qtbot.waitUntil(lambda: "this run" not in plots.right.plot.figure.text() and "floor" in plots.right.plot.figure.text())


def test_values_that_are_no_numbers_do_no_harm(context: PlotContext, progress: Progress, qtbot: QtBot) -> None:
    plots = Plots(context)
    qtbot.addWidget(plots)
    for value in (float("nan"), float("inf"), 0.0, 1.0):
        progress.loss.add(len(progress.loss.step), value)
    plots.left.plot.draw_now()
    plots.right.plot.draw_now()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_answers_that_are_no_numbers_are_no_points(context: PlotContext, qtbot: QtBot, bad: float, all_of_them: bool) -> None:
    """A network that flew off: what is painted warns of nothing, and draws what there is."""
    good = np.linspace(0.1, 1.0, 4)
    wrong = np.full(4, bad) if all_of_them else np.array([0.1, bad, 0.4, bad])
    trained = Array.of(np.ones(4, np.uint8))
    loss = LossBySigma(
        sigma=Array.of(good),
        loss=Array.of(wrong),
        floor=Array.of(good),
        excess=Array.of(wrong),
        error=Array.of(wrong),
        trained=trained,
        points=8,
    )
    forms = {name: Array.of(wrong) for name in ("explicit", "implicit", "denoising", "explicit_error", "implicit_error", "denoising_error")}
    plot: Any
    for plot, answer in (
        (LossBySigmaPlot(context, "loss", "plot.a"), loss),
        (ObjectivesPlot(context, "objectives", "plot.b"), Objectives(sigma=Array.of(good), points=8, **forms)),
    ):
        qtbot.addWidget(plot)
        plot._asker.answer = answer
        plot.show()
        plot.draw_now()
        plot.grab()
        points = plot._loss if plot.objectName() == "plot.a" else plot._points["explicit"]
        assert len(points.getData()[0] if points.getData()[0] is not None else ()) == (0 if all_of_them else 2)


def test_a_frame_without_noise_has_no_place_among_the_levels(
    context: PlotContext, playback: Playback, make_run: RunMaker, qtbot: QtBot
) -> None:
    run = make_run(20)
    run.log_snr[-1] = np.inf
    playback.set_run(run, 20)
    plot = SnrPlot(context, "SNR", "plot.c")
    qtbot.addWidget(plot)
    plot.show()
    plot.draw_now()
    plot.grab()
    assert plot._here.getData()[0] is None and "no noise left" in plot.figure.text() and len(plot._levels.getData()[0]) == 20


def test_they_follow_the_theme(context: PlotContext, progress: Progress, qtbot: QtBot, qapp: QApplication) -> None:
    plots = Plots(context)
    qtbot.addWidget(plots)
    assert plots.left.plot._line.opts["pen"].color() == theme.DARK.color("loss")
    theme.apply(qapp, theme.LIGHT)
    assert plots.left.plot._line.opts["pen"].color() == theme.LIGHT.color("loss")


def test_ticks_of_a_logarithmic_axis_have_room() -> None:
    assert [text for _, text in log_ticks(np.log10(0.018), np.log10(0.4))] == ["0.02", "0.05", "0.1", "0.2"]
    assert [text for _, text in log_ticks(-3.2, 0.5)] == ["0.001", "0.01", "0.1", "1"]
    for bottom, top in ((-9.0, 3.0), (-40.0, 2.0), (-1.5, -0.3), (0.0, 1.1)):
        ticks = log_ticks(bottom, top)
        assert 1 <= len(ticks) <= MOST_TICKS and all(bottom <= place <= top and np.isclose(10**place, float(text)) for place, text in ticks)
