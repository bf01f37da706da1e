"""The bar at the top: name, tabs, the file, the training, the engine, the recording."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from scoreviz.gui import theme
from scoreviz.gui.progress import Progress
from scoreviz.gui.record_button import RecordButton
from scoreviz.gui.widgets.buttons import IconButton, TabButton, WordButton
from scoreviz.gui.widgets.chips import Chip, Pill
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.words import count

HEIGHT = 43
FULL, NO_RATES, SHORT_FILE, SHORTEST = range(4)  # how much is said, most first
FILE_LETTERS = (34, 34, 16, 8)


class TopBar(QWidget):
    """tab_chosen(key), file_clicked(), menu_clicked(), trainToggled(), trainReset(), stopEngine()."""

    tab_chosen = Signal(str)
    file_clicked = Signal()
    menu_clicked = Signal()
    trainToggled = Signal()
    trainReset = Signal()
    stopEngine = Signal()

    def __init__(self, progress: Progress, tabs: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress = progress
        self._file, self._modified = self.tr("untitled"), False
        self.setObjectName("topbar")
        now = theme.current()
        self.setFixedHeight(now.px(HEIGHT))
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(now.px(11), 0, now.px(14), 1)
        row.setSpacing(now.px(6))
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)  # it says less rather than hold the window open
        self.menu = IconButton("menu", self.tr("Menu"), "topbar.menu", self, size=28, glyph=18)
        self.menu.clicked.connect(self.menu_clicked)
        row.addWidget(self.menu)
        row.addWidget(label("scoreviz", "brand", self, name="topbar.brand"))
        row.addSpacing(now.px(10))
        self.tabs: dict[str, TabButton] = {}
        for key, text in tabs:
            tab = TabButton(text, f"tab.{key}", self)
            tab.clicked.connect(lambda _on, key=key: self.tab_chosen.emit(key))
            tab.setChecked(not self.tabs)
            self.tabs[key] = tab
            row.addWidget(tab)
        row.addStretch(1)
        self.file = Chip("", "topbar.file", self, checkable=False)
        self.file.clicked.connect(self.file_clicked)
        row.addWidget(self.file)
        row.addSpacing(now.px(6))
        row.addWidget(self._training_pill())
        row.addSpacing(now.px(6))
        row.addWidget(self._engine_pill())
        row.addSpacing(now.px(6))
        self.record_button = RecordButton(self)
        row.addWidget(self.record_button)
        progress.training_changed.connect(self._refresh)
        progress.engine_changed.connect(self._refresh)
        self.record_button.reworded.connect(self._refresh)
        self._refresh()

    def set_file(self, name: str, modified: bool) -> None:
        """The document's name, and whether it has changed since it was saved."""
        self._file, self._modified = name, modified
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh()

    def paintEvent(self, event: object) -> None:
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, theme.current().color("rule"))

    def _training_pill(self) -> Pill:
        self.training, row = self._pill("topbar.training", self.tr("Training"))
        self.training_text = self._words("topbar.training.text", self.training, row)
        self.toggle = IconButton("pause", self.tr("Pause training"), "topbar.train_toggle", self.training, size=24, glyph=15)
        self.toggle.clicked.connect(self.trainToggled)
        self.reset = IconButton("reset", self.tr("Start the network anew"), "topbar.train_reset", self.training, size=24, glyph=15)
        self.reset.clicked.connect(self.trainReset)
        self.start = WordButton(self.tr("Train"), "topbar.train", self.training, strong=True)
        self.start.setAccessibleName(self.tr("Train the network"))
        self.start.clicked.connect(self.trainToggled)
        row.addWidget(self.start)
        row.addWidget(self.toggle)
        row.addWidget(self.reset)
        return self.training

    def _engine_pill(self) -> Pill:
        self.engine, row = self._pill("topbar.engine", self.tr("Engine"))
        row.setContentsMargins(theme.current().px(12), 0, theme.current().px(12), 0)
        self.engine_text = self._words("topbar.engine.text", self.engine, row)
        self.stop = WordButton(self.tr("Stop engine"), "topbar.stop_engine", self.engine, strong=True)
        self.stop.clicked.connect(self.stopEngine)
        row.addWidget(self.stop)
        return self.engine

    def _pill(self, name: str, accessible: str) -> tuple[Pill, QHBoxLayout]:
        now, pill = theme.current(), Pill(self)
        pill.setObjectName(name)
        pill.setAccessibleName(accessible)
        pill.setFixedHeight(now.px(26))
        row = QHBoxLayout(pill)
        row.setContentsMargins(now.px(12), 0, now.px(5), 0)
        row.setSpacing(now.px(3))
        return pill, row

    def _words(self, name: str, pill: Pill, row: QHBoxLayout) -> QLabel:
        words = label("", "text", pill, name=name)
        words.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(words)
        return words

    def _refresh(self) -> None:
        """Say as much as there is room for."""
        for detail in (FULL, NO_RATES, SHORT_FILE, SHORTEST):
            self._say(detail)
            for pill in (self.training, self.engine, self.record_button):
                pill.updateGeometry()  # the row keeps what it knew of them until they say so
            self._row.activate()
            if self._row.sizeHint().width() <= self.width():
                break

    def _say(self, detail: int) -> None:
        progress = self._progress
        name = _shortened(self._file, FILE_LETTERS[detail])
        self.file.setText(name + (" •" if self._modified else ""))
        whole = self._file + (" · " + self.tr("not saved") if self._modified else "")
        self.file.setToolTip(whole)
        self.file.setAccessibleName(self.tr("Document {name}").format(name=whole))
        self.file.updateGeometry()
        self._set(self.training_text, self._training_words(detail))
        self.toggle.set_icon("pause" if progress.running else "play")
        self.toggle.name_it(self.tr("Pause training") if progress.running else self.tr("Train the network"))
        untouched = progress.step == 0 and not progress.running
        self.start.setVisible(untouched)
        self.toggle.setVisible(not untouched)
        self.reset.setVisible(not untouched)
        self.reset.setEnabled(progress.step > 0)
        self._set(self.engine_text, self._engine_words(detail))
        about = progress.note or self.tr("{device} · the slowest frame of the last second took {ms} ms").format(
            device=progress.device, ms=f"{progress.frame_ms:.1f}"
        )
        self.engine.setToolTip(about)
        self.engine.setAccessibleDescription(about)
        self.stop.setVisible(progress.state == "busy")
        self.record_button.set_brief(detail >= SHORTEST)

    def _set(self, words: QLabel, text: str) -> None:
        if words.text() != text:
            words.setText(text)

    def _training_words(self, detail: int) -> str:
        progress = self._progress
        if progress.step == 0 and not progress.running:
            return self.tr("not training")
        alive = progress.state in ("ready", "busy")
        parts = [self.tr("paused") if not progress.running else self.tr("training") if alive else self.tr("training waits")]
        step = count(progress.step)
        parts.append(step if detail >= SHORTEST else self.tr("step {step}").format(step=step))
        if progress.running and alive and progress.rate > 0 and detail < NO_RATES:
            parts.append(self.tr("{rate} / s").format(rate=count(_calm(progress.rate))))
        return " · ".join(parts)

    def _engine_words(self, detail: int) -> str:
        progress = self._progress
        match progress.state:
            case "starting":
                return self.tr("engine starting …")
            case "restarting":
                return self.tr("engine restarting …")
            case "stopped":
                return self.tr("engine stopped")
            case "busy":
                return self.tr("busy {seconds} s").format(seconds=round(progress.busy_seconds))
        words = self.tr("engine {device}").format(device=progress.device.split(",")[0] or "cpu")
        if progress.fps > 0 and detail < NO_RATES:
            words += " · " + self.tr("{fps} fps").format(fps=round(progress.fps))
        return words


def _calm(rate: float) -> int:
    """A rate without its flicker: two figures from a hundred on, three from a thousand."""
    step = 10 if rate >= 100 else 1
    return round(rate / step) * step


def _shortened(name: str, letters: int) -> str:
    """The beginning and the end of a long name, with … between."""
    if len(name) <= letters:
        return name
    tail = letters // 3
    return name[: letters - tail - 1] + "…" + name[-tail:]
