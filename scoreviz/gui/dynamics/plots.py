"""The two plots below: loss with its floor, distance to the truth with that between two sets of true samples.

Importing pyqtgraph takes 0.3 s, so nobody imports this module before the first paint.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QElapsedTimer, QEvent, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Curve, Progress
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.words import figure

LEAST_HEIGHT = 84
INTERVAL_MS = 100  # at most 10 updates a second
MOST_TICKS = 5  # of a logarithmic axis: what the height has room for
LEAST_POINTS = 2  # of a curve
LOG_FROM = 10.0  # a logarithmic axis where the values span more than this ratio


@dataclass(frozen=True)
class Series:
    """What one plot shows: a curve over training steps, a floor, and the floor's spread."""

    curve: Curve
    floor: float | None = None
    spread: float = 0.0
    since: int = 0  # step from which the floor holds: another drawing has another floor
    alone: float | None = None  # a value that belongs to no training step: a run with the exact score


class CurvePlot(QWidget):
    """A heading in words, a figure at the right, a curve with a dashed floor; words where there is nothing to plot."""

    def __init__(self, heading: str, color: str, empty: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color, self._heading, self._log = color, heading, False
        self.setObjectName(object_name)
        self.setAccessibleName(heading)
        now = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(now.px(14), now.px(7), now.px(14), now.px(4))
        column.setSpacing(now.px(2))
        head = QHBoxLayout()
        head.setSpacing(now.px(8))
        self.heading = Elided(heading, "dim", self)
        self.figure = label("", "figure", self, name=f"{object_name}.figure")
        head.addWidget(self.heading, 1)
        head.addWidget(self.figure)
        column.addLayout(head)
        self._stack = QStackedWidget(self)
        self.empty = label(empty, "dim", self, wrap=True, name=f"{object_name}.empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self.empty)
        self._plot = self._make_plot()
        self._stack.addWidget(self._plot)
        column.addWidget(self._stack, 1)
        self.restyle()

    def show_series(self, series: Series) -> None:
        """Draw what there is now."""
        curve = series.curve
        self._stack.setCurrentWidget(self.empty if len(curve.step) < LEAST_POINTS else self._plot)
        value = curve.last if curve.step else series.alone
        if value is None:
            self.figure.setText("" if series.floor is None else self.tr("floor {floor}").format(floor=figure(series.floor)))
            return
        text = figure(value)
        if series.floor is not None:
            text, floor = _alike(value, series.floor)
            text += " · " + self.tr("floor {floor}").format(floor=floor)
        if not curve.step:
            text = self.tr("this run {figures}").format(figures=text)
        self.figure.setText(text)
        self._plot.setAccessibleDescription(text)
        if len(curve.step) >= LEAST_POINTS:
            self._draw(np.asarray(curve.step, dtype=float), np.asarray(curve.value, dtype=float), series)

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        now = theme.current()
        self._plot.setBackground(now.ground)
        self._line.setPen(pg.mkPen(now.color(self._color), width=1.6 * now.scale))
        self._floor.setPen(pg.mkPen(now.color("dim"), width=1, style=Qt.PenStyle.DashLine))
        self._band.setBrush(now.color("dim", 0.16))
        for name in ("left", "bottom"):
            axis = self._plot.getAxis(name)
            axis.setPen(now.color("rule"))
            axis.setTextPen(now.color("dim"))
            axis.setStyle(tickFont=now.font(0.84), tickLength=-3, tickTextOffset=4, maxTickLevel=0)
        self._plot.getAxis("left").setWidth(now.px(38))
        self._plot.getAxis("bottom").setHeight(now.px(16))

    def _make_plot(self) -> pg.PlotWidget:
        plot = pg.PlotWidget(self)
        plot.setObjectName(f"{self.objectName()}.plot")
        plot.setAccessibleName(self._heading)
        plot.setMouseEnabled(x=False, y=False)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)  # nothing to zoom: nothing to get lost in
        plot.getPlotItem().getViewBox().setDefaultPadding(0.0)
        self._band = pg.LinearRegionItem(orientation="horizontal", movable=False, pen=pg.mkPen(None))
        self._floor = pg.InfiniteLine(angle=0)
        self._line = pg.PlotDataItem(antialias=True, autoDownsample=True, clipToView=False)
        for item in (self._band, self._floor, self._line):
            plot.addItem(item, ignoreBounds=True)
        return plot

    def _draw(self, x: np.ndarray, y: np.ndarray, series: Series) -> None:
        keep = np.isfinite(y)
        x, y = x[keep], y[keep]
        if not len(y):
            return
        low, high = float(y.min()), float(y.max())
        floor, spread = series.floor, series.spread
        if floor is not None:
            low, high = min(low, floor - 2 * spread), max(high, floor + 2 * spread)
        positive = low > 0 or (floor is not None and floor > 0 and float(y.min()) > 0)
        self._set_log(positive and high / max(float(y.min()), 1e-12) > LOG_FROM * (0.7 if self._log else 1.0))
        if self._log:
            low = max(low, 0.3 * min(float(y.min()), floor or math.inf))
        self._line.setData(x, self._place(y))
        self._floor.setVisible(floor is not None)
        self._band.setVisible(floor is not None and spread > 0)
        if floor is not None:
            self._floor.setValue(float(self._place(floor)))
            self._band.setRegion((float(self._place(max(floor - 2 * spread, low))), float(self._place(floor + 2 * spread))))
        bottom, top = float(self._place(low)), float(self._place(high))
        pad = max(0.08 * (top - bottom), 1e-3 * max(abs(top), 1e-9))
        right = max(float(x[-1]), 10.0)
        self._plot.setXRange(0.0, right, padding=0.01)
        begins = min(series.since / right, 1.0) if series.since else 0.0
        self._floor.setSpan(begins, 1.0)
        self._band.setSpan(begins, 1.0)
        self._plot.setYRange(bottom - pad, top + pad, padding=0.0)
        self._plot.getAxis("left").setTicks([_log_ticks(bottom, top)] if self._log else None)

    def _place(self, value: np.ndarray | float) -> np.ndarray:
        return np.log10(value) if self._log else np.asarray(value)

    def _set_log(self, on: bool) -> None:
        if on != self._log:
            self._log = on
            self._plot.getAxis("left").setLogMode(on)
            self._plot.getAxis("left").picture = None


def _log_ticks(bottom: float, top: float) -> list[tuple[float, str]]:
    """At most MOST_TICKS labels between two powers of ten: 1, 2 and 5 of each decade, or the decades, or every second, ..."""
    exponents = range(math.floor(bottom), math.ceil(top) + 1)
    fine = [m * 10.0**e for e in exponents for m in (1, 2, 5)]
    for values in (fine, *([10.0**e for e in exponents[::stride]] for stride in range(1, len(exponents) + 1))):
        shown = [v for v in values if bottom <= math.log10(v) <= top]
        if len(shown) <= MOST_TICKS:
            break
    return [(math.log10(v), f"{v:.10g}") for v in shown]


def _alike(value: float, floor: float) -> tuple[str, str]:
    """Both with the decimals of the smaller, so that they can be compared at a glance."""
    size = min(abs(value), abs(floor)) or 1.0
    decimals = min(max(0, 2 - math.floor(math.log10(size))), 6)
    return f"{value:.{decimals}f}", f"{floor:.{decimals}f}"


class Plots(QWidget):
    """Both plots side by side. They watch the progress, and draw at most ten times a second and only when seen."""

    def __init__(self, progress: Progress, playback: Playback | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress, self._playback = progress, playback
        self._stale = True
        self.setObjectName("plots")
        self.setAccessibleName(self.tr("Plots"))
        self.setMinimumHeight(theme.current().px(LEAST_HEIGHT))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        self.loss = CurvePlot(
            self.tr("loss, and the floor no network can beat"),
            "loss", self.tr("Draw, or press Train: the loss appears here."),
            "plots.loss", self,
        )  # fmt: skip
        self.distance = CurvePlot(
            self.tr("distance to the truth, and between two sets of true samples"),
            "distance", self.tr("As the network learns, its samples come closer to the drawing: the distance appears here."),
            "plots.distance", self,
        )  # fmt: skip
        row.addWidget(self.loss, 1)
        row.addWidget(self.distance, 1)
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.draw_now)
        progress.curves_changed.connect(self.schedule)
        self._of_file = False  # is the run on screen from a file? It has not been measured
        if playback is not None:
            playback.run_changed.connect(self._run_changed)

    def _run_changed(self, *_args: object) -> None:
        run = self._playback.run if self._playback is not None else None
        of_file = run is not None and bool(run.file)
        if of_file != self._of_file:
            self._of_file = of_file
            self.schedule()

    def schedule(self) -> None:
        """Draw soon, if anybody can see it."""
        self._stale = True
        if self.isVisible() and not self._timer.isActive():
            passed = self._clock.elapsed() if self._clock.isValid() else INTERVAL_MS
            self._timer.start(max(0, INTERVAL_MS - passed))

    def draw_now(self) -> None:
        """Draw what there is."""
        progress = self._progress
        self._stale = False
        self._clock.start()
        self.loss.show_series(Series(progress.loss, progress.loss_floor, since=progress.loss_floor_since))
        floor, spread = progress.distance_floor or (None, 0.0)
        this_run = None if self._of_file else progress.run_distance
        self.distance.show_series(Series(progress.distance, floor, spread, progress.distance_floor_since, this_run))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_timer"):
            self.restyle()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.loss.restyle()
        self.distance.restyle()
        self._stale = True
        self.schedule()

    def showEvent(self, event: object) -> None:
        if self._stale:
            self.draw_now()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.fillRect(self.loss.geometry().right() + 1, 0, 1, self.height(), now.color("rule"))
