"""The page “Steps” in the real window: the line that is lit is the substep on screen, its figures and its parts are that substep's."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.steps.overlay import SubstepOverlay
from scoreviz.gui.transport import words
from tests.gui.conftest import Open
from tests.gui.steps.driving import at, at_rest, lit, opened, value, with_keys


def test_stepping_lights_correct_and_predict_in_turn(open_window: Open, qtbot: QtBot) -> None:
    """By the keys, through the whole run and back: what is lit is what the run's stage says."""
    window, page = opened(open_window, qtbot)
    run = at_rest(window, qtbot)
    at(page, window, qtbot, 0)
    canvas = with_keys(window, qtbot)
    assert lit(page) == ["x ← μ + std z,  z ∼ N(0, I)"]
    first = {1: "m ← x + G² s(x, t)", 2: "g ← s(x, t),  z ∼ N(0, I)", 3: "return m"}
    for k in range(1, run.length):
        QTest.keyClick(canvas, Qt.Key.Key_Period)
        qtbot.waitUntil(lambda k=k: page.microscope.is_current and window.playback.index == k, timeout=5000)
        assert lit(page)[0] == first[int(run.stage[k])]
        assert f"{k} of {run.total}" in page.substep.state.text()
    assert run.stage.tolist() == [0, *[2, 1] * 12, 3]
    QTest.keyClick(canvas, Qt.Key.Key_Comma)
    qtbot.waitUntil(lambda: page.microscope.is_current, timeout=5000)
    assert lit(page)[0] == first[1]


def test_the_figures_are_those_of_the_run_and_of_one_particle(open_window: Open, qtbot: QtBot) -> None:
    window, page = opened(open_window, qtbot)
    run = at_rest(window, qtbot)
    at(page, window, qtbot, 7)  # a correction
    row = next(row for row in page.sampler.listing.rows if row.line.text.startswith("ε ←"))
    assert "r 0.160" in row.accessibleDescription()
    assert value(page, "ratio") == "0.160", "the corrector takes steps of just this ratio"
    assert value(page, "sigma") == words.figure(float(run.sigma[7]))
    at(page, window, qtbot, 8)
    moved = run.at(8) - run.at(7)
    answer: Any = page.microscope.answer
    assert np.allclose(answer.drift.numpy() + answer.noise.numpy(), moved[:40], atol=1e-5)
    row = next(row for row in page.sampler.listing.rows if row.line.text == "m ← x + G² s(x, t)")
    gap = float(answer.figures["sigma"] ** 2 - answer.figures["sigma1"] ** 2)
    assert answer.figures["G2"] == pytest.approx(gap, rel=1e-3)
    assert f"{answer.figures['G2']:.3f}".rstrip("0") in row.accessibleDescription()
    at(page, window, qtbot, 4)
    assert value(page, "drift") and not value(page, "x")
    page.substep.particle.figure.typed.emit("17")
    qtbot.waitUntil(lambda: page.microscope.answer is not None and page.microscope.answer.particles == (16,), timeout=5000)
    here = "(" + ", ".join(f"{v:.2f}".replace("-", "−") for v in run.at(4)[16].tolist()) + ")"
    assert value(page, "x").endswith(here) and value(page, "x0")
    page.substep.particle.figure.typed.emit("9999")
    assert page.microscope.particle == 17 and "9999 is not between 0 and 60" in page.substep.told.text(), "no more than there are"


def test_the_parts_are_drawn_while_it_rests_and_go_when_it_plays(open_window: Open, qtbot: QtBot) -> None:
    window, page = opened(open_window, qtbot)
    run, canvas = at_rest(window, qtbot), window.dynamics.canvas

    def overlay() -> Any:
        return dict(canvas._content.overlays).get("substep")

    at(page, window, qtbot, 5)
    assert overlay() is None
    page.substep.drawing.switch.click()
    qtbot.waitUntil(lambda: overlay() is not None, timeout=5000)
    drawn: SubstepOverlay = overlay()
    assert drawn.drift is not None and drawn.noise is not None
    assert np.allclose(drawn.before + drawn.drift + drawn.noise, run.at(5)[:40], atol=1e-5), "head to tail, to where the points are"
    window.playback.seek(6)
    qtbot.waitUntil(lambda: overlay() is not None and overlay() is not drawn, timeout=5000)
    assert np.array_equal(overlay().before, run.at(5)[:40])
    window.dynamics.pages.show_page("scene")
    window.playback.seek(7)
    qtbot.waitUntil(lambda: page.microscope.is_current and overlay() is not None, timeout=5000)
    window.playback.play()
    qtbot.waitUntil(lambda: overlay() is None, timeout=2000)
    window.playback.pause()
    qtbot.waitUntil(lambda: overlay() is not None, timeout=5000)
    window.dynamics.pages.show_page("steps")
    page.substep.drawing.switch.click()
    assert overlay() is None
    window.dynamics.pages.show_page("scene")
    qtbot.waitUntil(lambda: page.microscope._inquiry.question is None, timeout=2000)
    assert page.training._inquiry.question is None, "out of sight nothing is asked"


def test_a_source_for_each_line_without_a_mouse(open_window: Open, qtbot: QtBot) -> None:
    window, page = opened(open_window, qtbot)
    at(page, window, qtbot, 2)
    listing = page.sampler.listing
    assert listing.source.text().startswith("Line 6. Reverse diffusion sampler"), "of the line that is lit"
    window.activateWindow()
    listing.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(listing.hasFocus, timeout=2000)
    seen = set()
    QTest.keyClick(listing, Qt.Key.Key_Home)
    for _ in listing.rows:
        seen.add(listing.source.text())
        QTest.keyClick(listing, Qt.Key.Key_Down)
    assert len(seen) == len(listing.rows) and any("ratio asked of a corrector" in text for text in seen)
    QTest.mouseClick(listing.rows[3], Qt.MouseButton.LeftButton)
    assert listing.source.text().startswith("Line 4.")
    QTest.mouseClick(listing.rows[3], Qt.MouseButton.LeftButton)
    assert listing.source.text().startswith("Line 6.")


def test_a_run_of_an_engine_that_died_is_not_taken_for_another(open_window: Open, qtbot: QtBot) -> None:
    """An answer whose points are not those of the frame is no answer, whatever its number."""
    window, page = opened(open_window, qtbot)
    at(page, window, qtbot, 3)
    answer: Any = page.microscope.answer
    page.microscope._none("gone")
    assert page.microscope.answer is None and page.substep.told.text() == "gone"
    wrong = msgspec.structs.replace(answer, after=answer.before)
    page.microscope._answered(wrong)
    assert page.microscope.answer is None
    page.microscope._answered(answer)
    assert page.microscope.answer is answer and not page.substep.told.isVisible()
    run: Any = window.playback.run
    window.playback.set_run(dataclasses.replace(run, file="kept.scoreviz-trace"), 3)
    qtbot.waitUntil(lambda: "opened from a file" in page.substep.told.text(), timeout=2000)
    assert page.microscope.answer is None and not page.sampler.listing.lit and not value(page, "drift")
