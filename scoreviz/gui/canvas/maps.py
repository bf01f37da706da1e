"""Maps of the Inspect menu: a figure at every place, on a fixed range of its own, in the place of the density."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF
from PySide6.QtGui import QImage, QPainter

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.frame import LOG_P_CEILING, LOG_P_FLOOR, MapGrid, MapKind
from scoreviz.gui.canvas.heatmap import bounds_rect
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Symbol = tuple[tuple[str, bool], ...]
"""Pieces of a symbol: (text, is a subscript)."""


@dataclass(frozen=True)
class MapScale:
    """How the figures of one kind become colours. Values beyond the range have its end's colour, and the legend says so."""

    symbol: Symbol
    unit: str  # a template for translation; "" where the figure is a pure number
    ramp: Literal["density", "figure", "signed"]
    low: float
    high: float
    log: bool = False
    closed: bool = False  # nothing can lie above the range

    def place(self, values: np.ndarray) -> np.ndarray:
        """0 to 1 along the colours; NaN stays."""
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.log(values) if self.log else np.asarray(values, np.float64)
            low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
            return np.clip((at - low) / (high - low), 0.0, 1.0)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Values that the legend names, and their words: an end beyond which there may be more says so."""
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        below = "" if self.closed_below else "≤ "
        above = "" if self.closed else "≥ "
        return (self.low, below + _number(self.low)), (middle, _number(middle)), (self.high, above + _number(self.high))

    @property
    def closed_below(self) -> bool:
        """Can nothing lie below the range?"""
        return self.ramp == "figure" and not self.log


def _number(value: float) -> str:
    if value and not 1e-3 <= abs(value) < 1e4:
        return f"10{_superscript(round(math.log10(value)))}"
    return f"{value:g}".replace("-", "−")


def _superscript(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


_NETWORK: Symbol = (("s", False), ("θ", True))
SCALES: dict[MapKind, MapScale] = {
    "error": MapScale((("σ‖", False), *_NETWORK, (" − s‖", False)), "", "figure", 0.0, 1.0),
    "relative": MapScale((("‖", False), *_NETWORK, (" − s‖ / ‖s‖", False)), "", "figure", 1e-2, 1.0, log=True),
    "angle": MapScale(
        (("∠(", False), *_NETWORK, (", s)", False)), QT_TRANSLATE_NOOP("canvas", "degrees"), "figure", 0.0, 180.0, closed=True
    ),
    "weighted": MapScale(
        (("p‖", False), *_NETWORK, (" − s‖²", False)), QT_TRANSLATE_NOOP("canvas", "per unit⁴"), "figure", 1e-5, 10.0, log=True
    ),
    "log_network": MapScale((("log p", False), ("θ", True)), QT_TRANSLATE_NOOP("canvas", "nats"), "density", LOG_P_FLOOR, LOG_P_CEILING),
    "log_ode": MapScale((("log p", False), ("ODE", True)), QT_TRANSLATE_NOOP("canvas", "nats"), "density", LOG_P_FLOOR, LOG_P_CEILING),
    "curl": MapScale((("σ² curl ", False), *_NETWORK), "", "signed", -1.0, 1.0),
    "divergence": MapScale((("σ² div s", False),), "", "signed", -2.0, 2.0),
}


def unit_words(kind: MapKind) -> str:
    """The unit as it stands in the legend."""
    unit = SCALES[kind].unit
    return QCoreApplication.translate("canvas", unit) if unit else QCoreApplication.translate("canvas", "no unit")


def colours(kind: MapKind, palette: CanvasPalette) -> np.ndarray:
    """The 256 colours of this kind."""
    ramp: np.ndarray = getattr(palette, SCALES[kind].ramp)
    return ramp


def map_pixels(grid: MapGrid, palette: CanvasPalette) -> np.ndarray:
    """(ny, nx) 0xAARRGGBB, row 0 the lowest; the ground where there is no value."""
    place = SCALES[grid.kind].place(grid.values)
    known = np.isfinite(place)
    index = np.rint(np.where(known, place, 0.0) * 255).astype(np.uint8)
    found: np.ndarray = np.where(known, colours(grid.kind, palette)[index], np.uint32(palette.ground.rgb()))
    return found.astype(np.uint32)


def paint_map(painter: QPainter, grid: MapGrid, camera: Camera, palette: CanvasPalette) -> None:
    """Draw the map smoothly scaled to its bounds."""
    if grid.values.ndim != 2 or not grid.values.size:
        return
    pixels = np.ascontiguousarray(map_pixels(grid, palette)[::-1])
    ny, nx = pixels.shape
    image = QImage(pixels.data, nx, ny, nx * 4, QImage.Format.Format_RGB32)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(bounds_rect(grid.bounds, camera), image, QRectF(0, 0, nx, ny))


def missing(grid: MapGrid) -> int:
    """Cells of a whole map that have no value."""
    return int((~np.isfinite(grid.values)).sum()) if grid.share >= 1.0 else 0
