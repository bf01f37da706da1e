"""How much of the run lies at each mode, beside the true weights."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots import axes
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.widgets.words import figure
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions import AskModeMass, ModeMass, Question
from scoreviz.scene.parameters import Invalidates

PACE_MS = 200
"""Between two frames that are weighed while the transport plays."""


class ModeMassPlot(Plot):
    """A bar for the share of the frame on screen at each mode, with its error bar, and a line at the true weight."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._bars = pg.BarGraphItem(x=[0.0], height=[0.0], width=0.6)
        self._errors, self._truth = pg.PlotDataItem(connect="pairs"), pg.PlotDataItem(connect="pairs")
        for item in (self._bars, self._errors, self._truth):
            self.plot.addItem(item, ignoreBounds=True)
        self._asker = self.listen(context.questions.inquiry(f"plot.{context.slot}.mode_mass", depends=Invalidates.TARGET))
        self._pace = QTimer(self, singleShot=True, interval=PACE_MS)
        self._pace.timeout.connect(self.draw_now)
        for signal in (context.playback.index_changed, context.playback.run_changed):
            signal.connect(self._moved)
        self.restyle()

    def _moved(self, *_args: object) -> None:
        if self.isVisible() and not self._pace.isActive():
            self._pace.start()

    def wish(self) -> Question | None:
        """The frame on screen."""
        run, index = self.context.playback.run, self.context.playback.index
        if run is None or run.file or not run.has(index) or not run.revision:
            return None
        points = np.asarray(run.at(index), np.float32)
        return AskModeMass(points=Array.of(points), t=float(run.t[index]), last=index == run.length - 1)

    def dress(self) -> None:
        now = theme.current()
        self._bars.setOpts(brush=now.color("distance", 0.55), pen=pg.mkPen(None))
        self._errors.setPen(pg.mkPen(now.color("distance"), width=1.4 * now.scale))
        self._truth.setPen(pg.mkPen(now.color("text"), width=2.0 * now.scale))

    def refresh(self) -> None:
        """The last answer."""
        run, found = self.context.playback.run, self._asker.answer
        if run is None:
            self.show_words(self.tr("No run yet: the mass at each mode appears here."))
        elif run.file or not run.revision:
            self.show_words(self.tr("This run was not sampled from the drawing as it is now, so its modes are not weighed."))
        elif self.refusal or not isinstance(found, ModeMass):
            self.show_words(self.refusal or self.tr("Being measured …"))
        else:
            self._show(found)

    def _show(self, found: ModeMass) -> None:
        weights, shares, errors = (a.numpy() for a in (found.weights, found.shares, found.errors))
        x = np.arange(len(weights), dtype=float)
        self._bars.setOpts(x=x, height=shares, width=0.6)
        self._errors.setData(*axes.in_pairs(x, shares - 2 * errors, shares + 2 * errors))
        self._truth.setData(np.stack([x - 0.4, x + 0.4], 1).ravel(), np.repeat(weights, 2))
        self.plot.setXRange(-0.7, max(len(x) - 0.3, 3.3), padding=0.0)
        self.plot.getAxis("bottom").setTicks([[(float(k), str(name)) for k, name in enumerate(found.names)]])
        what = self.tr("of each class") if found.kind == "class" else self.tr("of each mode, heaviest first")
        if found.joined:
            what = self.tr("of each mode, heaviest first; %n joined to the nearest", "", found.joined).replace("%n", str(found.joined))
        marks = [("■", "distance", self.tr("share ± 2 standard errors")), ("━", "text", self.tr("true weight"))]
        self.legend.say(axes.legend(marks), what)
        self.set_y(0.0, 1.1 * float(max(weights.max(), (shares + 2 * errors).max())))
        text = self.tr("at the wrong mode {wrong} % · by chance {chance} %").format(
            wrong=figure(round(100 * found.wrong, 2)), chance=figure(round(100 * found.chance, 2))
        )
        if found.lost:
            text += " · " + self.tr("lost {share} %").format(share=figure(round(100 * found.lost, 2)))
        self.show_plot(text)
