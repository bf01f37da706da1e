"""Help > Self-test: `scoreviz selftest --json` in a process of its own, its rows as they finish, and the verdict."""

from __future__ import annotations

import json
import sys
from typing import Any

from PySide6.QtCore import QProcess, Qt
from PySide6.QtGui import QCloseEvent, QColor, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from scoreviz.gui import theme
from scoreviz.gui.bridge import child_environment
from scoreviz.gui.widgets.words import count, figure

COMMAND = (sys.executable, "-m", "scoreviz", "selftest", "--json")
SIZE = (1040, 640)
MEASURED, VERDICT = 3, 6


class SelfTest(QDialog):
    """Starts when it is shown. Closing it, or “Stop”, ends the process."""

    def __init__(self, parent: QWidget | None = None, command: tuple[str, ...] = COMMAND) -> None:
        super().__init__(parent)
        self.setObjectName("selftest")
        self.setWindowTitle(self.tr("Self-test"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.rows: list[dict[str, Any]] = []
        self._total = 0
        self._last: dict[str, Any] | None = None
        self._stopped = False
        self._pending = b""
        self._errors = ""
        self._lay_out()
        self._process = QProcess(self)
        self._process.setProcessEnvironment(child_environment())
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._process.start(command[0], list(command[1:]))

    @property
    def running(self) -> bool:
        """Is the process still at it?"""
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        """Process id, 0 when there is none."""
        return int(self._process.processId())

    def as_text(self) -> str:
        """The table with tabs between its cells, and the verdict."""
        columns = range(self.table.columnCount())
        heading = [self.table.horizontalHeaderItem(c) for c in columns]
        lines = ["\t".join("" if item is None else item.text() for item in heading)]
        for r in range(self.table.rowCount()):
            lines.append("\t".join("" if (item := self.table.item(r, c)) is None else item.text() for c in columns))
        return "\n".join([*lines, self.verdict.text(), ""])

    def stop(self) -> None:
        """End the process; what is in the table stays."""
        self._stopped = True
        if self.running:
            self._process.terminate()
            if not self._process.waitForFinished(1000):
                self._process.kill()
                self._process.waitForFinished(1000)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.stop()
        super().closeEvent(event)

    def reject(self) -> None:
        """Escape closes like the button."""
        self.close()

    # ---- building

    def _lay_out(self) -> None:
        now = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(now.px(20), now.px(16), now.px(20), now.px(14))
        column.setSpacing(now.px(10))
        intro = QLabel(self.tr("Every sampler, noise process, objective and measure, measured against a closed form."), self)
        intro.setProperty("role", "dim")
        intro.setWordWrap(True)
        column.addWidget(intro)
        column.addWidget(self._table(), 1)
        self.bar = QProgressBar(self)
        self.bar.setObjectName("selftest.progress")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(now.px(6))
        self.bar.setRange(0, 0)
        column.addWidget(self.bar)
        self.verdict = QLabel(self.tr("Starting …"), self)
        self.verdict.setObjectName("selftest.verdict")
        self.verdict.setProperty("role", "figure")
        buttons = QHBoxLayout()
        buttons.addWidget(self.verdict, 1)
        self.copy_button = self._button(self.tr("Copy as text"), "selftest.copy", self._copy)
        self.stop_button = self._button(self.tr("Stop"), "selftest.stop", self.stop)
        self.close_button = self._button(self.tr("Close"), "selftest.close", self.close)
        for button in (self.copy_button, self.stop_button, self.close_button):
            buttons.addWidget(button)
        column.addLayout(buttons)
        self.resize(now.px(SIZE[0]), now.px(SIZE[1]))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.as_text())

    def _button(self, text: str, name: str, act: Any) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        return button

    def _table(self) -> QTableWidget:
        names = [
            self.tr("kind"), self.tr("name"), self.tr("what"), self.tr("measured"), self.tr("expected"), self.tr("tolerance"), "",
        ]  # fmt: skip
        table = self.table = QTableWidget(0, len(names), self)
        table.setObjectName("selftest.table")
        table.setAccessibleName(self.tr("Checks"))
        table.setHorizontalHeaderLabels(names)
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for place in range(MEASURED, VERDICT):
            heading = QTableWidgetItem(names[place])
            heading.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setHorizontalHeaderItem(place, heading)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        now = theme.current()
        for place, width in ((0, 90), (1, 160), (3, 88), (4, 88), (5, 88), (6, 64)):
            table.setColumnWidth(place, now.px(width))
        table.verticalHeader().setDefaultSectionSize(now.px(24))
        return table

    # ---- what the process says

    def _read(self) -> None:
        *lines, self._pending = (self._pending + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for line in lines:
            self._heard(json.loads(line))

    def _read_errors(self) -> None:
        self._errors = (self._errors + bytes(self._process.readAllStandardError().data()).decode(errors="replace"))[-4096:]

    def _heard(self, said: dict[str, Any]) -> None:
        if "total" in said:
            self._total = said["total"]
            self.bar.setRange(0, self._total)
        elif "kind" in said:
            self.rows.append(said)
            self._add(said)
            self.bar.setValue(len(self.rows))
            failed = sum(not row["passed"] for row in self.rows)
            text = self.tr("{n} of {total} checked").format(n=count(len(self.rows)), total=count(self._total))
            self.verdict.setText(text + (self.tr(", {n} failed").format(n=count(failed)) if failed else ""))
        else:
            self._last = said

    def _add(self, row: dict[str, Any]) -> None:
        table, now = self.table, theme.current()
        bar = table.verticalScrollBar()
        at_end = bar.value() == bar.maximum()
        place = table.rowCount()
        table.insertRow(place)
        numbers = [self._number(row[name]) for name in ("measured", "expected", "tolerance")]
        verdict = self.tr("ok") if row["passed"] else self.tr("failed")
        for c, text in enumerate([row["kind"], row["name"], row["says"], *numbers, verdict]):
            item = QTableWidgetItem(text)
            item.setToolTip(row["error"] or text)
            if MEASURED <= c < VERDICT:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if not row["passed"]:
                item.setForeground(QColor(now.error))
            elif c in (0, 4, 5, VERDICT):
                item.setForeground(QColor(now.dim))
            table.setItem(place, c, item)
        if row["error"]:
            table.setItem(place, 2, QTableWidgetItem(f"{row['says']}: {row['error']}"))
        if at_end:
            table.scrollToBottom()

    def _number(self, value: float | None) -> str:
        return "—" if value is None else figure(value).replace("-", "−")

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._ended(self.tr("The self-test does not start: {reason}").format(reason=self._process.errorString()), bad=True)

    def _finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._read()
        last = self._last
        if self._stopped:
            text = self.tr("Stopped after {n} of {total} checks.").format(n=count(len(self.rows)), total=count(self._total))
            self._ended(text, bad=False)
        elif last is None:
            lines = self._errors.strip().splitlines()
            reason = lines[-1] if lines else str(code)
            self._ended(self.tr("The self-test ended before its time: {reason}").format(reason=reason), bad=True)
        elif last["failed"]:
            self._ended(self._failures(last), bad=True)
        else:
            text = self.tr("All {n} checks hold ({seconds} s).").format(n=count(last["passed"]), seconds=round(last["seconds"]))
            self._ended(text, bad=False)

    def _failures(self, last: dict[str, Any]) -> str:
        total = last["passed"] + last["failed"]
        text = self.tr("{n} of {total} failed.").format(n=count(last["failed"]), total=count(total))
        return text + (" " + self.tr("Without a check: {names}.").format(names=", ".join(last["missing"])) if last["missing"] else "")

    def _ended(self, text: str, *, bad: bool) -> None:
        self.verdict.setText(text)
        self.verdict.setProperty("role", "error" if bad else "figure")
        self.verdict.style().polish(self.verdict)
        self.bar.hide()
        self.stop_button.setEnabled(False)
