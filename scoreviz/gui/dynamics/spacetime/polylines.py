"""Many lines as one of Qt's paths, without a Python object a point."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QByteArray, QDataStream
from PySide6.QtGui import QPainterPath

_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])  # as QDataStream writes a QPainterPath
_FAR = 1e5  # pixels; what has run off further cannot be seen


def polylines(x: np.ndarray, y: np.ndarray) -> QPainterPath:
    """n lines through T points each: x (T,) or (T, n) and y (T, n) in pixels. A line that is not finite somewhere is left out."""
    path = QPainterPath()
    x = np.broadcast_to(np.asarray(x, float)[:, None] if np.ndim(x) == 1 else x, y.shape)
    kept = np.isfinite(x).all(0) & np.isfinite(y).all(0)
    x, y = x[:, kept], y[:, kept]
    if len(x) < 2 or not x.shape[1]:
        return path
    elements = np.zeros(x.shape[::-1], _ELEMENT)  # a line after the other
    elements["kind"][:, 1:] = 1  # move, line, line, ...
    elements["x"], elements["y"] = np.clip(x, -_FAR, _FAR).T, np.clip(y, -_FAR, _FAR).T
    stream = QDataStream(QByteArray(elements.size.to_bytes(4, "big") + elements.tobytes() + bytes(8)))
    stream >> path  # reads it
    return path
