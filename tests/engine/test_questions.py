"""Questions of the window: each has an answer, newest wins, long ones come in parts and leave the run as it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from scoreviz.engine.answers import Part, World, answered, answers, registry
from scoreviz.engine.desk import Desk
from scoreviz.protocol.framing import encode, window_unframer
from scoreviz.protocol.messages import Answered, Ask, Message, Refused, Withdraw
from scoreviz.protocol.questions import Answer, AskSpread, Question, Spread
from scoreviz.scene.choice import Spec
from scoreviz.scene.density import Density
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from tests.engine.driver import Driver


def test_each_question_is_answered() -> None:
    assert answered() == frozenset(Question.members())
    for question in Question.members():
        assert issubclass(question.ANSWER, Answer) and question.ANSWER in Answer.members()


def test_an_answer_is_of_the_scene_in_force(engine: Driver, small: Scene) -> None:
    mark = engine.mark()
    engine.send(Ask(asker="plot", number=1, question=AskSpread(points=11)))
    answer = engine.wait(Answered, since=mark)
    assert (answer.asker, answer.number, answer.share, answer.revision) == ("plot", 1, 1.0, engine.revision)
    assert isinstance(answer.answer, Spread)
    variance, noise = answer.answer.variance.numpy(), answer.answer.noise.numpy()
    assert variance.shape == (11,) and (np.diff(variance) > 0).all()  # VE's grows
    mean = np.array([(-1.0 + 2 * 1.2) / 3, (0.3 - 2 * 0.4) / 3])  # weights 1 and 2
    spread = (np.array([-1.0, 0.3]) - mean) ** 2 / 3 + 2 * (np.array([1.2, -0.4]) - mean) ** 2 / 3
    own = (0.3**2 + 2 * 0.2**2) / 3
    assert np.allclose(variance - noise, spread.mean() + own, rtol=1e-6)


def test_nothing_drawn_is_a_sentence(engine: Driver, small: Scene) -> None:
    mark, _ = engine.update({"density": Density()})
    engine.send(Ask(asker="plot", number=4, question=AskSpread()))
    refused = engine.wait(Refused, since=mark)
    assert refused.number == 4 and "Nothing is drawn" in refused.template and not refused.details
    engine.update({"density": small.density})


class Counted(Spec, Answer, tag="counted", frozen=True, kw_only=True):
    n: int


class Count(Spec, Question, tag="count", frozen=True, kw_only=True):
    ANSWER = Counted
    upto: int = 3


Question.forget(Count)  # a toy is of no window
Answer.forget(Counted)


class Heard:
    """A channel that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[Message] = []

    def send(self, message: Message) -> None:
        self.said.append(message)


@pytest.fixture
def counting() -> Iterator[None]:
    """A toy question for the desk, gone again afterwards."""

    @answers(Count)
    def count(question: Count, _world: World) -> Iterator[Part | None]:
        if question.upto < 0:
            raise SceneError("Count to {n}? No.", n=question.upto)
        for k in range(question.upto):
            yield ((k + 1) / question.upto, Counted(n=k + 1)) if k % 2 else None
        yield (1.0, Counted(n=question.upto))

    yield
    del registry._FUNCTIONS[Count]


class Trainer:
    shown_step = 7


WORLD = World(Scene(), {}, None, None, Trainer(), None)  # type: ignore[arg-type]


def spend(desk: Desk) -> None:
    while desk.pending:
        desk.slice(0.001, WORLD, 3)


def test_parts_come_and_the_last_is_whole(counting: None) -> None:
    heard = Heard()
    desk = Desk(heard)  # type: ignore[arg-type]
    desk.take(Ask(asker="a", number=1, question=Count(upto=5)))
    spend(desk)
    last = heard.said[-1]
    assert isinstance(last, Answered) and last.share == 1.0 and last.answer == Counted(n=5) and (last.step, last.revision) == (7, 3)


def test_the_newest_question_of_an_asker_replaces_the_one_before(counting: None) -> None:
    heard = Heard()
    desk = Desk(heard)  # type: ignore[arg-type]
    desk.take(Ask(asker="a", number=1, question=Count(upto=10**9)))
    desk.slice(0.001, WORLD, 3)
    desk.take(Ask(asker="b", number=1, question=Count(upto=2)))
    desk.take(Ask(asker="a", number=2, question=Count(upto=2)))
    spend(desk)
    whole = {(m.asker, m.number) for m in heard.said if isinstance(m, Answered) and m.share == 1.0}
    assert whole == {("a", 2), ("b", 1)}
    desk.take(Ask(asker="a", number=3, question=Count(upto=10**9)))
    desk.withdraw("a")
    assert not desk.pending


def test_errors_are_sentences(counting: None) -> None:
    heard = Heard()
    desk = Desk(heard)  # type: ignore[arg-type]
    desk.take(Ask(asker="a", number=1, question=Count(upto=-1)))
    spend(desk)
    desk.take(Ask(asker="a", number=2, question=AskSpread()))  # the toy world has no target: an error of the program
    spend(desk)
    no, broken = heard.said
    assert isinstance(no, Refused) and no.template == "Count to {n}? No." and no.params == {"n": "-1"} and not no.details
    assert isinstance(broken, Refused) and broken.number == 2 and "Traceback" in broken.details


def test_messages_of_questions_travel() -> None:
    message = Answered(asker="a", number=1, revision=2, step=3, share=1.0, answer=_spread())
    (back,) = window_unframer().feed(encode(message))
    assert back == message and isinstance(back, Answered) and isinstance(back.answer, Spread)


def _spread() -> Spread:
    from scoreviz.protocol.arrays import Array

    return Spread(**{name: Array.of(np.arange(3.0)) for name in Spread.__struct_fields__})


def test_withdrawn_and_unknown(engine: Driver, small: Scene) -> None:
    mark = engine.mark()
    engine.send(Withdraw(asker="nobody"), Ask(asker="plot", number=9, question=AskSpread(points=5)))
    assert engine.wait(Answered, lambda m: m.number == 9, since=mark).asker == "plot"
