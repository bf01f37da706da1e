"""The horizontal axis of space-time: a run's own time, in the direction of the time line beneath.

Reverse and forward runs go along t, as far as t goes: correctors stand still, their paths are upright lines. Langevin dynamics has no t:
there the axis counts substeps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from scoreviz.gui.canvas.text import count_text, sigma_text
from scoreviz.gui.playback import Run

MOST_FRAMES = 512
"""Noise levels of a run's frames that are asked for, beside the even ones of the picture."""
COLUMNS = 256
"""Even columns of the heat map along t."""


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """Where each frame stands between the left edge, 0, and the right, 1.

    at: (F,) share of each frame. t: (F,) its time. begin, end: t at the two edges of a timed axis, else None.
    """

    at: np.ndarray
    t: np.ndarray
    kind: str  # the run's axis: "reverse", "forward", "iterations", "levels"
    total: int = 0
    sigma: np.ndarray | None = None

    def same(self, other: TimeAxis) -> bool:
        """Does every frame stand at the same place? So it is with the re-runs of a network that trains."""
        return (
            (self.kind, self.total) == (other.kind, other.total) and np.array_equal(self.at, other.at) and np.array_equal(self.t, other.t)
        )

    @property
    def timed(self) -> bool:
        """Is t its coordinate?"""
        return self.kind in ("reverse", "forward")

    @property
    def data_left(self) -> bool:
        """Do the data lie at the left end?"""
        return self.kind == "forward"

    def place(self, t: np.ndarray) -> np.ndarray:
        """Share of the width at times t of a timed axis; beyond [0, 1] outside."""
        begin, end = float(self.t[0]), float(self.t[-1])
        return (np.asarray(t, float) - begin) / ((end - begin) or 1.0)

    def t_at(self, share: float) -> float | None:
        """The time at a share of the width: of a timed axis its coordinate, else that of the frame there."""
        if not self.timed:
            return float(self.t[self.frame_at(share)])
        begin, end = float(self.t[0]), float(self.t[-1])
        return min(max(begin + share * (end - begin), 0.0), 1.0)

    def frame_at(self, share: float) -> int:
        """The frame nearest to a share of the width; of several at one place the last."""
        distance = np.abs(self.at - share)
        return int(len(distance) - 1 - np.argmin(distance[::-1]))

    def columns(self) -> np.ndarray:
        """(C,) times of the heat map's equal columns, left to right."""
        centres = (np.arange(COLUMNS) + 0.5) / COLUMNS
        if self.timed:
            begin, end = float(self.t[0]), float(self.t[-1])
            return np.clip(begin + centres * (end - begin), 0.0, 1.0)
        return self.t[np.clip(np.searchsorted(self.at, centres), 0, len(self.t) - 1)]

    def asked(self) -> tuple[float, ...]:
        """The times whose law the view needs: of its columns, and of the frames themselves."""
        frames = np.unique(self.t)
        if len(frames) > MOST_FRAMES:
            frames = frames[np.linspace(0, len(frames) - 1, MOST_FRAMES).round().astype(int)]
        return tuple(np.unique(np.concatenate([frames, self.columns()])).tolist())

    def ticks(self) -> list[tuple[float, str]]:
        """Share and label of each tick."""
        if self.timed:
            low, high = sorted((float(self.t[0]), float(self.t[-1])))
            marks = [k / 5 for k in range(6) if low - 0.011 <= k / 5 <= high + 0.011]  # a run that stops at eps ends at 0 to the eye
            return sorted((float(np.clip(self.place(np.array(m)), 0, 1)), f"{m:g}") for m in marks)
        if self.kind == "levels" and self.sigma is not None:
            return self._level_ticks(self.sigma)
        step = _round_step(self.total)
        return [(k / max(self.total, 1), count_text(k)) for k in range(0, self.total + 1, step)]

    def title(self) -> str:
        """What stands before the first figure."""
        if self.timed:
            return "t = "
        if self.kind == "levels":
            return "σ = "
        return QCoreApplication.translate("SpaceTime", "iteration") + " "

    def _level_ticks(self, sigma: np.ndarray) -> list[tuple[float, str]]:
        begins = [0, *(np.flatnonzero(np.diff(sigma)) + 1).tolist()]
        every = max(1, math.ceil(len(begins) / 6))
        return [(float(self.at[k]), sigma_text(float(sigma[k]))) for k in begins[::every]]


def axis_of(run: Run) -> TimeAxis:
    """The axis of a run."""
    t = np.asarray(run.t, float)
    sigma = np.asarray(run.sigma, float)
    if run.axis in ("reverse", "forward"):
        span = float(t[-1] - t[0]) or 1.0
        return TimeAxis((t - t[0]) / span, t, run.axis, run.total, sigma)
    return TimeAxis(np.asarray(run.substep, float) / max(run.total, 1), t, run.axis, run.total, sigma)


def idle_axis() -> TimeAxis:
    """Before there is a run: t from 1 to 0."""
    return TimeAxis(np.array([0.0, 1.0]), np.array([1.0, 0.0]), "reverse")


def _round_step(total: int) -> int:
    """1, 2 or 5 times a power of ten, for about five ticks."""
    rough = max(total / 5, 1)
    unit = 10 ** math.floor(math.log10(rough))
    return int(next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough))
