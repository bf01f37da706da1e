"""The sections at the right, one under the other."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.density_panel import DensityPanel
from scoreviz.gui.dynamics.sampler_panel import SamplerPanel
from scoreviz.gui.dynamics.score_panel import ScorePanel
from scoreviz.gui.dynamics.seeing import Seeing
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.playback import Playback
from scoreviz.gui.progress import Progress
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.side import SideColumn


class SidePanel(SideColumn):
    """Density, Score, Sampler, What am I seeing?; at most one is open."""

    def __init__(self, store: Store, playback: Playback, progress: Progress, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__("side_panel", parent)
        content = self.widget()
        self.density = DensityPanel(store, selection, content)
        self.score = ScorePanel(store, progress, content)
        self.sampler = SamplerPanel(store, playback, content)
        self.seeing = Seeing(store, playback, content)
        for section in (self.density, self.score, self.sampler, self.seeing):
            self.add(section)
