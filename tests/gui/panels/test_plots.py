"""The plots show the curves that there are, and words where there are none."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots import Plots
from scoreviz.gui.progress import Progress


def test_words_before_curves(progress: Progress, qtbot: QtBot) -> None:
    plots = Plots(progress)
    qtbot.addWidget(plots)
    plots.resize(1000, 120)
    with qtbot.waitExposed(plots):
        plots.show()
    assert plots.loss.empty.isVisible()
    progress.loss.add(0, 2.0)
    progress.loss.add(10, 0.742)
    progress.loss_floor = 0.733
    progress.distance.add(0, 1.2)
    progress.distance.add(10, 0.0312)
    progress.distance_floor = (0.025, 0.008)
    progress.curves_changed.emit()
    qtbot.waitUntil(lambda: plots.loss.figure.text() == "0.742 · floor 0.733")
    assert plots.distance.figure.text() == "0.0312 · floor 0.0250"
    _x, y = plots.distance._line.getData()
    np.testing.assert_allclose(y, np.log10([1.2, 0.0312]))  # 40 times apart: a logarithmic axis
    np.testing.assert_allclose(plots.loss._line.getData()[1], [2.0, 0.742])
    assert not plots.loss.empty.isVisible()
    assert plots.loss._floor.value() == 0.733


def test_hidden_plots_do_not_draw(progress: Progress, qtbot: QtBot) -> None:
    plots = Plots(progress)
    qtbot.addWidget(plots)
    progress.loss.add(0, 2.0)
    progress.curves_changed.emit()
    assert not plots._timer.isActive()
    with qtbot.waitExposed(plots):
        plots.show()
    assert plots.loss.figure.text() == "2.00"


def test_they_draw_at_most_ten_times_a_second(progress: Progress, qtbot: QtBot, monkeypatch) -> None:
    plots = Plots(progress)
    qtbot.addWidget(plots)
    with qtbot.waitExposed(plots):
        plots.show()
    drawn = []
    monkeypatch.setattr(plots.loss, "show_series", lambda series: drawn.append(series))
    for step in range(35):
        progress.loss.add(step, 1.0)
        progress.curves_changed.emit()
        qtbot.wait(10)
    assert 1 <= len(drawn) <= 5


def test_values_that_are_no_numbers_do_no_harm(progress: Progress, qtbot: QtBot) -> None:
    plots = Plots(progress)
    qtbot.addWidget(plots)
    for value in (float("nan"), float("inf"), 0.0, 1.0):
        progress.loss.add(len(progress.loss.step), value)
    plots.draw_now()


def test_they_follow_the_theme(progress: Progress, qtbot: QtBot, qapp: QApplication) -> None:
    plots = Plots(progress)
    qtbot.addWidget(plots)
    assert plots.loss._line.opts["pen"].color() == theme.DARK.color("loss")
    theme.apply(qapp, theme.LIGHT)
    assert plots.loss._line.opts["pen"].color() == theme.LIGHT.color("loss")
