"""Which curve is which, the slope of each, and what was not measured."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.compare.nfe_table import as_slope
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.words import figure, scene_text
from scoreviz.protocol.questions import Nfe, NfeCurve


class Mark(QWidget):
    """The symbol and colour of the k-th curve."""

    def __init__(self, k: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._k = k
        self.setFixedSize(theme.current().px(14), theme.current().px(14))

    def sizeHint(self) -> QSize:
        return self.size()

    def paintEvent(self, event: object) -> None:
        import pyqtgraph as pg  # the plot has loaded it

        from scoreviz.gui.dynamics.compare.nfe_plot import SYMBOLS, colour

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre, size = QRectF(self.rect()).center(), theme.current().px(8)
        painter.translate(QPointF(centre))
        painter.scale(size, size)
        painter.setPen(QPen(colour(self._k), 0.12))
        painter.setBrush(colour(self._k))
        painter.drawPath(pg.graphicsItems.ScatterPlotItem.Symbols[SYMBOLS[self._k % len(SYMBOLS)]])


class NfeLegend(QWidget):
    """One line a sampler, and one for the floor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("nfe.legend")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.current().px(6))
        self._grid.setVerticalSpacing(theme.current().px(1))
        self._grid.setColumnStretch(1, 1)
        self._known: tuple[object, ...] = ()

    def lines(self) -> list[tuple[str, str]]:
        """What is written: (sampler, slope or sentence)."""
        found: list[tuple[str, str]] = []
        for row in range(self._grid.rowCount()):
            items = [self._grid.itemAtPosition(row, column) for column in (1, 2)]
            widgets = [item.widget() for item in items if item is not None]
            texts = [str(widget.property("text")) for widget in widgets if widget is not None]
            if texts:
                found.append((texts[0], texts[1] if len(texts) > 1 and texts[1] != texts[0] else ""))
        return found

    def show_answer(self, answer: Nfe) -> None:
        """Of what has been measured so far."""
        known = tuple((c.sampler, c.note, c.order, c.order_error) for c in answer.curves), answer.floor, answer.trained
        if known == self._known:
            return
        self._known = known
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for k, curve in enumerate(answer.curves):
            self._add(2 * k, k, curve)
        row = 2 * len(answer.curves)
        if answer.floor is not None:
            mean, spread = answer.floor
            self._words(row, self.tr("floor: truth against truth"), f"{mean:.3f} ± {spread:.3f}")
        if answer.trained is not None:
            self._words(row + 1, self.tr("score of the network at step"), figure(answer.trained))

    def _add(self, row: int, k: int, curve: NfeCurve) -> None:
        self._grid.addWidget(Mark(k, self), row, 0)
        self._words(row, scene_text(curve.label), self._slope(curve))
        if curve.note:
            from PySide6.QtCore import QCoreApplication

            self._grid.addWidget(label(QCoreApplication.translate("engine", curve.note), "dim", self, wrap=True), row + 1, 1, 1, 2)

    def _words(self, row: int, left: str, right: str) -> None:
        name = Elided(left, "text" if right else "dim", self)
        value = label(right, "figure", self)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(name, row, 1)
        self._grid.addWidget(value, row, 2)

    def _slope(self, curve: NfeCurve) -> str:
        if curve.note:
            return ""
        if curve.order is None:
            missing = bool(np.isnan(curve.error.numpy()).any())
            return "…" if missing else self.tr("no slope")
        return self.tr("slope {slope}").format(slope=as_slope(curve))
