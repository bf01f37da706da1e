"""Drawing in full with the real engine: what is drawn, moved, hidden is what the density on the screen is of."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.window import Window
from scoreviz.maths.density import compile_density
from scoreviz.scene.density import Density, Gaussian, Layer
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document, load, save
from tests.gui.conftest import Open
from tests.gui.test_drawing import drag, pixel

TIMEOUT = 30_000


def peak(window: Window) -> tuple[float, float] | None:
    """Where the density on the canvas is largest."""
    grid = window.dynamics.canvas._content.density
    if grid is None:
        return None
    rows, columns = grid.log_p.shape
    row, column = np.unravel_index(int(np.argmax(grid.log_p)), grid.log_p.shape)
    b = grid.bounds
    return b.x0 + (column + 0.5) * (b.x1 - b.x0) / columns, b.y0 + (row + 0.5) * (b.y1 - b.y0) / rows


def test_a_moved_mark_moves_the_density_on_the_screen(qtbot: QtBot, open_window: Open) -> None:
    scene = Scene(density=Density(marks=(Gaussian(x=-1.0, y=0.5, std=0.2),)))
    window = open_window(Document(scene=scene))
    near = pytest.approx
    qtbot.waitUntil(lambda: peak(window) == near((-1.0, 0.5), abs=0.15), timeout=TIMEOUT)
    window.actions_["tool_select"].trigger()
    drag(window.dynamics.canvas, [(-1.0, 0.5), (1.0, -0.5)])
    qtbot.waitUntil(lambda: peak(window) == near((1.0, -0.5), abs=0.15), timeout=TIMEOUT)
    window.store.undo_stack.undo()
    qtbot.waitUntil(lambda: peak(window) == near((-1.0, 0.5), abs=0.15), timeout=TIMEOUT)


def test_classes_hard_strokes_and_areas_reach_the_engine_and_the_file(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window(Document(scene=Scene(density=Density())))
    canvas, tools = window.dynamics.canvas, window.dynamics.tools
    tools.set_width(0.12)
    window.actions_["tool_brush"].trigger()
    tools.set_ink(dataclasses.replace(tools.ink, label=1, hardness=1.0))
    drag(canvas, [(-1.5, 1.0), (1.0, 1.0)])
    window.actions_["tool_polygon"].trigger()
    tools.set_ink(dataclasses.replace(tools.ink, label=2, filled=True))
    for corner in ((-1.0, -1.0), (1.0, -1.0), (0.0, 0.3)):
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, *corner))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    target = compile_density(window.store.scene.density, window.store.blobs)
    assert target.classes == (1, 2)
    qtbot.waitUntil(lambda: window.session.components == len(target), timeout=TIMEOUT)
    assert window.dynamics.side.density.state.text() == "1 stroke + 1 area, 2 classes"
    path = tmp_path / "classes.scoreviz.json"
    save(window.store.document(), path)
    again = load(path)
    assert again.scene.density == window.store.scene.density
    assert compile_density(again.scene.density, again.blobs).means.equal(target.means)


def test_hiding_everything_is_told_on_the_canvas_and_undone(qtbot: QtBot, open_window: Open) -> None:
    scene = Scene(density=Density(marks=(Gaussian(x=0.0, y=0.0, std=0.3),), layers=(Layer(name="all"),)))
    window = open_window(Document(scene=scene))
    qtbot.waitUntil(lambda: window.session.components == 1, timeout=TIMEOUT)
    panel = window.dynamics.side.density
    panel.set_open(True)
    panel.layers.rows[0].eye.click()
    qtbot.waitUntil(lambda: "hidden or weighs nothing" in (window.dynamics.canvas._content.message or ""), timeout=TIMEOUT)
    assert panel.state.text() == "1 Gaussian, 1 layer, 1 of them not seen"
    window.store.undo_stack.undo()
    qtbot.waitUntil(lambda: window.dynamics.canvas._content.message is None, timeout=TIMEOUT)
