"""The recorder's process as the window sees it: QProcess, framing, and how it ended."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

import scoreviz
from scoreviz.protocol.framing import ProtocolError
from scoreviz.record.messages import Leave, ToRecorder, encode, window_unframer

log = logging.getLogger(__name__)
LEAVING_MS = 5000


class RecorderProcess(QObject):
    """One recording. `received` carries its messages; `ended` comes once, with a reason if it did not end by itself."""

    received = Signal(object)
    ended = Signal(str)

    def __init__(self, order: ToRecorder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        root = str(Path(scoreviz.__file__).parent.parent)
        paths = [root, *filter(None, environment.value("PYTHONPATH", "").split(os.pathsep))]
        environment.insert("PYTHONPATH", os.pathsep.join(dict.fromkeys(paths)))
        process.setProcessEnvironment(environment)
        self._unframer = window_unframer()
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._log)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        process.start(sys.executable, ["-m", "scoreviz.record", "--stdio"])
        self.send(order)

    @property
    def pid(self) -> int:
        return int(self._process.processId())

    def send(self, message: ToRecorder) -> None:
        """QProcess buffers it."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.write(encode(message))

    def leave(self) -> None:
        """The window closes: the work goes on in a process that is not ours. `ended` does not come any more."""
        self.blockSignals(True)
        self.send(Leave())
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(LEAVING_MS) and self._process.state() != QProcess.ProcessState.NotRunning:
            log.warning("the recorder did not let go in time; its recording is offered at the next start")
            self._process.kill()
            self._process.waitForFinished(LEAVING_MS)

    def _read(self) -> None:
        try:
            for message in self._unframer.feed(bytes(self._process.readAllStandardOutput().data())):
                self.received.emit(message)
        except ProtocolError as error:
            log.error("recorder: %s", error)
            self._process.kill()

    def _log(self) -> None:
        log.warning("recorder: %s", bytes(self._process.readAllStandardError().data()).decode(errors="replace").rstrip())

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        if status == QProcess.ExitStatus.CrashExit:
            self.ended.emit(self.tr("it was ended by the system"))
        else:
            self.ended.emit(self.tr("it ended with code {code}").format(code=code) if code else "")

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(self._process.errorString())
