"""Which class draws which plot of `scene.view.PLOT_LABELS`. Who brings another registers it here."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.plots.by_sigma import LossBySigmaPlot, ObjectivesPlot
from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.curve import DistancePlot, LossPlot
from scoreviz.gui.dynamics.plots.modes import ModeMassPlot
from scoreviz.gui.dynamics.plots.nfe import NfePlot
from scoreviz.gui.dynamics.plots.noise import SnrPlot, VariancePlot
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.dynamics.plots.race import RacePlot
from scoreviz.scene.view import PlotName

Maker = Callable[[PlotContext, str, str, QWidget], Plot]
"""maker(context, heading, object name, parent)."""


MAKERS: dict[PlotName, Maker] = {
    "loss": LossPlot,
    "distance": DistancePlot,
    "loss_by_sigma": LossBySigmaPlot,
    "objectives": ObjectivesPlot,
    "race": RacePlot,
    "mode_mass": ModeMassPlot,
    "variance": VariancePlot,
    "snr": SnrPlot,
    "nfe": NfePlot,
}
