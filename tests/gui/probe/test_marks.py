"""The fan of targets, the marks on the canvas, and drawings of one and three dimensions, in the real window."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.probe.figures import number
from scoreviz.gui.dynamics.probe.marks import ProbeMarks
from tests.engine.oracles import Hand
from tests.gui.probe.conftest import LAW, SCENE, Looking, page_of
from tests.gui.probe.test_probing import agrees, level, overlay, type_into
from tests.gui.test_drawing import pixel


def test_the_fan_has_as_many_targets_as_asked_and_new_ones_on_demand(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    fan, probing = page_of(window).fan, window.dynamics.probe.probing
    probing.pin(0.1, 0.1)
    qtbot.waitUntil(lambda: probing.answer is not None and len(probing.answer.targets.numpy()) == 24, timeout=5000)
    QTest.keyClick(fan.count.slider, Qt.Key.Key_End)
    assert probing.targets == 512
    qtbot.waitUntil(lambda: probing.answer.targets.shape == (512, 2), timeout=5000)
    a, std = level(window)
    x = np.array([0.1, 0.1])
    _, cov = LAW.tweedie(x, a, std)
    expected = np.sqrt(np.trace(cov) / 512) / std
    assert f"standard error of {number(float(expected))}" in fan.words.text()
    off = std * np.linalg.norm(probing.answer.targets.numpy().mean(0) - LAW.score(x, a, std))
    assert off < 4 * expected and f"is {number(float(off))} off" in fan.words.text()
    before = probing.answer.origins.numpy()
    with qtbot.waitSignal(probing.answered, timeout=5000):
        QTest.mouseClick(fan.anew, Qt.MouseButton.LeftButton)
    assert probing.seed == 1 and not np.array_equal(probing.answer.origins.numpy(), before)


def test_the_marks_are_switched_on_the_page(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    page, probing = page_of(window), window.dynamics.probe.probing
    probing.pin(0.1, 0.1)
    qtbot.waitUntil(lambda: isinstance(overlay(window, "probe"), ProbeMarks), timeout=5000)
    assert overlay(window, "probe").pulls and overlay(window, "probe").fan
    page.pull.toggle.switch.click()
    assert not overlay(window, "probe").pulls and overlay(window, "probe").fan
    page.fan.toggle.switch.click()
    assert not overlay(window, "probe").fan


def test_the_canvas_has_the_ellipse_where_the_data_may_have_been(qtbot: QtBot, looking: Looking) -> None:
    """At one standard deviation from E[x_0|x] to both sides along both axes there is the ellipse's colour; without it, nowhere."""
    window = looking()
    canvas, probing = window.dynamics.canvas, window.dynamics.probe.probing
    probing.pin(0.4, 0.9)
    qtbot.waitUntil(lambda: agrees(window, np.array([0.4, 0.9])) and overlay(window, "probe") is not None, timeout=5000)
    mean, cov = LAW.tweedie(np.array([0.4, 0.9]), *level(window))
    values, axes = np.linalg.eigh(cov)
    ends = [mean + sign * np.sqrt(values[k]) * axes[:, k] for k in range(2) for sign in (-1, 1)]

    def seen() -> int:
        image = canvas.render_to(canvas.size())
        near = [(dx, dy) for dx in range(-2, 3) for dy in range(-2, 3)]
        return sum(any(image.pixelColor(pixel(canvas, *end) + QPoint(*d)).name() == "#e2fff2" for d in near) for end in ends)

    assert seen() >= 3, "an arrow may lie over one of them"
    canvas.set_overlay("probe", None)
    assert seen() == 0


@pytest.mark.parametrize("dim", [1, 3])
def test_in_other_dimensions_there_is_a_field_for_each_coordinate(qtbot: QtBot, looking: Looking, dim: int) -> None:
    """Figures of any D; the density, compiled here, is a mixture whose closed form is written out by hand."""
    from scoreviz.maths.density import compile_density

    scene = msgspec.structs.replace(SCENE, density=msgspec.structs.replace(SCENE.density, dimensions=str(dim)))
    window = looking(scene)
    probe, probing = page_of(window).probe, window.dynamics.probe.probing
    assert [f.isVisible() for f in probe.fields] == [k < dim for k in range(3)]
    for k, text in zip(range(dim), ("0.3", "-0.2", "0.5"), strict=False):
        type_into(probe.fields[k].figure, text)
    x = np.array([0.3, -0.2, 0.5])[:dim]
    qtbot.waitUntil(lambda: agrees(window, x), timeout=10_000)
    mixture = compile_density(scene.density, {})
    assert mixture.isotropic and mixture.dim == dim
    law = Hand(mixture.weights.double().numpy(), mixture.means.double().numpy(), mixture.stds.double().numpy())
    assert probing.answer.log_p == pytest.approx(law.log_p(x, *level(window)), abs=1e-4)
    assert np.allclose(probing.answer.exact.numpy(), law.score(x, *level(window)), rtol=1e-4, atol=1e-4)
    assert overlay(window, "probe") is None, "marks are the plane's"
    kernel = page_of(window).kernel
    qtbot.waitUntil(lambda: page_of(window).stepping.sure, timeout=10_000)
    assert kernel.picture.isVisible() and "differ by" in kernel.words.text()
    kernel.picture.grab()
