"""What the Inspect menu puts on the canvas: the map and the posterior means of the frame's noise level, while they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.inspect_wishes import wishes
from scoreviz.gui.dynamics.levels import Levels
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.scene.document import Scene


class Inspecting(QObject):
    """Joins view, levels and canvas."""

    changed = Signal()

    def __init__(
        self, canvas: Canvas, store: Store, questions: Questions, session: Session, progress: Progress, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._canvas, self._store = canvas, store
        self.maps = Levels("map", questions, session, progress, self)
        self.means = Levels("posterior mean", questions, session, progress, self)
        for levels in (self.maps, self.means):
            levels.changed.connect(self.changed)
        canvas.installEventFilter(self)

    def invalidate(self, old: Scene, new: Scene) -> None:
        """An edit of the scene."""
        self.maps.invalidate(old, new)
        self.means.invalidate(old, new)

    def of(self, sigma: float) -> tuple[Any, Any]:
        """The map and the means of this level; where there are none so far, the newest that came."""
        return self.maps.get(sigma), self.means.get(sigma)

    def show(self, sigmas: Sequence[float], *, playing: bool) -> None:
        """Draw what there is of the frame's level, the first of `sigmas`; have what is missing computed, and what comes soon."""
        canvas, seen = self._canvas, self._canvas.isVisible()
        map_, means = wishes(self._store.scene, canvas.bounds, canvas.width(), canvas.height()) if seen and sigmas else (None, None)
        self.maps.show(map_, sigmas, playing=playing)
        self.means.show(means, sigmas, playing=playing)
        if seen:
            sigma = sigmas[0] if sigmas else 0.0
            note = self.maps.refusal or self.means.refusal or None
            shown, means_shown = self.of(sigma)
            due = map_ is not None and shown is None and note is None
            canvas.show_content(map=shown, means=means_shown, note=note, due=due)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self.changed.emit()
        return False
