"""What the engine says when a view asks: one file a question, joined to it with `@answers`."""

from scoreviz.engine.answers import (  # noqa: F401 - they register their answers
    backward,
    drop,
    inspect,
    losses,
    modes,
    nfe,
    pane,
    probe,
    race,
    solid,
    spacetime,
    spread,
    substep,
    weights,
)
from scoreviz.engine.answers.registry import Part, World, answered, answering, answers

__all__ = ["Part", "World", "answered", "answering", "answers"]
