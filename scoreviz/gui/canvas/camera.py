"""Where the picture looks: the map between the drawing's units (y up) and pixels (y down)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scoreviz.gui.canvas.frame import Bounds
from scoreviz.scene.parameters import parameters
from scoreviz.scene.view import View


def _range(name: str) -> tuple[float, float]:
    (found,) = (p for p in parameters(View) if p.name == name)
    assert found.low is not None and found.high is not None
    return found.low, found.high


# The document declares how far one may look; a drag past it stops there instead of being refused by the store.
_X, _Y, _HALF_HEIGHT = _range("x"), _range("y"), _range("half_height")


def _clamp(value: float, limits: tuple[float, float]) -> float:
    return min(max(value, limits[0]), limits[1])


@dataclass(frozen=True)
class Camera:
    """A picture of width_px x height_px pixels, centred on (x, y), half_height units high above the centre.

    The centre of the pixel in column i, row j lies at pixel coordinates (i + 1/2, j + 1/2).
    """

    x: float = 0.0
    y: float = 0.0
    half_height: float = 2.6
    width_px: int = 1
    height_px: int = 1

    @property
    def pixels_per_unit(self) -> float:
        """The same along x and y: a circle stays a circle."""
        return max(self.height_px, 1) / (2.0 * self.half_height)

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """(n, 2) data -> (n, 2) float64 pixels; infinities and NaN pass through."""
        scale = self.pixels_per_unit
        out = np.empty((len(points), 2))
        np.multiply(points[:, 0], scale, out=out[:, 0], dtype=np.float64)
        np.multiply(points[:, 1], -scale, out=out[:, 1], dtype=np.float64)
        out += (self.width_px / 2.0 - self.x * scale, self.height_px / 2.0 + self.y * scale)
        return out

    def to_data(self, px: float, py: float) -> tuple[float, float]:
        """One pixel position -> data."""
        scale = self.pixels_per_unit
        return self.x + (px - self.width_px / 2.0) / scale, self.y - (py - self.height_px / 2.0) / scale

    def bounds(self) -> Bounds:
        """The visible rectangle: the whole canvas, not a square in it."""
        half_width = max(self.width_px, 1) / (2.0 * self.pixels_per_unit)
        return Bounds(self.x - half_width, self.x + half_width, self.y - self.half_height, self.y + self.half_height)

    def sized(self, width_px: int, height_px: int) -> Camera:
        """The same centre and height in a picture of another size."""
        return replace(self, width_px=max(width_px, 1), height_px=max(height_px, 1))

    def zoomed(self, factor: float, px: float, py: float) -> Camera:
        """half_height times `factor`, with the data point under pixel (px, py) kept under it."""
        x, y = self.to_data(px, py)
        half_height = _clamp(self.half_height * factor, _HALF_HEIGHT)
        ratio = half_height / self.half_height
        return replace(
            self, half_height=half_height, x=_clamp(x + (self.x - x) * ratio, _X), y=_clamp(y + (self.y - y) * ratio, _Y)
        )  # fmt: skip

    def panned(self, dx_px: float, dy_px: float) -> Camera:
        """What lay at a pixel then lies (dx_px, dy_px) away from it."""
        scale = self.pixels_per_unit
        return replace(self, x=_clamp(self.x - dx_px / scale, _X), y=_clamp(self.y + dy_px / scale, _Y))
