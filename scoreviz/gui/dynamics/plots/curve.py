"""A curve over training steps with a dashed floor: loss, and distance to the truth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots.axes import log_ticks
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.progress import Curve
from scoreviz.gui.widgets.words import figure

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


class CurvePlot(Plot):
    """A curve and its floor; words where there is nothing to plot."""

    def __init__(self, context: PlotContext, heading: str, color: str, empty: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._color, self._words, self._log = color, empty, False
        self._band = pg.LinearRegionItem(orientation="horizontal", movable=False, pen=pg.mkPen(None))
        self._floor = pg.InfiniteLine(angle=0)
        self._line = pg.PlotDataItem(antialias=True, autoDownsample=True, clipToView=False)
        for item in (self._band, self._floor, self._line):
            self.plot.addItem(item, ignoreBounds=True)
        self.legend.say(self.tr("against the training step"))
        self.restyle()

    def show_series(self, series: Series) -> None:
        """Draw what there is now."""
        curve = series.curve
        value = curve.last if curve.step else series.alone
        text = ""
        if value is None:
            text = "" if series.floor is None else self.tr("floor {floor}").format(floor=figure(series.floor))
        else:
            text = figure(value)
            if series.floor is not None:
                text, floor = _alike(value, series.floor)
                text += " · " + self.tr("floor {floor}").format(floor=floor)
            if not curve.step:
                text = self.tr("this run {figures}").format(figures=text)
        if len(curve.step) < LEAST_POINTS:
            self.show_words(self._words)
            self.figure.setText(text)
            return
        self.show_plot(text)
        self._draw(np.asarray(curve.step, dtype=float), np.asarray(curve.value, dtype=float), series)

    def dress(self) -> None:
        now = theme.current()
        self._line.setPen(pg.mkPen(now.color(self._color), width=1.6 * now.scale))
        self._floor.setPen(pg.mkPen(now.color("dim"), width=1, style=Qt.PenStyle.DashLine))
        self._band.setBrush(now.color("dim", 0.16))

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
        self.plot.setXRange(0.0, right, padding=0.01)
        begins = min(series.since / right, 1.0) if series.since else 0.0
        self._floor.setSpan(begins, 1.0)
        self._band.setSpan(begins, 1.0)
        self.plot.setYRange(bottom - pad, top + pad, padding=0.0)  # the words lie where a falling curve leaves room
        self.plot.getAxis("left").setTicks([log_ticks(bottom, top)] if self._log else None)

    def _place(self, value: np.ndarray | float) -> np.ndarray:
        return np.log10(value) if self._log else np.asarray(value)

    def _set_log(self, on: bool) -> None:
        if on != self._log:
            self._log = on
            self.plot.getAxis("left").setLogMode(on)
            self.plot.getAxis("left").picture = None


def _alike(value: float, floor: float) -> tuple[str, str]:
    """Both with the decimals of the smaller, so that they can be compared at a glance."""
    size = min(abs(value), abs(floor)) or 1.0
    decimals = min(max(0, 2 - math.floor(math.log10(size))), 6)
    return f"{value:.{decimals}f}", f"{floor:.{decimals}f}"


class LossPlot(CurvePlot):
    """The loss as it was while training."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        empty = self.tr("Draw, or press Train: the loss appears here.")
        super().__init__(context, heading, "loss", empty, object_name, parent)
        context.progress.curves_changed.connect(self.schedule)
        context.playback.run_changed.connect(self.schedule)

    def refresh(self) -> None:
        """From the progress that the engine reports. Where no run is there nothing is drawn, and nothing has a floor."""
        progress = self.context.progress
        floor = None if self.context.playback.run is None else progress.loss_floor
        self.show_series(Series(progress.loss, floor, since=progress.loss_floor_since))


class DistancePlot(CurvePlot):
    """Sliced Wasserstein distance of the live samples to exact ones."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        empty = self.tr("As the network learns, its samples come closer to the drawing: the distance appears here.")
        super().__init__(context, heading, "distance", empty, object_name, parent)
        context.progress.curves_changed.connect(self.schedule)
        context.playback.run_changed.connect(self.schedule)

    def refresh(self) -> None:
        """From the progress that the engine reports."""
        progress = self.context.progress
        run = self.context.playback.run
        floor, spread = (progress.distance_floor if run is not None else None) or (None, 0.0)
        this_run = None if run is None or run.file else progress.run_distance  # one from a file has not been measured
        self.show_series(Series(progress.distance, floor, spread, progress.distance_floor_since, this_run))
