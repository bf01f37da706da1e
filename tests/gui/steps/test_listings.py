"""What is listed of sampler and training, in each notation, and where a run is in its symbols; the painted parts."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.dynamics.steps.listing import ListingView
from scoreviz.gui.dynamics.steps.markup import plain, rich
from scoreviz.gui.dynamics.steps.overlay import SubstepOverlay, colours
from scoreviz.gui.dynamics.steps.page import StepsPage
from scoreviz.gui.notation import place
from scoreviz.gui.playback import Run
from scoreviz.gui.transport import words
from scoreviz.maths.sde import VPSDE
from scoreviz.scene.learning import Score
from scoreviz.scene.noise import VP
from scoreviz.scene.samplers import AnnealedLangevin, Langevin, ReverseSDE
from tests.gui.conftest import Open
from tests.gui.steps.driving import SCENE, at, lit, opened, value, with_keys


def test_training_line_by_line(open_window: Open, qtbot: QtBot) -> None:
    window, page = opened(open_window, qtbot, msgspec.structs.replace(SCENE, score=Score(source="network")))
    rows = page.training.listing.rows
    qtbot.waitUntil(lambda: "of these a second" in page.training.state.text() and "mean ℓ" in rows_text(page), timeout=10_000)
    assert all(row.soft and not row.lit for row in rows)
    assert "batch 512" in rows_text(page) and "σ max 4.00" in rows_text(page) and "lr 0.00" in rows_text(page)
    qtbot.waitUntil(lambda: page.microscope.is_current and bool(lit(page)), timeout=10_000)  # though runs are made anew all the time
    assert any("s_θ" in row.line.text for row in page.sampler.listing.rows), "a learned score has its θ"
    with qtbot.waitSignal(window.progress.training_changed, timeout=5000):
        window.session.train(False)
    qtbot.waitUntil(lambda: page.training.state.text() == "at rest" and not rows[0].soft, timeout=5000)


def rows_text(page: StepsPage) -> str:
    return " ".join(row.accessibleDescription() for row in page.training.listing.rows)


def test_another_sampler_is_listed_with_its_run(open_window: Open, qtbot: QtBot) -> None:
    window, page = opened(open_window, qtbot)
    window.store.edit(("sampler",), AnnealedLangevin(levels=4, steps_per_level=5), "another")
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.run.sampler == "annealed_langevin", timeout=10_000)
    at(page, window, qtbot, 9)
    assert page.sampler.state.text() == "annealed Langevin" and "α_i ← ε (σ_i/σ_L)²" in lit(page)
    head = next(row for row in page.sampler.listing.rows if row.line.text.startswith("for i"))
    assert head.accessibleDescription() == "i 2, L 4"
    window.store.edit(("sampler",), Langevin(steps=8, noise=False), "no noise")
    qtbot.waitUntil(lambda: window.playback.run is not None and window.playback.run.sampler == "langevin", timeout=10_000)
    at(page, window, qtbot, 3)
    assert not value(page, "ratio") and value(page, "noise") == "0"


def test_before_the_engine_is_up_the_run_itself_lights_the_lines(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(engine=False)
    page = window.dynamics.pages.opened("steps")
    run = window.playback.run
    if run is not None:  # the recorded first sight
        window.playback.pause()
        window.playback.seek(5)
    qtbot.waitUntil(lambda: run is None or "recorded earlier" in page.substep.told.text(), timeout=2000)
    assert run is None or page.sampler.listing.lit
    controls = [w for w in page.findChildren(QWidget) if isinstance(w, (QAbstractButton, QLineEdit, QSlider, ListingView))]
    controls = [w for w in controls if w.isVisibleTo(page)]
    assert len(controls) >= 8 and not [w for w in controls if not (w.objectName() and w.accessibleName())]
    assert all(w.focusPolicy() & Qt.FocusPolicy.TabFocus for w in controls)


def test_w_changes_the_notation_everywhere(open_window: Open, qtbot: QtBot) -> None:
    window, page = opened(open_window, qtbot)
    at(page, window, qtbot, 4)
    canvas, line = with_keys(window, qtbot), window.dynamics.transport.timeline
    assert "t 0." in line.accessibleDescription() and canvas._content.caption is not None and canvas._content.caption.t is not None
    QTest.keyClick(canvas, Qt.Key.Key_W)
    assert window.store.scene.view.notation == "ncsn" and page.notation.choice.value == "ncsn"
    assert "level 3 of 12" in line.accessibleDescription() and "t 0." not in line.accessibleDescription()
    qtbot.waitUntil(lambda: canvas._content.caption is not None and canvas._content.caption.position == "level 3 of 12", timeout=2000)
    assert canvas._content.caption.t is None and any("σ_i" in text for text in lit(page))
    QTest.keyClick(canvas, Qt.Key.Key_W)
    assert "written as the SDE, in σ" in page.sampler.note.accessibleName(), "VE has no ᾱ, and that is said"
    assert any("s(x, t)" in text for text in lit(page)) and "t 0." in line.accessibleDescription()
    window.store.undo_stack.undo()
    assert window.store.scene.view.notation == "ncsn"
    page.notation.choice.segments[0].click()
    assert window.store.scene.view.notation == "sde"


def test_ddpms_k_and_abar(open_window: Open, qtbot: QtBot) -> None:
    view = msgspec.structs.replace(SCENE.view, notation="ddpm")
    scene = msgspec.structs.replace(SCENE, noise=VP(), sampler=ReverseSDE(steps=30), view=view)
    window, page = opened(open_window, qtbot, scene)
    at(page, window, qtbot, 12)
    line = window.dynamics.transport.timeline.accessibleDescription()
    t = np.linspace(1.0, 1e-3, 30)[12]  # where the 12th step has led
    abar = float(np.exp(-(t**2) * (20 - 0.1) / 2 - t * 0.1))
    assert f"k 18 of 30 · ᾱ {words.figure(abar)}" in line, line
    answer: Any = page.microscope.answer
    assert answer.figures["k"] == 19 and answer.figures["abar1"] == pytest.approx(abar, rel=1e-6)
    assert answer.figures["G2"] == pytest.approx(np.linspace(0.1, 20.0, 30)[18] / 30, rel=1e-9)
    assert lit(page)[-1] == "x_{k−1} ← m + √β_k z"
    window.presentation.set(True)
    assert "x_{k-1}" in window.band.formula.latex
    window.presentation.set(False)


def runs(total: int, axis: Any, noise: str, t: np.ndarray, sigma: np.ndarray) -> Run:
    return Run(
        number=1, revision=1, sampler="x", label="x", axis=axis, source="exact", training_step=None, noise=noise, total=total,
        substep=np.arange(total + 1), stage=np.array([0, *[1] * total], np.uint8), t=t, sigma=sigma, log_snr=-2 * np.log(sigma),
    )  # fmt: skip


def test_place_says_only_what_is_true() -> None:
    sde = VPSDE()
    t = np.array([1.0, 0.6, 0.3, 0.001])
    sigma = np.array([sde.sigma(u) for u in t])
    vp, ve = runs(3, "reverse", "VP", t, sigma), runs(3, "reverse", "VE", t, sigma)
    assert [place(vp, k, "ddpm").position for k in range(4)] == ["k 4 of 4", "k 3 of 4", "k 2 of 4", "k 1 of 4"], "it ends above the data"
    assert place(vp, 2, "ddpm").abar == pytest.approx(sde.mean_coefficient(0.3) ** 2)
    assert place(vp, 2, "ncsn") == place(ve, 2, "ddpm") == place(ve, 2, "sde") and place(ve, 2, "sde").timed
    assert [place(ve, k, "ncsn").position for k in range(4)] == [f"level {k + 1} of 4" for k in range(4)]
    to_data = runs(3, "reverse", "VP", np.array([1.0, 0.6, 0.3, 0.0]), np.array([*sigma[:3], 1e-9]))
    assert place(to_data, 3, "ddpm").position == "k 0 of 3"
    assert place(runs(3, "reverse", "VE", to_data.t, sigma), 3, "ncsn").position == "after level 3"
    thinned = runs(3, "reverse", "VP", t, sigma)
    thinned.total = 6
    assert place(thinned, 1, "ddpm").timed, "of thinned frames nobody can count the steps"
    forward = runs(3, "forward", "VP", t[::-1].copy(), sigma[::-1].copy())
    assert [place(forward, k, "ddpm").position for k in (0, 3)] == ["k 0 of 3", "k 3 of 3"]
    assert words.caption(vp, 1, "ddpm") == f"predict 1 of 3 · k 3 of 4 · ᾱ {words.figure(1 / (1 + sigma[1] ** 2))}"
    assert "log-SNR" not in words.caption(ve, 1, "ncsn") and words.ends(ve, "ncsn") == ("level 1 of 4", "level 4 of 4")


def test_markup() -> None:
    assert rich("x_{k−1} ← √β_k z") == "x<sub>k−1</sub> ← √β<sub>k</sub> z"
    assert rich("e^{−h} y < 2^3") == "e<sup>−h</sup> y &lt; 2<sup>3</sup>"
    assert "_" not in plain("x_{k−1} ← s_θ(x_k, k)") and "{" not in plain("e^{−2γh}")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_parts_are_painted_where_they_are(theme: Any, qapp: object) -> None:
    from PySide6.QtGui import QImage, QPainter

    from scoreviz.gui.canvas.palette import palette

    made = palette(theme)
    image = QImage(200, 200, QImage.Format.Format_RGB32)
    image.fill(made.ground)
    before, drift, noise = np.array([[-1.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    camera = Camera(0, 0, 2.0, 200, 200)
    painter = QPainter(image)
    SubstepOverlay(before, drift, noise, np.array([[0.0, -5.0]])).paint(painter, camera, 1.0, made)
    painter.end()

    def like(colour: Any, x0: int, x1: int, y0: int, y1: int) -> int:
        """How near the nearest pixel comes to a colour."""
        near = [image.pixelColor(x, y) for x in range(x0, x1) for y in range(y0, y1)]
        wanted = (colour.red(), colour.green(), colour.blue())
        return min(max(abs(a - b) for a, b in zip((c.red(), c.green(), c.blue()), wanted, strict=True)) for c in near)

    def has(colour: Any, *where: int) -> bool:
        return like(colour, *where) < 40

    first, second, third = colours(made)
    assert has(first, 60, 90, 97, 104) and not has(second, 60, 90, 97, 104), "drift: along x from (-1, 0) to (0, 0)"
    assert has(second, 97, 104, 60, 90) and not has(first, 97, 104, 60, 90), "noise: up from there"
    assert like(third, 46, 55, 108, 117) < like(third, 46, 55, 83, 92), "the score points down, a short line"
