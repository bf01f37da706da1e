"""What space shows now: the frame of the run, the slice of that frame's noise level, and the data."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeGuard

import msgspec
import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from scoreviz.gui.canvas import Caption
from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.dynamics.space.asking import half_of, planes_of, slice_question, subject_of
from scoreviz.gui.dynamics.space.plane import PlaneGrid
from scoreviz.gui.dynamics.space.view import SpaceView
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.messages import Applied, Problem
from scoreviz.protocol.questions import AskCloud, AskSlice, Cloud, Question, Slice
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.errors import SceneError
from scoreviz.scene.parameters import Invalidates

AHEAD = 10
"""Frames whose slices are asked for before they are on screen."""
KEPT = 256
"""Slices that are kept: 45 KB apiece."""
STALE_SECONDS = 0.5

OF_TARGET = Invalidates.TARGET
OF_SLICE = Invalidates.TARGET | Invalidates.NETWORK | Invalidates.FIELD


class SpaceKeeper(QObject):
    """Joins playback, store and engine to one view of space. Out of sight it asks nothing."""

    told = Signal(str)  # a sentence: what could not be done

    def __init__(
        self, view: SpaceView, store: Store, session: Session, playback: Playback[Run], progress: Progress, questions: Questions
    ) -> None:
        super().__init__(view)
        self._view, self._store, self._session = view, store, session
        self._playback, self._progress = playback, progress
        self._planes: OrderedDict[float, PlaneGrid] = OrderedDict()  # by noise level, for one plane and kind of score
        self._of: tuple[object, ...] = ()
        self._points: np.ndarray | None = None  # samples of what is placed in space
        self._cloud = questions.inquiry("space data", depends=OF_TARGET)
        self._cloud.answered.connect(self._take_cloud)
        self._slice = questions.inquiry("space slice", depends=OF_SLICE)
        self._slice.answered.connect(self._take_slice)
        for inquiry in (self._cloud, self._slice):
            inquiry.refused.connect(lambda text, _details: self.told.emit(text))
        self._refresh = QTimer(self, singleShot=True, interval=0)
        self._refresh.timeout.connect(self.refresh)
        for signal in (playback.run_changed, playback.index_changed, playback.run_grew, progress.training_changed, session.past_changed):
            signal.connect(self._refresh.start)
        view.looked.connect(self._look)
        view.seen.connect(self._seen)
        store.changed.connect(self._changed)
        session.received.connect(self._receive)
        view.set_view(store.scene.view)

    def refresh(self) -> None:
        """Show the frame with its own slice; where that is under way, the last one, which the caption then names."""
        if not self._view.isVisible():
            return
        run, k = self._playback.run, self._playback.index
        if run is None or not run.ready or run.at(0).shape[1] != 3:
            self._view.show_run(None, 0)
            self._view.show_content(caption=Caption())
            return
        sigma = float(run.sigma[k])
        changes: dict[str, object] = {"caption": caption(run, k, self._store.scene.view.notation), "cloud": self._points}
        if run.file:  # what it was sampled from is not in the file
            changes |= {"plane": None, "cloud": None, "message": None}
        elif (plane := self._planes.get(sigma)) is not None:
            changes["plane"] = plane
        self._view.show_content(**changes)
        self._view.show_run(run, k)
        self._want(run, k)

    # ---- the slice

    def _want(self, run: Run, k: int) -> None:
        """Ask for the slices of this frame and the next ones, unless they are kept or on their way."""
        ahead = range(k, min(k + AHEAD, run.length)) if self._playback.playing else (k,)
        levels = tuple(dict.fromkeys(float(run.sigma[i]) for i in ahead))
        whole = slice_question(self._store.scene, levels, half_of(self._cloud.answer))
        if whole is None or self._cloud.answer is None or run.file:
            self._slice.ask(None)
            return
        if subject_of(whole) != self._of:
            self._of = subject_of(whole)
            self._planes.clear()
        missing = tuple(s for s in levels if self._outdated(self._planes.get(s)))
        asked = self._slice.question
        if not missing or (self._slice.waiting and self._is_of(asked) and missing[0] in asked.sigmas):
            return
        wanted = msgspec.structs.replace(whole, sigmas=missing)
        if wanted == asked and not self._slice.stale:
            self._slice.ask(None)  # the same again, of a network that has learned more
        self._slice.ask(wanted)

    def _is_of(self, asked: Question | None) -> TypeGuard[AskSlice]:
        """Is it about the slice that is looked at now?"""
        return isinstance(asked, AskSlice) and subject_of(asked) == self._of

    def _outdated(self, plane: PlaneGrid | None) -> bool:
        if plane is None:
            return True
        if plane.step is None:
            return False
        if (pinned := self._session.pinned) is not None:
            return plane.step != pinned
        slack = STALE_SECONDS * self._progress.rate if self._progress.running else 0.0
        return abs(self._progress.step - plane.step) > slack

    def _take_slice(self, answer: Slice) -> None:
        if self._slice.stale or not self._is_of(self._slice.question):
            return
        for plane in planes_of(answer):
            self._planes[plane.sigma] = plane
            self._planes.move_to_end(plane.sigma)
        while len(self._planes) > KEPT:
            self._planes.popitem(last=False)
        self._refresh.start()

    def _take_cloud(self, answer: Cloud) -> None:
        self._points = answer.points.numpy().astype(np.float32)
        self._view.show_content(cloud=self._points, half=half_of(answer))
        self._refresh.start()

    # ---- what others do

    def _look(self, azimuth: float, elevation: float, half_height: float) -> None:
        """Look from elsewhere; a row of moves is one undo step."""
        view = msgspec.structs.replace(self._store.scene.view, azimuth=azimuth, elevation=elevation, space_half_height=half_height)
        try:
            self._store.edit(("view",), view, self.tr("Turn space"), origin="camera", merge="space camera")
        except SceneError as error:
            self.told.emit(str(error))

    def _seen(self, seen: bool) -> None:
        self._cloud.ask(AskCloud() if seen else None)
        if seen:
            self._refresh.start()
        else:
            self._slice.ask(None)

    def _changed(self, old: Scene, new: Scene, _origin: str) -> None:
        if old.view != new.view:
            self._view.set_view(new.view)
        what = invalidated(old, new)
        if what & Invalidates.TARGET:
            self._points = None
            self._view.show_content(cloud=None)
        if what & OF_SLICE:
            self._planes.clear()
        self._refresh.start()

    def _receive(self, message: object) -> None:
        match message:
            case Applied() if message.components:
                self._view.show_content(message=None)
            case Problem() if message.where == "scene" and self._store.scene.density.dim == 3:
                text = QCoreApplication.translate("errors", message.template).format(**message.params)
                self._view.show_content(message=text, plane=None, cloud=None, caption=Caption())
                self._view.show_run(None, 0)
