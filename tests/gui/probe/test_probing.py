"""The probe in the real window: pointer, click, keyboard, particle; every figure against the closed form."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.dynamics.probe.figures import number
from scoreviz.gui.window import Window
from scoreviz.scene.control import ByClass
from scoreviz.scene.learning import Score
from scoreviz.scene.noise import VP
from tests.engine.oracles import ve, vp
from tests.gui.probe.conftest import LAW, SCENE, Looking, fresh_run, page_of
from tests.gui.test_drawing import pixel


def overlay(window: Window, name: str) -> Any:
    return dict(window.dynamics.canvas._content.overlays).get(name)


def level(window: Window) -> tuple[float, float]:
    """a and std of VE at the frame on screen."""
    return ve(float(window.playback.run.t[window.playback.index]), 0.01, 4.0)


def agrees(window: Window, x: np.ndarray) -> bool:
    """Is the answer that of x at the frame on screen?"""
    answer = window.dynamics.probe.probing.answer
    return answer is not None and np.allclose(answer.x.numpy(), x, atol=1e-6) and abs(answer.std - level(window)[1]) < 1e-6


def rows(window: Window) -> dict[str, str]:
    return {name: row.value.text() for name, row in page_of(window).probe.rows.items()}


def test_figures_follow_the_pointer_and_the_frame(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    canvas = window.dynamics.canvas
    QTest.mouseMove(canvas, pixel(canvas, 0.4, 0.1))
    probing = window.dynamics.probe.probing
    qtbot.waitUntil(lambda: probing.answer is not None, timeout=5000)
    x = probing.answer.x.numpy()
    assert np.abs(x - (0.4, 0.1)).max() < 2 / canvas.camera.pixels_per_unit
    for index in (window.playback.index, 5, 25):
        window.playback.seek(index)
        qtbot.waitUntil(lambda: agrees(window, x), timeout=5000)
        a, std = level(window)
        said, score = rows(window), LAW.score(x, a, std)
        assert said["log_p"] == number(float(LAW.log_p(x, a, std)))
        assert said["exact"] == f"( {number(score[0])}, {number(score[1])} )"
        assert said["level"].endswith(number(std))
        mean, cov = LAW.tweedie(x, a, std)
        assert said["mean"] == f"( {number(mean[0])}, {number(mean[1])} )"
        assert said["stds"] == ", ".join(number(float(v)) for v in np.sqrt(np.linalg.eigvalsh(cov)[::-1]))
        bars = page_of(window).pull.bars.items
        assert [share for _, share in bars] == pytest.approx(sorted(LAW.responsibilities(x, a, std))[::-1], abs=1e-6)
    QTest.mouseMove(canvas, pixel(canvas, -0.6, 0.5))
    qtbot.waitUntil(lambda: probing.answer.x.numpy()[0] < 0, timeout=5000)
    assert page_of(window).probe.state.text() == "under the pointer"


def test_the_networks_error_is_said_in_degrees_and_percent(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    probing = window.dynamics.probe.probing
    probing.pin(0.4, 0.1)
    qtbot.waitUntil(lambda: agrees(window, np.array([0.4, 0.1])), timeout=5000)
    learned, exact = probing.answer.network.numpy(), LAW.score(np.array([0.4, 0.1]), *level(window))
    cosine = learned @ exact / np.linalg.norm(learned) / np.linalg.norm(exact)
    error = np.linalg.norm(learned - exact) / np.linalg.norm(exact)
    assert rows(window)["network_off"] == f"{np.degrees(np.arccos(cosine)):.1f}° · {number(100 * error)} %"
    page = page_of(window).probe
    assert not page.rows["data"].isVisible()
    window.store.edit(("score",), Score(source="data"), "data")
    qtbot.waitUntil(lambda: probing.answer.data is not None, timeout=5000)
    qtbot.waitUntil(page.rows["data"].isVisible, timeout=5000)
    assert rows(window)["data"].startswith("(") and "°" in rows(window)["data_off"]


def test_under_control_the_samplers_own_score_has_a_row(qtbot: QtBot, looking: Looking) -> None:
    marks = tuple(msgspec.structs.replace(mark, label=k) for k, mark in enumerate(SCENE.density.marks))
    window = looking(msgspec.structs.replace(SCENE, density=msgspec.structs.replace(SCENE.density, marks=marks)))
    probing, page = window.dynamics.probe.probing, page_of(window).probe
    probing.pin(0.4, 0.1)
    qtbot.waitUntil(lambda: agrees(window, np.array([0.4, 0.1])), timeout=5000)
    assert not page.rows["driving"].isVisible()
    window.store.edit(("control",), ByClass(label=0), "class")
    qtbot.waitUntil(page.rows["driving"].isVisible, timeout=5000)
    fresh_run(qtbot, window)
    qtbot.waitUntil(lambda: agrees(window, np.array([0.4, 0.1])), timeout=5000)
    alone = (np.array([-1.0, 0.3]) - (0.4, 0.1)) / (0.3**2 + level(window)[1] ** 2)
    assert np.allclose(probing.answer.driving.numpy(), alone, rtol=1e-3)
    assert rows(window)["driving"].startswith(f"( {number(float(probing.answer.driving.numpy()[0]))},")


def test_a_click_with_the_probe_pins_and_escape_lets_go(qtbot: QtBot, looking: Looking) -> None:
    window = looking(page=False)
    dynamics, canvas = window.dynamics, window.dynamics.canvas
    assert dynamics.pages.page == "scene" and dynamics.probe.probing.answer is None
    window.actions_["tool_probe"].trigger()
    marks = window.store.scene.density
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, 0.4, 0.1))
    QTest.mouseMove(canvas, pixel(canvas, 0.8, 0.3))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, 0.8, 0.3))
    probing = dynamics.probe.probing
    assert dynamics.pages.page == "probe" and probing.mode == "pinned"
    assert np.abs(np.array(probing.x) - (0.8, 0.3)).max() < 2 / canvas.camera.pixels_per_unit, "dragged along"
    qtbot.waitUntil(lambda: agrees(window, np.array(probing.x)), timeout=5000)
    pinned = probing.x
    QTest.mouseMove(canvas, pixel(canvas, -1.0, -1.0))
    assert probing.x == pinned and page_of(window).probe.state.text() == "pinned"
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert probing.mode == "pointer"
    qtbot.waitUntil(lambda: agrees(window, np.array(probing.x)) and probing.x[0] < 0, timeout=5000)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    QTest.mouseMove(canvas, pixel(canvas, 1.0, 1.0))
    assert probing.mode == "pinned" and probing.x[0] < 0
    assert window.store.scene.density is marks, "looking edits nothing"


def type_into(figure: Any, text: str) -> None:
    figure.setFocus()
    figure.selectAll()
    QTest.keyClicks(figure, text)
    QTest.keyClick(figure, Qt.Key.Key_Return)


def test_a_place_can_be_typed(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    probe, probing = page_of(window).probe, window.dynamics.probe.probing
    type_into(probe.fields[0].figure, "-0.7")
    type_into(probe.fields[1].figure, "0,25")
    assert probing.mode == "pinned" and probing.x == (-0.7, 0.25)
    qtbot.waitUntil(lambda: agrees(window, np.array([-0.7, 0.25])), timeout=5000)
    type_into(probe.fields[0].figure, "here")
    assert "not a number" in probe.trouble.text() and probing.x == (-0.7, 0.25)
    type_into(probe.fields[0].figure, "1e9")
    assert "between" in probe.trouble.text() and probing.x == (-0.7, 0.25)


def test_it_stays_on_a_particle_through_the_run(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    probe, probing = page_of(window).probe, window.dynamics.probe.probing
    next(s for s in probe.mode.segments if s.value == "particle").click()
    type_into(probe.particle.figure, "17")
    for index in (3, 20, 12):
        window.playback.seek(index)
        qtbot.waitUntil(lambda: agrees(window, window.playback.run.at(window.playback.index)[17]), timeout=5000)
    assert probe.state.text() == "on particle 17"
    type_into(probe.particle.figure, "100000")
    assert probing.particle == 149
    assert probing.x == tuple(window.playback.run.at(12)[-1].tolist()), "there are 150: the last"
    next(s for s in probe.mode.segments if s.value == "pointer").click()
    assert probing.mode == "pointer" and not probe.particle_row.isVisible()


def test_while_it_plays_answers_keep_coming(qtbot: QtBot, looking: Looking) -> None:
    """A question at each frame, one at a time on its way: none is lost, and the last frame's comes."""
    window = looking()
    probing = window.dynamics.probe.probing
    probing.follow(5)
    times: set[float] = set()
    probing.answered.connect(lambda: probing.answer is not None and times.add(probing.answer.t))
    window.playback.seek(0)
    window.playback.loop = False
    with qtbot.waitSignal(window.playback.finished, timeout=20_000):
        window.playback.play()
    assert len(times) > 10
    qtbot.waitUntil(lambda: agrees(window, window.playback.run.at(window.playback.run.length - 1)[5]), timeout=5000)


def test_out_of_sight_nothing_is_asked_and_nothing_drawn(qtbot: QtBot, looking: Looking) -> None:
    window = looking()
    probing = window.dynamics.probe.probing
    probing.pin(0.1, 0.1)
    kernel = page_of(window).stepping
    qtbot.waitUntil(lambda: overlay(window, "probe") is not None and kernel.answer is not None, timeout=5000)
    window.dynamics.pages.show_page("scene")
    assert probing._line.inquiry.question is None and kernel._inquiry.question is None
    assert overlay(window, "probe") is None
    window.playback.seek(3)
    assert probing._line.inquiry.question is None
    window.dynamics.pages.show_page("probe")
    qtbot.waitUntil(lambda: agrees(window, np.array([0.1, 0.1])), timeout=5000)


def test_another_scene_is_answered_anew(qtbot: QtBot, looking: Looking) -> None:
    """The pinned place stays; VP's a and std take VE's place."""
    window = looking()
    probing = window.dynamics.probe.probing
    probing.pin(0.1, 0.1)
    window.store.edit(("noise",), VP(), "VP")
    fresh_run(qtbot, window)
    x, t = np.array([0.1, 0.1]), float(window.playback.run.t[window.playback.index])
    qtbot.waitUntil(lambda: probing.answer is not None and probing.answer.a == pytest.approx(vp(t)[0]), timeout=5000)
    assert probing.answer.log_p == pytest.approx(LAW.log_p(x, *vp(t)), abs=1e-5)


def test_a_trace_holds_no_density(qtbot: QtBot, looking: Looking) -> None:
    import dataclasses

    window = looking()
    probing = window.dynamics.probe.probing
    probing.pin(0.1, 0.1)
    qtbot.waitUntil(lambda: probing.answer is not None, timeout=5000)
    window.dynamics.runs.show_trace(dataclasses.replace(window.playback.run, file="a.npz"))
    assert probing.answer is None and "trace" in page_of(window).probe.trouble.text() and overlay(window, "probe") is None
    window.dynamics.runs.close_trace()
    qtbot.waitUntil(lambda: probing.answer is not None, timeout=5000)
