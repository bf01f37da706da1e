"""An exception that nobody caught is logged and shown once, with the diagnostics to copy."""

from __future__ import annotations

import faulthandler
import logging
import re
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer, Signal, qInstallMessageHandler, qWarning
from PySide6.QtWidgets import QAbstractButton, QApplication, QMessageBox
from pytestqt.qtbot import QtBot

import scoreviz
from scoreviz import resources
from scoreviz.gui.crash import MOST_DIALOGS, CrashReporter, diagnostics


class Source(QObject):
    """Something whose slots fail."""

    fired = Signal()


class MooseError(Exception):
    """Nobody catches it."""


def fail() -> None:
    raise MooseError("a moose on the track")


@pytest.fixture
def reporter(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashReporter]:
    """An installed one; afterwards every hook is what it was."""
    monkeypatch.setattr(faulthandler, "enable", lambda *args, **more: None)  # pytest's own goes on
    hooks, handler = (sys.excepthook, threading.excepthook), qInstallMessageHandler(None)
    reporter = CrashReporter()
    reporter.install()
    yield reporter
    sys.excepthook, threading.excepthook = hooks
    qInstallMessageHandler(handler)
    for box in boxes():
        box.close()
    reporter.deleteLater()


def boxes() -> list[QMessageBox]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.objectName() == "crash_dialog" and w.isVisible()]


def button(box: QMessageBox, text: str) -> QAbstractButton:
    (found,) = (b for b in box.buttons() if b.text().replace("&", "") == text)
    return found


def test_an_exception_in_a_slot_is_shown_once(qtbot: QtBot, reporter: CrashReporter, caplog: pytest.LogCaptureFixture) -> None:
    source = Source()
    source.fired.connect(fail)
    with caplog.at_level(logging.CRITICAL):
        for _ in range(20):  # as a paint event would
            source.fired.emit()
        qtbot.waitUntil(lambda: len(boxes()) == 1, timeout=2000)
    assert caplog.text.count("MooseError: a moose on the track\n") >= 20, "the log has each"
    QApplication.processEvents()
    (box,) = boxes()
    assert box.informativeText() == "MooseError: a moose on the track" and "Your drawing is kept" in box.text()
    assert "in fail" in box.detailedText()


def test_copy_diagnostics(qtbot: QtBot, reporter: CrashReporter) -> None:
    QApplication.clipboard().setText("before")
    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: len(boxes()) == 1, timeout=2000)
    (box,) = boxes()
    button(box, "Copy diagnostics").click()
    text = QApplication.clipboard().text()
    assert f"scoreviz {scoreviz.__version__}" in text and str(resources.log_folder()) in text
    assert re.search(r'Traceback \(most recent call last\):\n  File ".*test_crash\.py", line \d+, in fail\n', text)
    assert "MooseError: a moose on the track" in text and "PySide6" in text and "Python 3." in text
    assert boxes() == [box], "copying does not close it"


def test_after_it_was_closed_the_next_one_is_shown_but_not_for_ever(qtbot: QtBot, reporter: CrashReporter) -> None:
    shown = 0
    for _ in range(MOST_DIALOGS + 2):
        QTimer.singleShot(0, fail)
        with qtbot.waitSignal(reporter.caught, timeout=1000):
            pass
        QApplication.processEvents()
        for box in boxes():
            shown += 1
            button(box, "Close").click()
        assert not boxes()
    assert shown == MOST_DIALOGS


def test_an_exception_in_a_thread_is_shown_in_the_gui_thread(qtbot: QtBot, reporter: CrashReporter) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert not boxes(), "not from there"
    qtbot.waitUntil(lambda: len(boxes()) == 1, timeout=2000)
    assert boxes()[0].thread() is QApplication.instance().thread()  # type: ignore[union-attr]


def test_an_interrupt_ends_the_program_without_a_dialog(reporter: CrashReporter, monkeypatch: pytest.MonkeyPatch) -> None:
    quits: list[bool] = []
    monkeypatch.setattr("scoreviz.gui.crash.QCoreApplication.quit", lambda: quits.append(True))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    QApplication.processEvents()
    assert quits == [True] and not boxes()


def test_a_warning_of_qt_goes_into_the_log(reporter: CrashReporter, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "scoreviz.qt"):
        qWarning("a moose in %s, 100%")
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [("scoreviz.qt", "WARNING", "a moose in %s, 100%")]


def test_diagnostics_say_what_a_report_needs() -> None:
    text = diagnostics("the details")
    assert text.endswith("\n\nthe details") and "(Qt 6." in text and f"log: {resources.log_folder()}" in text
