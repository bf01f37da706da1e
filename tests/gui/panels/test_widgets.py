"""Segments, sections, figures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.widgets import words
from scoreviz.gui.widgets.labels import Elided
from scoreviz.gui.widgets.section import Section, SectionGroup
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span


def test_segments_follow_the_arrow_keys(qtbot: QtBot) -> None:
    widget = Segmented([("a", "one"), ("b", "two"), ("c", "three")])
    qtbot.addWidget(widget)
    widget.describe("which", "help")
    seen: list[str] = []
    widget.edited.connect(lambda value, _token: seen.append(value))
    widget.set_value("a")
    assert seen == []
    qtbot.keyClick(widget.segments[0], Qt.Key.Key_Right)
    assert widget.value == "b"
    qtbot.keyClick(widget.segments[1], Qt.Key.Key_Right)
    qtbot.keyClick(widget.segments[2], Qt.Key.Key_Right)
    qtbot.keyClick(widget.segments[2], Qt.Key.Key_Left)
    assert seen == ["b", "c", "b"]
    qtbot.mouseClick(widget.segments[0], Qt.MouseButton.LeftButton)
    assert widget.value == "a"
    assert widget.segments[0].accessibleName() == "which: one"


def test_a_number_is_typed_by_who_leaves_it_and_not_by_what_hides_it(qtbot: QtBot) -> None:
    """An undo may take away the row in which something was typed: that is no edit."""
    window = QWidget()
    qtbot.addWidget(window)
    row, other = QWidget(window), QLineEdit(window)
    number = Number(Span(0.0, 10.0), row, slider=False)
    line = QHBoxLayout(window)
    line.addWidget(row)
    line.addWidget(other)
    number.set_value(1.0)
    seen: list[float] = []
    number.edited.connect(lambda value, _token: seen.append(value))
    window.show()
    window.activateWindow()
    for leave, expected in ((lambda: other.setFocus(), [5.0]), (lambda: row.hide(), [])):
        seen.clear()
        row.show()
        number.set_value(1.0)
        number.figure.setFocus()
        qtbot.waitUntil(number.figure.hasFocus)
        number.figure.setText("5")
        leave()
        assert not number.figure.hasFocus() and seen == expected and number.figure.text() == "1.00"


def test_one_section_is_open_at_a_time(qtbot: QtBot) -> None:
    group = SectionGroup()
    sections = [Section(f"s{k}", f"s{k}", more=True) for k in range(3)]
    for section in sections:
        qtbot.addWidget(section)
        group.add(section)
    sections[0].set_open(True)
    qtbot.keyClick(sections[1].more_button, Qt.Key.Key_Space)
    assert [section.open for section in sections] == [False, True, False]
    sections[1].set_open(False)
    assert not any(section.open for section in sections)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (100, "100"), (12345, "12\u202f345"), (4.0, "4.00"), (0.11, "0.110"), (0.002, "0.002"), (0.16, "0.160"), (2e-5, "2e-5"), (0.0, "0"),
        (31.25, "31.2"), (-1.5, "-1.50"), (1234.0, "1\u202f234"), (None, ""),
    ],
)  # fmt: skip
def test_figures(value: float | int | None, text: str) -> None:
    assert words.figure(value) == text


@pytest.mark.parametrize(
    ("text", "value"), [("1 500", 1500), ("0,5", 0.5), ("2e-5", 2e-5), ("−3", -3), ("", None), ("x", None), ("1.2.3", None)]
)
def test_typed_numbers(text: str, value: float | None) -> None:
    assert words.parse(text) == value


def test_a_cut_line_can_still_be_read(qtbot: QtBot, qapp: QApplication) -> None:
    line = Elided("a rather long sentence about the state of things")
    qtbot.addWidget(line)
    line.resize(60, 20)
    qapp.processEvents()
    line.grab()
    assert line.toolTip() == line.accessibleName() == line.text()
    assert line.minimumSizeHint().width() == 0
