"""What a picture shows, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF

from scoreviz.gui.canvas.frame import ArrowGrid, Caption, DensityGrid, Frames, MapGrid, MeanGrid, Overlay
from scoreviz.gui.canvas.palette import PaletteName
from scoreviz.scene.view import View


@dataclass(frozen=True, eq=False)
class Content:
    """Everything that is shown, but for the camera: that comes with the size of the picture."""

    view: View = field(default_factory=View)
    palette: PaletteName = "dark"
    density: DensityGrid | None = None
    arrows: ArrowGrid | None = None
    map: MapGrid | None = None
    means: MeanGrid | None = None
    frames: Frames | None = None
    k: int = 0
    caption: Caption | None = None
    message: str | None = None
    due: bool = False  # a map is wanted, and none has come so far
    note: str | None = None  # why a map or lines that are wanted cannot be shown; a message goes before it
    covered: QRectF | None = None  # by what lies over the picture, in shares of its size: the legend keeps clear of it
    overlays: tuple[tuple[str, Overlay], ...] = ()  # by name, painted in this order

    @property
    def shown_density(self) -> DensityGrid | None:
        return self.density if self.view.density and self.view.map == "none" else None

    @property
    def shown_map(self) -> MapGrid | None:
        """In the density's place."""
        return self.map if self.map is not None and self.map.kind == self.view.map else None

    @property
    def contoured(self) -> DensityGrid | None:
        return self.density if self.view.lines == "contours" else None

    @property
    def streaming(self) -> ArrowGrid | None:
        return self.arrows if self.view.lines == "streamlines" else None

    @property
    def shown_means(self) -> MeanGrid | None:
        return self.means if self.view.lines == "posterior_mean" else None

    @property
    def shown_arrows(self) -> ArrowGrid | None:
        return self.arrows if self.view.arrows else None

    @property
    def at(self) -> int:
        """The index of the frame on screen: one past either end means that end, -1 that there is none."""
        return min(max(self.k, 0), len(self.frames) - 1) if self.frames is not None else -1

    @property
    def points(self) -> np.ndarray | None:
        """The frame on screen."""
        return self.frames.at(self.at) if self.frames is not None and self.view.particles and self.at >= 0 else None
