"""The particle layer: one small disc each, or above a few thousand a density of counts.

Discs are blended in numpy, pixel by pixel that they touch: Qt strokes 2000 round antialiased points in 6 ms, this takes 1.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import LOG_P_CEILING, LOG_P_FLOOR
from scoreviz.gui.canvas.palette import CanvasPalette, shades
from scoreviz.gui.canvas.paths import painting

MOST_DISCS = 5000
"""Of more particles the picture shows how many lie where."""
RADIUS = 1.5
"""Of a disc, in logical pixels."""
BIN = 3.0
"""Side of a bin of the density of counts, in logical pixels."""
_SUB = 4  # discs are centred to a quarter of a pixel


@dataclass(frozen=True)
class Counts:
    """What a frame holds, and what of it cannot be seen. Seen or not, every particle is in one of the three."""

    total: int = 0
    not_finite: int = 0
    outside: int = 0
    as_density: bool = False


@functools.cache
def disc(radius: float) -> np.ndarray:
    """(16, side * side) uint8 coverage of a disc about the middle pixel, for each quarter-pixel shift (y slowest)."""
    reach = math.ceil(radius)
    grid = np.arange(-reach, reach + 1) + 0.5
    shift = (np.arange(_SUB) + 0.5) / _SUB
    dy = grid[None, :] - shift[:, None]
    distance = np.hypot(dy[:, None, :, None], dy[None, :, None, :])
    return np.rint(np.clip(radius + 0.5 - distance, 0, 1) * 255).astype(np.uint8).reshape(_SUB * _SUB, -1)


class Particles:
    """Draws one frame; keeps its buffers between frames."""

    def __init__(self) -> None:
        self._cover = np.zeros((1, 1), np.uint8)

    def paint(
        self, target: QImage, points: np.ndarray, camera: Camera, scale: float, palette: CanvasPalette, *, size: float = 1.0
    ) -> Counts:  # fmt: skip
        """Draw the points (n, 2) on a Format_RGB32 image, and count what cannot be drawn. size: of a disc, in usual ones."""
        pixels, counts = visible_pixels(points, camera)
        if not len(pixels):
            return counts
        if counts.as_density:
            self._paint_density(target, pixels, counts.total, camera, scale, palette)
        else:
            self._paint_discs(target, pixels, RADIUS * size * scale, palette)
        return counts

    def _paint_discs(self, target: QImage, pixels: np.ndarray, radius: float, palette: CanvasPalette) -> None:
        stamps = disc(radius)
        side = math.isqrt(stamps.shape[1])
        reach = side // 2
        width, height = target.width(), target.height()
        shape = (height + 2 * reach, width + 2 * reach)  # a margin, so that no disc needs clipping
        if self._cover.shape != shape:
            self._cover = np.zeros(shape, np.uint8)
        quarter = np.floor(pixels * _SUB).astype(np.int64)
        corner = quarter // _SUB
        which = (quarter[:, 1] % _SUB) * _SUB + quarter[:, 0] % _SUB
        rows, columns = (line.reshape(-1) for line in np.indices((side, side)))
        index = ((corner[:, 1] * shape[1] + corner[:, 0])[:, None] + (rows * shape[1] + columns)).reshape(-1)
        cover = self._cover.reshape(-1)
        np.maximum.at(cover, index, stamps[which].reshape(-1))
        x, y = corner[:, 0, None] + (columns - reach), corner[:, 1, None] + (rows - reach)
        inside = ((x >= 0) & (x < width) & (y >= 0) & (y < height) & (stamps[which] > 0)).reshape(-1)
        at = (y * width + x).reshape(-1)[inside]
        blend(np.frombuffer(target.bits(), np.uint32), at, cover[index[inside]], _opaque(palette))
        cover[index] = 0

    def _paint_density(self, target: QImage, pixels: np.ndarray, total: int, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        log_p, side = count_density(pixels, total, camera, scale)
        level = np.clip((log_p - LOG_P_FLOOR) / (LOG_P_CEILING - LOG_P_FLOOR), 0.0, 1.0)
        colours = shades(palette.particle, np.linspace(0.0, 1.0, 256) ** 2)
        cells = np.ascontiguousarray(colours[np.rint(level * 255).astype(np.uint8)])
        ny, nx = cells.shape
        image = QImage(cells.data, nx, ny, nx * 4, QImage.Format.Format_ARGB32_Premultiplied)
        with painting(target) as painter:  # unsmoothed: a bin is a square, not a blur
            painter.drawImage(QRectF(0, 0, nx * side, ny * side), image, QRectF(0, 0, nx, ny))


@functools.cache
def _opaque(palette: CanvasPalette) -> np.ndarray:
    return shades(palette.particle, np.arange(256) / 255.0)


def blend(pixels: np.ndarray, at: np.ndarray, cover: np.ndarray, shade: np.ndarray) -> None:
    """pixels[at] towards a colour, given as its 256 premultiplied shades, by cover / 255.

    One pixel may be named often, with the same cover each time.
    """
    over = shade[cover]
    rest = 256 - (cover.astype(np.uint32) + (cover >> 7))  # 256 to 0, so that full cover leaves nothing of the ground
    old = pixels[at]
    odd = ((old & 0x00FF00FF) * rest >> 8) & 0x00FF00FF  # red and blue at once, green between them
    even = ((old & 0x0000FF00) * rest >> 8) & 0x0000FF00
    pixels[at] = (over & 0x00FFFFFF) + (odd | even) | 0xFF000000


def visible_pixels(points: np.ndarray, camera: Camera) -> tuple[np.ndarray, Counts]:
    """Pixel positions of what lies in the picture, and the count of what does not."""
    with np.errstate(invalid="ignore", over="ignore"):
        pixels = camera.to_pixels(points)
        finite = np.isfinite(pixels).all(axis=1)
        inside = (pixels[:, 0] >= 0) & (pixels[:, 0] < camera.width_px) & (pixels[:, 1] >= 0) & (pixels[:, 1] < camera.height_px)
    total, good, seen = len(points), int(finite.sum()), int(inside.sum())
    counts = Counts(total=total, not_finite=total - good, outside=good - seen, as_density=total > MOST_DISCS)
    return (pixels if seen == total else pixels[inside]), counts


def count_density(pixels: np.ndarray, total: int, camera: Camera, scale: float) -> tuple[np.ndarray, float]:
    """log(count / (n * area of a bin)) per bin, -inf for none, top row first; and a bin's side in pixels.

    It estimates log p, so it is drawn on log p's own fixed range, whatever the number of particles.
    """
    side = max(1.0, round(BIN * scale))
    nx, ny = math.ceil(camera.width_px / side), math.ceil(camera.height_px / side)
    cell = (pixels[:, 1] // side).astype(np.int64) * nx + (pixels[:, 0] // side).astype(np.int64)
    count = np.bincount(cell, minlength=nx * ny).reshape(ny, nx)
    area = (side / camera.pixels_per_unit) ** 2
    with np.errstate(divide="ignore"):
        return np.log(count / (total * area)), side
