"""What a mark looks like as lines: to be outlined, hit with the pointer, and framed. In the drawing's units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scoreviz.gui.dynamics.presets import HALF, shape
from scoreviz.scene.marks import Area, Bitmap, Digest, Erase, Gaussian, Mark, Points, Preset, Stroke, Text
from scoreviz.scene.placement import Placement

RING = np.stack([np.cos(np.linspace(0, 2 * np.pi, 49)), np.sin(np.linspace(0, 2 * np.pi, 49))], 1)
SEEN = 600
"""Points of a table that its figure shows."""
MOST_KEPT = 32768


@dataclass(frozen=True, eq=False)
class Figure:
    """lines: polylines (n, 2); dots (m, 2); reach: how far its mass goes beside them; box (4, 2): corners of its frame, in order.

    `solid`: all within the box belongs to it; `inside`: what the lines enclose does.
    """

    lines: tuple[np.ndarray, ...]
    dots: np.ndarray
    reach: float
    box: np.ndarray
    solid: bool = False
    inside: bool = False

    @property
    def centre(self) -> tuple[float, float]:
        """Of the frame."""
        x, y = self.box.mean(0)
        return float(x), float(y)

    @cached_property
    def _bounds(self) -> tuple[float, float, float, float]:
        low, high = self.box.min(0), self.box.max(0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def hit(self, x: float, y: float, slack: float) -> bool:
        """Whether the point belongs to the mark, `slack` away from it at most."""
        reach = max(self.reach, slack)
        x0, y0, x1, y1 = self._bounds
        if not (x0 - reach <= x <= x1 + reach and y0 - reach <= y <= y1 + reach):
            return False
        if self.solid and _inside(self.box, x, y):
            return True
        if len(self.dots) and float(np.hypot(*(self.dots - (x, y)).T).min()) <= reach:
            return True
        if self.inside and sum(_inside(line, x, y) for line in self.lines) % 2:
            return True
        return any(_distance(line, x, y) <= reach for line in self.lines)


_NO_DOTS = np.empty((0, 2))
_kept: dict[int, tuple[Mark, Figure]] = {}


def figure(mark: Mark, blobs: Mapping[Digest, bytes]) -> Figure | None:
    """The figure of a mark where it lies; None if its data are missing or damaged (the compiled density says so)."""
    kept = _kept.get(id(mark))
    if kept is not None and kept[0] is mark:  # marks are frozen, and a drawing may have thousands
        return kept[1]
    digest = {Stroke: "points", Erase: "points", Points: "points", Area: "outline", Text: "outline"}.get(type(mark))
    data = blobs.get(getattr(mark, digest), b"") if digest else b""
    if digest and (not data or len(data) % 8):
        return None
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    found = _figure(mark, data)
    _kept[id(mark)] = mark, found
    return found


def _figure(mark: Mark, data: bytes) -> Figure:
    points = np.frombuffer(data, "<f4").reshape(-1, 2).astype(np.float64)
    match mark:
        case Stroke() | Erase():
            found = _made((points,), reach=mark.width * (1.5 if isinstance(mark, Stroke) else 1.0))
        case Gaussian():
            ring = RING * mark.std + (mark.x, mark.y)
            found = Figure((ring,), np.array([[mark.x, mark.y]]), 0.0, _box(ring), inside=True)
        case Area():
            found = _made((np.concatenate([points, points[:1]]),), inside=True)
        case Text():
            gaps = np.flatnonzero(np.isnan(points[:, 0]))
            letters = [line[~np.isnan(line[:, 0])] for line in np.split(points, gaps + 1)]
            closed = (np.concatenate([line, line[:1]]) * mark.height + (mark.x, mark.y) for line in letters if len(line))
            found = _made(tuple(closed), solid=True)
        case Bitmap():
            half = np.array([mark.columns / mark.rows, 1.0]) * mark.height / 2
            edge = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half + (mark.x, mark.y)
            found = _made((edge,), solid=True)
        case Points():
            dots = points[:: math.ceil(len(points) / SEEN)] * mark.radius + (mark.x, mark.y)
            found = Figure((), dots, mark.width, _box(dots), solid=True)
        case Preset():
            dots = shape(mark.name) * HALF
            found = Figure((), dots, 0.15, _box(dots))
    return found if mark.place is None else _placed(found, mark.place)


def _made(lines: tuple[np.ndarray, ...], *, reach: float = 0.0, solid: bool = False, inside: bool = False) -> Figure:
    return Figure(lines, _NO_DOTS, reach, _box(np.concatenate(lines) if lines else np.zeros((1, 2)), reach), solid, inside)


def _box(points: np.ndarray, reach: float = 0.0) -> np.ndarray:
    (x0, y0), (x1, y1) = points.min(0) - reach, points.max(0) + reach
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _placed(figure: Figure, place: Placement) -> Figure:
    c, s = place.scale * math.cos(place.angle), place.scale * math.sin(place.angle)
    turn, shift = np.array([[c, s], [-s, c]]), (place.dx, place.dy)
    lines = tuple(line @ turn + shift for line in figure.lines)
    dots, box = figure.dots @ turn + shift, figure.box @ turn + shift
    return Figure(lines, dots, figure.reach * place.scale, box, figure.solid, figure.inside)


def _inside(line: np.ndarray, x: float, y: float) -> bool:
    """By the even-odd rule, the last point joined to the first."""
    a, b = line, np.roll(line, -1, axis=0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    a, b = a[crosses], b[crosses]
    return bool(np.count_nonzero(x < a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])) % 2)


def _distance(line: np.ndarray, x: float, y: float) -> float:
    """From a point to a polyline (n, 2)."""
    a, b = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    along, away = b - a, np.array([x, y]) - a
    square = (along**2).sum(1)
    share = np.clip(np.divide((away * along).sum(1), square, out=np.zeros(len(a)), where=square > 0), 0, 1)
    return float(np.hypot(*(away - share[:, None] * along).T).min())
