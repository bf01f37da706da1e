"""The canvas's colours: a density ramp of even perceptual steps and what must stay legible on it, dark and light."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtGui import QColor

PaletteName = Literal["dark", "light"]

# Björn Ottosson's OKLab: equal distances look equally far apart, and L is lightness.
_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)


def to_oklab(rgb: np.ndarray) -> np.ndarray:
    """(..., 3) sRGB in 0..1 -> OKLab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _LMS.T) @ _LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """OKLab -> (..., 3) sRGB, clipped to 0..1."""
    linear = ((lab @ np.linalg.inv(_LAB).T) ** 3) @ np.linalg.inv(_LMS).T
    linear = np.clip(linear, 0.0, 1.0)
    return np.clip(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055), 0.0, 1.0)


def _rgb(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()


def ramp(anchors: tuple[str, ...]) -> np.ndarray:
    """256 opaque colours 0xAARRGGBB through the anchors, in steps of equal OKLab distance."""
    rgb = np.array([_rgb(QColor(anchor)) for anchor in anchors])
    lab = to_oklab(rgb)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    at = np.linspace(0.0, along[-1], 256)
    colours = from_oklab(np.stack([np.interp(at, along, lab[:, i]) for i in range(3)], axis=-1))
    r, g, b = (np.rint(colours[:, i] * 255).astype(np.uint32) for i in range(3))
    return np.uint32(0xFF000000) | (r << 16) | (g << 8) | b


def shades(colour: QColor, alpha: np.ndarray) -> np.ndarray:
    """Premultiplied 0xAARRGGBB of one colour at each alpha in 0..1."""
    a = np.clip(alpha, 0.0, 1.0)
    r, g, b = (np.rint(a * channel * 255).astype(np.uint32) for channel in _rgb(colour))
    return (np.rint(a * 255).astype(np.uint32) << 24) | (r << 16) | (g << 8) | b


def diverging(below: tuple[str, ...], above: tuple[str, ...]) -> np.ndarray:
    """256 colours of a signed figure: both arms run outwards from one middle, their first anchor, in steps of equal OKLab distance."""
    return np.concatenate([ramp(below)[254::-2], ramp(above)[:255:2]])


@dataclass(frozen=True, eq=False)
class CanvasPalette:
    """Every colour on the canvas. `density` holds 256 colours, log p rising; its first is the ground.

    `figure` colours the maps of what is never negative, `signed` those of what may be, zero in the middle; both begin at the ground.
    """

    name: PaletteName
    density: np.ndarray
    figure: np.ndarray
    signed: np.ndarray
    arrow: QColor
    line: QColor
    legend_arrow: QColor
    particle: QColor
    trail: QColor
    text: QColor
    text_dim: QColor
    plate: QColor
    brush: QColor
    erase: QColor
    warning: QColor

    @property
    def ground(self) -> QColor:
        """Where there is no density."""
        return QColor.fromRgb(int(self.density[0]))


def _rgba(name: str, alpha: float) -> QColor:
    colour = QColor(name)
    colour.setAlphaF(alpha)
    return colour


@functools.cache
def palette(name: PaletteName) -> CanvasPalette:
    """The dark or the light palette; any other name raises ValueError."""
    if name == "dark":
        return CanvasPalette(
            name=name,
            density=ramp(("#0d1117", "#11213a", "#163c66", "#1d5c8c", "#2f82a2", "#63b3ab", "#b5dfb8", "#eaf3cf")),
            figure=ramp(("#0d1117", "#231a44", "#4b2a79", "#7d3a9b", "#ab4fa6", "#d070ad", "#ea9bbb")),
            signed=diverging(
                ("#0d1117", "#143a5e", "#2a72a8", "#6fb2dc"), ("#0d1117", "#56261b", "#a34a2c", "#e08a5a"),
            ),
            line=_rgba("#e6eef0", 0.62), arrow=_rgba("#b9c9cf", 0.34), legend_arrow=QColor("#b9c9cf"),
            particle=QColor("#ffd071"), trail=_rgba("#e8963a", 0.52),
            text=QColor("#d6e3d8"), text_dim=QColor("#93a2ab"), plate=_rgba("#0d1117", 0.84),
            brush=QColor("#e2fff2"), erase=QColor("#ff8f7a"), warning=QColor("#ffb86b"),
        )  # fmt: skip
    if name == "light":
        return CanvasPalette(
            name=name,
            density=ramp(("#fbfaf6", "#dbe9ec", "#aed2dc", "#76b4c8", "#4593b3", "#2a729b", "#1f557f")),
            figure=ramp(("#fbfaf6", "#f3dfe6", "#e3b1cb", "#cf86b6", "#b160a6", "#8a4496")),
            signed=diverging(
                ("#fbfaf6", "#cfe0ec", "#8fb9d8", "#4a86b4"), ("#fbfaf6", "#f3d6c3", "#dfa07b", "#bd6238"),
            ),
            line=_rgba("#1d2a33", 0.62), arrow=_rgba("#33414d", 0.36), legend_arrow=QColor("#46545f"),
            particle=QColor("#8a2407"), trail=_rgba("#b5481d", 0.42),
            text=QColor("#1b2730"), text_dim=QColor("#5b6a75"), plate=_rgba("#fbfaf6", 0.90),
            brush=QColor("#0f7c6c"), erase=QColor("#c0341d"), warning=QColor("#a34a00"),
        )  # fmt: skip
    raise ValueError(f"no canvas palette is called {name!r}; there are 'dark' and 'light'")
