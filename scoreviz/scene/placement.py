"""Where a mark was moved to: turned, made larger, shifted."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from scoreviz.scene.choice import Section

FARTHEST_SHIFT = 400.0
SMALLEST, LARGEST = 0.02, 50.0


class Placement(Section, frozen=True, kw_only=True):
    """The similarity p -> scale R(angle) p + (dx, dy), R turning anticlockwise by `angle` radians. Widths are multiplied by `scale`."""

    dx: Annotated[float, msgspec.Meta(ge=-FARTHEST_SHIFT, le=FARTHEST_SHIFT)] = 0.0
    dy: Annotated[float, msgspec.Meta(ge=-FARTHEST_SHIFT, le=FARTHEST_SHIFT)] = 0.0
    scale: Annotated[float, msgspec.Meta(ge=SMALLEST, le=LARGEST)] = 1.0
    angle: Annotated[float, msgspec.Meta(ge=-math.pi, le=math.pi)] = 0.0

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where the point (x, y) goes."""
        c, s = self.scale * math.cos(self.angle), self.scale * math.sin(self.angle)
        return c * x - s * y + self.dx, s * x + c * y + self.dy

    def after(self, first: Placement) -> Placement:
        """`first`, then this one; the scale is held within its range about the place where the origin goes."""
        dx, dy = self.at(first.dx, first.dy)
        scale = min(max(self.scale * first.scale, SMALLEST), LARGEST)
        return Placement(dx=_held(dx), dy=_held(dy), scale=scale, angle=math.remainder(self.angle + first.angle, 2 * math.pi))


def about(x: float, y: float, *, scale: float = 1.0, angle: float = 0.0) -> Placement:
    """Turned and made larger about the point (x, y), which stays."""
    turned = Placement(scale=scale, angle=angle).at(x, y)
    return Placement(dx=x - turned[0], dy=y - turned[1], scale=scale, angle=angle)


def _held(value: float) -> float:
    return min(max(value, -FARTHEST_SHIFT), FARTHEST_SHIFT)
