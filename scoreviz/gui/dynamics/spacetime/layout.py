"""Where the parts of the space-time picture lie: the plot, the drawn curve at the data's end, the present at the right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

LEFT, BOTTOM, EDGE, GAP, PANEL = 34.0, 78.0, 10.0, 12.0, 92.0
"""Logical pixels: room for the figures of x; for those of time, the key and the chips; the edge; between parts; a panel's width."""
KEY = 48.0
"""From the bottom edge to the key's row, above the chips."""
CHIPS = 38.0
"""Of both, what is left for the chips: not where there are none."""
LEAST = 420.0
"""Narrower pictures are the plot alone."""
FULL = 0.86
"""Of a side panel's width, for the largest density in it."""


@dataclass(frozen=True)
class Layout:
    """Rectangles in device pixels, `scale` of them to a logical one. x0, x1: the data at the bottom and the top of the plot."""

    width: float
    height: float
    scale: float
    x0: float
    x1: float
    data_left: bool = False
    bare: bool = False  # without chips: presented, in a film

    @property
    def panels(self) -> bool:
        """Is there room for the two panels at the sides?"""
        return self.width >= LEAST * self.scale

    @property
    def key(self) -> float:
        """The base line of the key's row."""
        return self.height - (KEY - (CHIPS if self.bare else 0.0)) * self.scale

    @property
    def plot(self) -> QRectF:
        """Time to the right, x upwards."""
        s = self.scale
        left, right = LEFT * s, self.width - EDGE * s
        if self.panels:
            right -= (PANEL + GAP) * s * (1 if self.data_left else 2)
            left += (PANEL + GAP) * s if self.data_left else 0
        return self._row(left, right)

    @property
    def drawn(self) -> QRectF:
        """The curve of the drawing, and where one draws it: beside the plot's data end."""
        s, plot = self.scale, self.plot
        if not self.panels:
            return QRectF()
        return (
            self._row(LEFT * s, (LEFT + PANEL) * s)
            if self.data_left
            else self._row(plot.right() + GAP * s, plot.right() + (GAP + PANEL) * s)
        )

    @property
    def now(self) -> QRectF:
        """The present law: histogram of the particles, and p_t."""
        s = self.scale
        return self._row(self.width - (EDGE + PANEL) * s, self.width - EDGE * s) if self.panels else QRectF()

    def _row(self, left: float, right: float) -> QRectF:
        s, bottom = self.scale, BOTTOM - (CHIPS if self.bare else 0.0)
        return QRectF(left, EDGE * s, max(right - left, 1.0), max(self.height - (EDGE + bottom) * s, 1.0))

    def pixel_x(self, share: np.ndarray) -> np.ndarray:
        """Horizontal pixel of shares of the plot's width."""
        return self.plot.left() + np.asarray(share, float) * self.plot.width()

    def pixel_y(self, x: np.ndarray) -> np.ndarray:
        """Vertical pixel of data; NaN and infinities pass through."""
        return self.plot.bottom() - (np.asarray(x, float) - self.x0) * (self.plot.height() / (self.x1 - self.x0))

    def data_at(self, y: float) -> float:
        """The data value at a vertical pixel."""
        return self.x0 + (self.plot.bottom() - y) * (self.x1 - self.x0) / self.plot.height()

    def share_at(self, x: float) -> float:
        """Share of the plot's width at a horizontal pixel."""
        return (x - self.plot.left()) / self.plot.width()

    def height_at(self, x: float, top: float) -> float:
        """The density at a horizontal pixel of the drawn panel, whose largest is `top`; never below 0."""
        panel = self.drawn
        along = (panel.right() - x) if self.data_left else (x - panel.left())
        return max(0.0, along / (FULL * panel.width()) * top)

    def curve_points(self, panel: QRectF, x: np.ndarray, p: np.ndarray, top: float, *, leftwards: bool = False) -> np.ndarray:
        """(n, 2) pixels of a density along x, upright in a panel, its base at the panel's left edge, or right."""
        along = np.asarray(p, float) / max(top, 1e-12) * FULL * panel.width()
        across = panel.right() - along if leftwards else panel.left() + along
        return np.stack([across, self.pixel_y(x)], 1)

    def holds(self, panel: str, at: QPointF) -> bool:
        """Is this pixel in the "plot" or the "drawn" panel?"""
        rect = self.plot if panel == "plot" else self.drawn
        return bool(rect.contains(at))
