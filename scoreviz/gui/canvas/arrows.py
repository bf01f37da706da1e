"""The score layer: thin arrows whose length saturates, drawn as one path."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QPainter, QPen

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import ArrowGrid, cell_centres
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.paths import segments_path, thickened

HALFWAY = 1.0
"""The magnitude of sigma s at which an arrow has half its greatest length: c in m / (1 + m / c)."""
REACH = 1.45
"""The greatest length, in spacings of the grid."""
HEAD = 4.0
"""Length of an arrow's head in logical pixels; never over 0.4 of the arrow."""


def arrow_length(magnitude: np.ndarray | float, spacing: float) -> np.ndarray:
    """Pixels for a magnitude m of sigma s: reach * (m / (1 + m / c)) / c. The legend uses this very function."""
    m = np.asarray(magnitude, np.float64)
    return (REACH * spacing / HALFWAY) * m / (1.0 + m / HALFWAY)


def grid_spacing(grid: ArrowGrid, camera: Camera) -> float:
    """Pixels between neighbouring arrows, the smaller of the two directions."""
    ny, nx = grid.vectors.shape[:2]
    b = grid.bounds
    return min((b.x1 - b.x0) / max(nx, 1), (b.y1 - b.y0) / max(ny, 1)) * camera.pixels_per_unit


def arrow_segments(tails: np.ndarray, vectors: np.ndarray, spacing: float, scale: float) -> np.ndarray:
    """(3 n, 2, 2) lines in pixels: n shafts, then the two strokes of each head. `vectors` has y up; all must be finite."""
    magnitude = np.linalg.norm(vectors, axis=1)
    direction = vectors / np.maximum(magnitude, 1e-12)[:, None] * (1.0, -1.0)
    length = arrow_length(magnitude, spacing)[:, None]
    tips = tails + direction * length
    back = tips - direction * np.minimum(HEAD * scale, 0.4 * length)
    wing = np.stack([-direction[:, 1], direction[:, 0]], axis=-1) * np.minimum(HEAD * scale, 0.4 * length) * 0.45
    ends = [(tails, tips), (back + wing, tips), (back - wing, tips)]
    return np.concatenate([np.stack(pair, axis=1) for pair in ends])


def field_segments(grid: ArrowGrid, camera: Camera, scale: float) -> tuple[np.ndarray, int]:
    """The lines of the whole field, and how many arrows are not finite and so cannot be drawn. Tails lie where s is evaluated."""
    if grid.vectors.ndim != 3 or not grid.vectors.size:
        return np.empty((0, 2, 2)), 0
    ny, nx = grid.vectors.shape[:2]
    vectors = np.asarray(grid.vectors, np.float64).reshape(-1, 2)
    finite = np.isfinite(vectors).all(axis=1)
    tails = camera.to_pixels(cell_centres(grid.bounds, nx, ny))
    return arrow_segments(tails[finite], vectors[finite], grid_spacing(grid, camera), scale), int((~finite).sum())


def paint_segments(painter: QPainter, segments: np.ndarray, colour: QColor, scale: float) -> None:
    """Stroke the lines at one logical pixel, smoothly."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, 1.0))
    painter.drawPath(segments_path(thickened(segments, scale)))


def paint_arrows(painter: QPainter, grid: ArrowGrid, camera: Camera, scale: float, palette: CanvasPalette) -> int:
    """Draw the field; returns how many arrows are not finite."""
    segments, missing = field_segments(grid, camera, scale)
    paint_segments(painter, segments, palette.arrow, scale)
    return missing
