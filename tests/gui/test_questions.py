"""A view's line to the engine: asked again when what it depends on changes, at a pace while the network trains, never out of sight."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.store import Store
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Answered, Ask, Refused, Withdraw
from scoreviz.protocol.questions import AskSpread, Spread
from scoreviz.scene.noise import VP
from scoreviz.scene.parameters import Invalidates
from tests.gui.conftest import Open

SPREAD = Spread(**{name: Array.of(np.arange(3.0)) for name in Spread.__struct_fields__})


class FakeSession(QObject):
    received = Signal(object)
    sent = Signal(int)
    ready = Signal()
    past_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.up_to_date, self.is_ready, self.pinned = True, True, None
        self.asked: list[object] = []

    def send(self, message: object) -> None:
        self.asked.append(message)

    def answer(self, ask: Ask, step: int = 0, share: float = 1.0) -> None:
        message = Answered(asker=ask.asker, number=ask.number, revision=1, step=step, share=share, answer=SPREAD)
        self.received.emit(message)


@pytest.fixture
def parts(qapp: object) -> tuple[Store, FakeSession, Progress, Questions]:
    store, session, progress = Store(), FakeSession(), Progress()
    return store, session, progress, Questions(store, session, progress)  # type: ignore[arg-type]


def flush(questions: Questions) -> None:
    questions._timer.stop()
    questions._send()


def asks(session: FakeSession) -> list[Ask]:
    return [m for m in session.asked if isinstance(m, Ask)]


def test_asked_once_and_again_when_what_it_depends_on_changes(parts: tuple[Store, FakeSession, Progress, Questions]) -> None:
    store, session, _progress, questions = parts
    inquiry = questions.inquiry("plot", depends=Invalidates.TARGET)
    heard: list[object] = []
    inquiry.answered.connect(heard.append)
    inquiry.ask(AskSpread(points=5))
    inquiry.ask(AskSpread(points=5))
    flush(questions)
    flush(questions)
    assert len(asks(session)) == 1
    session.answer(asks(session)[0])
    assert heard == [SPREAD] and inquiry.complete
    store.edit(("particles", "seed"), 99, "seed")
    flush(questions)
    assert len(asks(session)) == 1, "an answer about the drawing does not depend on the seed"
    store.edit(("density",), type(store.scene.density)(), "clear")
    assert not inquiry.complete
    flush(questions)
    assert [a.number for a in asks(session)] == [1, 2]


def test_it_waits_until_the_engine_knows_the_scene(parts: tuple[Store, FakeSession, Progress, Questions]) -> None:
    _store, session, _progress, questions = parts
    inquiry = questions.inquiry("plot", depends=Invalidates.TARGET)
    session.up_to_date = False
    inquiry.ask(AskSpread())
    flush(questions)
    assert not asks(session)
    session.up_to_date = True
    session.sent.emit(2)
    flush(questions)
    assert len(asks(session)) == 1


def test_it_follows_the_network_at_its_pace(parts: tuple[Store, FakeSession, Progress, Questions]) -> None:
    _store, session, progress, questions = parts
    inquiry = questions.inquiry("plot", depends=Invalidates.NETWORK, every=1000.0)
    inquiry.ask(AskSpread())
    flush(questions)
    session.answer(asks(session)[-1], step=10)
    progress.step, progress.running = 50, True
    progress.training_changed.emit()
    flush(questions)
    assert len(asks(session)) == 1, "too soon"
    progress.running = False
    progress.training_changed.emit()
    flush(questions)
    assert len(asks(session)) == 2, "the last word of a network that rests"
    session.answer(asks(session)[-1], step=50)
    progress.training_changed.emit()
    flush(questions)
    assert len(asks(session)) == 2


def test_out_of_sight_nothing_is_asked_and_late_answers_are_dropped(parts: tuple[Store, FakeSession, Progress, Questions]) -> None:
    store, session, _progress, questions = parts
    inquiry = questions.inquiry("plot", depends=Invalidates.TARGET)
    heard: list[object] = []
    inquiry.answered.connect(heard.append)
    inquiry.ask(AskSpread())
    flush(questions)
    inquiry.ask(None)
    assert isinstance(session.asked[-1], Withdraw)
    session.answer(asks(session)[0])
    store.edit(("density",), type(store.scene.density)(), "clear")
    flush(questions)
    assert not heard and len(asks(session)) == 1
    inquiry.ask(AskSpread())
    flush(questions)
    session.answer(asks(session)[-1])
    assert heard == [SPREAD]


def test_a_refusal_is_a_sentence_and_a_new_engine_is_asked_again(parts: tuple[Store, FakeSession, Progress, Questions]) -> None:
    _store, session, _progress, questions = parts
    inquiry = questions.inquiry("plot", depends=Invalidates.TARGET)
    said: list[tuple[str, str]] = []
    inquiry.refused.connect(lambda text, details: said.append((text, details)))
    inquiry.ask(AskSpread())
    flush(questions)
    session.received.emit(Refused(asker="plot", number=1, revision=1, template="No {what}.", params={"what": "luck"}))
    assert said == [("No luck.", "")]
    session.ready.emit()
    flush(questions)
    assert len(asks(session)) == 2


def test_while_there_is_no_engine_it_says_so(parts: tuple[Store, FakeSession, Progress, Questions]) -> None:
    _store, session, progress, questions = parts
    idle, asking = (questions.inquiry(name, depends=Invalidates.TARGET) for name in ("idle", "asking"))
    said: list[str] = []
    asking.halted.connect(lambda: said.append(asking.pause))
    idle.halted.connect(lambda: said.append("nobody asked"))
    asking.ask(AskSpread())
    flush(questions)
    session.answer(asks(session)[-1], share=0.5)
    assert asking.pause == ""
    for state in ("restarting", "stopped"):
        session.is_ready, progress.state = False, state  # type: ignore[assignment]
        progress.engine_changed.emit()
    progress.engine_changed.emit()
    assert said == ["The engine is starting; then this begins anew.", "The engine has stopped. Restart it to go on."], "each once"
    session.is_ready, progress.state = True, "ready"
    progress.engine_changed.emit()
    session.ready.emit()
    assert said[2:] == ["", ""] and asking.share == 0.0, "it begins anew"
    assert idle.pause == ""


def test_through_the_real_window(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    inquiry = window.questions.inquiry("test", depends=Invalidates.TARGET | Invalidates.NETWORK)
    with qtbot.waitSignal(inquiry.answered, timeout=10_000):
        inquiry.ask(AskSpread(points=21))
    t, variance = inquiry.answer.t.numpy(), inquiry.answer.variance.numpy()
    assert t[0] == 0.0 and t[-1] == 1.0 and (np.diff(variance) > 0).all()
    with qtbot.waitSignal(inquiry.answered, timeout=10_000):
        window.store.edit(("noise",), VP(), "VP")
    assert inquiry.answer.variance.numpy()[-1] == pytest.approx(1.0, abs=1e-3), "VP ends on unit variance"
