"""What the space-time picture is given to draw. Plain data, made elsewhere; the picture changes none of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scoreviz.gui.canvas.frame import Caption
from scoreviz.gui.canvas.palette import PaletteName
from scoreviz.gui.dynamics.spacetime.axis import TimeAxis, idle_axis
from scoreviz.gui.dynamics.spacetime.curve import Heights
from scoreviz.gui.playback import Run
from scoreviz.scene.view import View

SAME_TIME = 1e-9


@dataclass(frozen=True, eq=False)
class Heat:
    """log_p (rows, T) at the centres of equal cells of [x0, x1], the lowest first, for ascending times t (T,)."""

    t: np.ndarray
    x0: float
    x1: float
    log_p: np.ndarray

    def columns(self, t: np.ndarray) -> np.ndarray:
        """(rows, C) at these times; NaN for a time that was not asked for."""
        found = np.clip(np.searchsorted(self.t, np.asarray(t) - SAME_TIME), 0, len(self.t) - 1)
        out = self.log_p[:, found].copy()
        out[:, np.abs(self.t[found] - t) > SAME_TIME] = np.nan
        return out

    @property
    def x(self) -> np.ndarray:
        """(rows,) centres of the cells."""
        rows = len(self.log_p)
        return self.x0 + (np.arange(rows) + 0.5) * ((self.x1 - self.x0) / rows)


@dataclass(frozen=True, eq=False)
class Lines:
    """x (T, n): n paths at the times t (T,)."""

    t: np.ndarray
    x: np.ndarray


@dataclass(frozen=True, eq=False)
class Way:
    """From one point (t, x) to the data: a fan of the reverse SDE, and the one path of the ODE."""

    t: float
    x: float
    sde: Lines
    flow: Lines


@dataclass(frozen=True, eq=False)
class Content:
    """Everything that is shown, but for the size of the picture."""

    view: View = field(default_factory=View)
    palette: PaletteName = "dark"
    axis: TimeAxis = field(default_factory=idle_axis)
    x0: float = -2.6  # the data at the bottom
    x1: float = 2.6
    heat: Heat | None = None
    curve: Heights | None = None  # p of the drawing
    base: Heights | None = None  # what a hand goes on from: the drawn heights themselves, of mass one
    draft: Heights | None = None  # the curve while a hand draws it
    top: float = 1.0  # the largest density that the panels have room for
    forward: Lines | None = None
    flow: Lines | None = None
    ways: tuple[Way, ...] = ()
    run: Run | None = None
    k: int = 0
    caption: Caption | None = None
    message: str | None = None
    bare: bool = False  # without chips over its foot

    @property
    def points(self) -> np.ndarray | None:
        """(n,) particles of the frame on screen."""
        if self.run is None or not self.run.ready:
            return None
        return self.run.at(min(self.k, self.run.ready - 1))[:, 0]

    @property
    def now(self) -> np.ndarray | None:
        """(rows,) the exact p_t of the frame on screen, where it is known."""
        if self.heat is None or self.run is None or self.run.file:
            return None
        log_p = self.heat.columns(np.array([self.run.t[min(self.k, self.run.length - 1)]]))[:, 0]
        return np.exp(log_p) if np.isfinite(log_p).any() else None
