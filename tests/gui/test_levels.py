"""When maps are asked for: one question under way, ahead while frames run, again when what they are of has changed, never out of sight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from scoreviz.gui.dynamics import levels as module
from scoreviz.gui.dynamics.inspect_wishes import Wish
from scoreviz.gui.dynamics.levels import Levels
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.store import Store
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Answered, Ask, Refused, Withdraw
from scoreviz.protocol.questions import AskMaps, LevelMap, Maps
from scoreviz.scene.learning import MLP

ERROR = Wish("error", (-1.0, 1.0, -1.0, 1.0), (2, 2))
ODE = Wish("log_ode", (-1.0, 1.0, -1.0, 1.0), (2, 2))


class FakeSession(QObject):
    received = Signal(object)
    sent = Signal(int)
    ready = Signal()
    past_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.up_to_date, self.is_ready, self.pinned = True, True, None
        self.said: list[Any] = []

    def send(self, message: object) -> None:
        self.said.append(message)

    @property
    def asked(self) -> list[Ask]:
        return [m for m in self.said if isinstance(m, Ask)]


class Desk:
    """Window and engine of one Levels, without waiting: `flush` lets its timers run out."""

    def __init__(self) -> None:
        self.store, self.session, self.progress = Store(), FakeSession(), Progress()
        self.questions = Questions(self.store, self.session, self.progress)  # type: ignore[arg-type]
        self.levels = Levels("test", self.questions, self.session, self.progress)  # type: ignore[arg-type]
        self.store.changed.connect(lambda old, new, _origin: self.levels.invalidate(old, new))

    def flush(self) -> None:
        for timer in (self.levels._soon, self.questions._timer):
            if timer.isActive():
                timer.stop()
                timer.timeout.emit()

    def show(self, wish: Wish | None, *sigmas: float, playing: bool = False) -> None:
        self.levels.show(wish, sigmas, playing=playing)
        self.flush()

    def answer(self, *sigmas: float, value: float = 0.0, share: float = 1.0, step: int | None = 0, of: float = 1.0) -> None:
        """What the newest question gets; `of`: the share of the last level."""
        ask = self.session.asked[-1]
        question: Any = ask.question
        values = Array.of(np.full((2, 2), value, np.float32))
        found = tuple(LevelMap(sigma=s, values=values, share=of if s == sigmas[-1] else 1.0) for s in sigmas)
        answer = Maps(kind=question.kind, source=question.source, bounds=question.bounds, step=step, maps=found)
        self.session.received.emit(Answered(asker="test", number=ask.number, revision=1, step=0, share=share, answer=answer))
        self.flush()

    @property
    def sigmas(self) -> list[tuple[float, ...]]:
        return [ask.question.sigmas for ask in self.session.asked]  # type: ignore[attr-defined]


@pytest.fixture
def desk(qapp: object) -> Desk:
    return Desk()


def test_a_level_is_asked_for_once_and_kept(desk: Desk) -> None:
    desk.show(ERROR, 0.3)
    assert desk.session.asked[-1].question == AskMaps(kind="error", sigmas=(0.3,), bounds=ERROR.bounds, shape=(2, 2))
    assert desk.levels.get(0.3) is None and not desk.levels.settled
    desk.answer(0.3, value=0.5)
    assert desk.levels.get(0.3).values.max() == 0.5 and desk.levels.settled
    desk.show(ERROR, 0.5)
    desk.answer(0.5)
    desk.show(ERROR, 0.3)
    assert desk.sigmas == [(0.3,), (0.5,)], "stepping back asks nobody"


def test_while_frames_run_one_question_is_left_to_be_answered_and_the_newest_map_is_shown(desk: Desk) -> None:
    for k in range(30):
        desk.show(ERROR, *(round(1.0 - 0.01 * (k + ahead), 2) for ahead in range(5)), playing=True)
    assert len(desk.session.asked) == 1, "no flood"
    desk.answer(*desk.sigmas[0], share=1.0)
    assert desk.levels.get(0.71).sigma == 0.96, "the newest that came, which the caption names"
    assert desk.sigmas[1] == (0.71, 0.7, 0.69, 0.68, 0.67), "then at once what is on screen now, and what comes"
    desk.answer(*desk.sigmas[1])
    assert desk.levels.get(0.71).sigma == 0.71 and desk.levels.settled


def test_at_rest_a_question_has_some_patience(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    desk.show(ODE, 0.3)
    now += 0.1
    desk.show(ODE, 0.4)
    assert desk.sigmas == [(0.3,)] and desk.levels._later.isActive(), "it may be about to come"
    now += module.PATIENCE
    desk.levels._later.timeout.emit()
    desk.flush()
    assert desk.sigmas == [(0.3,), (0.4,)], "the newest wins"
    desk.show(ERROR, 0.4)
    assert desk.session.asked[-1].question.kind == "error", "another figure does not wait"  # type: ignore[attr-defined]


def test_what_takes_long_is_asked_for_the_frame_alone_and_fills(desk: Desk) -> None:
    desk.show(ODE, 0.3, 0.2, 0.1, playing=True)
    assert desk.sigmas == [(0.3,)]
    desk.answer(0.3, value=1.0, share=0.5, of=0.5)
    assert desk.levels.get(0.3).share == 0.5 and not desk.levels.settled
    desk.answer(0.3, value=2.0)
    assert desk.levels.get(0.3).share == 1.0
    desk.store.edit(("score", "source"), "network", "")
    desk.flush()
    desk.answer(0.3, value=3.0, share=0.5, of=0.5)
    assert desk.levels.get(0.3).share == 0.5, "of another score, so the old one is gone"
    desk.answer(0.3, value=4.0, step=0)
    desk.progress.step, desk.progress.running = 900, False
    desk.progress.training_changed.emit()
    desk.flush()
    desk.answer(0.3, value=5.0, share=0.5, of=0.5, step=900)
    assert desk.levels.get(0.3).values.max() == 4.0, "a whole map of an older network is not taken away by a part"
    desk.answer(0.3, value=6.0, step=900)
    assert desk.levels.get(0.3).values.max() == 6.0


def test_edits_and_training_make_it_stale(desk: Desk) -> None:
    desk.progress.step = 10
    desk.show(ERROR, 0.3)
    desk.answer(0.3, step=10)
    desk.store.edit(("particles", "seed"), 99, "seed")
    desk.flush()
    assert len(desk.session.asked) == 1, "a map is not of the particles"
    desk.store.edit(("network",), MLP(width=32), "network")
    desk.flush()
    assert len(desk.session.asked) == 2 and desk.levels.get(0.3) is not None, "shown until the newer one comes"
    desk.answer(0.3, step=10)
    desk.progress.step, desk.progress.rate, desk.progress.running = 400, 1000.0, True
    desk.progress.training_changed.emit()
    desk.flush()
    assert len(desk.session.asked) == 2, "half a second of training has not passed"
    desk.progress.step = 600
    desk.progress.training_changed.emit()
    desk.flush()
    assert len(desk.session.asked) == 3
    desk.answer(0.3, step=600)
    desk.session.pinned = 200  # type: ignore[assignment]
    desk.session.past_changed.emit()
    desk.flush()
    assert len(desk.session.asked) == 4, "another network is looked at"


def test_another_part_of_the_plane_is_asked_for_and_the_old_one_shown_meanwhile(desk: Desk) -> None:
    desk.show(ERROR, 0.3)
    desk.answer(0.3)
    moved = Wish("error", (0.0, 2.0, -1.0, 1.0), (2, 2))
    desk.show(moved, 0.3)
    assert desk.session.asked[-1].question.bounds == moved.bounds  # type: ignore[attr-defined]
    assert desk.levels.get(0.3).bounds == ERROR.bounds
    desk.answer(0.3)
    assert desk.levels.get(0.3).bounds == moved.bounds


def test_levels_that_the_noise_does_not_have_are_not_asked_for_again_and_again(desk: Desk) -> None:
    desk.show(ERROR, 40.0, 0.3)
    desk.answer(0.3)
    assert len(desk.session.asked) == 1 and desk.levels.settled
    desk.store.edit(("noise", "sigma_max"), 45.0, "sigma")
    desk.flush()
    assert desk.sigmas[-1] == (40.0, 0.3), "another noise may have them"


def test_a_refusal_is_said_until_something_changes(desk: Desk) -> None:
    wish = Wish("log_network", ERROR.bounds, (2, 2))
    desk.show(wish, 0.3)
    refused = Refused(asker="test", number=desk.session.asked[-1].number, revision=1, template="No density.", params={})
    desk.session.received.emit(refused)
    desk.flush()
    assert desk.levels.refusal == "No density." and desk.levels.settled
    desk.show(wish, 0.2)
    desk.progress.training_changed.emit()
    desk.flush()
    assert len(desk.session.asked) == 1
    desk.store.edit(("network",), MLP(energy=True), "energy")
    desk.flush()
    assert desk.levels.refusal == "" and desk.sigmas[-1] == (0.2,)


def test_out_of_sight_nothing_is_asked(desk: Desk) -> None:
    desk.show(ERROR, 0.3)
    desk.show(None)
    assert isinstance(desk.session.said[-1], Withdraw)
    desk.store.edit(("network",), MLP(width=32), "network")
    desk.progress.training_changed.emit()
    desk.flush()
    assert len(desk.session.asked) == 1 and desk.levels.settled and desk.levels.get(0.3) is None


def test_old_levels_make_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 4)
    for k in range(8):
        desk.show(ERROR, 0.1 * (k + 1))
        desk.answer(0.1 * (k + 1))
    assert len(desk.levels._entries) == 4 and desk.levels.get(0.8 + 1e-17) is not None
