"""A themed application, a store, a playback with a made-up run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from scoreviz.gui import theme
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.progress import Progress
from scoreviz.gui.store import Store


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp, theme.DARK)


@pytest.fixture
def store(qapp: QApplication) -> Store:
    return Store()


@pytest.fixture
def progress(qapp: QApplication) -> Progress:
    return Progress()


@pytest.fixture
def playback(qapp: QApplication) -> Playback:
    playback = Playback()
    playback.autoplay = False
    return playback


RunMaker = Callable[..., Run]


@pytest.fixture
def make_run() -> RunMaker:
    def make(total: int = 20, *, axis: str = "reverse", keep: int = 1, ready: int | None = None, source: str = "network") -> Run:
        substep = np.arange(0, total + 1, keep)
        count = len(substep)
        stage = np.ones(count, np.uint8)
        stage[0], stage[1::2] = 0, 2
        t = np.linspace(1, 0, count) if axis == "reverse" else np.linspace(0, 1, count)
        sigma = 0.01 * 400.0**t
        run = Run(
            number=1, revision=1, sampler="pc", label="predictor–corrector", axis=axis, source=source, training_step=4210, noise="VE",
            total=total, substep=substep, stage=stage, t=t, sigma=sigma, log_snr=-2 * np.log(sigma), nfe=2 * total,
        )  # fmt: skip
        run.frames = [np.zeros((1, 2), np.float32)] * (count if ready is None else ready)
        return run

    return make
