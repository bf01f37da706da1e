"""Play, pause, one substep, back, scrub, speed: the bar under the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.timeline import Timeline
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.widgets.buttons import IconButton, RoundButton
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.labels import Elided
from scoreviz.gui.widgets.words import count

HEIGHT = 70


class Transport(QWidget):
    """Buttons at the left, the time line, and at the right which network is followed."""

    def __init__(self, playback: Playback, progress: Progress | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playback, self._progress = playback, progress
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
        self.followed = Elided("", "dim", self)
        self.followed.setObjectName("transport.followed")
        self.followed.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self.followed)
        playback.playing_changed.connect(self._refresh)
        playback.speed_changed.connect(self._refresh)
        playback.run_changed.connect(self._refresh)
        if progress is not None:
            progress.training_changed.connect(self._refresh)
        self._refresh()

    def _add_buttons(self) -> None:
        playback, now = self._playback, theme.current()
        self._button("to_start", self.tr("To the start"), lambda: playback.seek(0))
        self._button("step_back", self.tr("One substep back"), lambda: playback.step(-1))
        self.play = RoundButton("play", self.tr("Play"), "transport.play", self, size=42, glyph=20)
        self.play.clicked.connect(playback.toggle)
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
        self.followed.setFixedWidth(now.px(280 if self.width() >= now.px(1200) else 150 if self.width() >= now.px(1080) else 96))
        self._refresh()
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
        menu.exec(self.speed.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
        menu.deleteLater()

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
        self.speed.setToolTip(self.tr("Speed: a whole run takes {seconds} s at 1×").format(seconds=f"{Playback.SECONDS:g}"))
        room = self.followed.width()
        texts = self._followed_words()
        fits = (text for text in texts if self.fontMetrics().horizontalAdvance(text) <= room)
        self.followed.setText(next(fits, texts[-1]))

    def _followed_words(self) -> list[str]:
        """Which score drove the run on screen: the longest sentence first."""
        run = self._playback.run
        if run is None:
            return [""]
        if run.source == "exact":
            return [self.tr("exact score, no network"), self.tr("exact score")]
        number = count(run.training_step or 0)
        texts = [self.tr("training step {step}").format(step=number), self.tr("step {step}").format(step=number)]
        if self._progress is not None and self._progress.running:
            texts.insert(0, texts[0] + " · " + self.tr("following latest"))
        return texts


def _times(speed: float) -> str:
    return f"{speed:g}×"
