"""Who gets a key: the widget that waits for it, or the window's shortcut."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.playback import Playback
from scoreviz.gui.transport.timeline import Timeline
from scoreviz.gui.widgets.buttons import IconButton
from scoreviz.gui.widgets.combo import Item, Menu
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span


def keeps(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> bool:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifiers)
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


@pytest.fixture
def widgets(playback: Playback, qtbot: QtBot) -> dict[str, QWidget]:
    number, menu = Number(Span(0, 1)), Menu(lambda: [Item("a", "a")])
    button, timeline = IconButton("play", "play", "play"), Timeline(playback)
    for widget in (number, menu, button, timeline):
        qtbot.addWidget(widget)
    assert number.slider is not None
    number.slider.setParent(None)
    qtbot.addWidget(number.slider)
    menu.combo.setParent(None)
    qtbot.addWidget(menu.combo)
    return {"slider": number.slider, "combo": menu.combo, "button": button, "timeline": timeline}


@pytest.mark.parametrize(
    ("name", "kept", "left"),
    [
        ("slider", Qt.Key.Key_Home, Qt.Key.Key_Space), ("slider", Qt.Key.Key_Delete, Qt.Key.Key_B), ("combo", Qt.Key.Key_B, Qt.Key.Key_F1),
        ("button", Qt.Key.Key_Space, Qt.Key.Key_Home), ("timeline", Qt.Key.Key_End, Qt.Key.Key_Space),
    ],
)  # fmt: skip
def test_a_widget_keeps_its_own_keys(name: str, kept: Qt.Key, left: Qt.Key, widgets: dict[str, QWidget]) -> None:
    assert keeps(widgets[name], kept)
    assert not keeps(widgets[name], left)
    assert not keeps(widgets[name], kept, Qt.KeyboardModifier.ControlModifier)


def test_a_click_on_a_button_leaves_the_keyboard_alone(widgets: dict[str, QWidget]) -> None:
    assert widgets["button"].focusPolicy() == widgets["combo"].focusPolicy() == Qt.FocusPolicy.TabFocus
