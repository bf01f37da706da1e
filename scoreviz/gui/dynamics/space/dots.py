"""Points in space: nearer ones brighter and larger, those behind the slice plane dimmer."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
from PySide6.QtGui import QColor, QImage

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.particles import MOST_DISCS, Counts, Particles
from scoreviz.gui.dynamics.space.eye import Eye

BANDS = 4
"""Steps of depth."""
SIZES = (0.78, 0.92, 1.06, 1.2)
LIGHTS = (0.5, 0.68, 0.84, 1.0)
"""Share of the points' colour in each band, the rest being the ground's."""
VEILED = 0.55
"""What the slice plane leaves of that, for points behind it."""


def bands_of(points: np.ndarray, eye: Eye, half: float) -> np.ndarray:
    """(n,) int: the band of depth, 0 the farthest; beyond the cube's corners the first and last go on. NaN counts as farthest."""
    reach = half * float(np.abs(eye.axes[2]).sum())  # of the cube's nearest corner
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num((eye.depth(points) / reach + 1) / 2, nan=0.0, posinf=1.0, neginf=0.0)
    return np.clip((share * BANDS).astype(np.int64), 0, BANDS - 1)


def before_plane(points: np.ndarray, eye: Eye, axis: int, at: float) -> np.ndarray:
    """(n,) bool: which points lie on the eye's side of the plane, or on it."""
    with np.errstate(invalid="ignore"):
        return np.asarray((points[:, axis] - at) * eye.axes[2, axis] >= 0)


@functools.cache
def tinted(palette: CanvasPalette, share: float, base: str) -> CanvasPalette:
    """The palette with `share` of the colour called `base` in its points and the ground for the rest."""
    colour, ground = getattr(palette, base), palette.ground
    pairs = ((colour.redF(), ground.redF()), (colour.greenF(), ground.greenF()), (colour.blueF(), ground.blueF()))
    return replace(palette, particle=QColor.fromRgbF(*(share * c + (1 - share) * g for c, g in pairs)))


class Dots:
    """Draws points (n, 3) in order of depth."""

    def __init__(self) -> None:
        self._particles = Particles()

    def paint(
        self, target: QImage, points: np.ndarray, flat: np.ndarray, eye: Eye, half: float, camera: Camera, scale: float,
        palette: CanvasPalette, *, plane: tuple[int, float] | None, size: float = 1.0, light: float = 1.0, base: str = "particle",
    ) -> Counts:  # fmt: skip
        """flat (n, 2): the same points projected. plane: (axis, at) of the slice on screen. Above a few thousand their projected
        density is drawn instead, without depth."""
        if len(points) > MOST_DISCS:
            return self._particles.paint(target, flat, camera, scale, palette)
        band = bands_of(points, eye, half)
        before = np.ones(len(points), bool) if plane is None else before_plane(points, eye, *plane)
        outside = not_finite = 0
        for side in (False, True):
            for number in range(BANDS):
                some = flat[(band == number) & (before == side)]
                if not len(some):
                    continue
                share = light * LIGHTS[number] * (1.0 if side else VEILED)
                colours = tinted(palette, round(share, 3), base)
                counts = self._particles.paint(target, some, camera, scale, colours, size=size * SIZES[number])
                outside, not_finite = outside + counts.outside, not_finite + counts.not_finite
        return Counts(total=len(points), outside=outside, not_finite=not_finite)
