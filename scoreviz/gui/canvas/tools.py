"""The tools of the canvas by name, and what they draw with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Tool = Literal["select", "brush", "erase", "line", "polygon", "curve", "gaussian", "pan", "probe", "drop"]
TOOLS: tuple[Tool, ...] = get_args(Tool)


@dataclass(frozen=True)
class Ink:
    """What the preview of a stroke shows besides its width: its class, how hard its edge is, whether polygons are filled."""

    label: int = 0
    hardness: float = 0.0
    filled: bool = False
