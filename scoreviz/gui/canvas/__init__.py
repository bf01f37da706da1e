"""The drawing canvas: what it shows (frame, picture and its layers), the widget that shows it, and the tools that draw on it."""

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.canvas import Canvas
from scoreviz.gui.canvas.frame import ArrowGrid, Bounds, Caption, DensityGrid, Frames, MapGrid, MeanGrid, Overlay
from scoreviz.gui.canvas.interaction import Tool
from scoreviz.gui.canvas.palette import CanvasPalette, PaletteName, palette
from scoreviz.gui.canvas.view import PictureView

__all__ = [
    "ArrowGrid",
    "Bounds",
    "Camera",
    "Canvas",
    "CanvasPalette",
    "Caption",
    "DensityGrid",
    "Frames",
    "MapGrid",
    "MeanGrid",
    "Overlay",
    "PaletteName",
    "PictureView",
    "Tool",
    "palette",
]
