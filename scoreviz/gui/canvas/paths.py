"""From numpy to Qt's shapes without a Python object a point; and a painter that always ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QByteArray, QDataStream
from PySide6.QtGui import QPaintDevice, QPainter, QPainterPath

_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])  # as QDataStream writes a QPainterPath


@contextmanager
def painting(device: QPaintDevice) -> Iterator[QPainter]:
    """A painter that is ended even by an error: one left active on a widget crashes Qt when its backing store goes."""
    painter = QPainter(device)
    try:
        yield painter
    finally:
        painter.end()


def segments_path(segments: np.ndarray) -> QPainterPath:
    """A path of separate straight lines; `segments` is (n, 2, 2): from and to, in pixels."""
    path = QPainterPath()
    count = 2 * len(segments)
    if not count:
        return path
    elements = np.zeros(count, _ELEMENT)
    elements["kind"][1::2] = 1  # move, line, move, line
    flat = segments.reshape(-1, 2)
    elements["x"] = flat[:, 0]
    elements["y"] = flat[:, 1]
    stream = QDataStream(QByteArray(count.to_bytes(4, "big") + elements.tobytes() + bytes(8)))
    stream >> path  # reads it
    return path


def thickened(segments: np.ndarray, width: float) -> np.ndarray:
    """Parallel copies one pixel apart, `width` of them rounded: Qt strokes a line of width 1 fifty times faster than a wider one."""
    copies = max(1, round(width))
    if copies == 1 or not len(segments):
        return segments
    along = segments[:, 1] - segments[:, 0]
    flat = np.abs(along[:, 0]) >= np.abs(along[:, 1])
    across = np.stack([~flat, flat], axis=-1)  # Qt smooths such a line along its minor axis: a pixel that way leaves no seam
    offsets = np.arange(copies) - (copies - 1) / 2.0
    return (segments[None] + offsets[:, None, None, None] * across[None, :, None, :]).reshape(-1, 2, 2)
