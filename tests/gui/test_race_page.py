"""The page Race and the plot of it, through the real engine."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from scoreviz.gui.window import Window
from scoreviz.scene.files import Document
from tests.gui.conftest import Open
from tests.gui.test_plot_slots import SMALL, show


@pytest.fixture
def window(open_window: Open) -> Window:
    window = open_window(Document(scene=SMALL), size=(1280, 800))
    window.dynamics.add_plots()
    return window


def test_the_race_page(qtbot: QtBot, window: Window) -> None:
    page, racing = window.dynamics.pages.opened("race"), window.dynamics.racing
    plot = show(window, "race")
    assert plot.shows_words and "No race yet" in plot.empty.text()
    page.entrants[2].objective.edited.emit("none", "")
    page.entrants[3].objective.edited.emit("sliced_4", "")
    page.entrants[3].energy.setChecked(True)
    page.editors["levels"].edited.emit("one", "")
    page.editors["steps"].edited.emit(40, "")
    qtbot.mouseClick(page.go, Qt.MouseButton.LeftButton)
    assert racing.running and page.go.text() == "Stop the race"
    qtbot.waitUntil(lambda: not racing.running, timeout=60_000)
    assert racing.names == ("explicit", "denoising", "sliced, 4 directions, energy") and racing.share == 1.0
    race = racing.race
    assert race is not None and race.sigmas == (pytest.approx(0.3),)
    assert [lane.done for lane in race.lanes] == [40, 40, 40] and [lane.shared for lane in race.lanes] == [True, True, False]
    assert len({float(lane.divergence.numpy()[0]) for lane in race.lanes[:2]}) == 1
    assert page.table.cells[1][0].text() == "40" and not page.table.cells[3][0].isVisibleTo(page)
    qtbot.waitUntil(lambda: not plot.shows_words)
    qtbot.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert {row["objective"] for row in rows} == set(racing.names) and rows[0]["step"] == "0"
    first = [row for row in rows if row["objective"] == "denoising"]
    np.testing.assert_allclose([float(r["relative_fisher_divergence"]) for r in first], race.lanes[1].divergence.numpy(), rtol=1e-8)
    page.along.edited.emit("seconds", "")
    x = page._curves.curves.lines[0].getData()[0]
    np.testing.assert_allclose(x, np.log10(race.lanes[0].time.numpy()[1:]))


def test_a_race_can_be_stopped_and_begun_again(qtbot: QtBot, window: Window) -> None:
    page, racing = window.dynamics.pages.opened("race"), window.dynamics.racing
    page.editors["steps"].edited.emit(20000, "")
    page.toggle()
    qtbot.waitUntil(lambda: racing.share > 0, timeout=60_000)
    window.pages.show_tab("images")
    share = racing.share
    qtbot.waitUntil(lambda: racing.share > share, timeout=30_000)  # it goes on out of sight
    window.pages.show_tab("dynamics")
    page.toggle()
    assert not racing.running and "Stopped at step" in page.words.text()
    page.editors["steps"].edited.emit(10, "")
    page.toggle()
    qtbot.waitUntil(lambda: not racing.running and racing.share == 1.0, timeout=60_000)
    assert racing.race is not None and racing.race.number == 2
