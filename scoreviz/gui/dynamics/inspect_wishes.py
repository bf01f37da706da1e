"""What of the Inspect menu belongs to a scene and a picture of it: which questions, on which grids; for the window and for films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scoreviz.gui.canvas.frame import Bounds, MapGrid, MeanGrid
from scoreviz.protocol.questions import AskMaps, LevelMap, Maps, Question
from scoreviz.scene.document import Scene

MAP_CELL = 10  # logical pixels
ODE_COLUMNS = 48
"""A likelihood takes some hundred evaluations of the score at each place."""
MEAN_CELL = 40
"""Lines to the means cross half the picture where the noise is high: as close as arrows they would hide it, and take long to draw."""
LARGEST_GRID = 320
LEARNED = ("error", "relative", "angle", "weighted", "log_network", "curl")
"""Maps that the network is part of, whatever score drives the sampler."""


@dataclass(frozen=True)
class Wish:
    """What is to be drawn, whatever the noise level."""

    kind: str
    bounds: tuple[float, float, float, float]
    shape: tuple[int, int]
    source: str = "sampler"

    def question(self, sigmas: Sequence[float]) -> AskMaps:
        """The question for these levels."""
        return AskMaps(kind=self.kind, sigmas=tuple(sigmas), bounds=self.bounds, shape=self.shape, source=self.source)  # type: ignore[arg-type]

    def grid(self, level: LevelMap, step: int | None) -> MapGrid | MeanGrid:
        """What the canvas draws of one level of the answer."""
        bounds, values = Bounds(*self.bounds), level.values.numpy()
        if self.kind == "posterior_mean":
            return MeanGrid(level.sigma, bounds, self.source, values, step)
        return MapGrid(level.sigma, bounds, self.kind, values, step, level.figure, level.share)  # type: ignore[arg-type]


def wishes(scene: Scene, bounds: Bounds, width: float, height: float) -> tuple[Wish | None, Wish | None]:
    """The map and the posterior means of a picture of width x height logical pixels that shows `bounds`; None where there is none."""
    view, place = scene.view, (bounds.x0, bounds.x1, bounds.y0, bounds.y1)

    def shape(cell: float) -> tuple[int, int]:
        rows, columns = (max(2, min(LARGEST_GRID, round(side / cell))) for side in (height, width))
        return rows, columns

    coarse = max(MAP_CELL, width / ODE_COLUMNS) if view.map == "log_ode" else MAP_CELL
    map_ = None if view.map == "none" else Wish(view.map, place, shape(coarse))
    source = "exact" if view.field == "difference" else view.field
    means = Wish("posterior_mean", place, shape(MEAN_CELL), source) if view.lines == "posterior_mean" else None
    return map_, means


def asked(wish: Wish, sigma: float, answer: Callable[[Question], Any]) -> Any:
    """The grid of one level, of one who answers at once; None where the noise has no such level."""
    found: Maps = answer(wish.question((sigma,)))
    return wish.grid(found.maps[0], found.step) if found.maps else None
