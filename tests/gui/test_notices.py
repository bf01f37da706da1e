"""Notices: one sentence over the canvas, passing or with remedies, its details to copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from scoreviz.gui.notices import PASSING_MS, NoticeBar, Remedy
from scoreviz.protocol.messages import Problem
from tests.gui.conftest import Open


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[NoticeBar]:
    window = QWidget()
    qtbot.addWidget(window)
    bar = NoticeBar(window)
    with qtbot.waitExposed(window):
        window.show()
    yield bar
    window.close()


def buttons(bar: NoticeBar) -> dict[str, QPushButton]:
    """Those of the present notice, by their words."""
    layout = bar.layout()
    assert layout is not None
    row = layout.itemAt(1).layout()
    return {b.text(): b for b in bar.findChildren(QPushButton) if row.indexOf(b) >= 0}


def timer(bar: NoticeBar) -> QTimer:
    found = bar.findChild(QTimer)
    assert isinstance(found, QTimer)
    return found


def test_a_passing_notice_goes_by_itself(qtbot: QtBot, bar: NoticeBar) -> None:
    assert not bar.isVisible() and bar.text == ""
    with qtbot.waitSignal(bar.told, timeout=100):
        bar.tell("That stroke lies outside.")
    assert bar.isVisible() and bar.text == bar.accessibleName() == "That stroke lies outside."
    assert timer(bar).isActive() and timer(bar).interval() == PASSING_MS and PASSING_MS >= 5000, "time enough to read it"
    timer(bar).start(5)
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=1000)
    assert bar.text == ""


def test_a_passing_notice_can_be_closed(bar: NoticeBar) -> None:
    bar.tell("A sentence.")
    (close,) = buttons(bar).values()
    assert close.text() == close.accessibleName() == "Close"
    close.click()
    assert not bar.isVisible() and not timer(bar).isActive()


def test_a_newer_notice_gets_its_whole_time(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.tell("One.")
    qtbot.waitUntil(lambda: timer(bar).remainingTime() < PASSING_MS - 1000, timeout=3000)
    bar.tell("Two.")
    assert bar.text == "Two." and timer(bar).remainingTime() > PASSING_MS - 900  # coarse timers


def test_one_with_remedies_stays_until_one_is_pressed(bar: NoticeBar) -> None:
    done: list[str] = []
    bar.tell("Passing.")
    restart, leave = Remedy("Restart", lambda: done.append("restart")), Remedy("Leave it", lambda: done.append("leave"))
    bar.tell("The engine stopped again.", restart, leave)
    assert not timer(bar).isActive()
    assert list(buttons(bar)) == ["Restart", "Leave it", "Close"], "those of the one before are gone"
    buttons(bar)["Leave it"].click()
    assert done == ["leave"] and not bar.isVisible()


def test_a_remedy_may_tell_something_itself(bar: NoticeBar) -> None:
    bar.tell("Unsaved work.", Remedy("Bring it back", lambda: bar.tell("It is damaged.")))
    buttons(bar)["Bring it back"].click()
    assert bar.isVisible() and bar.text == "It is damaged." and list(buttons(bar)) == ["Close"]


def test_close_does_nothing_else(bar: NoticeBar) -> None:
    done: list[str] = []
    bar.tell("Stopped.", Remedy("Restart", lambda: done.append("restart")))
    buttons(bar)["Close"].click()
    assert not done and not bar.isVisible()


def test_details_are_copied_and_the_notice_stays(bar: NoticeBar) -> None:
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    bar.tell("The loss is not finite.", details="Traceback (most recent call last):\n  ...")
    assert not timer(bar).isActive()
    buttons(bar)["Copy details"].click()
    assert clipboard.text() == "The loss is not finite.\n\nTraceback (most recent call last):\n  ..." and bar.isVisible()


def test_markup_in_a_sentence_is_shown_as_it_is(bar: NoticeBar) -> None:
    """A file's name may be anything."""
    bar.tell("“<b>bold</b><img src=x>.json” is empty.")
    label = bar.findChild(QLabel, "notice_text")
    assert isinstance(label, QLabel) and label.textFormat().name == "PlainText"


@pytest.mark.parametrize("before", ["", "A short one."], ids=["first", "after another"])
@pytest.mark.parametrize("size", [(900, 600), (1280, 800)], ids=str)
def test_a_long_notice_is_shown_whole_over_the_canvas(qtbot: QtBot, open_window: Open, size: tuple[int, int], before: str) -> None:
    window = open_window(engine=False, size=size)
    stage, bar = window.dynamics.stage, window.dynamics.stage.notice
    if before:
        bar.tell(before)
    sentence = "The engine stopped again: a rather long reason. Your drawing is kept. Change the scene if it was the cause. "
    bar.tell(sentence * (size[0] // 400), Remedy("Restart the engine", lambda: None), details="x")
    label = bar.findChild(QLabel, "notice_text")
    assert isinstance(label, QLabel)
    qtbot.waitUntil(lambda: all(button.isVisible() for button in buttons(bar).values()), timeout=1000)
    QApplication.processEvents()
    assert stage.rect().contains(bar.geometry()), "within the canvas"
    assert bar.rect().contains(label.geometry()) and label.height() >= label.heightForWidth(label.width()), "no line is cut off"
    assert not bar.geometry().intersects(stage.chips.geometry())
    shown = list(buttons(bar).values())
    assert all(bar.rect().contains(b.geometry()) and b.width() >= b.minimumSizeHint().width() for b in shown), "every word of a remedy"


def test_a_problem_of_the_engine_is_told_with_its_details(open_window: Open) -> None:
    window = open_window(engine=False)
    problem = Problem(where="run", template="The run failed at step {step}.", params={"step": "7"}, details="Traceback")
    window.session.problem.emit(problem)
    bar = window.dynamics.stage.notice
    assert bar.text == "The run failed at step 7." and "Copy details" in buttons(bar)


def test_one_that_stays_goes_with_its_signal(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.tell("It failed.")
    bar.stay(until=bar.windowTitleChanged)
    assert bar.isVisible() and not timer(bar).isActive()
    bar.setWindowTitle("mended")
    assert not bar.isVisible()
    bar.tell("It failed again.")
    bar.stay(until=bar.windowTitleChanged)
    bar.tell("Copied.")
    bar.setWindowTitle("mended again")
    assert bar.text == "Copied.", "a newer sentence is not taken away"


def test_what_every_look_fails_for_is_told_once(open_window: Open) -> None:
    window = open_window(engine=False)
    bar = window.dynamics.stage.notice
    for revision, expected in ((1, True), (1, False), (2, True)):
        bar.hide()
        window.session.problem.emit(Problem(where="look", template="No class {n}.", params={"n": "5"}, revision=revision))
        assert bar.isVisible() is expected, "again only after another edit"
    bar.hide()
    window.session.problem.emit(Problem(where="run", template="No class {n}.", params={"n": "5"}, revision=2))
    assert bar.isVisible(), "a run that was begun again says it again"
