"""The desk where the window's questions wait: the newest of each asker, answered in turn, long ones in slices."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scoreviz.engine.answers import Part, World, answering
from scoreviz.engine.stdio import Channel
from scoreviz.protocol.messages import Answered, Ask, Refused
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

log = logging.getLogger(__name__)
TOLD_SECONDS = 0.1
"""Parts of a long answer that come faster than this are left out, but for the first and the last."""


@dataclass
class _Case:
    """One asker's question, and how far its answer is."""

    ask: Ask
    parts: Iterator[Part | None] | None = None  # None: not begun
    untold: Part | None = None
    told: float = -1.0


class Desk:
    """`take` and `withdraw` as messages come; `slice` works on them in turn."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._cases: dict[str, _Case] = {}

    @property
    def pending(self) -> bool:
        """Does a question wait?"""
        return bool(self._cases)

    def take(self, ask: Ask) -> None:
        """The newest question of an asker replaces the one before, which stops."""
        self._cases[ask.asker] = _Case(ask)

    def withdraw(self, asker: str) -> None:
        """Nobody waits for it any more."""
        self._cases.pop(asker, None)

    def begin_again(self) -> None:
        """The scene changed: what is under way was of the one before."""
        for case in self._cases.values():
            case.parts = case.untold = None

    def slice(self, seconds: float, world: World | None, revision: int) -> None:
        """Work for about `seconds` on the question that has waited longest; without a world there is nothing to ask about."""
        asker, case = next(iter(self._cases.items()))
        del self._cases[asker]
        try:
            if world is None:
                raise SceneError(QT_TRANSLATE_NOOP("engine", "Nothing is drawn, so there is nothing to show here."))
            if self._work(case, world, revision, time.monotonic() + seconds):
                self._cases[asker] = case  # to the end of the row
        except SceneError as error:
            params = {name: str(value) for name, value in error.params.items()}
            self._channel.send(Refused(asker=asker, number=case.ask.number, revision=revision, template=error.template, params=params))
        except Exception as error:
            log.exception("the question of %s failed", asker)
            template = QT_TRANSLATE_NOOP("engine", "This could not be computed: {reason}.")
            params = {"reason": f"{type(error).__name__}: {error}"}
            details = "".join(traceback.format_exception(error))
            refused = Refused(
                asker=asker, number=case.ask.number, revision=revision, template=template, params=params, details=details
            )  # fmt: skip
            self._channel.send(refused)

    def _work(self, case: _Case, world: World, revision: int, until: float) -> bool:
        """Whether there is more to do."""
        if case.parts is None:
            begun: Any = answering(case.ask.question)(case.ask.question, world)
            if not isinstance(begun, Iterator):
                self._tell(case, (1.0, begun), world, revision)
                return False
            case.parts = begun
        while time.monotonic() < until:
            try:
                part = next(case.parts)
            except StopIteration:
                if case.untold is not None:
                    self._tell(case, case.untold, world, revision)
                return False
            if part is not None:
                case.untold = part
                if part[0] >= 1.0 or time.monotonic() - case.told > TOLD_SECONDS:
                    self._tell(case, part, world, revision)
        return True

    def _tell(self, case: _Case, part: Part, world: World, revision: int) -> None:
        share, answer = part
        case.untold, case.told = None, time.monotonic()
        step = world.trainer.shown_step
        self._channel.send(
            Answered(asker=case.ask.asker, number=case.ask.number, revision=revision, step=step, share=share, answer=answer)
        )  # fmt: skip
