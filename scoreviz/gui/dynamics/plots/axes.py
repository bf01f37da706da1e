"""Axes of small plots: logarithmic ticks that have room, units in a corner, the theme's colours."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QWidget

from scoreviz.gui import theme
from scoreviz.protocol.arrays import Array

MOST_TICKS = 5  # of a logarithmic axis: what the height has room for
Ticks = list[tuple[float, str]]


def log_ticks(bottom: float, top: float, most: int = MOST_TICKS) -> Ticks:
    """At most `most` labels between two powers of ten: 1, 2 and 5 of each decade, or the decades, or every second, ..."""
    exponents = range(math.floor(bottom), math.ceil(top) + 1)
    fine = [m * 10.0**e for e in exponents for m in (1, 2, 5)]
    for values in (fine, *([10.0**e for e in exponents[::stride]] for stride in range(1, len(exponents) + 1))):
        shown = [v for v in values if bottom <= math.log10(v) <= top]
        if len(shown) <= most:
            break
    return [(math.log10(v), f"{v:.10g}") for v in shown]


def restyle(plot: pg.PlotWidget) -> None:
    """Ground, axes and type of the present theme."""
    now = theme.current()
    plot.setBackground(now.ground)
    for name in ("left", "bottom"):
        axis = plot.getAxis(name)
        axis.setPen(now.color("rule"))
        axis.setTextPen(now.color("dim"))
        axis.setStyle(tickFont=now.font(0.84), tickLength=-3, tickTextOffset=4, maxTickLevel=0)
    plot.getAxis("left").setWidth(now.px(38))
    plot.getAxis("bottom").setHeight(now.px(16))


def bare_plot(parent: QWidget, name: str, accessible: str) -> pg.PlotWidget:
    """A plot to be looked at: nothing to zoom, so nothing to get lost in."""
    plot = pg.PlotWidget(parent)
    plot.setObjectName(name)
    plot.setAccessibleName(accessible)
    plot.setMouseEnabled(x=False, y=False)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    plot.getPlotItem().getViewBox().setDefaultPadding(0.0)
    return plot


class Corner(QLabel):
    """Words at a plot's top right: its legend, and what runs along its axis. Rich text, for a legend has colours."""

    def __init__(self, plot: QWidget) -> None:
        super().__init__(plot)
        self._plot = plot
        self.setProperty("role", "dim")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setFont(theme.current().font(0.84))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        plot.installEventFilter(self)

    def say(self, *parts: str) -> None:
        """These words, one group after the other; nothing takes the label away."""
        text = "&nbsp;&nbsp; ".join(part for part in parts if part)
        if text != self.text():
            self.setText(text)
            self._place()
        self.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        self.adjustSize()
        self.move(self._plot.width() - self.width() - theme.current().px(4), 0)


def legend(entries: list[tuple[str, str, str]]) -> str:
    """Rich text of (symbol, colour name, words)."""
    now = theme.current()
    return "&nbsp;&nbsp; ".join(f'<span style="color:{now.color(color).name()}">{mark}</span> {words}' for mark, color, words in entries)


def in_pairs(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upright strokes from low to high at each x where both are numbers, for a curve that is drawn in pairs."""
    known = np.isfinite(low) & np.isfinite(high)
    x, low, high = x[known], low[known], high[known]
    return np.repeat(x, 2), np.stack([low, high], 1).ravel()


def figures(values: Array) -> np.ndarray:
    """An answer's numbers, NaN for what is none: of infinities numpy warns where one is taken from another."""
    found = values.numpy().astype(float)
    return np.where(np.isfinite(found), found, np.nan)


def drawable(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points that a curve has: those whose y is a number. pyqtgraph counts the others in, and where all are such it warns in a paint
    event, which ends the program if warnings are errors."""
    known = np.isfinite(y)
    return np.asarray(x)[known], np.asarray(y)[known]


def span(*values: np.ndarray, pad: float = 0.08, least: float = 1e-9) -> tuple[float, float]:
    """The range of all finite values with some room around them; 0 to 1 where there are none."""
    flat = np.concatenate([np.asarray(v, float).ravel() for v in values]) if values else np.zeros(0)
    flat = flat[np.isfinite(flat)]
    if not len(flat):
        return 0.0, 1.0
    low, high = float(flat.min()), float(flat.max())
    room = max(pad * (high - low), least, 1e-3 * max(abs(low), abs(high)))
    return low - room, high + room
