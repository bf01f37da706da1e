"""A race of objectives, reported as it goes."""

from __future__ import annotations

from collections.abc import Iterator

from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.trainer import state_of
from scoreviz.protocol.questions.race import AskRace


@answers(AskRace)
def race(question: AskRace, world: World) -> Iterator[Part | None]:
    """Begin it, or go on with it where an edit of the scene interrupted the answer. Another drawing or data set is another race."""
    running = world.racers.race(question, world.scene.training, world.sde, world.target, state_of(world.trainer).target)
    for share in running.work():
        yield None if share is None or share >= 1.0 else (share, running.answer())
    yield 1.0, running.answer()
