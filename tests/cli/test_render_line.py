"""`scoreviz render` of one dimension: the window's own picture, the heat map in it the closed form, and twice the same."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication
from scipy.stats import norm

from scoreviz.gui.canvas.frame import LOG_P_CEILING, LOG_P_FLOOR
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.dynamics.spacetime.layout import Layout
from scoreviz.gui.render import Film, render
from scoreviz.scene.density import Density
from scoreviz.scene.document import Particles, Scene, Score
from scoreviz.scene.files import Document
from scoreviz.scene.learning import MLP, Training
from scoreviz.scene.line import LinePreset, line_bumps
from scoreviz.scene.noise import VE
from scoreviz.scene.samplers import ReverseSDE
from scoreviz.scene.view import View

SIZE = (640, 360)
SCENE = Scene(
    density=Density(dimensions="1", line=(LinePreset(name="two_bumps"),)), noise=VE(sigma_min=0.01, sigma_max=4.0),
    sampler=ReverseSDE(steps=20), particles=Particles(count=200, seed=3), network=MLP(width=16, depth=2, features=4),
    training=Training(batch=128), view=View(reverse_paths=False, flow_lines=False, particles=False),
)  # fmt: skip


@pytest.fixture
def film(tmp_path: Path, qapp: QApplication) -> Film:
    return Film(tmp_path / "line.png", 4.0, 8, SIZE, steps_per_second=40)


def picture(film: Film, scene: Scene) -> np.ndarray:
    render(Document(scene=scene), film)
    return np.asarray(Image.open(film.out).convert("RGB")).astype(int)


def test_the_colours_are_those_of_log_p(film: Film) -> None:
    pixels = picture(film, SCENE)
    layout = Layout(*SIZE, film.scale, -2.6, 2.6, bare=True)  # a film has no chips
    weight, mean, std = (np.array(column) for column in zip(*line_bumps("two_bumps"), strict=True))
    colours = palette("dark").density
    for t in (0.75, 0.5, 0.25):
        sigma = 0.01 * (4.0 / 0.01) ** t
        for x in (-1.2, -0.8, 0.4, 1.3):
            p = float((weight / weight.sum() * norm.pdf(x, mean, np.hypot(std, sigma))).sum())
            level = round(255 * min(max((math.log(p) - LOG_P_FLOOR) / (LOG_P_CEILING - LOG_P_FLOOR), 0), 1))
            near = [int(c) for c in colours[max(level - 4, 0) : level + 5]]  # between two cells the colours are smoothed
            at = pixels[int(float(layout.pixel_y(np.array(x)))), int(float(layout.pixel_x(np.array(1 - t))))]
            assert min(max(abs(at - [c >> 16 & 255, c >> 8 & 255, c & 255])) for c in near) <= 2, (t, x)


def test_with_everything_on_it_a_network_that_learns_and_twice_the_same(film: Film) -> None:
    scene = msgspec.structs.replace(SCENE, view=View(forward_paths=True), score=Score(source="network"))
    first = picture(film, scene)
    assert (first == picture(film, scene)).all()
    assert (first != picture(film, msgspec.structs.replace(scene, score=Score(source="exact")))).any()
    longer = dataclasses.replace(film, steps_per_second=80)
    assert (first != picture(longer, scene)).any(), "more training, other lines"
