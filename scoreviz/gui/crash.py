"""Exceptions that nobody caught: logged, and shown with a button that copies the diagnostics.

Unhandled exceptions in slots and paint events do not end a PySide6 program, so without this they pass unseen.
"""

from __future__ import annotations

import faulthandler
import logging
import platform
import sys
import threading
import traceback
from types import TracebackType

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import QCoreApplication, QMessageLogContext, QObject, Qt, QtMsgType, Signal, Slot, qInstallMessageHandler, qVersion
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton

import scoreviz
from scoreviz import resources

log = logging.getLogger(__name__)
MOST_DIALOGS = 3  # a paint event that fails fails sixty times a second


def diagnostics(details: str) -> str:
    """What a bug report needs."""
    return (
        f"scoreviz {scoreviz.__version__}, Python {platform.python_version()}, PySide6 {pyside_version} (Qt {qVersion()}), "
        f"{platform.platform()}\nlog: {resources.log_folder()}\n\n{details}"
    )


class CrashReporter(QObject):
    """Installs the hooks; shows one dialog at a time, in the GUI thread."""

    caught = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown = 0
        self._open = False
        self._box: QMessageBox | None = None
        self.caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """From now on nothing passes unseen."""
        sys.excepthook = self._excepthook
        threading.excepthook = lambda args: self._excepthook(args.exc_type, args.exc_value, args.exc_traceback)
        qInstallMessageHandler(_log_qt)
        if sys.stderr is not None:
            faulthandler.enable()

    def _excepthook(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QCoreApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.critical("not caught:\n%s", details)
        self.caught.emit(f"{kind.__name__}: {error}", details)

    @Slot(str, str)
    def _show(self, summary: str, details: str) -> None:
        if self._open or self._shown >= MOST_DIALOGS:
            return
        self._open, self._shown = True, self._shown + 1
        box = QMessageBox(QApplication.activeWindow())
        box.setObjectName("crash_dialog")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Something went wrong"))
        box.setText(self.tr("scoreviz met an error that it did not expect. Your drawing is kept; you can go on, or save and start again."))
        box.setInformativeText(summary)
        box.setDetailedText(details)
        copy = QPushButton(self.tr("Copy diagnostics"), box)
        box.addButton(copy, QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # copying does not close the dialog
        copy.clicked.connect(lambda: QApplication.clipboard().setText(diagnostics(details)))
        box.addButton(QMessageBox.StandardButton.Close)
        box.finished.connect(self._closed)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._box = box  # without a parent nothing else would keep it
        box.open()

    def _closed(self) -> None:
        self._open, self._box = False, None


def _log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    level = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.WARNING}
    logging.getLogger("scoreviz.qt").log(level.get(kind, logging.ERROR), "%s", message)
