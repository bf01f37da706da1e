"""Which function answers which question, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from scoreviz.engine.player import Player
from scoreviz.engine.racing import Racers
from scoreviz.engine.trainer import Trainer
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol.questions import Answer, Question
from scoreviz.scene.document import Scene


@dataclass(frozen=True)
class World:
    """The scene in force and what follows from it. Read only: an answer never touches the network or the run."""

    scene: Scene
    blobs: Mapping[str, bytes]
    target: GaussianMixture
    sde: SDE
    trainer: Trainer
    player: Player
    racers: Racers = field(default_factory=Racers)  # networks of the last race


Part = tuple[float, Answer]
"""Share of the work that is done (1 with the last part), and the answer so far."""

Answering = Callable[[Any, World], Answer | Iterator[Part | None]]
"""question, world -> the answer at once; or, for long work, an iterator of parts, None where there is nothing to show yet.

Between two items no more than some 10 ms should pass: the engine polls its messages there.
"""

_FUNCTIONS: dict[type[Any], Answering] = {}
F = TypeVar("F", bound=Callable[..., Any])


def answers(question: type[Question]) -> Callable[[F], F]:
    """Register the function that answers questions of this class."""

    def register(function: F) -> F:
        assert question not in _FUNCTIONS, f"{question.__name__} is answered twice"
        _FUNCTIONS[question] = function
        return function

    return register


def answering(question: Question) -> Answering:
    """The function that answers this question."""
    return _FUNCTIONS[type(question)]


def answered() -> frozenset[type[Any]]:
    """Every class of questions that has an answer."""
    return frozenset(_FUNCTIONS)
