"""Keeps a space-time view in step with the run, the scene and the engine; turns its gestures into edits. Each gesture is one undo step."""

from __future__ import annotations

import msgspec
import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.dynamics.spacetime.asking import Asking
from scoreviz.gui.dynamics.spacetime.axis import axis_of, idle_axis
from scoreviz.gui.dynamics.spacetime.curve import Heights
from scoreviz.gui.dynamics.spacetime.view import SpaceTime
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import Applied, Problem
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.line import LineCurve
from scoreviz.scene.parameters import parameters
from scoreviz.scene.view import View

_RANGES = {p.name: (p.low, p.high) for p in parameters(View)}


class SpaceTimeKeeper(QObject):
    """Joins playback, questions and store to one view."""

    told = Signal(str)  # a sentence: why a gesture changed nothing, or what could not be computed

    def __init__(
        self, view: SpaceTime, store: Store, session: Session, playback: Playback[Run], questions: Questions, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._view, self._store, self._session, self._playback = view, store, session, playback
        self.asking = Asking(view, store, questions, self)
        self.asking.told.connect(self.told)
        self._seen = False
        self._run: Run | None = None  # whose axis the view has
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self.refresh)
        view.seen.connect(self._set_seen)
        view.boundsChanged.connect(self._refresh.start)
        view.pointClicked.connect(self.asking.start_ways)
        view.cleared.connect(self.asking.clear_ways)
        view.scrubbed.connect(playback.seek)
        view.curveDrawn.connect(self._draw)
        view.looked.connect(self._look)
        playback.run_changed.connect(self._refresh.start)
        playback.run_grew.connect(self._refresh.start)
        playback.index_changed.connect(lambda _: self._refresh.start())
        store.changed.connect(self._changed)
        session.received.connect(self._receive)
        self._take_view(store.scene.view)

    def refresh(self) -> None:
        """Show the frame on screen of a run of one dimension, and ask for what belongs to it."""
        if not self._seen:
            return
        run: Run | None = self._playback.run
        if run is None or not run.ready or run.at(0).shape[1] != 1:
            run = None
        if run is not self._run:
            self._run = run
            axis = idle_axis() if run is None else axis_of(run)
            if not axis.same(self._view.content.axis):
                self._view.show_content(axis=axis)
        if run is None:
            self._view.show_content(run=None, k=0, caption=None)
        else:
            k = min(self._playback.index, run.ready - 1)
            self._view.show_content(run=run, k=k, caption=caption(run, k))
        self.asking.ask()

    def _set_seen(self, seen: bool) -> None:
        self._seen = seen
        if seen:
            self._refresh.start()
        else:
            self.asking.rest()

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if old.view != new.view:
            self._take_view(new.view)
        if old.density != new.density:
            self._view.show_content(draft=None if not new.density.line else self._view.content.draft)
        self._refresh.start()

    def _take_view(self, view: View) -> None:
        self._view.show_content(view=view, x0=view.y - view.half_height, x1=view.y + view.half_height)

    def _receive(self, message: object) -> None:
        match message:
            case Applied() if message.components:
                self._view.show_content(message=None)
            case Problem() if message.where == "scene":
                text = QCoreApplication.translate("errors", message.template).format(**message.params)
                self.asking.forget()
                self._view.show_content(message=text, curve=None, base=None, heat=None, forward=None, flow=None, run=None, draft=None)

    # ---- gestures

    def _look(self, y: float, half_height: float) -> None:
        """Move the picture up and down, or zoom; a row of moves is one undo step."""

        def held(name: str, value: float) -> float:
            low, high = _RANGES[name]
            assert low is not None and high is not None
            return min(max(value, low), high)

        view = msgspec.structs.replace(self._store.scene.view, y=held("y", y), half_height=held("half_height", half_height))
        self._store.edit(("view",), view, self.tr("Move picture"), origin="camera", merge="camera")

    def _draw(self, heights: Heights, erased: bool) -> None:
        """The curve becomes the drawing; the first one also starts the training and shows the network, as a stroke does in the plane."""
        line: tuple[LineCurve, ...] = ()
        if heights.f.any():
            digest = self._store.add_blob(np.ascontiguousarray(heights.f, "<f4").tobytes())
            line = (LineCurve(heights=digest, x0=heights.x0, x1=heights.x1),)
        scene = self._store.scene
        scene = msgspec.structs.replace(scene, density=msgspec.structs.replace(scene.density, line=line))
        begins = not self._session.training_begun
        if begins:
            scene = msgspec.structs.replace(scene, score=msgspec.structs.replace(scene.score, source="network"))
        try:
            self._store.replace(scene, self.tr("Erase curve") if erased else self.tr("Draw curve"), origin="canvas")
        except SceneError as error:
            self._view.show_content(draft=None)
            self.told.emit(str(error))
            return
        if begins:
            self._session.train(True)
