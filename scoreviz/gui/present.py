"""Present mode: the picture, its rule and large type, for a projector. One key in, the same key or Esc out."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.playback import Playback
from scoreviz.gui.widgets.formula import Formula

TYPE = 2.0
"""Words on the picture are this much larger."""

HEIGHT = 92
RELATIVE = 2.2  # of the formula
LINE = 4  # thickness of the line that shows how far the run is


class Band(QWidget):
    """Under the picture: how far the run is, and the sampler's rule."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("present.band")
        self.setAccessibleName(self.tr("The sampler's rule"))
        self._playback: Playback | None = None
        now = theme.current()
        self.setFixedHeight(now.px(HEIGHT))
        self.formula = Formula(relative=RELATIVE, parent=self)
        self.formula.setObjectName("present.formula")
        row = QHBoxLayout(self)
        row.setContentsMargins(now.px(20), now.px(LINE + 6), now.px(20), now.px(6))
        row.addWidget(self.formula, 1)

    def follow(self, playback: Playback) -> None:
        """Show how far this one is."""
        if self._playback is not None:
            self._playback.index_changed.disconnect(self._moved)
        self._playback = playback
        playback.index_changed.connect(self._moved)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme.current(), QPainter(self)
        run = self._playback.run if self._playback is not None else None
        thick = now.px(LINE)
        painter.fillRect(QRectF(0, 0, self.width(), thick), now.color("rule"))
        if run is not None and self._playback is not None:
            share = self._playback.index / max(run.length - 1, 1)
            painter.fillRect(QRectF(0, 0, self.width() * share, thick), now.color("accent"))
        painter.end()

    def _moved(self, _index: int) -> None:
        self.update(0, 0, self.width(), theme.current().px(LINE))


class Presentation(QObject):
    """Whether the window presents. `changed(on)` is for those who have something to hide or to enlarge."""

    changed = Signal(bool)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._on = False
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), window)
        self._escape.setEnabled(False)
        self._escape.activated.connect(lambda: self.set(False))

    @property
    def on(self) -> bool:
        return self._on

    def set(self, on: bool) -> None:
        """Begin or end."""
        if on != self._on:
            self._on = on
            self._escape.setEnabled(on)
            self.changed.emit(on)
