"""The side column and the plots can be resized by hand, keep their sizes in the next window, and a double click puts them back."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSplitterHandle

from scoreviz.gui.dynamics.tab import PLOTS_HEIGHT, SIDE_WIDTH
from scoreviz.gui.widgets.divider import Divider
from tests.gui.conftest import Open


def drag(divider: Divider, by: int) -> None:
    handle = divider.handle(1)
    assert isinstance(handle, QSplitterHandle)
    middle = handle.rect().center()
    move = QPoint(0, by) if divider.orientation() == Qt.Orientation.Vertical else QPoint(by, 0)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(handle, middle + move)
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=middle + move)
    QApplication.processEvents()


def test_dragged_remembered_and_put_back(open_window: Open) -> None:
    window = open_window(engine=False, size=(1280, 800))
    dynamics = window.dynamics
    QApplication.processEvents()
    assert (dynamics.pages.width(), dynamics._plots_holder.height()) == (SIDE_WIDTH, PLOTS_HEIGHT)
    canvas = dynamics.canvas.size()
    drag(dynamics.columns, -80)
    drag(dynamics.rows, -60)
    wide, high = dynamics.pages.width(), dynamics._plots_holder.height()
    assert abs(wide - SIDE_WIDTH - 80) <= 2 and abs(high - PLOTS_HEIGHT - 60) <= 2
    assert dynamics.canvas.width() < canvas.width() and dynamics.canvas.height() < canvas.height()
    window.resize(1400, 900)
    QApplication.processEvents()
    assert (dynamics.pages.width(), dynamics._plots_holder.height()) == (wide, high), "the canvas takes what the window gains"
    window.close()
    again = open_window(engine=False, size=(1280, 800)).dynamics
    assert abs(again.pages.width() - wide) <= 1 and abs(again._plots_holder.height() - high) <= 1
    for divider in (again.columns, again.rows):
        handle = divider.handle(1)
        QTest.mouseDClick(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    QApplication.processEvents()
    assert (again.pages.width(), again._plots_holder.height()) == (SIDE_WIDTH, PLOTS_HEIGHT)


def test_a_presentation_goes_without_both(open_window: Open) -> None:
    window = open_window(engine=False, size=(1280, 720))
    window.presentation.set(True)
    QApplication.processEvents()
    dynamics = window.dynamics
    assert not dynamics.pages.isVisible() and not dynamics._plots_holder.isVisible()
    assert dynamics.canvas.width() == window.width()
    window.presentation.set(False)
    QApplication.processEvents()
    assert (dynamics.pages.width(), dynamics._plots_holder.height()) == (SIDE_WIDTH, PLOTS_HEIGHT)
