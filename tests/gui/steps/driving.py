"""Drives the page “Steps” of the real window."""

from __future__ import annotations

from typing import Any

from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.steps.page import StepsPage
from scoreviz.gui.playback import Run
from scoreviz.gui.window import Window
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import PredictorCorrector
from tests.gui.conftest import Open

SCENE = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2))),
    network=MLP(width=16, depth=2, features=4),
    noise=VE(sigma_max=4.0),
    sampler=PredictorCorrector(steps=12),
    particles=Particles(count=60, seed=3),
)


def opened(open_window: Open, qtbot: QtBot, scene: Scene = SCENE) -> tuple[Window, StepsPage]:
    """The page open, the run there and at rest."""
    window = open_window(Document(scene=scene))
    page = window.dynamics.pages.opened("steps")
    assert isinstance(page, StepsPage)
    at_rest(window, qtbot)
    return window, page


def at_rest(window: Window, qtbot: QtBot) -> Run:
    def whole() -> bool:
        run = window.playback.run
        return run is not None and run.revision > 0 and run.complete

    qtbot.waitUntil(whole, timeout=20_000)
    window.playback.pause()
    run: Run = window.playback.run  # type: ignore[assignment]
    return run


def at(page: StepsPage, window: Window, qtbot: QtBot, k: int) -> None:
    window.playback.seek(k)
    qtbot.waitUntil(lambda: window.playback.index == k and page.microscope.is_current, timeout=15_000)


def with_keys(window: Window, qtbot: QtBot) -> Any:
    """The canvas, with the keyboard."""
    window.activateWindow()
    window.dynamics.canvas.setFocus()
    qtbot.waitUntil(window.dynamics.canvas.hasFocus, timeout=2000)
    return window.dynamics.canvas


def lit(page: StepsPage) -> list[str]:
    rows = page.sampler.listing.rows
    return [rows[k].line.text for k in page.sampler.listing.lit]


def value(page: StepsPage, key: str) -> str:
    return page.substep.rows[key].value.accessibleName()
