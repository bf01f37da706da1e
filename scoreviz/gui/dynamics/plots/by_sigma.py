"""Where the loss comes from: at each noise level with its floor, and three objectives on one axis."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.plots import axes
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.widgets.words import figure
from scoreviz.protocol.questions import AskLossBySigma, AskObjectives, LossBySigma, Objectives, Question
from scoreviz.scene.parameters import Invalidates

DEPENDS = Invalidates.TARGET | Invalidates.TRAINING | Invalidates.NETWORK
FORMS = (("explicit", "predict", "o", "●"), ("implicit", "correct", "s", "■"), ("denoising", "loss", "t", "▼"))


class SigmaPlot(Plot):
    """A plot over ln sigma of what the network that samples is worth, asked again while it trains."""

    def over_sigma(self, sigma: np.ndarray) -> np.ndarray:
        """log10 sigma, with the axis set to it."""
        x = np.log10(sigma)
        room = 0.6 * float(np.diff(x).mean()) if len(x) > 1 else 0.1
        self.plot.setXRange(float(x[0]) - room, float(x[-1]) + room, padding=0.0)
        self.plot.getAxis("bottom").setTicks([axes.log_ticks(float(x[0]) - room, float(x[-1]) + room, 7)])
        return np.asarray(x)

    def waiting_words(self) -> str:
        """Why there is no plot yet."""
        return self.refusal or self.tr("Being measured …")


class LossBySigmaPlot(SigmaPlot):
    """Bars from the floor to the loss at each sigma, the exact floor dashed."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._floor, self._loss = pg.PlotDataItem(antialias=True), pg.PlotDataItem(antialias=True)
        self._errors = pg.PlotDataItem(connect="pairs")
        self._untrained = pg.PlotDataItem()
        for item in (self._floor, self._errors, self._loss, self._untrained):
            self.plot.addItem(item, ignoreBounds=True)
        self._asker = self.listen(context.questions.inquiry(f"plot.{context.slot}.loss_by_sigma", depends=DEPENDS, every=0.5))
        self.restyle()

    def wish(self) -> Question:
        """Always the same."""
        return AskLossBySigma()

    def dress(self) -> None:
        now = theme.current()
        color = now.color("loss")
        self._loss.setPen(pg.mkPen(color, width=1.6 * now.scale))
        self._floor.setPen(pg.mkPen(now.color("dim"), width=1, style=Qt.PenStyle.DashLine))
        self._errors.setPen(pg.mkPen(color, width=1))
        self._untrained.setPen(None)
        self._untrained.setSymbol("x")
        self._untrained.setSymbolPen(pg.mkPen(now.color("dim")))
        self._untrained.setSymbolBrush(None)
        self._loss.setSymbol("o")
        self._loss.setSymbolSize(5 * now.scale)
        self._loss.setSymbolPen(None)
        self._loss.setSymbolBrush(color)

    def refresh(self) -> None:
        """The last answer."""
        found = self._asker.answer
        if self.refusal or not isinstance(found, LossBySigma):
            self.show_words(self.waiting_words())
            return
        loss, floor, excess, error = (axes.figures(a) for a in (found.loss, found.floor, found.excess, found.error))
        x = self.over_sigma(found.sigma.numpy())
        trained = found.trained.numpy().astype(bool)
        self._loss.setData(*axes.drawable(x, loss))
        self._floor.setData(*axes.drawable(x, floor))
        self._errors.setData(*axes.in_pairs(x, loss - 2 * error, loss + 2 * error))
        self._untrained.setData(*axes.drawable(x[~trained], loss[~trained]))
        words = axes.legend([("●", "loss", self.tr("loss")), ("┄", "dim", self.tr("floor"))])
        self.legend.say(words, "" if trained.all() else self.tr("× not trained"), self.tr("against σ, data units"))
        self.set_y(*axes.span(np.minimum(loss, 2 * np.abs(floor).max() + loss[trained].max(initial=0.0)), floor))
        worst = int(np.argmax(np.where(trained & np.isfinite(excess), excess, -np.inf)))
        self.show_plot(
            self.tr("most above its floor at σ {sigma}: by {excess}").format(
                sigma=figure(float(found.sigma.numpy()[worst])), excess=figure(float(excess[worst]))
            )
        )


class ObjectivesPlot(SigmaPlot):
    """Explicit, implicit and denoising loss, each above what the exact score has: where they coincide."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self.plot.addItem(self._zero, ignoreBounds=True)
        self._points = {name: pg.PlotDataItem(antialias=True) for name, *_ in FORMS}
        self._bars = {name: pg.PlotDataItem(connect="pairs") for name, *_ in FORMS}
        for item in (*self._bars.values(), *self._points.values()):
            self.plot.addItem(item, ignoreBounds=True)
        self._asker = self.listen(context.questions.inquiry(f"plot.{context.slot}.objectives", depends=DEPENDS, every=3.0))
        self.restyle()

    def wish(self) -> Question:
        """Always the same."""
        return AskObjectives()

    def dress(self) -> None:
        now = theme.current()
        self._zero.setPen(pg.mkPen(now.color("dim"), width=1, style=Qt.PenStyle.DashLine))
        for name, color, symbol, _ in FORMS:
            pen = now.color(color)
            self._points[name].setPen(pg.mkPen(pen, width=1.2 * now.scale) if name == "explicit" else None)
            self._points[name].setSymbol(symbol)
            self._points[name].setSymbolSize(6 * now.scale)
            self._points[name].setSymbolPen(None)
            self._points[name].setSymbolBrush(pen)
            self._bars[name].setPen(pg.mkPen(pen, width=1.2 * now.scale))

    def refresh(self) -> None:
        """The last answer, of as many draws as have been made."""
        found = self._asker.answer
        if self.refusal or not isinstance(found, Objectives):
            self.show_words(self.waiting_words())
            return
        x = self.over_sigma(found.sigma.numpy())
        step = float(np.diff(x).mean()) if len(x) > 1 else 0.1
        shown = []
        for k, (name, *_) in enumerate(FORMS):
            value, error = axes.figures(getattr(found, name)), axes.figures(getattr(found, f"{name}_error"))
            at = x + (k - 1) * 0.12 * step  # beside one another, so that bars do not hide each other
            self._points[name].setData(*axes.drawable(at, value))
            self._bars[name].setData(*axes.in_pairs(at, value - 2 * error, value + 2 * error))
            shown += [value - 2 * error, value + 2 * error]
        names = {"explicit": self.tr("explicit"), "implicit": self.tr("implicit"), "denoising": self.tr("denoising")}
        marks = axes.legend([(mark, color, names[name]) for name, color, _, mark in FORMS])
        self.legend.say(marks, self.tr("± 2 standard errors, against σ"))
        self.set_y(*axes.span(*shown, np.zeros(1)))
        self.show_plot(self.tr("above the floor by {value}").format(value=figure(float(axes.figures(found.explicit).mean()))))
