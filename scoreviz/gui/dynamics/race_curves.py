"""The curves of a race in the side page. Imports pyqtgraph: not before the first paint."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots import axes
from scoreviz.gui.dynamics.plots.race import RaceCurves
from scoreviz.protocol.questions import Race

HEIGHT = 170


class CurvesBox(QWidget):
    """Relative Fisher divergence of each racer, log-log."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme.current().px(HEIGHT))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.plot = axes.bare_plot(self, "race.curves", self.tr("Relative Fisher divergence of each racer"))
        column.addWidget(self.plot)
        self.curves = RaceCurves(self.plot)
        self._words = axes.Corner(self.plot)
        self._restyle()

    def show_race(self, race: Race, *, seconds: bool) -> None:
        """As it stands."""
        bottom, top = self.curves.show(race.lanes, seconds=seconds)
        self._words.say(self.tr("E|s − s*|²/E|s*|² against seconds") if seconds else self.tr("E|s − s*|²/E|s*|² against steps"))
        self.plot.setYRange(bottom, top + 0.12 * (top - bottom), padding=0.0)
        self.plot.setAccessibleDescription(self._words.text())

    def _restyle(self) -> None:
        axes.restyle(self.plot)
        self.curves.dress()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_words"):
            self._restyle()
