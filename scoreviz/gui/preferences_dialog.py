"""What the program should be like on this machine. Each choice holds at once and is remembered; none belongs to a scene."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QPushButton, QVBoxLayout

from scoreviz.gui import motion, theme
from scoreviz.gui.preferences import CACHE_DEFAULT, CACHE_MIB
from scoreviz.gui.widgets.editor import Editor
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.segmented import Segmented
from scoreviz.gui.widgets.slider import Number
from scoreviz.gui.widgets.span import Span
from scoreviz.gui.widgets.toggle import Toggle

if TYPE_CHECKING:
    from scoreviz.gui.window import Window

WIDTH = 520
SCALES = (100, 125, 150, 175, 200)


class PreferencesDialog(QDialog):
    """One line a choice."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window, self._preferences = window, window.preferences
        self.setObjectName("preferences")
        self.setWindowTitle(self.tr("Preferences"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        now = theme.current()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(now.px(24), now.px(20), now.px(24), now.px(16))
        self._column.setSpacing(now.px(7))
        self.setMinimumWidth(now.px(WIDTH))
        self._looks()
        self._engine()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setObjectName("preferences.close")
        close.setAccessibleName(close.text().replace("&", ""))
        close.setIcon(QIcon())
        buttons.rejected.connect(self.reject)
        self._column.addSpacing(now.px(10))
        self._column.addWidget(buttons)

    def _looks(self) -> None:
        self._heading(self.tr("Looks and motion"))
        modes = [("system", self.tr("as the system")), ("dark", self.tr("dark")), ("light", self.tr("light"))]
        mode = self._window.theming.mode if self._window.theming is not None else "system"
        self._row(
            "theme", self.tr("theme"), self.tr("Colours of the whole window."), Segmented(modes, self), mode,
            lambda value: self._window.actions_[f"theme_{value}"].trigger(),
        )  # fmt: skip
        scales = [(str(percent), f"{percent} %") for percent in SCALES]
        self._row(
            "scale", self.tr("size of everything"), self.tr("Type, lines and widgets; the window is built anew."),
            Segmented(scales, self), str(round(100 * theme.current().scale)), self._scale,
        )  # fmt: skip
        self._row(
            "reduced_motion", self.tr("less motion"),
            self.tr("Runs wait for Play and stop at their end, and nothing turns by itself."), Toggle(self), motion.reduced(), self._reduce,
        )  # fmt: skip

    def _engine(self) -> None:
        self._heading(self.tr("Engine"))
        cores = os.cpu_count() or 1
        threads = int(self._preferences.number("engine/threads", 0)) or None
        editor = Number(Span(1, max(cores, 2), integer=True), self, optional=True)
        editor.show_resolved(max(1, cores - 1))
        self._row(
            "threads", self.tr("threads"),
            self.tr("Of torch. By itself it leaves one core to the window. Results depend on the number in their last digits."),
            editor, threads, lambda value: self._preferences.set("engine/threads", value or 0),
        )  # fmt: skip
        self._row(
            "cache", self.tr("memory of a run, MiB"),
            self.tr("Longer runs keep every second substep, every third, and so on, and say so."),
            Number(Span(*CACHE_MIB, log=True, integer=True), self), int(self._preferences.number("engine/cache_mib", CACHE_DEFAULT)),
            lambda value: self._preferences.set("engine/cache_mib", value),
        )  # fmt: skip
        note = QHBoxLayout()
        note.addWidget(label(self.tr("These two hold from the engine's next start."), "dim", self, wrap=True), 1)
        self.restart = QPushButton(self.tr("Restart the engine"), self)
        self.restart.setObjectName("preferences.restart")
        self.restart.setAccessibleName(self.restart.text())
        self.restart.clicked.connect(self._window.restart_engine)
        note.addWidget(self.restart)
        self._column.addLayout(note)

    def _heading(self, text: str) -> None:
        self._column.addSpacing(theme.current().px(6))
        self._column.addWidget(label(text, "heading", self))

    def _row(self, name: str, title: str, help: str, editor: Editor, value: object, does: Callable[[Any], object]) -> None:
        now, row = theme.current(), QHBoxLayout()
        text = label(title, "dim", self)
        text.setFixedWidth(now.px(150))
        editor.setObjectName(f"preferences.{name}")
        editor.describe(title, help)
        editor.setToolTip(help)
        text.setToolTip(help)
        editor.set_value(value)

        def edited(new: object, _token: str) -> None:
            does(new)
            editor.set_value(new)

        complaint = label("", "error", self, wrap=True, name=f"preferences.{name}.error")
        complaint.hide()
        editor.edited.connect(edited)
        editor.edited.connect(lambda _new, _token: complaint.hide())
        editor.trouble.connect(complaint.setText)
        editor.trouble.connect(complaint.show)
        row.addWidget(text)
        row.addWidget(editor, 1)
        self._column.addLayout(row)
        self._column.addWidget(complaint)

    def _scale(self, value: str) -> None:
        self.accept()  # the window that this belongs to goes
        self._window.actions_[f"scale_{value}"].trigger()

    def _reduce(self, on: bool) -> None:
        self._preferences.set("reduced_motion", int(on))
        motion.set_reduced(on)
        for playback in (self._window.playback, self._window.pages.pictures_playback):
            playback.autoplay = playback.autoplay and not on
            playback.loop = not on
