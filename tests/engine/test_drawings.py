"""Placed marks, classes, layers and hard strokes through the real engine: its density field against sums written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scoreviz.protocol.messages import Blob, Density, Problem, RunDone
from scoreviz.scene.density import Density as Drawing
from scoreviz.scene.density import Gaussian, Layer, Placement, Stroke, digest_of
from tests.engine.driver import Driver, look
from tests.engine.test_fields import centres

SIGMA = 0.2


def field(engine: Driver) -> np.ndarray:
    mark = engine.mark()
    engine.send(look(density=(SIGMA,)))
    return engine.wait(Density, lambda m: m.sigma == SIGMA, since=mark).log_p.numpy()


def test_layers_classes_and_places_weigh_in_the_field(engine: Driver) -> None:
    marks = (
        Gaussian(x=1.0, y=0.0, std=0.3, label=2),
        Gaussian(x=1.0, y=0.0, std=0.2, weight=2.0, layer=1, place=Placement(dx=-0.5, dy=0.3, scale=1.5, angle=math.pi / 2)),
        Gaussian(x=-1.0, y=-1.0, std=0.5, weight=50.0, layer=2),
    )
    engine.update({"density": Drawing(marks=marks, layers=(Layer(), Layer(weight=0.5), Layer(visible=False)))})
    points = centres((24, 30)).numpy()
    p = np.zeros(len(points))
    for share, (x, y), std in ((0.5, (1.0, 0.0), 0.3), (0.5, (-0.5, 1.8), 0.3)):  # 90 degrees: (1, 0) goes to (0, 1.5) and on
        v = std**2 + SIGMA**2
        p += share * np.exp(-((points - (x, y)) ** 2).sum(1) / (2 * v)) / (2 * math.pi * v)
    seen = p > 1e-20
    np.testing.assert_allclose(field(engine).reshape(-1)[seen], np.log(p)[seen], atol=2e-3)


def test_a_hard_stroke_is_an_even_bar(engine: Driver) -> None:
    """Far from its ends: 1/L times the band's profile blurred with sigma."""
    data = np.array([[-2.4, 0.1], [2.4, 0.1]], "<f4").tobytes()
    engine.send(Blob(digest=digest_of(data), data=data))
    engine.update({"density": Drawing(marks=(Stroke(points=digest_of(data), width=0.4, hardness=1.0),))})
    points = centres((24, 30)).numpy()
    middle = np.abs(points[:, 0]) < 0.8
    s = math.hypot(0.3 * 0.4, SIGMA)
    a = math.sqrt(3 * (0.4**2 - (0.3 * 0.4) ** 2))
    phi = np.vectorize(lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2))))
    y = points[middle, 1] - 0.1
    wanted = (phi((y + a) / s) - phi((y - a) / s)) / (2 * a) / 4.8
    found = np.exp(field(engine).reshape(-1)[middle])
    assert np.abs(found - wanted).max() < 0.02 * wanted.max()


@pytest.mark.parametrize("layer", [Layer(visible=False), Layer(weight=0.0)])
def test_nothing_seen_is_a_sentence_and_the_next_edit_goes_on(engine: Driver, layer: Layer) -> None:
    marks = (Gaussian(x=0.0, y=0.0, std=0.3),)
    mark = engine.mark()
    engine.update({"density": Drawing(marks=marks, layers=(layer,))})
    problem = engine.wait(Problem, since=mark)
    assert "hidden or weighs nothing" in problem.template
    mark, applied = engine.update({"density": Drawing(marks=marks, layers=(Layer(),))})
    assert applied.components == 1
    engine.wait(RunDone, since=mark)
