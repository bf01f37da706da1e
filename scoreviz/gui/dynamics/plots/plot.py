"""What all plots share: a heading that opens the list of plots, a figure, the plot or a sentence in its place, and a pace."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from scoreviz.gui import icons, theme
from scoreviz.gui.dynamics.plots import axes
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.questions import Inquiry
from scoreviz.gui.widgets.buttons import WordButton
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.paint import focus_ring
from scoreviz.protocol.questions import Question

INTERVAL_MS = 100  # at most 10 updates a second


class Heading(WordButton):
    """The plot's name, elided where there is no room, and a small arrow: a press opens the list of plots."""

    def __init__(self, text: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(text, object_name, parent, chevron=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.tr("{plot}\nPress to show another plot here").format(plot=text))

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.fontMetrics().height() + theme.current().px(2))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(40), self.fontMetrics().height() + theme.current().px(2))

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = now.px(12)
        room = self.width() - side - now.px(5)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        tint = now.color("text" if self.underMouse() or self.hasFocus() else "dim")
        painter.setPen(tint)
        painter.drawText(QRectF(0, 0, room, self.height()), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        x = min(float(self.fontMetrics().horizontalAdvance(text)) + now.px(4), float(self.width() - side - 1))
        icons.paint(painter, "down", QRectF(x, (self.height() - side) / 2, side, side), tint)
        focus_ring(painter, self, QRectF(self.rect()), now.px(4))


class Plot(QWidget):
    """One plot of the strip. It draws when it is seen, at most ten times a second; out of sight it asks nothing.

    Subclasses: `refresh` draws what there is by `show_plot` or `show_words`; `wish` says what to ask of the engine, if anything.
    """

    menu_wanted = Signal()
    refusal = ""  # the engine's sentence, where it had no answer

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setObjectName(object_name)
        self.setAccessibleName(heading)
        now = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(now.px(14), now.px(7), now.px(14), now.px(4))
        column.setSpacing(now.px(2))
        head = QHBoxLayout()
        head.setSpacing(now.px(8))
        self.heading = Heading(heading, f"{object_name}.heading", self)
        self.heading.clicked.connect(self.menu_wanted)
        self.figure = label("", "figure", self, name=f"{object_name}.figure")
        head.addWidget(self.heading, 1)
        head.addWidget(self.figure)
        column.addLayout(head)
        self._stack = QStackedWidget(self)
        self.empty = label("", "dim", self, wrap=True, name=f"{object_name}.empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.plot: pg.PlotWidget = axes.bare_plot(self, f"{object_name}.plot", heading)
        self.legend = axes.Corner(self.plot)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.plot)
        column.addWidget(self._stack, 1)
        self._inquiry: Inquiry | None = None
        self._stale = True
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.draw_now)

    # ---- what a subclass says

    @abstractmethod
    def refresh(self) -> None:
        """Draw what there is."""

    def wish(self) -> Question | None:
        """What to ask while it is seen; None for nothing."""
        return None

    def dress(self) -> None:
        """Take the colours of the present theme; the axes have them."""

    # ---- drawing

    @property
    def shows_words(self) -> bool:
        """Is there a sentence in the place of the plot?"""
        return self._stack.currentWidget() is self.empty

    def show_words(self, sentence: str) -> None:
        """Why there is nothing to plot."""
        self.empty.setText(sentence)
        self.figure.setText("")
        self._stack.setCurrentWidget(self.empty)

    def show_plot(self, figure: str) -> None:
        """The plot, and its figure in words."""
        self.figure.setText(figure)
        self.plot.setAccessibleDescription(figure)
        self._stack.setCurrentWidget(self.plot)

    def set_y(self, low: float, high: float) -> None:
        """The range upwards, with room for the legend above it."""
        share = self.legend.height() / max(self.plot.height() - theme.current().px(16), 1)
        room = (high - low) * share / (1 - share) if self.legend.text() and share < 0.5 else 0.0
        self.plot.setYRange(low, high + room, padding=0.0)

    def schedule(self, *_args: object) -> None:
        """Draw soon, if anybody can see it."""
        self._stale = True
        if self.isVisible() and not self._timer.isActive():
            passed = self._clock.elapsed() if self._clock.isValid() else INTERVAL_MS
            self._timer.start(max(0, INTERVAL_MS - int(passed)))

    def draw_now(self) -> None:
        """Draw, and ask for what is wanted next."""
        self._stale = False
        self._clock.start()
        if self._inquiry is not None and self.isVisible():
            self._inquiry.ask(self.wish())
        self.refresh()

    def restyle(self) -> None:
        """Another theme."""
        axes.restyle(self.plot)
        self.dress()
        self.schedule()

    # ---- the engine's answers

    def listen(self, inquiry: Inquiry) -> Inquiry:
        """Draw what this line to the engine brings."""
        self._inquiry = inquiry
        inquiry.answered.connect(self._answered)
        inquiry.refused.connect(self._refused)
        return inquiry

    def _answered(self, _answer: Any) -> None:
        self.refusal = ""
        self.schedule()

    def _refused(self, sentence: str, _details: str) -> None:
        self.refusal = sentence
        self.schedule()

    def showEvent(self, event: QShowEvent) -> None:
        if self._stale or self._inquiry is not None:
            self.draw_now()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        if self._inquiry is not None:
            self._inquiry.ask(None)
