"""What a plot may look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.store import Store

if TYPE_CHECKING:
    from scoreviz.gui.dynamics.compare.measuring import Measuring
    from scoreviz.gui.dynamics.racing import Racing


@dataclass(frozen=True)
class PlotContext:
    """The window's parts that plots watch; `slot` ("left", "right") names the plot's own line to the engine."""

    store: Store
    progress: Progress
    playback: Playback[Any]
    questions: Questions
    racing: Racing
    slot: str = ""
    measuring: Measuring | None = None  # error against evaluations
