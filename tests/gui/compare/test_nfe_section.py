"""Error against evaluations on its page: every control, the real measurement, its slopes, and text that is the table again."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.compare.nfe_section import NfeSection
from scoreviz.gui.dynamics.compare.nfe_table import as_csv, lines
from scoreviz.gui.dynamics.compare.page import ComparePage
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.window import Window
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions import Nfe, NfeCurve
from scoreviz.scene.control import ByClass
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.grids import LogSNRGrid
from scoreviz.scene.samplers import ReverseSDE
from tests.gui.conftest import Open

SCENE = Scene(
    density=Density(marks=(Gaussian(x=0.3, y=-0.2, std=0.6),)), sampler=ReverseSDE(steps=7), particles=Particles(count=100, seed=3)
)
ERRORS = np.array([[0.25, 0.125], [0.1 / 3, np.nan]])
CURVE = NfeCurve(
    sampler="euler", label="Euler, (ODE)", steps=Array.of(np.array([10, 20], np.int32)), nfe=Array.of(np.array([10, 20], np.int32)),
    error=Array.of(ERRORS), order=1.5, order_error=None,
)  # fmt: skip
ANSWER = Nfe(measure="sliced", curves=(CURVE,), points=50, seeds=(3, 4), floor=(0.0625, 0.01))


def section(window: Window) -> NfeSection:
    page = window.dynamics.pages.opened("compare")
    assert isinstance(page, ComparePage)
    page.ensureWidgetVisible(page.nfe)
    return page.nfe


def test_a_number_out_of_range_is_told_and_not_asked(qtbot: QtBot, open_window: Open) -> None:
    """It once reached the engine, which does not take it, and ended."""
    nfe = section(open_window(engine=False))
    seeds = nfe.editors["seeds"]
    assert isinstance(seeds, Number)
    for typed in ("40", "0", "-3"):
        seeds.figure.typed.emit(typed)
        assert nfe.sentence.text() == f"{typed} is not between 1 and 10." and nfe._values["seeds"] == 3
    seeds.figure.typed.emit("4")
    assert nfe._values["seeds"] == 4 and not nfe.sentence.text()


def test_rows_and_their_means() -> None:
    first, second = lines(CURVE)
    assert (first.mean, first.spread) == (0.1875, pytest.approx(np.std([0.25, 0.125], ddof=1)))
    assert second.mean == 0.1 / 3 and np.isnan(second.spread) and second.measured == (0.1 / 3,)


def test_the_text_parses_back_to_the_table() -> None:
    head, *rows = csv.reader(io.StringIO(as_csv(ANSWER)))
    assert head[:4] == ["sampler", "label", "steps", "evaluations"] and head[4:6] == ["seed_3", "seed_4"]
    assert len(rows) == 3 and rows[0][1] == "Euler, (ODE)", "a comma within a name is no new column"
    for row, line in zip(rows, lines(CURVE), strict=False):
        found = dict(zip(head, row, strict=True))
        assert (int(found["steps"]), int(found["evaluations"])) == (line.steps, line.nfe)
        assert [float(found[f"seed_{s}"] or "nan") for s in (3, 4)] == pytest.approx(line.errors, nan_ok=True, abs=0)
        assert float(found["mean"]) == line.mean and float(found["order"]) == 1.5 and found["order_std_error"] == ""
    assert rows[2][0] == "floor" and float(dict(zip(head, rows[2], strict=True))["mean"]) == 0.0625


def test_what_is_asked_for(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=SCENE), engine=False)
    nfe = section(window)
    asked = nfe.question()
    assert [type(spec).__struct_config__.tag for spec in asked.samplers] == ["reverse_sde", "heun", "euler", "rk4", "dpmpp_2m"]
    assert asked.samplers[0] == SCENE.sampler, "the scene's own method with its own settings"
    assert (asked.evaluations, asked.seeds, asked.measure, asked.points, asked.grid) == ((10, 20, 40, 80, 160), 3, "ode_end", 256, None)
    QTest.mouseClick(nfe.chips["euler"], Qt.MouseButton.LeftButton)
    for name, value in (("measure", "sliced"), ("upto", "40"), ("seeds", 5), ("grid", "log_snr")):
        nfe.editors[name].edited.emit(value, "")
    asked = nfe.question()
    assert "euler" not in [type(spec).__struct_config__.tag for spec in asked.samplers]
    assert (asked.evaluations, asked.seeds, asked.measure, asked.points, asked.grid) == ((10, 20, 40), 5, "sliced", 2000, LogSNRGrid())
    for chip in nfe.chips.values():
        chip.setChecked(False)
    assert not nfe.run_button.isEnabled() and nfe.progress.text() == "Choose a sampler."


def test_measured_through_the_real_engine(qtbot: QtBot, open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = open_window(Document(scene=SCENE), size=(1280, 900))
    nfe = section(window)
    measuring = nfe.measuring
    for tag in ("reverse_sde", "heun", "dpmpp_2m"):
        nfe.chips[tag].setChecked(tag != "dpmpp_2m")
    nfe.editors["seeds"].edited.emit(2, "")
    QTest.mouseClick(nfe.run_button, Qt.MouseButton.LeftButton)
    assert measuring.running and nfe.run_button.text() == "Stop"
    page = window.dynamics.pages.opened("compare")

    def in_sight() -> bool:
        top = nfe.run_button.mapTo(page, QPoint(0, 0)).y()
        return 0 <= top < 40 or page.verticalScrollBar().value() == page.verticalScrollBar().maximum()

    qtbot.waitUntil(lambda: nfe.results.isVisible() and in_sight(), timeout=60_000)  # the plot is not left below the edge
    qtbot.waitUntil(lambda: not measuring.running, timeout=60_000)
    answer = measuring.answer
    assert answer is not None and nfe.run_button.text() == "Measure"
    slopes = {name: text for name, text in nfe.legend.lines() if text.startswith("slope")}
    found = {name: -float(text.split()[1].replace("−", "-")) for name, text in slopes.items()}
    assert found == pytest.approx({"probability-flow ODE": 2, "Euler (ODE)": 1, "RK4 (ODE)": 4}, abs=0.15)
    assert any("has noise" in name for name, _ in nfe.legend.lines())
    window.dynamics.add_plots()
    window.store.edit(("view", "right_plot"), "nfe", "plot")
    strip = window.dynamics.plots.right.plot  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not strip.shows_words, timeout=5000)
    assert all(text.split()[1] in strip.legend.text() for text in slopes.values()), "the same slopes in the strip"
    rows = [line for curve in answer.curves for line in lines(curve)]
    assert nfe.table.rowCount() == len(rows) == 15 and nfe.plot is not None and nfe.plot.isVisible()
    qtbot.waitUntil(lambda: nfe.results.isVisible(), timeout=5000)
    (copy,) = (button for button in nfe.findChildren(QPushButton) if button.objectName() == "nfe.copy")
    copy.click()
    table = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [float(row["mean"]) for row in table] == [line.mean for line in rows] and "15 rows" in nfe.progress.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "errors.csv"), ""))
    (save,) = (button for button in nfe.findChildren(QPushButton) if button.objectName() == "nfe.save")
    save.click()
    assert (tmp_path / "errors.csv").read_text(encoding="utf-8") == as_csv(answer)
    nfe.write(tmp_path / "missing" / "errors.csv")
    assert "could not be written" in nfe.sentence.text()
    window.store.edit(("particles", "seed"), 8, "seed")
    assert "before the last change" in nfe.progress.text()


def test_stopped_and_refused(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(Document(scene=SCENE), size=(1280, 900))
    nfe = section(window)
    nfe.editors["upto"].edited.emit("640", "")
    nfe.editors["seeds"].edited.emit(10, "")
    nfe.toggle()
    qtbot.waitUntil(lambda: "left" in nfe.progress.text(), timeout=30_000)
    QTest.mouseClick(nfe.run_button, Qt.MouseButton.LeftButton)
    assert not nfe.measuring.running and "Stopped" in nfe.progress.text()
    window.store.edit(("control",), ByClass(), "class")
    nfe.toggle()
    qtbot.waitUntil(lambda: "control" in nfe.sentence.text(), timeout=10_000)
    assert not nfe.measuring.running
