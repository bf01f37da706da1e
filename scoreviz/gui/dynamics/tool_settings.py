"""The tool in hand: which one, how wide, how heavy. Not part of the scene, so not undone; remembered between sessions."""

from __future__ import annotations

from typing import Literal, get_args

from PySide6.QtCore import QObject, QSettings, Signal

Tool = Literal["brush", "erase", "gaussian", "pan"]
TOOLS: tuple[Tool, ...] = get_args(Tool)


class ToolSettings(QObject):
    """tool, width in the drawing's units, weight; one signal each."""

    tool_changed = Signal(str)
    width_changed = Signal(float)
    weight_changed = Signal(float)

    WIDTHS = (0.03, 1.0)
    WEIGHTS = (0.1, 10.0)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tool: Tool = "brush"
        self._width = 0.12
        self._weight = 1.0

    @property
    def tool(self) -> Tool:
        return self._tool

    @property
    def width(self) -> float:
        """Standard deviation across a stroke, of a Gaussian, or the eraser's half width."""
        return self._width

    @property
    def weight(self) -> float:
        """Mass for each unit of length, or of a Gaussian."""
        return self._weight

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

    def save(self, settings: QSettings) -> None:
        """Remember them."""
        settings.setValue("tool/width", self._width)
        settings.setValue("tool/weight", self._weight)

    def load(self, settings: QSettings) -> None:
        """Take what was remembered; what cannot be read is left as it is."""
        for key, setter in (("tool/width", self.set_width), ("tool/weight", self.set_weight)):
            try:
                setter(float(settings.value(key)))
            except (TypeError, ValueError):
                continue
