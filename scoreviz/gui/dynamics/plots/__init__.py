"""The plots below: two slots, each with a menu of what it shows.

Importing pyqtgraph takes 0.3 s, so nobody imports this package before the first paint.
"""

from scoreviz.gui.dynamics.plots.context import PlotContext
from scoreviz.gui.dynamics.plots.curve import CurvePlot, Series
from scoreviz.gui.dynamics.plots.plot import Plot
from scoreviz.gui.dynamics.plots.strip import Plots

__all__ = ["CurvePlot", "Plot", "PlotContext", "Plots", "Series"]
