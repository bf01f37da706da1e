"""Space turns by itself, slowly, for whoever wants to see its depth and has no hand free."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from scoreviz.gui import motion
from scoreviz.gui.dynamics.space.view import SpaceView

DEGREES_PER_SECOND = 12.0
STEP = 15.0
"""Degrees of a single step, where motion is unwelcome."""
INTERVAL_MS = 40


class Turntable(QObject):
    """While it turns, nothing is edited; where it stops, one edit says from where space is looked at now."""

    changed = Signal(bool)

    def __init__(self, view: SpaceView) -> None:
        super().__init__(view)
        self._view = view
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        view.seen.connect(lambda seen: None if seen else self.set_turning(False))

    @property
    def turning(self) -> bool:
        """Does it turn?"""
        return self._timer.isActive()

    def set_turning(self, on: bool) -> None:
        """Start or stop. With reduced motion a start is one step."""
        if on and motion.reduced():
            self._by(STEP)
            self._keep()
            self.changed.emit(False)
        elif on and not self.turning:
            self._clock.start()
            self._timer.start()
            self.changed.emit(True)
        elif not on and self.turning:
            self._timer.stop()
            self._view.look(self._view.content.eye)
            self._keep()
            self.changed.emit(False)

    def _tick(self) -> None:
        if motion.reduced():  # the person has said so meanwhile
            self.set_turning(False)
            return
        self._by(DEGREES_PER_SECOND * min(self._clock.restart() / 1000.0, 0.2), moving=True)

    def _by(self, degrees: float, *, moving: bool = False) -> None:
        eye = self._view.content.eye
        self._view.look(replace(eye, azimuth=(eye.azimuth + degrees + 180.0) % 360.0 - 180.0), moving=moving)

    def _keep(self) -> None:
        eye = self._view.content.eye
        self._view.looked.emit(round(eye.azimuth, 2), eye.elevation, self._view.camera.half_height)
