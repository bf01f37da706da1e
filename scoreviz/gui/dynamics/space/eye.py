"""From where space is looked at: an orthographic projection, z upwards. Nearer things are not larger, so lengths can be compared."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from scoreviz.gui.canvas.frame import Frames

DEGREES_PER_PIXEL = 0.4
KEPT = 24
"""Projected frames that are kept: as many as the longest trails of the default length look back on, twice."""


@dataclass(frozen=True)
class Eye:
    """Stands in the direction (cos e cos a, cos e sin a, sin e) for azimuth a and elevation e, in degrees, and looks at the origin."""

    azimuth: float = -55.0
    elevation: float = 25.0

    @cached_property
    def axes(self) -> np.ndarray:
        """(3, 3) float64, orthonormal rows: to the right of the picture, up the picture, towards the eye."""
        a, e = math.radians(self.azimuth), math.radians(self.elevation)
        right = (-math.sin(a), math.cos(a), 0.0)
        up = (-math.sin(e) * math.cos(a), -math.sin(e) * math.sin(a), math.cos(e))
        towards = (math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e))
        return np.array([right, up, towards])

    def project(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) -> (n, 2): right and up, in the drawing's units. What is not finite stays so."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(points @ self.axes[:2].T.astype(points.dtype))

    def depth(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) -> (n,): how far towards the eye, 0 at the origin."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(points @ self.axes[2].astype(points.dtype))

    def turned(self, right_px: float, down_px: float) -> Eye:
        """Space turned by a hand that moved so far: its near side goes along. One can look from right above, not over the top."""
        azimuth = (self.azimuth - right_px * DEGREES_PER_PIXEL + 180.0) % 360.0 - 180.0
        elevation = min(max(self.elevation + down_px * DEGREES_PER_PIXEL, -90.0), 90.0)
        return replace(self, azimuth=round(azimuth, 2), elevation=round(elevation, 2))


class Projected:
    """A run's frames as one eye sees them, (n, 2): what the plane's layers draw. Another eye is another object."""

    def __init__(self, frames: Frames, eye: Eye) -> None:
        self.frames, self.eye = frames, eye
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()

    def at(self, k: int) -> np.ndarray:
        """Positions (n, 2) float32 after the k-th kept substep."""
        if k not in self._kept:
            self._kept[k] = self.eye.project(self.frames.at(k))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[k]

    def __len__(self) -> int:
        return len(self.frames)
