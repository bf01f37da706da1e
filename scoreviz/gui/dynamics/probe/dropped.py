"""Dropped particles on the canvas: ringed points and the way that each has come."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.paths import segments_path, thickened
from scoreviz.gui.dynamics.probe.dropping import Batch

RADIUS = 2.6
RING = 5.0
RECENT = 9
"""Frames of a way that are drawn bright; what was before is drawn faintly."""
BRIGHT_INK, FAINT_INK = 40_000.0, 120_000.0
"""Logical pixels of bright and of faint lines at most, shared among the ways: of longer ones the beginnings are left out."""


@dataclass(frozen=True, eq=False)
class DroppedMarks:
    """points (n, 2) now; ways: from where each was dropped to now, (m, 2) each; ahead: where the one that is held would go."""

    points: np.ndarray
    ways: tuple[np.ndarray, ...]
    ahead: tuple[np.ndarray, ...] = ()

    def paint(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        """Brighter than the run's particles, each with a ring."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        recent = tuple(way[-RECENT:] for way in self.ways)
        for ways, alpha, ink in ((self.ways, 0.12, FAINT_INK), (recent, 0.7, BRIGHT_INK), (self.ahead, 0.4, math.inf)):
            colour = QColor(palette.brush)
            colour.setAlphaF(alpha)
            painter.setPen(QPen(colour, 1.0))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, alpha > 0.2)  # the whole way is long: smoothing it takes 10 ms
            painter.drawPath(segments_path(thickened(_segments(ways, camera, ink * scale), scale)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for x, y in camera.to_pixels(self.points).tolist() if len(self.points) else ():
            at = QPointF(x, y)
            painter.setPen(QPen(palette.ground, 1.0 * scale))
            painter.setBrush(palette.brush)
            painter.drawEllipse(at, RADIUS * scale, RADIUS * scale)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.brush, 1.3 * scale))
            painter.drawEllipse(at, RING * scale, RING * scale)


def _segments(ways: tuple[np.ndarray, ...], camera: Camera, ink: float) -> np.ndarray:
    """(n, 2, 2) lines in pixels from one frame to the next, of each way the newest."""
    parts, far = [], float(camera.width_px + camera.height_px)  # more of a line is not seen
    for way in ways:
        pixels = camera.to_pixels(way)
        lines = np.stack([pixels[:-1], pixels[1:]], 1)
        lines = lines[np.isfinite(lines).all(axis=(1, 2)) & (np.abs(lines) < 1e6).all(axis=(1, 2))]
        length = np.minimum(np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1), far)
        parts.append(lines[np.cumsum(length[::-1])[::-1] <= max(ink / len(ways), far)])
    return np.concatenate(parts) if parts else np.empty((0, 2, 2))


def shown_points(batches: list[Batch], k: int) -> list[tuple[Batch, int, np.ndarray]]:
    """Every dropped point that there is at frame k: its batch, its number, its way up to now (m, 2), the last row being where it is."""
    found = []
    for batch in batches:
        if k < batch.first or batch.points.shape[1] != 2:
            continue
        so_far = k - batch.first
        if so_far and (batch.frames is None or so_far >= len(batch.frames)):
            continue  # not computed yet
        for point in range(len(batch.points)):
            if batch.alive(point, k):
                way = batch.points[point][None] if not so_far else np.array(batch.frames[: so_far + 1, point])  # type: ignore[index]
                found.append((batch, point, way))
    return found


def marks(batches: list[Batch], k: int, held: Batch | None) -> DroppedMarks | None:
    """What is drawn at frame k; None where nothing is."""
    shown = shown_points(batches, k)
    if not shown:
        return None
    points = np.array([way[-1] for _, _, way in shown], np.float64)
    ahead = (held.frames[:, 0],) if held is not None and held.frames is not None else ()
    return DroppedMarks(points, tuple(way for _, _, way in shown if len(way) > 1), ahead)
