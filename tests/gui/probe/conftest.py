"""A real window on a real engine with two Gaussians, its run complete and paused in the middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from scoreviz.gui.window import Window
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import ReverseSDE
from tests.engine.oracles import Hand
from tests.gui.conftest import Open

SCENE = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2, weight=2.0))),
    noise=VE(sigma_min=0.01, sigma_max=4.0),
    network=MLP(width=16, depth=2, features=4),
    sampler=ReverseSDE(steps=30),
    particles=Particles(count=150, seed=3),
)
LAW = Hand(np.array([1.0, 2.0]), np.array([[-1.0, 0.3], [1.2, -0.4]]), np.array([0.3, 0.2]))
Looking = Callable[..., Window]


def fresh_run(qtbot: QtBot, window: Window) -> None:
    """Wait until the engine's run of the scene as it is now is complete, and pause in its middle."""

    def there() -> bool:
        run = window.playback.run
        return run is not None and run.complete and run.revision > 0 and window.session.up_to_date

    qtbot.waitUntil(there, timeout=20_000)
    window.playback.pause()
    window.playback.seek(window.playback.run.length // 2)


@pytest.fixture
def looking(qtbot: QtBot, open_window: Open) -> Looking:
    """looking(scene=SCENE, page=True) -> the window, with the page Probe open."""

    def build(scene: Scene = SCENE, *, page: bool = True) -> Window:
        window = open_window(Document(scene=scene), size=(1280, 900))
        fresh_run(qtbot, window)
        if page:
            window.dynamics.pages.show_page("probe")
        return window

    return build


def page_of(window: Window) -> Any:
    """The page Probe, on screen."""
    return window.dynamics.pages.opened("probe")
