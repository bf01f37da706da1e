"""A drag of the selection tool: what it makes of the mark that it began with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scoreviz.gui.canvas.corners import SNAP
from scoreviz.gui.dynamics.selecting.figures import Figure
from scoreviz.scene.marks import WORLD, Gaussian, Mark
from scoreviz.scene.moving import moved_mark, scale_room
from scoreviz.scene.placement import Placement, about

Handle = Literal["move", "scale", "turn"]


@dataclass(frozen=True)
class Drag:
    """Which handle, of which mark with which figure, from which point of the drawing."""

    handle: Handle
    mark: Mark
    figure: Figure
    x: float
    y: float

    def to(self, x: float, y: float, *, snap: bool = False) -> Mark:
        """The mark with the pointer at (x, y)."""
        return moved_mark(self.mark, self._change(x, y, snap))

    def _change(self, x: float, y: float, snap: bool) -> Placement:
        cx, cy = self.figure.centre
        if self.handle == "move":  # the middle stays within the world
            dx, dy = (min(max(c + to - start, -WORLD), WORLD) - c for c, to, start in ((cx, x, self.x), (cy, y, self.y)))
            return Placement(dx=dx, dy=dy)
        if self.handle == "turn":
            angle = math.atan2(y - cy, x - cx) - math.atan2(self.y - cy, self.x - cx)
            return about(cx, cy, angle=math.remainder(round(angle / SNAP) * SNAP if snap else angle, 2 * math.pi))
        begun, now = math.hypot(self.x - cx, self.y - cy), math.hypot(x - cx, y - cy)
        if isinstance(self.mark, Gaussian):  # the ring follows the pointer
            begun = self.mark.std * (1.0 if self.mark.place is None else self.mark.place.scale)
        return scaled(self.mark, self.figure, now / begun if begun > 0 else 1.0)


def scaled(mark: Mark, figure: Figure, by: float) -> Placement:
    """So many times as large about its middle, as far as a mark of its kind can be."""
    low, high = scale_room(mark)
    return about(*figure.centre, scale=min(max(by, low, 1e-6), high))


def turned(figure: Figure, angle: float) -> Placement:
    """Turned about its middle."""
    return about(*figure.centre, angle=angle)
