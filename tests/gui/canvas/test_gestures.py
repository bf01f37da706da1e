from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from scoreviz.gui.canvas.interaction import NARROWEST, WIDEST
from scoreviz.scene.density import Gaussian
from scoreviz.scene.view import View


def test_a_stroke_comes_out_in_data_units(canvas, mouse, qtbot):
    canvas.set_view(View(x=0.5, y=-0.25, half_height=2.0))
    path = [(20.0 + 2 * i, 100 + 40 * np.sin(i / 9)) for i in range(120)]
    with qtbot.waitSignal(canvas.strokeFinished) as caught:
        mouse.drag(*path)
    (points,) = caught.args
    assert points.dtype == np.float32 and points.shape == (len(path), 2)
    assert np.abs(canvas.camera.to_pixels(points) - path).max() < 1
    assert points[0] == pytest.approx((0.5 + (20 - 150) / 50, -0.25), abs=1e-5)


def test_points_are_thinned_but_the_ends_stay_near(canvas, mouse, qtbot):
    path = [(50 + 0.1 * i, 60.0) for i in range(1000)]
    with qtbot.waitSignal(canvas.strokeFinished) as caught:
        mouse.drag(*path)
    pixels = canvas.camera.to_pixels(caught.args[0])
    assert (np.diff(pixels[:, 0]) >= 1.49).all() and len(pixels) < 70
    assert pixels[-1, 0] == pytest.approx(149.9, abs=1.6)


def test_a_click_is_a_stroke_of_one_point(canvas, mouse, qtbot):
    with qtbot.waitSignal(canvas.strokeFinished) as caught:
        mouse.drag((150, 100))
    assert caught.args[0].tolist() == [[0.0, 0.0]]


def test_points_off_the_canvas_are_dropped(canvas, mouse, qtbot):
    with qtbot.waitSignal(canvas.strokeFinished) as caught:
        mouse.drag((290, 100), (295, 100), (310, 100), (900, -50))
    assert len(caught.args[0]) == 2


def test_a_stroke_wholly_outside_is_told_and_not_drawn(canvas, mouse, qtbot):
    with qtbot.assertNotEmitted(canvas.strokeFinished), qtbot.waitSignal(canvas.strokeOutside):
        mouse.drag((-50, -50), (-40, -20), (400, 900))
    canvas.set_view(View(half_height=40.0))  # one sees past the world's edge at |x| = 20
    with qtbot.assertNotEmitted(canvas.strokeFinished), qtbot.waitSignal(canvas.strokeOutside):
        mouse.drag((10, 100), (20, 100))


def test_the_eraser_emits_its_own_signal(canvas, mouse, qtbot):
    canvas.set_tool("erase")
    with qtbot.assertNotEmitted(canvas.strokeFinished), qtbot.waitSignal(canvas.eraseFinished) as caught:
        mouse.drag((100, 100), (120, 100))
    assert len(caught.args[0]) == 2


def test_a_gaussian_is_dragged_to_its_size(canvas, mouse, qtbot):
    canvas.set_view(View(half_height=2.0))
    canvas.set_tool("gaussian")
    with qtbot.waitSignal(canvas.gaussianPlaced) as caught:
        mouse.drag((200, 50), (210, 60), (230, 90))
    assert caught.args == pytest.approx([1.0, 1.0, 1.0])


def test_a_clicked_gaussian_takes_the_brushs_width_and_is_always_valid(canvas, mouse, qtbot):
    canvas.set_tool("gaussian")
    canvas.set_brush_width(0.2)
    with qtbot.waitSignal(canvas.gaussianPlaced) as caught:
        mouse.drag((150, 100))
    assert caught.args == pytest.approx([0, 0, 0.2])
    canvas.set_view(View(half_height=40.0))
    with qtbot.waitSignal(canvas.gaussianPlaced) as caught:
        mouse.drag((150, 100), (299, 199))
    assert caught.args[2] == WIDEST
    Gaussian(x=caught.args[0], y=caught.args[1], std=caught.args[2])


def test_the_wheel_keeps_the_point_under_the_pointer(canvas, mouse, qtbot):
    before = canvas.camera.to_data(220, 30)
    with qtbot.waitSignals([canvas.cameraChanged, canvas.boundsChanged]):
        mouse.wheel(220, 30, 2)
    assert canvas.camera.half_height == pytest.approx(2.6 / 1.15**2)
    assert canvas.camera.to_data(220, 30) == pytest.approx(before)


@pytest.mark.parametrize("how", ["middle", "tool"])
def test_panning_moves_the_picture_with_the_pointer(canvas, mouse, qtbot, how):
    button = Qt.MouseButton.MiddleButton if how == "middle" else Qt.MouseButton.LeftButton
    if how == "tool":
        canvas.set_tool("pan")
    held = canvas.camera.to_data(100, 100)
    with qtbot.assertNotEmitted(canvas.strokeFinished), qtbot.waitSignal(canvas.cameraChanged):
        mouse.drag((100, 100), (130, 80), (140, 90), button=button)
    assert canvas.camera.to_data(140, 90) == pytest.approx(held)


def test_a_camera_set_by_the_store_is_not_reported_as_moved_by_hand(canvas, qtbot):
    with qtbot.assertNotEmitted(canvas.cameraChanged), qtbot.waitSignal(canvas.boundsChanged):
        canvas.set_camera(1.0, 0.0, 3.0)
    with qtbot.assertNotEmitted(canvas.boundsChanged):
        canvas.set_camera(1.0, 0.0, 3.0)


def test_a_resize_changes_the_bounds(canvas, qtbot):
    with qtbot.waitExposed(canvas):
        canvas.show()
    with qtbot.waitSignal(canvas.boundsChanged):
        canvas.resize(600, 200)
    assert canvas.bounds.x1 - canvas.bounds.x0 == pytest.approx(3 * (canvas.bounds.y1 - canvas.bounds.y0))


def test_brackets_size_the_brush(canvas, qtbot):
    width = canvas.brush_width
    with qtbot.waitSignal(canvas.brushWidthChanged) as caught:
        qtbot.keyClicks(canvas, "]")
    assert caught.args == pytest.approx([1.25 * width])
    qtbot.keyClicks(canvas, "[[")
    assert canvas.brush_width == pytest.approx(width / 1.25)
    canvas.set_brush_width(0.0)
    assert canvas.brush_width == NARROWEST


def test_escape_drops_a_stroke(canvas, mouse, qtbot):
    with qtbot.assertNotEmitted(canvas.strokeFinished), qtbot.assertNotEmitted(canvas.strokeOutside):
        mouse.press(100, 100)
        mouse.move(120, 100)
        qtbot.keyPress(canvas, Qt.Key.Key_Escape)
        mouse.release(130, 100)


def test_the_stroke_in_progress_is_seen_and_not_rendered_offline(canvas, mouse):
    empty, offline = canvas.grab().toImage(), canvas.render_to(canvas.size())
    mouse.press(100, 100)
    mouse.move(160, 100)
    preview = canvas.grab().toImage()
    assert preview.pixelColor(130, 100).green() > empty.pixelColor(130, 100).green() + 20
    assert canvas.render_to(canvas.size()) == offline
    mouse.release(160, 100)


def test_the_pointer_is_reported_in_data_units(canvas, mouse, qtbot):
    with qtbot.waitSignal(canvas.pointerMoved) as caught:
        mouse.move(150, 100, Qt.MouseButton.NoButton)
    assert caught.args == pytest.approx([0.0, 0.0])


def test_an_unknown_tool_is_an_error(canvas):
    with pytest.raises(ValueError, match="'lasso'"):
        canvas.set_tool("lasso")


def test_a_pen_draws_as_a_mouse_does(canvas, qtbot):
    """Nothing here takes a tablet event, so Qt sends the mouse event that it stands for."""
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QPointingDevice, QTabletEvent
    from PySide6.QtWidgets import QApplication

    event = QTabletEvent(
        QEvent.Type.TabletPress, QPointingDevice.primaryPointingDevice(), QPointF(5, 5), QPointF(5, 5), 0.5, 0, 0, 0, 0, 0,
        Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)
    assert not event.isAccepted()
