"""What the window may ask of the engine beside runs and fields, and what comes back: two families, one member each a view.

A question is a tagged struct, its answer another; `Question.ANSWER` names it. The engine's side is a function in `engine.answers`,
registered with `@answers(Question)`; a test holds that each question has one. The window's side is `gui.questions.Inquiry`.

    class TotalVariance(Spec, Answer, tag="total_variance", frozen=True, kw_only=True):
        t: Array

    class AskTotalVariance(Spec, Question, tag="ask_total_variance", frozen=True, kw_only=True):
        ANSWER = TotalVariance
        points: int = 101
"""

from __future__ import annotations

from typing import Any, ClassVar

from scoreviz.scene.choice import Choice


class Answer(Choice):
    """Numbers and arrays for one view. A long answer comes in parts, each whole in itself and replacing the one before."""

    __slots__ = ()
    FAMILY = "answer"


class Question(Choice):
    """What a view wants to know of the scene as it is now; its fields say which part."""

    __slots__ = ()
    FAMILY = "question"
    ANSWER: ClassVar[type[Any]]
