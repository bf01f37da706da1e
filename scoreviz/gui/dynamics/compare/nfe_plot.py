"""Curves of error against evaluations, both logarithmic: on the page and in the strip of plots. pyqtgraph takes 0.3 s to import."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.compare.nfe_table import lines
from scoreviz.protocol.questions import Nfe

DARK = ("#7fd0c4", "#f5c97a", "#58a6ff", "#ff7b72", "#c792ea", "#a5d46a", "#e9e3cc", "#f78fb3", "#79c0ff", "#d2a8ff", "#ffa657", "#8b949e")
LIGHT = ("#0d7a6f", "#96630a", "#1668c4", "#c9372c", "#7a3db8", "#4d7a12", "#5f5636", "#a8326a", "#0a5ea8", "#5b3fa8", "#a04a00", "#56616d")
SYMBOLS = ("o", "s", "t", "d", "+", "x", "star", "t1", "p", "h", "t2", "t3")
"""Shape as well as colour tells the curves apart."""

BAR = 0.012  # half the width of an error bar's ends, in decades


def colour(k: int) -> QColor:
    """Of the k-th curve, in the present theme."""
    return QColor((DARK if theme.current().dark else LIGHT)[k % len(DARK)])


class NfeCurves:
    """Curves with error bars over the seeds (one standard deviation), and the floor dashed with a band of two, on any plot."""

    def __init__(self, plot: pg.PlotWidget) -> None:
        self._plot = plot

    def show(self, answer: Nfe) -> tuple[float, float] | None:
        """Draw what has been measured so far; the range upwards in decades, None where there is nothing yet."""
        self._plot.clear()
        for k, curve in enumerate(answer.curves):
            rows = [line for line in lines(curve) if 0 < line.mean < math.inf]
            if rows:
                x, y = np.log10([line.nfe for line in rows]), np.array([line.mean for line in rows])
                self._bars(x, y, np.array([line.spread for line in rows]), colour(k))
                self._line(x, np.log10(y), colour(k), SYMBOLS[k % len(SYMBOLS)])
        if answer.floor is not None:
            self._floor(*answer.floor)
        return self._scale(answer)

    def _line(self, x: np.ndarray, y: np.ndarray, tint: QColor, symbol: str) -> None:
        scale, edge = theme.current().scale, pg.mkPen(tint)
        pen = pg.mkPen(tint, width=1.5 * scale)
        self._plot.plot(x, y, pen=pen, symbol=symbol, symbolSize=6 * scale, symbolBrush=tint, symbolPen=edge, antialias=True)

    def _bars(self, x: np.ndarray, y: np.ndarray, spread: np.ndarray, tint: QColor) -> None:
        known = np.isfinite(spread) & (spread > 0)
        x, y, spread = x[known], y[known], spread[known]
        low, high = np.log10(np.maximum(y - spread, 0.2 * y)), np.log10(y + spread)
        pen = pg.mkPen(tint, width=theme.current().scale)
        upright = np.repeat(x, 2), np.stack([low, high], 1).ravel()
        across = [(np.stack([x - BAR, x + BAR], 1).ravel(), np.repeat(edge, 2)) for edge in (low, high)]
        for px, py in (upright, *across):
            self._plot.addItem(pg.PlotCurveItem(px, py, connect="pairs", pen=pen))

    def _floor(self, mean: float, spread: float) -> None:
        tint = theme.current().color("dim")
        self._plot.addItem(pg.InfiniteLine(math.log10(mean), angle=0, pen=pg.mkPen(tint, style=Qt.PenStyle.DashLine)))
        low, high = math.log10(max(mean - 2 * spread, 0.2 * mean)), math.log10(mean + 2 * spread)
        band = pg.LinearRegionItem((low, high), orientation="horizontal", movable=False, pen=pg.mkPen(None))
        band.setBrush(theme.current().color("dim", 0.14))
        self._plot.addItem(band)

    def _scale(self, answer: Nfe) -> tuple[float, float] | None:
        rows = [line for curve in answer.curves for line in lines(curve) if 0 < line.mean < math.inf]
        values = [line.mean for line in rows] + ([answer.floor[0]] if answer.floor else [])
        asked = sorted({n for curve in answer.curves for n in curve.nfe.numpy().tolist()})
        if not rows:
            return None
        bottom, top = math.log10(min(values)) - 0.15, math.log10(max(values)) + 0.15
        left, right = math.log10(asked[0]) - 0.06, math.log10(asked[-1]) + 0.06
        self._plot.setXRange(left, right, padding=0)
        self._plot.setYRange(bottom, top, padding=0)
        self._plot.getAxis("left").setTicks([_decades(bottom, top, self._plot.height())])
        self._plot.getAxis("bottom").setTicks([[(math.log10(n), str(n)) for n in _apart(asked, (right - left) / 8)]])
        return bottom, top


class NfePlot(pg.PlotWidget):
    """The curves alone, as the page has them."""

    def __init__(self, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Nfe | None = None
        self.setObjectName("nfe.plot")
        self.setAccessibleName(self.tr("Error against evaluations"))
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedHeight(height)
        self._curves = NfeCurves(self)
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        now = theme.current()
        self.setBackground(now.ground)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(now.color("rule"))
            axis.setTextPen(now.color("dim"))
            axis.setStyle(tickFont=now.font(0.84), tickLength=-3, tickTextOffset=4)
        self.getAxis("left").setWidth(now.px(44))
        self.getAxis("bottom").setHeight(now.px(18))
        if self._shown is not None:
            self.show_answer(self._shown)

    def show_answer(self, answer: Nfe) -> None:
        """Draw what has been measured so far."""
        self._shown = answer
        self._curves.show(answer)


def _decades(bottom: float, top: float, height: int) -> list[tuple[float, str]]:
    """Powers of ten, as many as there is room for; where there is none in the range, both of its ends."""
    found = list(range(math.ceil(bottom), math.floor(top) + 1))
    stride = max(1, math.ceil(len(found) * 16 * theme.current().scale / max(height, 1)))
    return [(float(e), _power(e)) for e in found[::stride]] or [(bottom, f"{10**bottom:.2g}"), (top, f"{10**top:.2g}")]


def _power(exponent: int) -> str:
    return f"{10.0**exponent:g}" if exponent >= -3 else "1e−" + str(-exponent)


def _apart(values: list[int], least: float) -> list[int]:
    """Those that leave room for their figures: each at least so many decades from the one before."""
    kept: list[int] = []
    for value in values:
        if not kept or math.log10(value) - math.log10(kept[-1]) >= least:
            kept.append(value)
    return kept
