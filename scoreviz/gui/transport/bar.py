"""Play, pause, one substep, back, scrub, speed: the bar under the canvas."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from scoreviz.gui import theme
from scoreviz.gui.playback import Playback
from scoreviz.gui.transport.timeline import Timeline
from scoreviz.gui.widgets.buttons import IconButton, RoundButton
from scoreviz.gui.widgets.chips import Chip

HEIGHT = 70


class Transport(QWidget):
    """Buttons at the left, the time line, and at the right what a tab has to say aside, of a width that the bar gives it."""

    def __init__(self, playback: Playback[Any], aside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playback, self._aside = playback, aside
        self._steps: list[IconButton] = []
        self.setObjectName("transport")
        self.setAccessibleName(self.tr("Transport"))
        now = theme.current()
        self.setFixedHeight(now.px(HEIGHT))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(now.px(10), 0, now.px(14), 0)
        self._row.setSpacing(now.px(3))
        self._add_buttons()
        self.timeline = Timeline(playback, self)
        self._row.addSpacing(now.px(10))
        self._row.addWidget(self.timeline, 1)
        self._row.addSpacing(now.px(10))
        self._row.addWidget(self._aside)
        playback.playing_changed.connect(self._refresh)
        playback.speed_changed.connect(self._refresh)
        playback.run_changed.connect(self._refresh)
        self._refresh()

    def _add_buttons(self) -> None:
        playback, now = self._playback, theme.current()
        self._button("to_start", self.tr("To the start"), lambda: playback.seek(0))
        self._button("step_back", self.tr("One substep back"), lambda: playback.step(-1))
        self.play = RoundButton("play", self.tr("Play"), "transport.play", self, size=42, glyph=20)
        self.play.clicked.connect(lambda: playback.pause() if playback.playing else playback.play())
        self._row.addSpacing(now.px(3))
        self._row.addWidget(self.play)
        self._row.addSpacing(now.px(3))
        self._button("step_forward", self.tr("One substep on"), lambda: playback.step(1))
        self._button("to_end", self.tr("To the end"), self._to_end)
        self.loop = self._button("loop", self.tr("Begin again after the end"), self._set_loop)
        self.loop.setCheckable(True)
        self.loop.setChecked(playback.loop)
        self._row.addSpacing(now.px(4))
        self.speed = Chip("", "transport.speed", self, checkable=False, chevron=True)
        self.speed.clicked.connect(self._open_speeds)
        self._row.addWidget(self.speed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        now = theme.current()
        self._aside.setFixedWidth(now.px(280 if self.width() >= now.px(1200) else 150 if self.width() >= now.px(1080) else 96))
        super().resizeEvent(event)

    def speed_menu(self) -> QMenu:
        """All speeds, the present one checked."""
        menu = QMenu(self)
        group = QActionGroup(menu)
        for speed in Playback.SPEEDS:
            action = QAction(_times(speed), menu, checkable=True)
            action.setChecked(speed == self._playback.speed)
            action.triggered.connect(lambda _on, speed=speed: self._playback.set_speed(speed))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def _open_speeds(self) -> None:
        menu = self.speed_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.speed.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def _button(self, icon: str, name: str, does: object) -> IconButton:
        button = IconButton(icon, name, f"transport.{icon}", self, size=32, glyph=20, quiet=True)
        button.clicked.connect(lambda: does())  # type: ignore[operator]
        self._row.addWidget(button)
        self._steps.append(button)
        return button

    def _set_loop(self) -> None:
        self._playback.loop = self.loop.isChecked()

    def _to_end(self) -> None:
        if self._playback.run is not None:
            self._playback.seek(self._playback.run.length - 1)

    def _refresh(self, *_args: object) -> None:
        playing = self._playback.playing
        for button in (*self._steps, self.play):
            button.setEnabled(self._playback.run is not None or button is self.loop)
        self.play.set_icon("pause" if playing else "play")
        self.play.name_it(self.tr("Pause") if playing else self.tr("Play"))
        self.speed.setText(_times(self._playback.speed))
        self.speed.setAccessibleName(self.tr("Speed {speed}").format(speed=_times(self._playback.speed)))
        self.speed.setToolTip(self.tr("Speed: a whole run takes {seconds} s at 1×").format(seconds=f"{self._playback.seconds:g}"))


def _times(speed: float) -> str:
    return f"{speed:g}×"
