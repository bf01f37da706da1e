"""Inspect through the real window and engine: menu, maps against the exact answer, same pixels back and forth, scrubbing without engine."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas.frame import cell_centres
from scoreviz.gui.dynamics.inspect_words import TOOLTIPS, tooltip
from scoreviz.gui.dynamics.layer_chips import CHOICES
from scoreviz.gui.dynamics.seeing import sentences
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.window import Window
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.scene.control import ByClass, Inpaint
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene, replace_at
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP
from scoreviz.scene.noise import VE, VP
from scoreviz.scene.parameters import parameters
from scoreviz.scene.samplers import ReverseSDE
from scoreviz.scene.view import View
from tests.gui.conftest import Open

SMALL = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2, weight=2.0))),
    noise=VE(sigma_max=30.0),
    sampler=ReverseSDE(steps=20),
    particles=Particles(count=200),
)
KINDS = [value for p in parameters(View) if p.name == "map" for value in p.values if value != "none"]


def opened(open_window: Open, qtbot: QtBot, scene: Scene = SMALL, *, at: int = 12) -> Window:
    """A window whose run has come, at rest on one of its frames."""
    window = open_window(Document(scene=scene), size=(1000, 700))
    window.playback.autoplay = False
    window.playback.pause()
    qtbot.waitUntil(lambda: live(window) is not None and live(window).complete, timeout=20_000)
    window.playback.pause()
    window.playback.seek(at)
    return window


def live(window: Window) -> Any:
    """The engine's own run, not the recorded first sight."""
    run = window.playback.run
    return run if run is not None and run.revision > 0 else None


def settle(window: Window, qtbot: QtBot) -> None:
    """Until the canvas shows the frame with all that belongs to it."""
    window.dynamics.screen_.refresh()  # it has heard of the last edit
    inspecting, fields = window.dynamics.inspecting, window.dynamics.fields

    def done() -> bool:
        sigma = float(window.playback.run.sigma[window.playback.index])  # type: ignore[union-attr]
        content = window.dynamics.canvas._content
        if not (inspecting.maps.settled and inspecting.means.settled) or fields.missing(sigma):
            return False
        map_ = content.shown_map
        return content.k == window.playback.index and (map_ is None or map_.sigma == sigma or bool(inspecting.maps.refusal))

    qtbot.waitUntil(done, timeout=20_000)
    window.dynamics.screen_.refresh()


def view(window: Window, **changes: Any) -> None:
    for name, value in changes.items():
        window.store.edit(("view", name), value, name)


def option(window: Window, name: str, value: str) -> QAction:
    (found,) = [a for a in window.findChildren(QAction) if a.objectName() == f"inspect_{name}_{value}"]
    return found


# ---- words and menu


def test_every_choice_has_a_tooltip_with_formula_or_words_and_a_sentence() -> None:
    choices = {(p.name, value) for p in parameters(View) if p.name in CHOICES for value in p.values}
    assert choices == set(TOOLTIPS)
    for kind in KINDS:
        assert any(year in tooltip("map", kind) for year in ("2005", "2011", "2019", "2021")), "a source"
        said = sentences(Scene(view=View(map=kind)), "")
        plain = sentences(Scene(), "")
        assert len(said) == len(plain) and said != plain, "the map's sentence in the density's place"
    maps = [sentences(Scene(view=View(map=kind)), "")[-1] for kind in KINDS]
    assert len(set(maps)) == len(maps)
    for lines in ("contours", "streamlines", "posterior_mean"):
        assert len(sentences(Scene(view=View(lines=lines)), "")) == 3  # type: ignore[arg-type]


def test_sentences_speak_the_notation_and_of_control_and_of_data() -> None:
    noises = {"sde": VE(), "ncsn": VE(), "ddpm": VP()}  # DDPM's symbols are for its own noise
    ground = {n: sentences(Scene(noise=noise, view=View(notation=n, arrows=False, particles=False)), "")[0] for n, noise in noises.items()}  # type: ignore[arg-type]
    assert "pₜ" in ground["sde"] and "p_σ" in ground["ncsn"] and "q(xₖ)" in ground["ddpm"]
    assert "every σ" in ground["ncsn"] and "every k" in ground["ddpm"]
    contours = sentences(Scene(noise=VP(), view=View(notation="ddpm", lines="contours")), "")
    assert any("q(xₖ)" in s and "Lines" in s for s in contours)
    assert any("one class" in s for s in sentences(Scene(control=ByClass()), "they move"))
    assert any("put back" in s for s in sentences(Scene(control=Inpaint()), "they move"))
    data = replace_at(Scene(), ("score", "source"), "data")
    assert any("nothing but them" in s for s in sentences(data, "they move"))
    assert any("a(t)" in s for s in sentences(Scene(noise=VP()), "they move"))


def test_the_menu_sets_each_choice_and_the_chip_says_what_is_on(open_window: Open) -> None:
    window = open_window(engine=False)
    (chip,) = [c for c in window.findChildren(Chip) if c.objectName() == "inspect"]
    assert chip.text() == "Inspect" and "nothing besides" in chip.accessibleName()
    for name, value in TOOLTIPS:
        action = option(window, name, value)
        assert action.toolTip() == tooltip(name, value)
        action.trigger()
        assert getattr(window.store.scene.view, name) == value and action.isChecked()
    option(window, "map", "angle").trigger()
    option(window, "lines", "contours").trigger()
    assert chip.text() == "Inspect: angle · contours · network − exact · relative scale" and "angle" in chip.accessibleName()
    window.store.undo_stack.undo()
    assert window.store.scene.view.lines == "posterior_mean" and option(window, "lines", "posterior_mean").isChecked()


def test_the_canvas_knows_what_its_chips_cover(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(size=(900, 600), engine=False)
    stage, canvas = window.dynamics.stage, window.dynamics.canvas

    def right() -> float:
        covered = canvas._content.covered
        assert covered is not None
        return covered.right() * canvas.width()

    before = right()
    assert before == pytest.approx(stage.chips.geometry().x() + stage.chips.width(), abs=1.0)
    view(window, map="curl", lines="contours")
    assert right() > before + 40 and right() == pytest.approx(stage.chips.geometry().x() + stage.chips.width(), abs=1.0)
    window.presentation.set(True)
    assert canvas._content.covered is None
    window.presentation.set(False)
    assert canvas._content.covered is not None


def test_the_density_chip_brings_the_density_back_in_one_step(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(engine=False)
    (chip,) = [c for c in window.findChildren(Chip) if c.objectName() == "layer_density"]
    option(window, "map", "curl").trigger()
    assert not chip.isChecked(), "a map has its place"
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert window.store.scene.view.map == "none" and window.store.scene.view.density and chip.isChecked()
    window.store.undo_stack.undo()
    assert window.store.scene.view.map == "curl"


def test_the_key_opens_the_menu(open_window: Open, qtbot: QtBot) -> None:
    window = open_window(engine=False)
    window.activateWindow()
    menu = window.findChild(QMenu, "inspect_menu")
    assert menu is not None and menu.toolTipsVisible()
    canvas = window.dynamics.canvas
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus, timeout=2000)
    QTest.keyClick(canvas, Qt.Key.Key_I)
    qtbot.waitUntil(menu.isVisible)
    menu.hide()
    (chip,) = [c for c in window.findChildren(Chip) if c.objectName() == "inspect"]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(menu.isVisible)
    menu.hide()


# ---- data on screen


def test_each_map_and_line_on_screen_is_that_of_the_frame(open_window: Open, qtbot: QtBot) -> None:
    window = opened(open_window, qtbot)
    target = compile_density(SMALL.density, {})
    sde = build_sde(SMALL.noise, target.diameter())
    pictures = []
    for kind in [k for k in KINDS if k != "log_network"]:
        view(window, map=kind)
        settle(window, qtbot)
        content = window.dynamics.canvas._content
        shown = content.shown_map
        assert shown is not None and shown.kind == kind
        sigma = float(window.playback.run.sigma[12])  # type: ignore[union-attr]
        assert shown.sigma == sigma and shown.share == 1.0 and np.isfinite(shown.values).all()
        assert (shown.training_step == 0) == (kind not in ("log_ode", "divergence"))
        ny, nx = shown.values.shape
        at = torch.tensor(cell_centres(shown.bounds, nx, ny))
        if kind == "log_ode":
            exact = target.log_prob(at, sde, sde.t_of_sigma(sigma)).reshape(ny, nx).numpy()
            off, drawn = np.abs(shown.values - exact), exact > -10.0
            assert off[drawn].max() < 0.02 and (off / (1 + np.abs(exact))).max() < 2e-3, "far out log p itself is -90"
            assert shown.figure is not None and shown.figure < 0.02
        pictures.append(window.dynamics.canvas.grab().toImage())
    assert all(a != b for a, b in itertools.combinations(pictures, 2))
    view(window, map="none", lines="posterior_mean")
    settle(window, qtbot)
    means = window.dynamics.canvas._content.shown_means
    assert means is not None
    ny, nx = means.means.shape[:2]
    at = torch.tensor(cell_centres(means.bounds, nx, ny))
    exact = target.posterior(at, sde, sde.t_of_sigma(means.sigma)).mean.numpy().reshape(ny, nx, 2)
    assert np.abs(means.means - exact).max() < 1e-3


def test_a_free_field_is_told_where_its_density_would_be(open_window: Open, qtbot: QtBot) -> None:
    window = opened(open_window, qtbot, replace_at(SMALL, ("network",), MLP(width=16, depth=2, features=4)))
    view(window, map="log_network")
    canvas = window.dynamics.canvas
    qtbot.waitUntil(lambda: bool(canvas._content.note), timeout=10_000)
    assert "free field" in canvas._content.note and "ODE" in canvas._content.note and canvas._content.shown_map is None
    window.store.edit(("network",), MLP(width=16, depth=2, features=4, energy=True), "energy")
    qtbot.waitUntil(lambda: canvas._content.note is None and canvas._content.shown_map is not None, timeout=10_000)
    assert canvas._content.shown_map.figure is not None


def test_a_map_of_the_network_follows_its_training(open_window: Open, qtbot: QtBot) -> None:
    window = opened(open_window, qtbot)
    view(window, map="error")
    settle(window, qtbot)
    canvas = window.dynamics.canvas
    first = canvas._content.shown_map
    assert first is not None and first.training_step == 0 and not canvas._content.due
    window.session.train(True)

    def learned() -> bool:
        shown = canvas._content.shown_map
        return shown is not None and (shown.training_step or 0) > 200 and (shown.figure or 9.0) < 0.7 * first.figure

    qtbot.waitUntil(learned, timeout=20_000)
    window.session.train(False)
    qtbot.waitUntil(lambda: not window.progress.running, timeout=10_000)
    qtbot.waitUntil(lambda: canvas._content.shown_map.training_step == window.progress.step, timeout=10_000)


def test_out_of_sight_nothing_is_asked(open_window: Open, qtbot: QtBot) -> None:
    window = opened(open_window, qtbot)
    view(window, map="divergence", lines="posterior_mean")
    settle(window, qtbot)
    maps, means = window.dynamics.inspecting.maps, window.dynamics.inspecting.means
    window.pages.show_tab("images")
    qtbot.waitUntil(lambda: maps._inquiry.question is None and means._inquiry.question is None)
    window.pages.show_tab("dynamics")
    qtbot.waitUntil(lambda: maps._inquiry.question is not None and means._inquiry.question is not None)
    settle(window, qtbot)


def test_while_it_plays_what_comes_is_drawn_after_a_tick(open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maps and fields arrive at any time; what they have drawn anew just before a tick would make it late."""
    window = opened(open_window, qtbot)
    screen, playback = window.dynamics.screen_, window.playback
    settle(window, qtbot)
    refreshed = []
    monkeypatch.setattr(window.dynamics.fields, "show", lambda *_args, **_named: refreshed.append(playback.index))
    playback.play()
    qtbot.waitUntil(lambda: len(refreshed) > 3)
    playback.timer.setInterval(60_000)
    qtbot.wait(20)
    refreshed.clear()
    for something in (window.dynamics.fields.changed, window.dynamics.inspecting.changed, playback.run_grew):
        something.emit()
    qtbot.wait(20)
    assert not refreshed and screen._room() > 50.0
    playback.timer.timeout.emit()
    assert len(refreshed) == 1, "all at once"
    playback.pause()
    qtbot.waitUntil(lambda: len(refreshed) == 2)
    window.dynamics.fields.changed.emit()
    qtbot.waitUntil(lambda: len(refreshed) == 3)


# ---- back and forth, and without the engine


@pytest.mark.parametrize("shown", [{"map": "error", "lines": "contours"}, {"map": "divergence", "lines": "streamlines"},
                                   {"map": "curl", "lines": "posterior_mean"}])  # fmt: skip
def test_stepping_back_and_forth_gives_the_same_pixels(open_window: Open, qtbot: QtBot, shown: dict[str, str]) -> None:
    window = opened(open_window, qtbot, at=8)
    view(window, **shown)
    actions = window.actions_

    def picture(index: int) -> Any:
        assert window.playback.index == index
        settle(window, qtbot)
        return window.dynamics.canvas.grab().toImage()

    on = [picture(8)]
    for k in range(9, 12):
        actions["step"].trigger()
        on.append(picture(k))
    back = [picture(11)]
    for k in (10, 9, 8):
        actions["back"].trigger()
        back.append(picture(k))
    assert on == back[::-1]
    assert all(a != b for a, b in itertools.combinations(on, 2))


def test_scrubbing_a_run_of_1000_steps_needs_no_engine(open_window: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = replace_at(SMALL, ("sampler",), ReverseSDE(steps=1000))
    window = opened(open_window, qtbot, scene, at=0)
    run = window.playback.run
    assert run is not None and run.length > 1000 and run.ready == run.length
    frames = [np.array(run.at(k)) for k in range(run.length)]
    engine = window.session.engine
    monkeypatch.setattr(engine, "start", lambda: None)  # it stays dead
    with qtbot.waitSignal(window.session.died, timeout=10_000):
        engine.kill()
    assert not window.session.is_ready
    canvas = window.dynamics.canvas
    places = np.random.default_rng(0).permutation(run.length)[:50]
    for k in map(int, places):
        window.playback.seek(k)
        qtbot.waitUntil(lambda k=k: canvas._content.k == k and window.playback.index == k)  # type: ignore[misc]
        content = canvas._content
        assert content.frames is run and np.array_equal(content.points, frames[k])  # type: ignore[arg-type]
        assert content.caption is not None and content.caption.sigma == float(run.sigma[k])
        canvas.grab()
        assert canvas.counts.total == len(frames[k]) and canvas.counts.not_finite == 0
    assert not window.session.is_ready
