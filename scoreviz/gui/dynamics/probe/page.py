"""The page Probe at the right: made when it is first opened; while it is hidden nothing is asked."""

from __future__ import annotations

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from scoreviz.gui.dynamics.probe.drop_section import DropSection
from scoreviz.gui.dynamics.probe.dropping import Dropping
from scoreviz.gui.dynamics.probe.fan_section import FanSection, PullSection
from scoreviz.gui.dynamics.probe.kernel_section import KernelSection
from scoreviz.gui.dynamics.probe.on_canvas import OnCanvas
from scoreviz.gui.dynamics.probe.probe_section import ProbeSection
from scoreviz.gui.dynamics.probe.probing import Probing
from scoreviz.gui.dynamics.probe.stepping import Stepping
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.questions import Questions
from scoreviz.gui.widgets.side import SideColumn


class ProbePage(SideColumn):
    """Probe, who pulls, the fan, one step back, dropped particles."""

    def __init__(
        self, playback: Playback[Run], questions: Questions, probing: Probing, dropping: Dropping, on_canvas: OnCanvas,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__("probe_page", parent)
        self.setAccessibleName(self.tr("Probe"))
        self._probing = probing
        self.stepping = Stepping(probing, questions, self)
        self.probe = ProbeSection(probing)
        self.pull = PullSection(probing, on_canvas)
        self.fan = FanSection(probing, on_canvas)
        self.kernel = KernelSection(probing, self.stepping)
        self.drop = DropSection(playback, probing, dropping, on_canvas)
        for section in (self.probe, self.pull, self.fan, self.kernel, self.drop):
            self.add(section)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look(False)

    def _look(self, shown: bool) -> None:
        self._probing.set_shown(shown)
        self.stepping.set_shown(shown)
