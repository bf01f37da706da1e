"""How noise takes over: variance against t, signal to noise of each level, with a cursor where the transport is."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots import axes
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.playback import Timed
from scoreviz.gui.widgets.words import count, figure, signed
from scoreviz.protocol.questions import AskSpread, Question, Spread
from scoreviz.scene.parameters import Invalidates


class VariancePlot(Plot):
    """tr Cov x_t / D against t: what is left of the data below, the noise upon it. t runs as the transport does."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._signal, self._total = pg.PlotDataItem(antialias=True), pg.PlotDataItem(antialias=True)
        self._ground = pg.PlotDataItem()
        self._below, self._above = pg.FillBetweenItem(self._ground, self._signal), pg.FillBetweenItem(self._signal, self._total)
        self._cursor = pg.InfiniteLine(angle=90)
        for item in (self._below, self._above, self._ground, self._signal, self._total, self._cursor):
            self.plot.addItem(item, ignoreBounds=True)
        self._asker = self.listen(
            context.questions.inquiry(f"plot.{context.slot}.variance", depends=Invalidates.TARGET | Invalidates.NETWORK)
        )
        context.playback.index_changed.connect(self.schedule)
        context.playback.run_changed.connect(self.schedule)
        self.restyle()

    def wish(self) -> Question:
        """At 201 times."""
        return AskSpread(points=201)

    def dress(self) -> None:
        now = theme.current()
        self._signal.setPen(pg.mkPen(now.color("distance"), width=1.6 * now.scale))
        self._total.setPen(pg.mkPen(now.color("loss"), width=1.6 * now.scale))
        self._ground.setPen(None)
        self._below.setBrush(now.color("distance", 0.14))
        self._above.setBrush(now.color("loss", 0.10))
        self._cursor.setPen(pg.mkPen(now.color("text"), width=1))

    def refresh(self) -> None:
        """The exact curves, and where the transport is."""
        found = self._asker.answer
        if self.refusal or not isinstance(found, Spread):
            self.show_words(self.refusal or self.tr("Being measured …"))
            return
        t, signal, noise = found.t.numpy(), found.signal.numpy(), found.noise.numpy()
        self._signal.setData(t, signal)
        self._total.setData(t, signal + noise)
        self._ground.setData(t, np.zeros_like(t))
        run = self.context.playback.run
        self.plot.getViewBox().invertX(run is None or run.axis != "forward")
        self.plot.setXRange(0.0, 1.0, padding=0.01)
        marks = [("■", "distance", self.tr("left of the data, a² Var x₀")), ("■", "loss", self.tr("noise, std²"))]
        self.legend.say(axes.legend(marks), self.tr("against t"))
        self.set_y(0.0, 1.08 * float((signal + noise).max()))
        at = float(run.t[self.context.playback.index]) if run is not None and run.length else None
        self._cursor.setVisible(at is not None)
        here = 1.0 if at is None else at
        self._cursor.setValue(here)
        parts = [figure(float(np.interp(here, t, values))) for values in (signal, noise)]
        self.show_plot(self.tr("at t {t}: {signal} data + {noise} noise").format(t=figure(here), signal=parts[0], noise=parts[1]))


class SnrPlot(Plot):
    """ln(a^2/std^2) of each level of the run on screen, over the same axis as the time line: its frames."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._levels, self._here = pg.PlotDataItem(), pg.PlotDataItem()
        self._even, self._cursor = pg.InfiniteLine(0.0, angle=0), pg.InfiniteLine(angle=90)
        for item in (self._even, self._cursor, self._levels, self._here):
            self.plot.addItem(item, ignoreBounds=True)
        context.playback.index_changed.connect(self.schedule)
        context.playback.run_changed.connect(self.schedule)
        context.playback.run_grew.connect(self.schedule)
        self.restyle()

    def dress(self) -> None:
        now = theme.current()
        self._levels.setPen(pg.mkPen(now.color("loss", 0.5), width=1))
        for item, color, size in ((self._levels, "loss", 3.5), (self._here, "text", 7.0)):
            item.setSymbol("o")
            item.setSymbolSize(size * now.scale)
            item.setSymbolPen(None)
            item.setSymbolBrush(now.color(color))
        self._here.setPen(None)
        self._even.setPen(pg.mkPen(now.color("dim"), width=1, style=Qt.PenStyle.DashLine))
        self._cursor.setPen(pg.mkPen(now.color("text", 0.6), width=1))

    def refresh(self) -> None:
        """The run's own levels."""
        run, index = self.context.playback.run, self.context.playback.index
        if run is None or not run.length:
            self.show_words(self.tr("No run yet: its noise levels appear here."))
            return
        y = np.asarray(run.log_snr, float)
        finite = np.isfinite(y)
        if not finite.any():
            self.show_words(self.tr("This run has no noise at any of its levels, so there is no ratio to show."))
            return
        x = np.arange(run.length, dtype=float)
        self._levels.setData(*axes.drawable(x, y))
        self.plot.setXRange(0.0, max(run.length - 1.0, 1.0), padding=0.01)
        self.plot.getAxis("bottom").setTicks([_places(run)])
        self._cursor.setValue(float(index))
        self._here.setData(*axes.drawable(x[index : index + 1], y[index : index + 1]))
        self.legend.say(self.tr("log-SNR = ln(a²/std²), dashed: signal = noise"), self.tr("along the time line"))
        self.set_y(*axes.span(y[finite], np.zeros(1)))
        if not finite[index]:
            self.show_plot(self.tr("frame {k}: no noise left").format(k=index))
            return
        self.show_plot(self.tr("substep {k} of {n}: {value}").format(k=index, n=run.length - 1, value=signed(float(y[index]), 2)))


def _places(run: Timed) -> axes.Ticks:
    """Labels along the time line: t where time is t, else the count of substeps."""
    if run.axis in ("reverse", "forward"):
        t = np.asarray(run.t, float)
        return [(float(np.abs(t - at).argmin()), f"t {at:.1f}") for at in (0.8, 0.6, 0.4, 0.2) if t.min() <= at <= t.max()]
    frames = [round(share * (run.length - 1)) for share in (0.2, 0.4, 0.6, 0.8)]
    return [(float(k), count(int(run.substep[k]))) for k in dict.fromkeys(frames)]
