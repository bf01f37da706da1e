"""From what is drawn on a line to the Gaussian mixture (D = 1) that it denotes.

A drawn curve f, linear between its heights, becomes sum_j m_j N(x; c_j, s^2): m_j is the mass of f in the j-th of equal cells of width
0.7 s, c_j the cell's middle. That is f blurred by a Gaussian, the ripple of cells so narrow being below 1e-3. In total variation it
differs from f, of mass one, by at most
    s^2/4 sum |changes of slope| + s/sqrt(2 pi) sum |jumps at the ends|,
for a corner d in slope blurs to an error of area d s^2/2, a jump J to one of area 2 J s/sqrt(2 pi), and total variation is half the area.
s is the largest that keeps this below `TOLERANCE`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from scoreviz.maths.targets import GaussianMixture
from scoreviz.scene.errors import SceneError
from scoreviz.scene.line import LineCurve, LineMark, LinePreset, line_bumps
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Array = NDArray[np.float64]

TOLERANCE = 0.01
"""Total variation between a drawn curve and its mixture; more only where a curve has more detail than `MOST` components hold."""
MOST = 1024
SPACING = 0.7
"""Width of a cell, in standard deviations of its Gaussian: the ripple is 2 exp(-2 (pi/0.7)^2), nothing, beside the cells' own 1e-3."""
_WIDEST = 0.05
"""A Gaussian is no wider than this share of what is drawn: a smooth curve stays smooth."""


def compile_line(marks: Sequence[LineMark], blobs: Mapping[str, bytes]) -> GaussianMixture:
    """The mixture (float32, D = 1) of the marks, each of equal mass.

    SceneError: nothing drawn, no mass, a preset that does not exist, heights that are missing, negative or not finite.
    """
    if not marks:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The line is empty. Draw a curve at its end, or choose a preset."))
    parts = [_curve(mark, blobs) if isinstance(mark, LineCurve) else _preset(mark) for mark in marks]
    weights, means, stds = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = weights > 1e-12 * weights.sum()
    columns = weights[kept], means[kept][:, None], stds[kept]
    return GaussianMixture(*(torch.from_numpy(np.ascontiguousarray(column, np.float32)) for column in columns))


def _preset(mark: LinePreset) -> tuple[Array, Array, Array]:
    """Weights (K,) that sum to one, means (K,), standard deviations (K,)."""
    weights, means, stds = (np.array(column) for column in zip(*line_bumps(mark.name), strict=True))
    return weights / weights.sum(), means, stds


def _curve(mark: LineCurve, blobs: Mapping[str, bytes]) -> tuple[Array, Array, Array]:
    heights = _heights(mark, blobs)
    x = np.linspace(mark.x0, mark.x1, len(heights))
    step = float(x[1] - x[0])
    mass = np.concatenate([[0.0], np.cumsum(step * (heights[:-1] + heights[1:]) / 2)])
    heights, mass = heights / mass[-1], mass / mass[-1]
    drawn = np.flatnonzero(heights)
    low, high = x[max(drawn[0] - 1, 0)], x[min(drawn[-1] + 1, len(x) - 1)]
    std = _blur(heights, step, float(high - low))
    n = min(MOST, math.ceil((high - low) / (SPACING * std)))
    edges = np.linspace(low, high, n + 1)
    width = (high - low) / n
    weights = np.diff(_mass_below(edges, x, heights, mass))
    return weights, (edges[:-1] + edges[1:]) / 2, np.full(n, width / SPACING)


def _blur(heights: Array, step: float, length: float) -> float:
    """The largest standard deviation whose blur stays within the tolerance; `heights` are of a curve of mass one."""
    corners = float(np.abs(np.diff(np.diff(heights) / step, prepend=0.0, append=0.0)).sum()) / 4
    jumps = float(heights[0] + heights[-1]) / math.sqrt(2 * math.pi)
    if heights[0] > 0:  # where the curve begins with a jump, its first slope is no corner of its own
        corners -= float(abs(heights[1] - heights[0])) / step / 4
    if heights[-1] > 0:
        corners -= float(abs(heights[-1] - heights[-2])) / step / 4
    widest = _WIDEST * length
    if corners <= 1e-12:
        return min(widest, TOLERANCE / jumps if jumps else widest)
    root = (-jumps + math.sqrt(jumps * jumps + 4 * corners * TOLERANCE)) / (2 * corners)
    return min(widest, root)


def _mass_below(at: Array, x: Array, heights: Array, mass: Array) -> Array:
    """The integral up to `at` of the curve that is linear between (x, heights); `mass` is that up to each x."""
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    u = at - x[k]
    slope = (heights[k + 1] - heights[k]) / (x[1] - x[0])
    below: Array = mass[k] + u * (heights[k] + slope * u / 2)
    return below


def _heights(mark: LineCurve, blobs: Mapping[str, bytes]) -> Array:
    """The drawn heights (n,), checked."""
    if mark.heights not in blobs:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "The heights of the curve are missing ({digest}). Open the document again."), digest=mark.heights
        )
    data = blobs[mark.heights]
    if len(data) % 4 or len(data) < 8:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The curve is damaged: its heights are not at least two numbers. Draw it anew."))
    heights = np.frombuffer(data, "<f4").astype(np.float64)
    if not np.isfinite(heights).all():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The curve is damaged: some of its heights are not finite. Draw it anew."))
    if (heights < 0).any():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The curve lies below zero somewhere, and a density cannot. Draw it anew."))
    if not heights.any():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The curve is zero everywhere, so there is nothing to sample. Draw something."))
    if not mark.x1 > mark.x0:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The curve has no width: it must end at a larger x than it begins. Draw it anew."))
    return heights
