"""From values to greys: which value is black and which is white in each pane, and how much is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.widgets.words import rounded
from scoreviz.protocol.arrays import Array

PaneName = Literal["x", "x0", "score", "update"]
PANES: tuple[PaneName, ...] = ("x", "x0", "score", "update")
QUANTILE = 0.995
"""Of |values|, which black and white of a signed pane stand for."""


@dataclass(frozen=True, eq=False)
class Toned:
    """What one pane shows: bytes (B, C, H, W), the values of black and white, and what the caption must say besides."""

    name: PaneName
    pixels: np.ndarray | None  # None: there is nothing yet
    low: float = 0.0
    high: float = 1.0
    cut: float = 0.0  # share of the values beyond black or white
    substep: int | None = None  # whose values these are, where that is not the one on screen


def to_uint8(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """round(255 (x - low) / (high - low)), held within 0 and 255; what is not a number is black."""
    scaled = (x - np.float32(low)) * np.float32(255.0 / (high - low))
    return np.rint(np.fmin(np.fmax(scaled, 0.0), 255.0)).astype(np.uint8)


def range_of_x(run: PictureRun, k: int, tones: Literal["noise", "data"]) -> tuple[float, float]:
    """Black and white of x_t: the data's range, or a (mid -+ half) -+ 2 std, which noise of this level hardly leaves."""
    if tones == "data" or not np.isfinite(run.std[k]):
        return run.low, run.high
    a, std = float(run.mean_coefficient[k]), float(run.std[k])
    mid, half = a * (run.high + run.low) / 2, a * (run.high - run.low) / 2 + 2 * std
    return mid - half, mid + half


def symmetric_range(values: np.ndarray) -> tuple[float, float]:
    """-+ the QUANTILE of |values| over the whole batch, in two significant figures; grey is 0."""
    size = np.abs(values[np.isfinite(values)])
    if not size.size:
        return -1.0, 1.0
    place = int(QUANTILE * (size.size - 1))
    top = rounded(float(np.partition(size, place)[place]), 2) or 1.0
    return -top, top


def toned(run: PictureRun, k: int, tones: Literal["noise", "data"]) -> Iterator[Toned]:
    """All four panes of frame k, which must be at hand."""
    frame = run.frames[k]
    yield _pane("x", frame.x, range_of_x(run, k, tones))
    source = run.evaluated(k)
    evaluated = run.frames.get(source) if source is not None else None
    other = source if source != k else None
    yield _pane("x0", evaluated.x0 if evaluated else None, (run.low, run.high), other)
    yield _pane("score", evaluated.score if evaluated else None, None, other)
    yield _pane("update", frame.update, None)


def _pane(name: PaneName, array: Array | None, bounds: tuple[float, float] | None, substep: int | None = None) -> Toned:
    """Without bounds the pane is signed."""
    if array is None:
        return Toned(name, None)
    values = array.numpy().astype(np.float32)
    low, high = bounds or symmetric_range(values)
    outside = np.count_nonzero(~((values >= low) & (values <= high)))
    return Toned(name, to_uint8(values, low, high), low, high, outside / max(values.size, 1), substep)
