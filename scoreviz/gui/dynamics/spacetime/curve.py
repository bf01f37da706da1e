"""A curve under the hand: its heights at even places, and what a gesture does to them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

STEP = 0.025
"""Between two heights, in the drawing's units."""
REACH = 4.0
"""The curve is kept for |x| up to here, or further where one has drawn or looked further."""
FARTHEST = 20.0
"""What the document takes."""
DUST = 0.002
"""Share of the panel's largest density that is no fifth of a pixel."""


@dataclass(frozen=True, eq=False)
class Heights:
    """f (n,) >= 0 at n even places from x0 to x1, linear between them."""

    f: np.ndarray
    x0: float
    x1: float

    @property
    def x(self) -> np.ndarray:
        """(n,) places."""
        return np.linspace(self.x0, self.x1, len(self.f))

    @property
    def mass(self) -> float:
        """The integral."""
        return float(np.trapezoid(self.f, self.x))

    def at(self, x: np.ndarray) -> np.ndarray:
        """f at other places; 0 outside."""
        return np.interp(x, self.x, self.f, left=0.0, right=0.0)

    def over(self, reach: float) -> Heights:
        """The same curve on the document's own places, at least as far out as `reach`."""
        far = min(FARTHEST, max(REACH, math.ceil(reach), math.ceil(abs(self.x0)), math.ceil(abs(self.x1))))
        n = round(2 * far / STEP) + 1
        return Heights(self.at(np.linspace(-far, far, n)), -far, far)

    def drawn(self, a: tuple[float, float], b: tuple[float, float]) -> Heights:
        """Heights along the straight line from (x, f) = a to b take its value; the others stay."""
        (xa, fa), (xb, fb) = sorted((a, b))
        x = self.x
        within = (x >= xa - STEP / 2) & (x <= xb + STEP / 2)
        line = np.interp(x, [xa, xb], [fa, fb]) if xb > xa else np.full(len(x), b[1])
        return Heights(np.where(within, np.maximum(line, 0.0), self.f), self.x0, self.x1)

    def erased(self, xa: float, xb: float, width: float) -> Heights:
        """Nothing is left between xa and xb, nor within `width` of them."""
        low, high = min(xa, xb) - width, max(xa, xb) + width
        return Heights(np.where((self.x >= low) & (self.x <= high), 0.0, self.f), self.x0, self.x1)

    def without_dust(self, least: float) -> Heights:
        """Nothing where f is below `least`: what nobody can see would otherwise become the whole density once the rest is erased."""
        return Heights(np.where(self.f < least, 0.0, self.f), self.x0, self.x1)


def nothing() -> Heights:
    """An empty line."""
    return Heights(np.zeros(round(2 * REACH / STEP) + 1), -REACH, REACH)
