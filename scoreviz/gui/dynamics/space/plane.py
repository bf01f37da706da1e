"""The slice: a plane across one axis with log p_t and the score on it, drawn as it lies in space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from scoreviz.gui.canvas.arrows import arrow_segments, paint_segments
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import ArrowGrid, Bounds, DensityGrid, cell_centres
from scoreviz.gui.canvas.heatmap import DensityScale, colour_indices
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.dynamics.space.eye import Eye
from scoreviz.protocol.questions.solid import IN_PLANE, Axis, ScoreKind

FLOOR, CEILING = -9.0, 1.0
"""The fixed range of log p in space: on the shapes it is -1 to 1 at small sigma; blurred with sigma 4 its
peak is -1.5 log(2 pi 16) = -6.9."""
CLEAR = 12
"""Colours at the ramp's beginning that fade into what lies behind: the first is the ground itself."""
EDGE_ON = 0.03
"""Below this cosine of the angle between the plane's normal and the eye it is a line, and nothing on it could be read."""


@dataclass(frozen=True, eq=False)
class PlaneGrid:
    """What the engine says of the plane `axis` = `at` at one noise level, over the square |u|, |v| <= half."""

    axis: Axis
    at: float
    sigma: float
    half: float
    log_p: np.ndarray  # (n, n), row 0 the smallest v; (0, 0) if it was not asked for
    vectors: np.ndarray  # (m, m, 3) std(t) times the score
    kind: ScoreKind = "exact"
    step: int | None = None

    @cached_property
    def number(self) -> int:
        """The axis as an index."""
        return "xyz".index(self.axis)

    @cached_property
    def density(self) -> DensityGrid | None:
        """log p on the plane, as if it were the drawing's plane."""
        return DensityGrid(self.sigma, self._bounds, self.log_p, FLOOR, CEILING) if self.log_p.size else None

    @cached_property
    def arrows(self) -> ArrowGrid | None:
        """The two parts of the score that lie in the plane."""
        if not self.vectors.size:
            return None
        return ArrowGrid(self.sigma, self._bounds, self.kind, self.vectors[..., list(IN_PLANE[self.axis])], self.step)

    @property
    def _bounds(self) -> Bounds:
        return Bounds(-self.half, self.half, -self.half, self.half)

    def placed(self, flat: np.ndarray) -> np.ndarray:
        """(n, 2) places on the plane -> (n, 3) in space."""
        out = np.full((len(flat), 3), self.at)
        out[:, list(IN_PLANE[self.axis])] = flat
        return out


def spacing_of(grid: ArrowGrid, camera: Camera) -> float:
    """Pixels between neighbouring arrows where one looks straight at the plane."""
    return (grid.bounds.x1 - grid.bounds.x0) / grid.vectors.shape[1] * camera.pixels_per_unit


def field_segments(plane: PlaneGrid, grid: ArrowGrid, eye: Eye, camera: Camera, scale: float) -> tuple[np.ndarray, int]:
    """(3 n, 2, 2) lines in pixels of arrows that lie in the plane, foreshortened with it, and how many are not finite.

    Straight on they are as long as the canvas's: `arrow_length` of the part of sigma s in the plane.
    """
    ny, nx = grid.vectors.shape[:2]
    vectors = np.asarray(grid.vectors, np.float64).reshape(-1, 2)
    finite = np.isfinite(vectors).all(axis=1)
    unit = camera.pixels_per_unit
    tails = cell_centres(grid.bounds, nx, ny)[finite] * (unit, -unit)  # the plane face on, in pixels, y down
    lines = arrow_segments(tails, vectors[finite], spacing_of(grid, camera), scale).reshape(-1, 2) / (unit, -unit)
    return camera.to_pixels(eye.project(plane.placed(lines))).reshape(-1, 2, 2), int((~finite).sum())


def transform_of(plane: PlaneGrid, eye: Eye, camera: Camera) -> QTransform:
    """From (column, row) of the density's cells to pixels: three corners fix an affine map."""
    ny, nx = plane.log_p.shape
    h = plane.half
    corner, right, up = camera.to_pixels(eye.project(plane.placed(np.array([[-h, -h], [h, -h], [-h, h]]))))
    along, across = (right - corner) / nx, (up - corner) / ny
    return QTransform(along[0], along[1], across[0], across[1], corner[0], corner[1])


def paint_slice(painter: QPainter, plane: PlaneGrid, how: DensityScale, eye: Eye, camera: Camera, palette: CanvasPalette) -> None:
    """Draw log p in the legend's own colours; only where there is next to none, what lies behind is seen."""
    grid = plane.density
    if grid is None or abs(eye.axes[2, plane.number]) < EDGE_ON:
        return
    index = colour_indices(grid, how)
    opacity = np.minimum(np.arange(256, dtype=np.uint32) * 255 // CLEAR, 255)
    colours = (palette.density & np.uint32(0x00FFFFFF)) | (opacity << np.uint32(24))
    pixels = np.ascontiguousarray(colours[index])
    ny, nx = pixels.shape
    image = QImage(pixels.data, nx, ny, nx * 4, QImage.Format.Format_ARGB32)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.setTransform(transform_of(plane, eye, camera), True)
    painter.drawImage(QRectF(0, 0, nx, ny), image, QRectF(0, 0, nx, ny))
    painter.restore()


def paint_outline(painter: QPainter, plane: PlaneGrid, eye: Eye, camera: Camera, scale: float, palette: CanvasPalette) -> None:
    """The plane's edge: where there is no density it would not be seen."""
    h = plane.half
    corners = camera.to_pixels(eye.project(plane.placed(np.array([[-h, -h], [h, -h], [h, h], [-h, h]]))))
    colour = QColor(palette.brush)
    colour.setAlphaF(0.55)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour, scale))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners.tolist()]))


def paint_score(
    painter: QPainter, plane: PlaneGrid, grid: ArrowGrid, eye: Eye, camera: Camera, scale: float, palette: CanvasPalette
) -> int:
    """Draw the arrows; returns how many are not finite."""
    if abs(eye.axes[2, plane.number]) < EDGE_ON:
        return 0
    segments, missing = field_segments(plane, grid, eye, camera, scale)
    paint_segments(painter, segments, palette.arrow, scale)
    return missing
