"""The probe's and the dropped particles' hands and marks on the plane's canvas."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.probe.dropped import marks, shown_points
from scoreviz.gui.dynamics.probe.dropping import Dropping, cloud
from scoreviz.gui.dynamics.probe.marks import ProbeMarks, arrow_cell
from scoreviz.gui.dynamics.probe.probing import Probing
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.widgets.keys import KeyLine
from scoreviz.scene.text import QT_TRANSLATE_NOOP

REACH = 9.0
"""Pixels within which a press takes hold of a dropped point."""
SPACING = 5.0
"""Pixels between neighbours of a cloud."""
Key = Qt.Key
PROBE_KEYS = (
    KeyLine((Key.Key_Return, Key.Key_Enter), "Enter", QT_TRANSLATE_NOOP("keys", "Pin the probe at the cross-hair or the pointer")),
    KeyLine((Key.Key_Escape,), "Esc", QT_TRANSLATE_NOOP("keys", "Let the probe follow the pointer again")),
)
DROP_KEYS = (
    KeyLine((Key.Key_Return, Key.Key_Enter), "Enter", QT_TRANSLATE_NOOP("keys", "Drop particles at the cross-hair or the probe")),
    KeyLine((Key.Key_Escape, Key.Key_Delete, Key.Key_Backspace), "Esc, Delete", QT_TRANSLATE_NOOP("keys", "Take away what was dropped")),
)


class OnCanvas(QObject):
    """Pins where the probe tool presses, drops where the drop tool does, drags what is dropped; Enter pins, Escape lets go."""

    page_wanted = Signal()  # the probe tool was used, and its figures are on a page that may not be open

    def __init__(
        self, canvas: Canvas, playback: Playback[Run], probing: Probing, dropping: Dropping, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._canvas, self._playback, self._probing, self._dropping = canvas, playback, probing, dropping
        self.pulls = self.fan = True
        self._marked = False
        canvas.installEventFilter(self)
        canvas.pointerMoved.connect(probing.point)
        canvas.probed.connect(self._probed)
        canvas.dropBegan.connect(self._began)
        canvas.dropMoved.connect(dropping.hold_at)
        canvas.dropEnded.connect(lambda *_: dropping.release())
        canvas.boundsChanged.connect(self._mark_probe)
        probing.answered.connect(self._mark_probe)
        dropping.changed.connect(self._mark_dropped)
        playback.index_changed.connect(self._mark_dropped)

    def set_parts(self, *, pulls: bool | None = None, fan: bool | None = None) -> None:
        """What is drawn beside the scores and the posterior."""
        self.pulls = self.pulls if pulls is None else pulls
        self.fan = self.fan if fan is None else fan
        self._mark_probe()

    def drop_cloud(self, x: float, y: float) -> None:
        """So many points as chosen, about (x, y)."""
        spacing = SPACING / self._canvas.camera.pixels_per_unit
        self._dropping.drop(cloud(x, y, self._dropping.count, spacing))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.Show | QEvent.Type.Hide:
                self._dropping.set_shown(event.type() == QEvent.Type.Show)
            case QEvent.Type.KeyPress if isinstance(event, QKeyEvent):
                return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        """Whether the key was for one of the two tools."""
        key, tool = event.key(), self._canvas.tool
        if tool == "probe" and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.page_wanted.emit()
            self._probing.pin(*(self._canvas.cross or ()))
        elif tool == "probe" and key == Qt.Key.Key_Escape:
            self._probing.let_go()
        elif tool == "drop" and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (place := self._place()) is not None:
            self.drop_cloud(*place)
        elif tool == "drop" and key in (Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._dropping.batches:
            self._dropping.clear()
        else:
            return False
        return True

    def _place(self) -> tuple[float, ...] | None:
        """Where Enter drops: at the cross-hair of the keyboard, else where the probe is."""
        return self._canvas.cross or (self._probing.x if self._probing.dim == 2 else None)

    def _probed(self, x: float, y: float) -> None:
        self.page_wanted.emit()
        self._probing.pin(x, y)

    def _began(self, x: float, y: float) -> None:
        """Take hold of the nearest dropped point within reach, or drop others here."""
        self._dropping.release()  # what a gesture that was broken off still held
        shown = shown_points(self._dropping.batches, self._playback.index)
        if shown:
            away = [np.hypot(*(way[-1] - (x, y))) * self._canvas.camera.pixels_per_unit for _, _, way in shown]
            nearest = int(np.argmin(away))
            if away[nearest] <= REACH:
                self._dropping.grab(*shown[nearest][:2])
                return
        self.drop_cloud(x, y)

    def _mark_probe(self) -> None:
        answer = self._probing.answer
        plane = answer is not None and answer.x.shape == (2,)
        made = ProbeMarks(answer, arrow_cell(self._canvas), self.pulls, self.fan) if answer is not None and plane else None
        self._canvas.set_overlay("probe", made)

    def _mark_dropped(self, *_args: object) -> None:
        dropping = self._dropping
        made = marks(dropping.batches, self._playback.index, dropping.held) if dropping.run is not None else None
        if made is not None or self._marked:
            self._canvas.set_overlay("dropped", made)
        self._marked = made is not None
