"""The cube around space: its edges, and the axes' names and ends at its outline."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.text import SMALL, font, signed
from scoreviz.gui.dynamics.space.eye import Eye

NAMES = ("x", "y", "z")
BEHIND, BEFORE = 0.42, 0.16
"""Alpha of an edge that the cube hides, and of one that it does not."""
OUT = 12.0
"""Logical pixels from an edge to its words."""
SHORTEST = 60.0
"""Of an edge that has words."""


@functools.cache
def edges() -> tuple[tuple[int, tuple[int, int, int], tuple[int, int, int]], ...]:
    """The twelve edges of the cube of half side 1: the axis along which each runs, and its two ends."""
    out = []
    for axis, (a, b) in itertools.product(range(3), itertools.product((-1, 1), repeat=2)):
        ends = []
        for side in (-1, 1):
            end = [a, b]
            end.insert(axis, side)
            ends.append((end[0], end[1], end[2]))
        out.append((axis, ends[0], ends[1]))
    return tuple(out)


def faces_towards(axis: int, low: tuple[int, int, int], eye: Eye) -> int:
    """How many of the two faces that meet in an edge are turned towards the eye: 0, 1 or 2."""
    return sum(bool(eye.axes[2, other] * low[other] > 0) for other in range(3) if other != axis)


def paint_box(painter: QPainter, eye: Eye, half: float, camera: Camera, scale: float, palette: CanvasPalette) -> None:
    """Draw the edges, the hidden ones stronger since nothing lies behind them."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for axis, low, high in edges():
        pixels = camera.to_pixels(eye.project(half * np.array([low, high], np.float64)))
        colour = QColor(palette.text_dim)
        colour.setAlphaF(BEHIND if faces_towards(axis, low, eye) < 2 else BEFORE)
        painter.setPen(QPen(colour, scale))
        painter.drawLine(QPointF(*pixels[0]), QPointF(*pixels[1]))


def labelled_edges(eye: Eye) -> list[tuple[int, np.ndarray]]:
    """For each axis an edge on the outline, low end first, (2, 3): the lowest one in the picture, for an upright axis the leftmost."""
    out = []
    for axis in range(3):
        outline = [(low, high) for along, low, high in edges() if along == axis and faces_towards(axis, low, eye) == 1]
        found = [np.array(pair, np.float64) for pair in outline]
        if not found:  # the eye looks right along this axis
            continue
        row = 0 if abs(eye.axes[1, axis]) > 0.7 else 1
        out.append((axis, min(found, key=lambda pair: float((pair @ eye.axes[row]).sum()))))
    return out


def paint_axes(painter: QPainter, eye: Eye, half: float, camera: Camera, scale: float, palette: CanvasPalette) -> None:
    """Write at an edge of each axis where the cube ends: “−2.0” at its low end, “x 2.0” at its high one."""
    painter.setFont(font(SMALL, scale))
    centre = np.array([camera.width_px, camera.height_px]) / 2
    for axis, pair in labelled_edges(eye):
        ends = camera.to_pixels(eye.project(half * pair))
        if float(np.hypot(*(ends[1] - ends[0]))) < SHORTEST * scale:  # the words would lie on one another
            continue
        outward, middle = _outward(ends, centre), ends.mean(0)
        for end, name in ((ends[0], ""), (ends[1], NAMES[axis])):
            place = 0.9 * end + 0.1 * middle + outward * OUT * scale
            _write(painter, name, signed(half if name else -half, 1), place, outward, scale, palette)


def _write(painter: QPainter, name: str, number: str, place: np.ndarray, outward: np.ndarray, scale: float, palette: CanvasPalette) -> None:
    """Words beside a place, on the side that leads outwards, so that those of two edges that meet do not touch."""
    metrics = QFontMetricsF(painter.font())
    gap = 5 * scale if name else 0.0
    first, second = metrics.horizontalAdvance(name), metrics.horizontalAdvance(number)
    width = first + gap + second
    left = place[0] - width * (0.5 - 0.5 * float(np.clip(2 * outward[0], -1, 1)))
    height = metrics.height()
    for words, start, advance, colour in ((name, left, first, palette.text), (number, left + first + gap, second, palette.text_dim)):
        painter.setPen(colour)
        box = QRectF(start, place[1] - height / 2, advance + 1, height)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip), words)


def _outward(ends: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The unit vector across an edge that leads away from the middle of the picture."""
    along = ends[1] - ends[0]
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    return across if float(across @ (ends.mean(0) - centre)) > 0 else -across
