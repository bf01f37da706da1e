"""What a run passed through: states of the newest runs, so that any substep can be made once more, to the last bit.

A step is pure: the same state gives the same bits. So a state that was not kept is found by stepping on from the nearest one before it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from scoreviz.engine.plan import Plan
from scoreviz.maths.sampling import Info, Sampler, State, Substep, trajectory

STATE_BYTES = 64 * 2**20
"""For the states of all runs, half of it for the newest: of that one every 2nd, 4th, ... substep is kept if it needs more."""
RUNS = 8
"""So many are known, if need be by their starts alone: while the network trains, the screen may show one that is a few runs old."""


class Tape:
    """One run: its plan, its sampler, and states by the number of substeps before them."""

    def __init__(self, number: int, plan: Plan, sampler: Sampler, start: State) -> None:
        self.number, self.plan, self.sampler = number, plan, sampler
        self._states: dict[int, State] = {0: start}
        self._stride, self.bytes = 1, _size(start)

    def keep(self, done: int, state: State) -> None:
        """Note the state after `done` substeps, where it falls on the stride."""
        if done % self._stride:
            return
        self._states[done] = state
        self.bytes += _size(state)
        while self.bytes > STATE_BYTES // 2 and len(self._states) > 1:
            self._stride *= 2
            self._states = {k: kept for k, kept in self._states.items() if k % self._stride == 0}
            self.bytes = sum(map(_size, self._states.values()))

    def forget(self) -> None:
        """Keep the start alone."""
        self._states = {0: self.start}
        self.bytes = _size(self.start)

    def find(self, substep: int) -> Iterator[tuple[State, Substep, State, Info] | None]:
        """The state before substep number `substep` (from 1), the substep, the state after it and what it did; None on the way.

        Nothing is yielded last where the run has fewer substeps.
        """
        begin = max(k for k in self._states if k < substep)
        before = self._states[begin]
        for done, (step, after, info) in enumerate(trajectory(self.sampler, before), begin + 1):
            if done == substep:
                yield before, step, after, info
                return
            before = after
            yield None

    @property
    def start(self) -> State:
        """Before the first substep."""
        return self._states[0]


class Tapes:
    """Of the newest runs, the newest last."""

    def __init__(self) -> None:
        self._tapes: OrderedDict[int, Tape] = OrderedDict()

    def begin(self, number: int, plan: Plan, sampler: Sampler, start: State) -> Tape:
        """Another run; of those before it the oldest lose all but their starts, until the rest fits."""
        for tape in self._tapes.values():
            if sum(each.bytes for each in self._tapes.values()) > STATE_BYTES // 2:
                tape.forget()
        made = self._tapes[number] = Tape(number, plan, sampler, start)
        while len(self._tapes) > RUNS:
            self._tapes.popitem(last=False)
        return made

    def of(self, number: int) -> Tape | None:
        """That run's tape; None when it is too old."""
        return self._tapes.get(number)


def _size(state: State) -> int:
    """Bytes of all its tensors; one that it holds twice counts once."""
    seen: dict[int, int] = {}

    def visit(value: Any) -> None:
        if isinstance(value, Tensor):
            seen[value.data_ptr()] = value.numel() * value.element_size()
        elif isinstance(value, tuple):
            for item in value:
                visit(item)

    visit((state.x, state.x_mean, state.rng, state.memory))
    return sum(seen.values())
