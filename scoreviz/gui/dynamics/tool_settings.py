"""The tool in hand: which one, how wide, heavy, hard, of which class. Not part of the scene, so not undone; sizes are remembered."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Signal

from scoreviz.gui.canvas.tools import TOOLS, Ink, Tool
from scoreviz.scene.density import CLASSES

__all__ = ["TOOLS", "Tool", "ToolSettings"]


class ToolSettings(QObject):
    """tool, width in the drawing's units, weight, hardness, class, and whether polygons are filled; `ink_changed` for the last three."""

    tool_changed = Signal(str)
    width_changed = Signal(float)
    weight_changed = Signal(float)
    ink_changed = Signal(object)  # Ink: hardness, class, filled

    WIDTHS = (0.03, 1.0)
    WEIGHTS = (0.1, 10.0)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tool: Tool = "brush"
        self._width = 0.12
        self._weight = 1.0
        self._ink = Ink()

    @property
    def tool(self) -> Tool:
        return self._tool

    @property
    def width(self) -> float:
        """Standard deviation across a stroke, of a Gaussian, or the eraser's half width."""
        return self._width

    @property
    def weight(self) -> float:
        """Mass for each unit of length, of area, or of a Gaussian."""
        return self._weight

    @property
    def ink(self) -> Ink:
        """Hardness, class, filled."""
        return self._ink

    @property
    def hardness(self) -> float:
        """0: a stroke is a Gaussian across, 1: an even band with sharp edges."""
        return self._ink.hardness

    @property
    def label(self) -> int:
        """The class of what is drawn."""
        return self._ink.label

    def set_tool(self, tool: Tool) -> None:
        if tool not in TOOLS:
            raise ValueError(f"unknown tool {tool!r}")
        if tool != self._tool:
            self._tool = tool
            self.tool_changed.emit(tool)

    def set_width(self, width: float) -> None:
        width = min(max(width, self.WIDTHS[0]), self.WIDTHS[1])
        if width != self._width:
            self._width = width
            self.width_changed.emit(width)

    def set_weight(self, weight: float) -> None:
        weight = min(max(weight, self.WEIGHTS[0]), self.WEIGHTS[1])
        if weight != self._weight:
            self._weight = weight
            self.weight_changed.emit(weight)

    def set_ink(self, ink: Ink) -> None:
        """ValueError for a class that there is not."""
        if not 0 <= ink.label < CLASSES:
            raise ValueError(f"there is no class {ink.label}")
        ink = Ink(label=ink.label, hardness=min(max(ink.hardness, 0.0), 1.0), filled=ink.filled)
        if ink != self._ink:
            self._ink = ink
            self.ink_changed.emit(ink)

    def save(self, settings: QSettings) -> None:
        """Remember the sizes; a class belongs to a drawing and is not remembered."""
        settings.setValue("tool/width", self._width)
        settings.setValue("tool/weight", self._weight)
        settings.setValue("tool/hardness", self.hardness)

    def load(self, settings: QSettings) -> None:
        """Take what was remembered; what cannot be read is left as it is."""

        def set_hardness(hardness: float) -> None:
            self.set_ink(Ink(label=self.label, hardness=hardness, filled=self._ink.filled))

        for key, setter in (("tool/width", self.set_width), ("tool/weight", self.set_weight), ("tool/hardness", set_hardness)):
            try:
                setter(float(settings.value(key)))
            except (TypeError, ValueError):
                continue
