"""Error against evaluations in the strip of plots: the last measurement of the page “Compare”."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.compare.nfe_plot import NfeCurves, colour
from scoreviz.gui.dynamics.compare.nfe_table import as_slope
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.widgets.words import figure, scene_text
from scoreviz.protocol.questions import Nfe


class NfePlot(Plot):
    """Asks nothing by itself: measuring takes seconds, and is begun by hand."""

    def __init__(self, context: PlotContext, heading: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(context, heading, object_name, parent)
        self._curves = NfeCurves(self.plot)
        self._measuring = context.measuring
        if self._measuring is not None:
            self._measuring.changed.connect(self.schedule)
        self.restyle()

    def refresh(self) -> None:
        """Curves, and the slope of each beside its colour."""
        answer = None if self._measuring is None else self._measuring.answer
        span = None if answer is None else self._curves.show(answer)
        if answer is None or span is None:
            waiting = self._measuring is not None and self._measuring.running
            self.show_words(
                self.tr("The measurement begins …") if waiting else self.tr("Not measured yet: the page Compare, at the right, begins it.")
            )
            return
        if self.shows_words:
            self.schedule()  # the plot has its size only once it is on screen
        self.legend.say(self._names(answer))
        self.set_y(*span)
        floor = "" if answer.floor is None else self.tr("floor {floor}").format(floor=figure(answer.floor[0]))
        old = self.tr("before the last change") if self._measuring is not None and self._measuring.outdated else ""
        self.show_plot(" · ".join(text for text in (old, floor) if text))

    def _names(self, answer: Nfe) -> str:
        """Each curve's colour, name and slope; without the slopes, or nothing, where they do not fit: the page has them all."""
        curves = [(k, curve, scene_text(curve.label).partition(" (")[0]) for k, curve in enumerate(answer.curves) if not curve.note]
        for tails in ([f" {as_slope(curve).partition(' ')[0]}" for _, curve, _ in curves], [""] * len(curves)):
            plain = "━    ".join(name + tail for (_, _, name), tail in zip(curves, tails, strict=True))
            if self.legend.fontMetrics().horizontalAdvance(plain) < 0.8 * self.width():
                marks = [f'<span style="color:{colour(k).name()}">━</span> {name}' for k, _, name in curves]
                return "&nbsp;&nbsp; ".join(mark + tail for mark, tail in zip(marks, tails, strict=True))
        return ""
