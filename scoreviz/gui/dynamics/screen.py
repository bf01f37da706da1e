"""What the canvas shows now: the frame of the run, and the density and arrows of that frame's noise level."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QObject, QTimer

from scoreviz.gui.canvas import Canvas, Caption
from scoreviz.gui.dynamics.fields import AHEAD, Fields, arrow_kind
from scoreviz.gui.dynamics.inspecting import Inspecting
from scoreviz.gui.dynamics.runs import Runs
from scoreviz.gui.dynamics.views import name_of
from scoreviz.gui.notation import place
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.words import count
from scoreviz.protocol.messages import Applied, Density, Problem
from scoreviz.scene.document import Scene
from scoreviz.scene.notation import Notation
from scoreviz.scene.view import View

DENSITY_CELL = 6  # logical pixels
ARROW_CELL = 26
LARGEST_GRID = 320
MARGIN_MS = 1  # before a tick: nothing is begun that may not be over by then
HOLD_MS = 250  # a frame waits so long for its field while the transport plays; then it is shown with what there is


class Screen(QObject):
    """Joins playback, fields and store to one canvas."""

    def __init__(
        self, canvas: Canvas, store: Store, session: Session, playback: Playback, runs: Runs, fields: Fields, inspecting: Inspecting,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._canvas, self._store, self._session = canvas, store, session
        self._playback, self._runs, self._fields, self._inspecting = playback, runs, fields, inspecting
        self._held = QElapsedTimer()
        self._traced = False  # is what the canvas shows a trace?
        self._message: str | None = None  # why nothing is drawn
        self._refused = 0  # the revision of which it is
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self.refresh)
        self._stale = False  # something has come for the frame on screen, which waits for a tick
        canvas.room = self._room
        canvas.painted.connect(self._prepare)
        canvas.boundsChanged.connect(self._look)
        playback.hold = self._hold
        playback.timer.timeout.connect(self._tick)  # after the transport's own
        for now in (playback.run_changed, playback.index_changed, playback.playing_changed):
            now.connect(self._now)
        for soon in (playback.run_grew, inspecting.changed, fields.changed):
            soon.connect(self._soon)
        store.changed.connect(self._changed)
        session.received.connect(self._receive)
        canvas.set_view(store.scene.view)

    def refresh(self) -> None:
        """Show the frame with its own fields; where they are still under way, the last ones, which the caption then names."""
        self._stale = False
        run, k = self._playback.run, self._playback.index
        view = self._store.scene.view
        if self._traced and (run is None or not run.file):  # what comes next may take a while
            self._traced = False
            self._canvas.show_frame(None, 0)
            self._canvas.show_content(caption=Caption())
            self._canvas.show_content(message=self._message)
        if run is None or not run.ready:
            return
        if not self._is_plane(run):
            self._canvas.show_frame(None, 0)  # another view shows it; all that the engine must know is how far it is
            self._fields.show((), arrow_kind(self._store.scene), density=False, arrows=False, position=self._runs.position)
            self._inspecting.show((), playing=False)
            return
        if run.file:
            self._show_trace(run, k)
            return
        sigma = float(run.sigma[k])
        known = self._known(sigma)
        self._canvas.show_content(**known, frames=run, k=k, caption=caption(run, k, self._store.scene.view.notation))
        ahead = range(k, min(k + AHEAD, run.length)) if self._playback.playing else (k,)
        sigmas = tuple(dict.fromkeys(float(run.sigma[i]) for i in ahead))
        density, arrows = needs_fields(view)
        self._fields.show(sigmas, arrow_kind(self._store.scene), density=density, arrows=arrows, position=self._runs.position)
        self._inspecting.show(sigmas, playing=self._playback.playing)

    def _is_plane(self, run: Run) -> bool:
        """Does the canvas show it? A run of other dimensions may still be there when the scene is of the plane again."""
        return name_of(self._store.scene) == "plane" and run.at(0).shape[1] == 2

    def _known(self, sigma: float) -> dict[str, Any]:
        """Density and arrows of this level, as far as there are any."""
        found = {"density": self._fields.density(sigma), "arrows": self._fields.arrows(sigma)}
        return {name: grid for name, grid in found.items() if grid is not None}

    def _now(self, _told: object = None) -> None:
        self._refresh.start()

    def _soon(self) -> None:
        """While it plays, everything is drawn right after a tick: what is begun shortly before one makes it late."""
        self._stale = True
        if not self._playback.timer.isActive():
            self._refresh.start()

    def _tick(self) -> None:
        if self._stale and not self._refresh.isActive():
            self.refresh()
        self._prepare()

    def _room(self) -> float:
        """Seconds until the next tick."""
        timer = self._playback.timer
        return (timer.remainingTime() - MARGIN_MS) / 1000.0 if timer.isActive() else math.inf

    def _prepare(self) -> None:
        """The layers of the frame that comes next, between the ticks: together with the frame they would make its tick late."""
        run, k = self._playback.run, self._playback.coming
        if run is None or run.file or not self._playback.timer.isActive() or self._refresh.isActive():
            return
        if not run.has(k) or not self._is_plane(run):
            return
        sigma = float(run.sigma[k])
        if self._fields.missing(sigma):
            return
        map_, means = self._inspecting.of(sigma)
        self._canvas.prepare(**self._known(sigma), map=map_, means=means, frames=run, k=k)

    def _show_trace(self, run: Run, k: int) -> None:
        """Points alone: the density and the score that they were sampled from are not in the file."""
        self._traced = True
        self._canvas.show_content(density=None)
        self._canvas.show_content(arrows=None)
        self._canvas.show_content(message=None)
        self._inspecting.show((), playing=False)
        self._canvas.show_frame(run, k)
        self._canvas.show_content(caption=caption(run, k, self._store.scene.view.notation))

    def _hold(self, index: int) -> bool:
        run = self._playback.run
        if run is None or run.file or not self._session.is_ready or not self._fields.missing(float(run.sigma[index])):
            self._held.invalidate()
            return False
        if not self._held.isValid():
            self._held.start()
        return self._held.elapsed() < HOLD_MS

    def _look(self) -> None:
        width, height = self._canvas.width(), self._canvas.height()

        def shape(cell: int) -> tuple[int, int]:
            return tuple(max(2, min(LARGEST_GRID, round(n / cell))) for n in (height, width))  # type: ignore[return-value]

        self._fields.look(self._canvas.bounds, shape(DENSITY_CELL), shape(ARROW_CELL))

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if old.view != new.view:
            self._canvas.set_view(new.view)
        self._fields.invalidate(old, new)
        self._inspecting.invalidate(old, new)
        self._refresh.start()

    def _receive(self, message: object) -> None:
        match message:
            case Applied() if message.components:
                self._say(None)
            case Density() if self._message is not None and (message.revision or 0) > self._refused:
                self._say(None)  # it comes before the first run does, with which the edit is in force
            case Problem() if message.where == "scene":
                self._refused = message.revision or 0
                self._say(QCoreApplication.translate("errors", message.template).format(**message.params))
                if self._traced:
                    return  # what is on screen is not of this scene
                self._playback.clear()
                self._canvas.show_content(density=None)
                self._canvas.show_content(arrows=None)
                self._canvas.show_frame(None, 0)
                self._canvas.show_content(caption=Caption())

    def _say(self, message: str | None) -> None:
        """Why nothing is drawn; a trace is not of this scene, and covers it."""
        self._message = message
        if not self._traced:
            self._canvas.show_content(message=message)


def needs_fields(view: View) -> tuple[bool, bool]:
    """Whether density and arrows are wanted, for layers of their own or for lines."""
    return view.lines == "contours" or (view.density and view.map == "none"), view.arrows or view.lines == "streamlines"


def caption(run: Run, k: int, notation: Notation = "sde") -> Caption:
    """The words at the canvas's corner: everything about the frame on screen, from the run itself."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("Screen", text)

    position = ""
    if run.axis == "iterations":
        position = tr("iteration {k} of {n}").format(k=int(run.substep[k]), n=run.total)
    elif run.axis == "levels":
        levels = sorted({float(s) for s in run.sigma}, reverse=True)
        position = tr("level {k} of {n}").format(k=levels.index(float(run.sigma[k])) + 1, n=len(levels))
    notes = []
    if run.file:
        notes.append(tr("opened from “{name}”").format(name=run.file))
    if run.revision == 0:
        notes.append(tr("recorded earlier; the engine is starting"))
    if run.left_behind:
        notes.append(tr("of the scene before its last change, which could not be sampled"))
    if run.broken:
        notes.append(tr("the run ends after {k} of {n} frames: it could not go on").format(k=run.ready, n=run.length))
    if run.training_step is not None:
        notes.append(tr("particles: network at step {step}").format(step=count(run.training_step)))
    here = place(run, k, notation)
    position = position or " · ".join(here.words)
    timed = here.timed and run.axis in ("reverse", "forward")
    return Caption(
        label=f"{run.label} ({run.noise})" if run.noise else run.label,
        t=float(run.t[k]) if timed else None,
        sigma=float(run.sigma[k]) if math.isfinite(run.sigma[k]) else None,
        log_snr=float(run.log_snr[k]) if timed else None,
        position=position,
        notes=tuple(notes),
    )
