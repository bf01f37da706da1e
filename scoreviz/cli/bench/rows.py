"""What a row of `scoreviz bench` is, and how it is measured fairly.

A figure says little by itself: machines differ and are busy. So a row compares with a baseline of the same run wherever
it can, A and B take turns, and the medians count.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Verdict = Literal["pass", "slow", "fail"]


class Figure(Enum):
    """What is held against the bound. Always: the smaller the better."""

    VALUE = "value"
    RATIO = "value / baseline"
    OVERHEAD = "value / baseline - 1"
    EXCESS = "value - baseline"
    SHORTFALL = "1 - value / baseline"

    def of(self, value: float, baseline: float | None) -> float:
        """The figure of one measurement."""
        if self is Figure.VALUE:
            return value
        if baseline is None:
            raise ValueError(f"“{self.value}” needs a baseline")
        match self:
            case Figure.RATIO:
                return value / baseline
            case Figure.OVERHEAD:
                return value / baseline - 1
            case Figure.EXCESS:
                return value - baseline
            case _:
                return 1 - value / baseline


class NotHere(Exception):
    """A row cannot be measured on this machine; the message says why. The row is reported as skipped, never as passed."""


@dataclass(frozen=True)
class Measured:
    """Medians of one run, in the row's unit; `note` says under which conditions.

    machine: how much of the figure is the machine's, by what plain Qt calls that draw as much suffer in the same run. It does not make a
    row pass, but what the machine does is no failure of ours.
    """

    value: float
    baseline: float | None = None
    note: str = ""
    machine: float = 0.0


@dataclass(frozen=True)
class Row:
    """One promise: `figure` of what `measure` returns is at most `bound`."""

    name: str
    what: str
    unit: str
    bound: float
    measure: Callable[[], Measured]
    figure: Figure = Figure.VALUE
    baseline: str = ""  # what the baseline is, in words

    def verdict(self, measured: Measured) -> Verdict:
        """pass within the bound; slow within twice the bound, the machine's share taken off; fail beyond. CI asserts only the last."""
        figure = self.figure.of(measured.value, measured.baseline)
        return "pass" if figure <= self.bound else "slow" if figure - measured.machine <= 2 * self.bound else "fail"


def interleaved(value: Callable[[], float], baseline: Callable[[], float], repeats: int = 5, warm: bool = True) -> tuple[float, float]:
    """Medians of `repeats` measurements of each, taken in turns, ABBA, so that a drift of the machine meets both alike.

    With `warm`, one of each comes first and does not count: it pays for cold files.
    """
    if warm:
        value(), baseline()
    first: list[float] = []
    second: list[float] = []
    for i in range(repeats):
        turns = [(value, first), (baseline, second)]
        for measure, kept in turns if i % 2 == 0 else reversed(turns):
            kept.append(measure())
    return statistics.median(first), statistics.median(second)


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
