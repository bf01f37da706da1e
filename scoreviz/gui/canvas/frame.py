"""What the canvas is given to draw. Plain data, made elsewhere; the canvas changes none of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from scoreviz.gui.canvas.camera import Camera
    from scoreviz.gui.canvas.palette import CanvasPalette

LOG_P_FLOOR = -6.0
LOG_P_CEILING = 2.0
"""The fixed range of log p. A drawing has unit mass on a few square units, so at small sigma log p is -2 to 0 on it, 2 on eight
small Gaussians; blurred with sigma 4 its peak is -log(2 pi 16) = -4.6, still told from the ground."""

ArrowKind = Literal["exact", "network", "data", "guided", "difference"]


class Bounds(NamedTuple):
    """A rectangle in the drawing's units."""

    x0: float
    x1: float
    y0: float
    y1: float


@dataclass(frozen=True, eq=False)
class DensityGrid:
    """log p_t at the centres of ny x nx equal cells that tile `bounds`; row 0 is the lowest.

    floor and ceiling are the fixed range of colours; a scale relative to the peak spans as much, down from the peak.
    """

    sigma: float
    bounds: Bounds
    log_p: np.ndarray
    floor: float = LOG_P_FLOOR
    ceiling: float = LOG_P_CEILING


@dataclass(frozen=True, eq=False)
class ArrowGrid:
    """sigma times a score at the centres of ny x nx equal cells that tile `bounds`: (ny, nx, 2), row 0 the lowest.

    kind "difference" is network minus exact. training_step is the network's, None for the exact score.
    """

    sigma: float
    bounds: Bounds
    kind: ArrowKind
    vectors: np.ndarray
    training_step: int | None = None


MapKind = Literal["error", "relative", "angle", "weighted", "log_network", "log_ode", "curl", "divergence"]


@dataclass(frozen=True, eq=False)
class MapGrid:
    """A figure at the centres of ny x nx equal cells that tile `bounds`, row 0 the lowest; NaN where it is still to come or has no value.

    What each kind measures stands at `protocol.questions.inspect.AskMaps`. training_step is the network's, None where it has no part.
    figure sums the map up: a mean error, or an integral. share of it is computed.
    """

    sigma: float
    bounds: Bounds
    kind: MapKind
    values: np.ndarray
    training_step: int | None = None
    figure: float | None = None
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class MeanGrid:
    """E[x_0 | x] under one score at the centres of ny x nx equal cells that tile `bounds`: (ny, nx, 2), row 0 the lowest."""

    sigma: float
    bounds: Bounds
    source: str
    means: np.ndarray
    training_step: int | None = None


class Frames(Protocol):
    """A run's cached frames. It may grow, but frame k never changes: another run is another object."""

    def at(self, k: int) -> np.ndarray:
        """Positions (n, 2) after the k-th kept substep."""
        ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Caption:
    """What the particle frame on screen is: which run, where in it. A value that does not exist is None.

    position is the place on an axis that is not t: "iteration 40 of 200".
    """

    label: str = ""
    t: float | None = None
    sigma: float | None = None
    log_snr: float | None = None
    position: str = ""
    notes: tuple[str, ...] = ()


class Overlay(Protocol):
    """Something painted over the particles and below the words: a probe, dropped particles, the parts of a substep.

    It is plain data: what changes is another object, and equal ones are painted once.
    """

    def paint(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        """Draw in device pixels, `scale` of them to a logical one."""
        ...


def cell_centres(bounds: Bounds, nx: int, ny: int) -> np.ndarray:
    """(ny * nx, 2) centres of the cells that tile `bounds`, x fastest, the lowest row first."""
    x = bounds.x0 + (np.arange(nx) + 0.5) * ((bounds.x1 - bounds.x0) / max(nx, 1))
    y = bounds.y0 + (np.arange(ny) + 0.5) * ((bounds.y1 - bounds.y0) / max(ny, 1))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
