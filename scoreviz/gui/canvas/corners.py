"""Points set one by one: the corners of a polygon, or what a smooth curve goes through."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

from scoreviz.gui.canvas.camera import Camera

CLOSES = 9.0
"""Pixels about the first point within which a click closes the shape."""
TWICE = 3.0
"""Pixels within which a second click is the same point."""
FINE = 16
"""Points of a curve between two clicks."""
SNAP = math.pi / 12
"""With Shift a line turns in such steps."""


class Corners:
    """Points in the drawing's units, so that the picture may be moved while they are being set."""

    def __init__(self, kind: Literal["polygon", "curve"]) -> None:
        self.kind = kind
        self.points: list[tuple[float, float]] = []

    def add(self, point: tuple[float, float], camera: Camera) -> bool:
        """Set a point; True if that closes the shape."""
        if self.closes(point, camera):
            return True
        if not self.points or camera.pixels_per_unit * math.dist(point, self.points[-1]) > TWICE:
            self.points.append(point)
        return False

    def closes(self, point: tuple[float, float], camera: Camera) -> bool:
        """Whether a click there would close the shape."""
        return len(self.points) >= 3 and camera.pixels_per_unit * math.dist(point, self.points[0]) < CLOSES

    def path(self, closed: bool, pointer: tuple[float, float] | None = None) -> np.ndarray:
        """(n, 2) float32: what will be drawn, to the pointer too if it is given."""
        points = [*self.points, pointer] if pointer is not None else self.points
        return outline(points, closed) if self.kind == "polygon" else smooth(points, closed)


def outline(points: list[tuple[float, float]], closed: bool) -> np.ndarray:
    """Straight from corner to corner, and back to the first."""
    return np.array([*points, points[0]] if closed and len(points) > 2 else points, np.float32).reshape(-1, 2)


def smooth(points: list[tuple[float, float]], closed: bool) -> np.ndarray:
    """A curve through all points (n, 2): Catmull and Rom's, with knots at the square roots of the distances, so that it makes no loops.

    On the segment from P1 to P2, with P0 before and P3 after, it is the cubic with the end slopes of the parabola-like chords through
    three points each (Barry and Goldman 1988); beyond the ends of an open curve the last segment is mirrored.
    """
    p = np.array(points, float).reshape(-1, 2)
    if len(p) < 3:
        return p.astype(np.float32)
    before, after = (p[-1], p[[0, 1]]) if closed else (2 * p[0] - p[1], (2 * p[-1] - p[-2])[None])
    p = np.concatenate([[before], p, after])
    knot = np.concatenate([[0.0], np.cumsum(np.maximum(np.hypot(*np.diff(p, axis=0).T), 1e-9) ** 0.5)])
    p0, p1, p2, p3 = (p[k : len(p) - 3 + k, None, :] for k in range(4))
    t0, t1, t2, t3 = (knot[k : len(p) - 3 + k, None, None] for k in range(4))
    t = t1 + (t2 - t1) * (np.arange(FINE) / FINE)[:, None]

    def between(a: np.ndarray, b: np.ndarray, ta: np.ndarray, tb: np.ndarray) -> np.ndarray:
        return ((tb - t) * a + (t - ta) * b) / (tb - ta)

    a1, a2, a3 = between(p0, p1, t0, t1), between(p1, p2, t1, t2), between(p2, p3, t2, t3)
    curve = between(between(a1, a2, t0, t2), between(a2, a3, t1, t3), t1, t2).reshape(-1, 2)
    return np.concatenate([curve, p[-2][None]]).astype(np.float32)


def snapped(start: QPointF, at: QPointF) -> QPointF:
    """The end of a line from `start` near `at`, at a multiple of 15 degrees."""
    away = at - start
    length, angle = math.hypot(away.x(), away.y()), round(math.atan2(away.y(), away.x()) / SNAP) * SNAP
    return start + QPointF(length * math.cos(angle), length * math.sin(angle))


def to_polygon(points: np.ndarray, camera: Camera) -> QPolygonF:
    """Points of the drawing (n, 2) as pixels."""
    return QPolygonF([QPointF(x, y) for x, y in camera.to_pixels(points).tolist()])
