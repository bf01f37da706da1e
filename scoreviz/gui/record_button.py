"""The pill at the right of the top bar: ● Record; its time while it records; how far the film is; and a menu of how to record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QHBoxLayout, QMenu, QWidget

from scoreviz.gui import icons, theme
from scoreviz.gui.record_settings import GIF_RATE, RATES, RecordSettings
from scoreviz.gui.recording import Recorder
from scoreviz.gui.widgets.buttons import IconButton
from scoreviz.gui.widgets.chips import Pill
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined

SIDE = 17  # of the glyph


class RecordButton(Pill):
    """recordToggled(), stillWanted(), cancelWanted(), settingsChanged(RecordSettings), reworded() when it needs another width."""

    recordToggled = Signal()
    stillWanted = Signal()
    cancelWanted = Signal()
    settingsChanged = Signal(object)
    reworded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topbar.recording")
        self.setAccessibleName(self.tr("Recording"))
        now = theme.current()
        self.setFixedHeight(now.px(26))
        self.settings = RecordSettings()
        self._recorder: Recorder | None = None
        self._brief = False
        self.press = _Press("topbar.record", self)
        self.press.clicked.connect(self.recordToggled)
        self.choices = IconButton("down", self.tr("How to record"), "topbar.record.choices", self, size=22, glyph=12)
        self.choices.clicked.connect(self._open_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(now.px(1), 0, now.px(3), 0)
        row.setSpacing(0)
        row.addWidget(self.press)
        row.addWidget(self.choices)
        self.menu = self._menu()
        self._show()

    def follow(self, recorder: Recorder) -> None:
        """Say what this recorder does."""
        self._recorder = recorder
        recorder.changed.connect(self._show)
        recorder.progressed.connect(self._show)
        self._show()

    def set_settings(self, settings: RecordSettings) -> None:
        """As they were chosen last time."""
        self.settings = settings
        self._show()

    def set_brief(self, brief: bool) -> None:
        """Say less: there is little room. Who asks for it need not be told."""
        if brief != self._brief:
            self._brief = brief
            self._reword()

    # ---- the menu

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setObjectName("topbar.record.menu")
        self._options: dict[tuple[str, Any], QAction] = {}
        self._choice(menu, "what", (("tab", self.tr("The whole tab")), ("canvas", self.tr("The canvas"))))
        self._choice(menu, "format", (("mp4", self.tr("MP4 film")), ("gif", self.tr("GIF, endless"))))
        self._choice(menu, "fps", tuple((fps, self.tr("{fps} frames per second").format(fps=fps)) for fps in RATES))
        self.folder = menu.addAction("")
        self.folder.triggered.connect(self._ask_folder)
        menu.addSeparator()
        self.still = menu.addAction(self.tr("Save a still picture"))
        self.still.triggered.connect(self.stillWanted)
        self.cancel = menu.addAction("")
        self.cancel.triggered.connect(self.cancelWanted)
        return menu

    def _choice(self, menu: QMenu, name: str, values: tuple[tuple[Any, str], ...]) -> None:
        group = QActionGroup(menu)
        for value, text in values:
            action = group.addAction(menu.addAction(text))
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, value=value: self._choose(**{name: value}))
            self._options[name, value] = action
        menu.addSeparator()

    def _choose(self, **choice: Any) -> None:
        self.settings = replace(self.settings, **choice)
        self._show()
        self.settingsChanged.emit(self.settings)

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self.window(), self.tr("Folder for films and pictures"), str(self.settings.films))
        if chosen:
            self._choose(folder=Path(chosen))

    def _open_menu(self) -> None:
        self._fill_menu()
        size = self.menu.sizeHint()
        self.menu.popup(self.mapToGlobal(QPoint(self.width() - size.width(), self.height() + 4)))

    # ---- what it says

    def _show(self, _progress: float = 0.0) -> None:
        if self._reword():
            self.reworded.emit()
        if self.menu.isVisible():
            self._fill_menu()

    def _reword(self) -> bool:
        """True if it needs another width."""
        state = self._state
        text, about = self._words(state)
        self.press.setEnabled(state in ("idle", "recording"))
        self.press.setAccessibleName(about)
        self.press.setToolTip(about)
        return self.press.show_as("film" if state == "finishing" else "record", text, live=state == "recording")

    def _fill_menu(self) -> None:
        state = self._state
        for (name, value), action in self._options.items():
            action.setChecked(getattr(self.settings, name) == value)
            action.setEnabled(state == "idle" and not (name == "fps" and value > GIF_RATE and self.settings.format == "gif"))
        self.folder.setEnabled(state == "idle")
        self.folder.setText(self.tr("Folder “{name}” …").format(name=self.settings.films.name))
        self.cancel.setVisible(state in ("recording", "finishing"))
        self.cancel.setText(self.tr("Discard the recording") if state == "recording" else self.tr("Stop here, keep the recording as MKV"))

    @property
    def _state(self) -> str:
        return self._recorder.state if self._recorder is not None else "idle"

    def _words(self, state: str) -> tuple[str, str]:
        """(on the button, in full)"""
        recorder = self._recorder
        if recorder is None or state == "idle":
            return "" if self._brief else self.tr("Record"), self.tr("Record the tab") if self.settings.what == "tab" else self.tr(
                "Record the canvas"
            )
        if state == "starting":
            return "…" if self._brief else self.tr("starting …"), self.tr("The recording starts")
        if state == "recording":
            text = _clock(recorder.seconds)
            about = self.tr("Stop the recording. It is {time} long; {count} frames were dropped, for the computer was busy").format(
                time=text, count=recorder.dropped
            )
            if recorder.dropped:
                text += " · " + ("−{count}" if self._brief else self.tr("{count} dropped")).format(count=recorder.dropped)
            return text, about
        text, left = f"{recorder.fraction:.0%}", recorder.seconds_left
        about = self.tr("The film is being made: {percent}").format(percent=text)
        if left is not None and not self._brief:
            text += " · " + self.tr("{time} left").format(time=_clock(left))
        return text if self._brief else self.tr("film {percent}").format(percent=text), about


class _Press(QAbstractButton):
    """A glyph and words on the left part of the pill."""

    def __init__(self, object_name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._glyph, self._live = "record", False
        self.setObjectName(object_name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_as(self, glyph: str, text: str, *, live: bool) -> bool:
        """True if it needs another width now."""
        before = self.sizeHint()
        self._glyph, self._live = glyph, live
        self.setText(text)
        self.update()
        if self.sizeHint() == before:
            return False
        self.updateGeometry()
        return True

    def sizeHint(self) -> QSize:
        now, metrics = theme.current(), self.fontMetrics()
        words = now.px(5) + metrics.horizontalAdvance(self.text()) if self.text() else 0
        return QSize(now.px(7) + now.px(SIDE) + words + now.px(2), now.px(24))

    minimumSizeHint = sizeHint

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self.isEnabled() and (self.underMouse() or self.isDown()):
            outlined(painter, rect, rect.height() / 2 - 0.5, fill=now.color("hover"))
        side = now.px(SIDE)
        square = QRectF(now.px(7), rect.center().y() - side / 2, side, side)
        glyph = "stop" if self._live and self.underMouse() else self._glyph
        icons.paint(painter, glyph, square, now.color("error" if self._live else "distance" if self.isEnabled() else "dim"))
        painter.setPen(now.color("text" if self._live else "distance" if self.isEnabled() else "dim"))
        words = rect.adjusted(now.px(7) + side + now.px(4), 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), self.text())
        focus_ring(painter, self, rect, rect.height() / 2 - 0.5)


def _clock(seconds: float) -> str:
    """75 as 1:15."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
