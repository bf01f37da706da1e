"""The engine's process as the window sees it: QProcess, framing, and why it ended."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

import scoreviz
from scoreviz.protocol.framing import ProtocolError, encode, window_unframer
from scoreviz.protocol.messages import Hello, Message

log = logging.getLogger(__name__)
STDERR_KEPT = 8192


def child_environment() -> QProcessEnvironment:
    """Ours, in which a child finds the package where this process has it."""
    environment = QProcessEnvironment.systemEnvironment()
    root = str(Path(scoreviz.__file__).parent.parent)
    paths = [root, *filter(None, environment.value("PYTHONPATH", "").split(os.pathsep))]
    environment.insert("PYTHONPATH", os.pathsep.join(dict.fromkeys(paths)))
    return environment


class EngineProcess(QObject):
    """One engine at a time. `received` carries its messages, `died` a reason and the end of its stderr."""

    received = Signal(object)
    died = Signal(str, str)

    def __init__(self, parent: QObject | None = None, command: list[str] | None = None) -> None:
        super().__init__(parent)
        self._command = command or [sys.executable, "-m", "scoreviz.engine", "--stdio"]
        self.arguments = lambda: list[str]()  # what else it is started with; asked at each start
        self._process: QProcess | None = None
        self._stderr = ""
        self._fault = ""

    @property
    def pid(self) -> int:
        """Process id, 0 when there is none."""
        return int(self._process.processId()) if self._process is not None else 0

    def start(self) -> None:
        """Start a new process and greet it. Returns at once."""
        self._stderr = self._fault = ""
        process = QProcess(self)
        process.setProcessEnvironment(child_environment())
        unframer = window_unframer()

        def read() -> None:
            try:
                for message in unframer.feed(bytes(process.readAllStandardOutput().data())):
                    if process is self._process:
                        self.received.emit(message)
            except ProtocolError as error:
                self._fault = str(error)
                process.kill()

        process.readyReadStandardOutput.connect(read)
        process.readyReadStandardError.connect(lambda: self._keep_stderr(bytes(process.readAllStandardError().data())))
        process.finished.connect(lambda code, status: self._ended(process, code, status))
        process.errorOccurred.connect(lambda error: self._failed(process, error))
        self._process = process
        process.start(self._command[0], [*self._command[1:], *self.arguments()])
        self.send(Hello())

    def send(self, message: Message) -> None:
        """Write a message; QProcess buffers it. Nothing happens when there is no process."""
        if self._process is not None:
            self._process.write(encode(message))

    def kill(self) -> None:
        """End a process that hangs; `died` follows."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """Ask by closing its stdin, wait 2 s, terminate, kill. No `died`."""
        process, self._process = self._process, None
        if process is None or process.state() == QProcess.ProcessState.NotRunning:
            return
        process.closeWriteChannel()
        if not process.waitForFinished(2000):
            process.terminate()
            if not process.waitForFinished(1000):
                process.kill()
                process.waitForFinished(1000)

    def _keep_stderr(self, data: bytes) -> None:
        text = data.decode(errors="replace")
        log.warning("engine: %s", text.rstrip())
        self._stderr = (self._stderr + text)[-STDERR_KEPT:]

    def _ended(self, process: QProcess, code: int, status: QProcess.ExitStatus) -> None:
        process.deleteLater()
        if process is not self._process:
            return
        self._process = None
        crashed = status == QProcess.ExitStatus.CrashExit
        reason = self._fault or (
            self.tr("it was ended by the system") if crashed else self.tr("it ended with code {code}").format(code=code)
        )
        self.died.emit(reason, self._stderr)

    def _failed(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and process is self._process:
            self._process = None
            self.died.emit(process.errorString(), self._stderr)
