"""What is compared: the scene's own run and up to three others, asked for while somebody looks, in step with the transport."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from scoreviz.gui.dynamics.compare import edits
from scoreviz.gui.dynamics.compare.doing import Doing
from scoreviz.gui.dynamics.compare.in_step import by_time, in_step
from scoreviz.gui.dynamics.compare.measuring import Measuring
from scoreviz.gui.playback import Playback, Run
from scoreviz.gui.questions import Inquiry, Questions
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.protocol.questions import AskPane, PaneRun
from scoreviz.scene.choice import tag_of
from scoreviz.scene.compare import MOST_PANES, Pane
from scoreviz.scene.document import Scene
from scoreviz.scene.parameters import Invalidates
from scoreviz.scene.samplers import SamplerSpec

DEPENDS = Invalidates.TARGET | Invalidates.FIELD | Invalidates.TRAJECTORY
RENEWED_SECONDS = 1.5
"""While a network trains, a pane that it drives is sampled anew this often."""


@dataclass
class Entry:
    """One pane: the run that it shows, and what is the case with a newer one."""

    inquiry: Inquiry
    run: Run | None = None
    way: Pane | None = None  # that it was sampled in
    told: PaneRun | None = None  # what the engine said of that run
    refusal: str = ""
    details: str = field(default="")

    @property
    def share(self) -> float | None:
        """How much of another run is done; None where there is none, or only the same anew with a network that has learned more."""
        question = self.inquiry.question
        renewed = self.inquiry.every is not None and isinstance(question, AskPane) and question.pane == self.way and self.run is not None
        return self.inquiry.share if self.inquiry.waiting and not self.refusal and not renewed else None


class Comparison(QObject):
    """Panes are counted from 0, the scene's own. Signals: changed(pane), counted() when there are more or fewer."""

    changed = Signal(int)
    counted = Signal()
    form_wanted = Signal(int)  # of a pane, once the page that has it is there
    page_wanted = Signal()

    def __init__(
        self, store: Store, session: Session, playback: Playback, questions: Questions, parent: QObject | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._store, self._session, self._playback = store, session, playback
        self.measuring = Measuring(store, questions, self)
        self.doing = Doing(store, self)
        self._seen = False
        self._own_sampler: SamplerSpec | None = None  # of the run on screen
        self.entries = [self._entry(questions, number) for number in range(1, MOST_PANES + 1)]
        store.changed.connect(self._scene_changed)
        playback.run_changed.connect(self._own_changed)
        playback.run_grew.connect(lambda: self.changed.emit(0))

    def _entry(self, questions: Questions, number: int) -> Entry:
        entry = Entry(questions.inquiry(f"compare.run.{number}", depends=DEPENDS))
        entry.inquiry.answered.connect(lambda answer: self._take(number, answer))
        entry.inquiry.refused.connect(lambda text, _details: self._refuse(number, text))
        entry.inquiry.halted.connect(lambda: self.changed.emit(number))
        return entry

    # ---- what is shown

    @property
    def ways(self) -> tuple[Pane, ...]:
        """What the scene asks for, its own first."""
        return edits.ways(self._store.scene)

    @property
    def in_plane(self) -> bool:
        """Are panes drawn in this many dimensions?"""
        return self._store.scene.density.dimensions == "2"

    def run(self, i: int) -> Run | None:
        """The run of pane i that is at hand."""
        return self._playback.run if i == 0 else self.entries[i - 1].run

    def steps(self, i: int) -> int | None:
        """The steps that this run was asked for."""
        return getattr(self.sampler(i), "steps", None)

    def sampler(self, i: int) -> SamplerSpec | None:
        """The spec of the run at hand; None where it is not known."""
        if i == 0:
            return self._own_sampler
        way = self.entries[i - 1].way
        return None if way is None else way.sampler

    def way_shown(self, i: int) -> Pane:
        """The way in which the run at hand was sampled."""
        way = self.entries[i - 1].way if i else None
        return self.ways[i] if way is None else way

    def frame(self, i: int) -> int:
        """The frame of pane i that belongs to the one on screen."""
        own, k = self._playback.run, self._playback.index
        run = self.run(i)
        if i == 0 or own is None or run is None:
            return k
        return in_step(own, k, run)

    def linked_by_time(self, i: int) -> bool:
        """Is pane i in step by t?"""
        own, run = self._playback.run, self.run(i)
        return own is not None and run is not None and by_time(own, run)

    def set_seen(self, seen: bool) -> None:
        """Ask only while a widget shows the panes."""
        if seen != self._seen:
            self._seen = seen
            self._ask()

    def renew_race(self) -> None:
        """A race is over: the panes that its networks drive are sampled with them as they are now."""
        for pane, entry in zip(self._store.scene.compare.panes, self.entries, strict=False):
            if pane.source == "race" and (question := entry.inquiry.question) is not None:
                entry.inquiry.ask(None)
                entry.inquiry.ask(question)

    def open_form(self, i: int) -> None:
        """Show the settings of pane i, on the page “Compare”."""
        self.page_wanted.emit()
        self.form_wanted.emit(i)

    # ---- what comes

    def _scene_changed(self, old: Scene, new: Scene, _origin: str) -> None:
        fewer = len(new.compare.panes) != len(old.compare.panes)
        if new.compare != old.compare or new.density.dimensions != old.density.dimensions or edits.own(new) != edits.own(old):
            self._ask()
        learned = any(pane.source == "network" for pane in new.compare.panes)
        if learned and new.compare != old.compare and not self._session.training_begun:
            self._session.train(True)  # who asks for the network wants it to learn
        if fewer:
            for entry in self.entries[len(new.compare.panes) :]:
                entry.run = entry.told = entry.way = None
                entry.refusal = ""
            self.counted.emit()
        for i in range(len(new.compare.panes) + 1):
            self.changed.emit(i)

    def _ask(self) -> None:
        ways = self.ways
        for number, entry in enumerate(self.entries, 1):
            if not (self._seen and self.in_plane and number < len(ways)):
                entry.inquiry.ask(None)
                continue
            question = AskPane(pane=ways[number], before=ways[:number])
            if question != entry.inquiry.question:
                entry.refusal = ""
            entry.inquiry.every = RENEWED_SECONDS if ways[number].source in ("network", "race") else None
            entry.inquiry.ask(question)

    def _own_changed(self) -> None:
        run, spec = self._playback.run, self._store.scene.sampler
        self._own_sampler = spec if run is not None and not run.file and run.sampler == tag_of(spec) else None
        for i in range(len(self.ways)):
            self.changed.emit(i)

    def _take(self, number: int, answer: PaneRun) -> None:
        entry = self.entries[number - 1]
        entry.refusal = ""
        if answer.frames is not None:
            question = entry.inquiry.question
            assert isinstance(question, AskPane)
            entry.run, entry.told, entry.way = run_of(answer, number, entry.inquiry.revision), answer, question.pane
        self.changed.emit(number)

    def _refuse(self, number: int, text: str) -> None:
        entry = self.entries[number - 1]
        entry.run = entry.told = entry.way = None
        entry.refusal = text
        self.changed.emit(number)


def run_of(answer: PaneRun, number: int, revision: int) -> Run:
    """A whole answer as a run that the canvas can draw."""
    arrays: dict[str, Any] = {}
    for name in ("substep", "stage", "t", "sigma", "log_snr"):
        array = getattr(answer, name)
        assert array is not None
        arrays[name] = array.numpy()
    assert answer.frames is not None
    return Run(
        number=-number, revision=revision, sampler=answer.sampler, label=QCoreApplication.translate("scene", answer.label),
        axis=answer.axis, source="network" if answer.source == "race" else answer.source, training_step=answer.trained,
        noise=answer.noise, total=answer.total, frames=list(answer.frames.numpy()), nfe=answer.nfe, distance=answer.distance,
        distance_floor=answer.floor, truth=QCoreApplication.translate("engine", answer.truth).format(**answer.params), complete=True,
        **arrays,
    )  # fmt: skip
