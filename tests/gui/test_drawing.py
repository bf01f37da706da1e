"""Gestures on the canvas of the window become edits of the scene: one undo step each, and many of them stay quick."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.window import Window
from scoreviz.protocol.messages import Blob, Train, Update
from scoreviz.scene.density import Density, Erase, Gaussian, Mark, Stroke
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document
from tests.gui.conftest import Open
from tests.gui.test_session import FakeEngine

STROKES = 10_000


@pytest.fixture
def window(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> Window:
    """An empty drawing, a fake engine that is up, a brush in hand."""
    monkeypatch.setattr("scoreviz.gui.session.EngineProcess", FakeEngine)
    window = open_window(Document(scene=Scene(density=Density())), engine=False)
    engine_of(window).welcome()
    engine_of(window).applied()
    engine_of(window).sent.clear()
    window.dynamics.tools.set_tool("brush")
    window.dynamics.tools.set_width(0.12)
    window.dynamics.tools.set_weight(1.0)
    return window


def engine_of(window: Window) -> FakeEngine:
    engine = window.session.engine
    assert isinstance(engine, FakeEngine)
    return engine


def pixel(canvas: Canvas, x: float, y: float) -> QPoint:
    return QPoint(*map(round, canvas.camera.to_pixels(np.array([[x, y]]))[0]))


def drag(canvas: Canvas, points: list[tuple[float, float]]) -> None:
    """With the left button through points of the drawing."""
    pixels = [pixel(canvas, *point) for point in points]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=pixels[0])
    for a, b in itertools.pairwise(pixels):
        for k in range(1, 9):
            QTest.mouseMove(canvas, a + (b - a) * k / 8)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=pixels[-1])


def only_mark(window: Window) -> Mark:
    (mark,) = window.store.scene.density.marks
    return mark


def points_of(window: Window, mark: Mark) -> np.ndarray:
    assert isinstance(mark, Stroke | Erase)
    return np.frombuffer(window.store.blobs[mark.points], "<f4").reshape(-1, 2)


def test_a_stroke_is_where_the_hand_went(window: Window) -> None:
    window.dynamics.tools.set_width(0.2)
    window.dynamics.tools.set_weight(3.0)
    drag(window.dynamics.canvas, [(-1.0, 0.5), (1.0, 0.5)])
    mark = only_mark(window)
    assert isinstance(mark, Stroke) and mark.width == 0.2 and mark.weight == 3.0
    points, precision = points_of(window, mark), 1.0 / window.dynamics.canvas.camera.pixels_per_unit
    assert len(points) >= 8 and (np.diff(points[:, 0]) > 0).all()
    assert points[0] == pytest.approx((-1.0, 0.5), abs=precision) and points[-1] == pytest.approx((1.0, 0.5), abs=precision)
    assert window.store.undo_stack.undoText() == "Draw stroke"


def test_a_click_is_a_stroke_of_one_point(window: Window) -> None:
    canvas = window.dynamics.canvas
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, 0.5, 0.5))
    assert len(points_of(window, only_mark(window))) == 1


def test_the_first_stroke_starts_training_and_shows_the_network_in_one_step(window: Window) -> None:
    engine = engine_of(window)
    drag(window.dynamics.canvas, [(-1.0, 0.0), (1.0, 0.0)])
    assert window.store.undo_stack.count() == 1
    assert window.store.scene.score.source == "network" and window.progress.running and window.session.training_begun
    assert [type(m) for m in engine.sent if isinstance(m, Blob | Update)] == [Blob, Update]
    assert set(engine.of(Update)[0].parts) == {"density", "score"} and set(engine.of(Train)) == {Train(running=True)}
    window.store.undo_stack.undo()
    assert window.store.scene == Scene(density=Density())


def test_later_strokes_leave_the_score_and_the_training_as_they_are(window: Window) -> None:
    drag(window.dynamics.canvas, [(-1.0, 0.0), (1.0, 0.0)])
    window.store.edit(("score", "source"), "exact", "Change score")
    engine_of(window).trained(50)
    window.session.train(False)
    drag(window.dynamics.canvas, [(-1.0, 1.0), (1.0, 1.0)])
    assert window.store.scene.score.source == "exact" and not window.progress.running
    assert len(window.store.scene.density.marks) == 2 and window.store.undo_stack.count() == 3
    window.store.undo_stack.undo()
    assert len(window.store.scene.density.marks) == 1


def test_an_erasure(window: Window) -> None:
    drag(window.dynamics.canvas, [(-1.0, 0.0), (1.0, 0.0)])
    window.dynamics.tools.set_tool("erase")
    window.dynamics.tools.set_width(0.3)
    drag(window.dynamics.canvas, [(0.0, -0.5), (0.0, 0.5)])
    stroke, erasure = window.store.scene.density.marks
    assert isinstance(stroke, Stroke) and isinstance(erasure, Erase) and erasure.width == 0.3
    assert abs(points_of(window, erasure)[:, 0]).max() < 0.02
    assert window.store.undo_stack.undoText() == "Erase"


def test_a_gaussian_is_as_wide_as_it_was_dragged(window: Window) -> None:
    window.dynamics.tools.set_tool("gaussian")
    window.dynamics.tools.set_weight(2.0)
    drag(window.dynamics.canvas, [(0.5, -0.5), (0.5, 0.3)])
    mark = only_mark(window)
    precision = 1.5 / window.dynamics.canvas.camera.pixels_per_unit
    assert isinstance(mark, Gaussian) and mark.weight == 2.0
    assert (mark.x, mark.y, mark.std) == pytest.approx((0.5, -0.5, 0.8), abs=precision)


def test_a_clicked_gaussian_is_as_wide_as_the_brush(window: Window) -> None:
    canvas = window.dynamics.canvas
    window.dynamics.tools.set_tool("gaussian")
    window.dynamics.tools.set_width(0.25)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel(canvas, 0.0, 0.0))
    mark = only_mark(window)
    assert isinstance(mark, Gaussian) and mark.std == pytest.approx(0.25)


@pytest.mark.parametrize("tool", ["brush", "erase", "gaussian"])
def test_a_stroke_outside_tells_its_sentence_and_adds_nothing(window: Window, tool: str) -> None:
    window.actions_[f"tool_{tool}"].trigger()
    window.dynamics.drawing.look(0.0, 0.0, 40.0)  # the corners lie beyond the world
    engine, canvas = engine_of(window), window.dynamics.canvas
    engine.sent.clear()
    before, steps = window.store.scene, window.store.undo_stack.count()
    drag(canvas, [(0.0, 35.0), (3.0, 38.0)])
    assert window.store.scene is before and window.store.undo_stack.count() == steps
    assert "outside" in window.dynamics.stage.notice.text and not window.progress.running and not engine.sent


def test_a_stroke_that_leaves_keeps_what_lies_inside(window: Window) -> None:
    drag(window.dynamics.canvas, [(0.0, 0.0), (0.0, 4.0)])
    points = points_of(window, only_mark(window))
    assert points[:, 1].max() <= window.dynamics.canvas.bounds.y1 and window.dynamics.stage.notice.text == ""


def test_moving_the_picture_edits_the_view_alone(window: Window) -> None:
    engine, before = engine_of(window), window.store.scene
    window.dynamics.tools.set_tool("pan")
    drag(window.dynamics.canvas, [(0.0, 0.0), (1.0, 0.5)])
    view, canvas = window.store.scene.view, window.dynamics.canvas
    assert (view.x, view.y) == pytest.approx((-1.0, -0.5), abs=0.02) and (canvas.camera.x, canvas.camera.y) == (view.x, view.y)
    assert window.store.scene.density is before.density and not engine.of(Update) and window.store.undo_stack.count() == 1
    window.store.undo_stack.undo()
    assert (canvas.camera.x, canvas.camera.y) == (0.0, 0.0)


@pytest.mark.parametrize("key", [Qt.Key.Key_BracketRight, Qt.Key.Key_BracketLeft])
def test_the_brush_that_is_shown_is_the_one_that_draws(window: Window, key: Qt.Key) -> None:
    canvas, tools = window.dynamics.canvas, window.dynamics.tools
    for _ in range(25):  # past the end of what the tools take
        QTest.keyClick(canvas, key)
        assert canvas.brush_width == tools.width
    drag(canvas, [(-1.0, 0.0), (1.0, 0.0)])
    mark = only_mark(window)
    assert isinstance(mark, Stroke) and mark.width == canvas.brush_width


# ---- ten thousand strokes


def many_strokes(store: Store) -> Density:
    generator = np.random.default_rng(0)
    marks = []
    for _ in range(STROKES):
        start = generator.uniform(-2, 2, 2)
        points = start + np.cumsum(generator.normal(0, 0.02, (20, 2)), axis=0)
        marks.append(Stroke(points=store.add_blob(points.astype("<f4").tobytes()), width=0.1))
    return Density(marks=tuple(marks))


def quickest(times: list[float]) -> float:
    """Of several: a shared machine adds, it never takes away."""
    return min(times)


def test_the_store_and_the_session_stay_quick_with_ten_thousand_strokes(qtbot: QtBot) -> None:
    store = Store()
    engine = FakeEngine()
    session = Session(store, Progress(), engine)  # type: ignore[arg-type]
    session.start()
    engine.welcome()
    engine.applied()
    store.edit(("density",), many_strokes(store), "Many strokes")
    engine.applied()
    edits, strokes = [], []
    for k in range(9):
        began = time.perf_counter()
        store.edit(("sampler", "steps"), 20 + k, "Change steps", merge="drag")
        edits.append(time.perf_counter() - began)
        assert engine.of(Update)[-1].parts["sampler"].steps == 20 + k
        engine.applied()
    for k in range(5):
        began = time.perf_counter()
        digest = store.add_blob(bytes([k]) * 160)
        store.edit(("density",), Density(marks=(*store.scene.density.marks, Stroke(points=digest, width=0.1))), "Draw stroke")
        strokes.append(time.perf_counter() - began)
        assert len(engine.of(Update)[-1].parts["density"].marks) == STROKES + k + 1
        engine.applied()
    assert quickest(edits) < 0.016
    assert quickest(strokes) < 0.100
    assert len(engine.of(Blob)) == STROKES + 5, "each was sent once"


def test_the_window_stays_quick_with_ten_thousand_strokes(qtbot: QtBot, window: Window) -> None:
    engine, canvas = engine_of(window), window.dynamics.canvas
    window.store.edit(("density",), many_strokes(window.store), "Many strokes")
    engine.applied()
    drags, strokes = [], []
    for k in range(9):
        began = time.perf_counter()
        window.store.edit(("sampler", "steps"), 20 + k, "Change steps", merge="drag")
        drags.append(time.perf_counter() - began)
        engine.applied()
    for k in range(5):
        a, b = pixel(canvas, -1.0, 0.2 * k), pixel(canvas, 1.0, 0.2 * k)
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=a)
        QTest.mouseMove(canvas, (a + b) / 2)
        began = time.perf_counter()
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=b)
        strokes.append(time.perf_counter() - began)
        assert len(window.store.scene.density.marks) == STROKES + k + 1
        engine.applied()
    assert quickest(drags) < 0.016, "a slider's move, every panel included"
    assert quickest(strokes) < 0.100, "a stroke's end, every panel included"
    assert QRect(0, 0, canvas.width(), canvas.height()).contains(pixel(canvas, 0.0, 0.0))
