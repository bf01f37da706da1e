"""The density layer: log p through 256 colours, on a fixed range or relative to its own peak."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import Bounds, DensityGrid
from scoreviz.gui.canvas.palette import CanvasPalette

PEAK = 0.625
"""Where on the ramp a relative scale puts the peak: at high noise it fills the picture, and points and arrows must stay legible on it."""
DensityScale = Literal["fixed", "relative"]


def colour_range(grid: DensityGrid, scale: DensityScale) -> tuple[float, float]:
    """log p of the first and of the last colour. Relative is the same span, moved so that this t's peak lies at PEAK of it."""
    if scale == "fixed":
        return grid.floor, grid.ceiling
    finite = grid.log_p[np.isfinite(grid.log_p)]
    peak = float(finite.max()) if finite.size else grid.ceiling
    span = grid.ceiling - grid.floor
    return peak - PEAK * span, peak + (1 - PEAK) * span


def colour_indices(grid: DensityGrid, scale: DensityScale) -> np.ndarray:
    """(ny, nx) uint8, row 0 the lowest. No density (-inf) and no number (NaN) are both colour 0, the ground."""
    low, high = colour_range(grid, scale)
    level = (np.asarray(grid.log_p, np.float32) - low) * (255.0 / max(high - low, 1e-6))
    return np.rint(np.clip(np.nan_to_num(level, nan=0.0, posinf=255.0, neginf=0.0), 0.0, 255.0)).astype(np.uint8)


def image_rect(grid: DensityGrid, camera: Camera) -> QRectF:
    """Where the grid's cells lie, in pixels."""
    return bounds_rect(grid.bounds, camera)


def bounds_rect(b: Bounds, camera: Camera) -> QRectF:
    """A rectangle of the drawing in pixels."""
    (left, top), (right, bottom) = camera.to_pixels(np.array([[b.x0, b.y1], [b.x1, b.y0]]))
    return QRectF(left, top, right - left, bottom - top)


def paint_density(painter: QPainter, grid: DensityGrid, scale: DensityScale, camera: Camera, palette: CanvasPalette) -> None:
    """Draw the grid smoothly scaled to its bounds."""
    if grid.log_p.ndim != 2 or not grid.log_p.size:
        return
    pixels = np.ascontiguousarray(palette.density[colour_indices(grid, scale)[::-1]])
    ny, nx = pixels.shape
    image = QImage(pixels.data, nx, ny, nx * 4, QImage.Format.Format_RGB32)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(image_rect(grid, camera), image, QRectF(0, 0, nx, ny))
