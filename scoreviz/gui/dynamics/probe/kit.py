"""The probe and the dropped particles of one tab, put together."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.probe.dropping import Dropping
from scoreviz.gui.dynamics.probe.on_canvas import OnCanvas
from scoreviz.gui.dynamics.probe.probing import Probing
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.questions import Questions


class ProbeKit(QObject):
    """Where the probe is and what is dropped, kept from the start; the page with its figures is made when it is first opened."""

    def __init__(self, canvas: Canvas, playback: Playback[Run], questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playback, self._questions = playback, questions
        self.probing = Probing(playback, questions, self)
        self.dropping = Dropping(playback, questions, self)
        self.on_canvas = OnCanvas(canvas, playback, self.probing, self.dropping, self)

    def page(self) -> QWidget:
        """The page at the right."""
        from scoreviz.gui.dynamics.probe.page import ProbePage

        return ProbePage(self._playback, self._questions, self.probing, self.dropping, self.on_canvas)
