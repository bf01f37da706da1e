"""The race of objectives as curves: relative Fisher divergence against training steps."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots import axes
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.dynamics.racing import COLORS, DASHES, Racing
from scoreviz.gui.widgets.words import count
from scoreviz.protocol.questions import Lane


class RaceCurves:
    """One line a racer on a log-log plot, over steps or over seconds."""

    def __init__(self, plot: pg.PlotWidget) -> None:
        self._plot = plot
        self.lines = [pg.PlotDataItem(antialias=True) for _ in COLORS]
        for line in self.lines:
            plot.addItem(line, ignoreBounds=True)

    def dress(self) -> None:
        """The present theme's colours."""
        now = theme.current()
        for line, color, dash in zip(self.lines, COLORS, DASHES, strict=True):
            line.setPen(pg.mkPen(now.color(color), width=1.6 * now.scale, style=dash))

    def show(self, lanes: tuple[Lane, ...], *, seconds: bool) -> tuple[float, float]:
        """Draw all but step 0, which has no place on a logarithmic axis. Returns the range upwards."""
        xs, ys = [], []
        for k, line in enumerate(self.lines):
            if k >= len(lanes):
                line.setData([], [])
                continue
            along = (lanes[k].time if seconds else lanes[k].step).numpy().astype(float)
            value = lanes[k].divergence.numpy()
            keep = np.isfinite(value) & (value > 0) & (along > 0)
            x, y = np.log10(along[keep]), np.log10(value[keep])
            line.setData(x, y)
            xs.append(x)
            ys.append(y)
        left, right = axes.span(*xs, pad=0.02)
        bottom, top = axes.span(*ys)
        self._plot.setXRange(left, right, padding=0.0)
        self._plot.getAxis("bottom").setTicks([axes.log_ticks(left, right, 6)])
        self._plot.getAxis("left").setTicks([axes.log_ticks(bottom, top)])
        return bottom, top


class RacePlot(Plot):
    """The last race of this window."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._curves = RaceCurves(self.plot)
        self._racing: Racing = context.racing
        self._racing.changed.connect(self.schedule)
        self.restyle()

    def dress(self) -> None:
        self._curves.dress()

    def refresh(self) -> None:
        """From the race that the side page runs."""
        race = self._racing.race
        if race is None or max(len(lane.step.numpy()) for lane in race.lanes) < 2:
            waiting = self.tr("The race begins …") if self._racing.running else ""
            self.show_words(waiting or self.tr("No race yet: the page Race, at the right, starts one."))
            return
        self.legend.say(axes.legend([("━", COLORS[k], name) for k, name in enumerate(self._racing.names)]), self.tr("against the step"))
        self.set_y(*self._curves.show(race.lanes, seconds=False))
        self.show_plot(
            self.tr("relative Fisher divergence · {done} of {steps} steps").format(
                done=count(min(lane.done for lane in race.lanes)), steps=count(race.steps)
            )
        )
