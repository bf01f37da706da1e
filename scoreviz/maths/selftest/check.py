"""What a check is: a sentence, and a run that measures one number whose exact value is known."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Outcome(NamedTuple):
    """One number and what it must be: |measured - expected| <= tolerance."""

    measured: float
    expected: float
    tolerance: float


@dataclass(frozen=True)
class Check:
    """`kind` and `name` say what is checked: a family of the scene and the tag of a member, or “measure” and its name."""

    kind: str
    name: str
    says: str
    run: Callable[[], Outcome]


@dataclass(frozen=True)
class Result:
    """A check that was carried out. `error` is what it raised, if it did; the numbers are NaN then."""

    kind: str
    name: str
    says: str
    measured: float
    expected: float
    tolerance: float
    seconds: float
    error: str = ""

    @property
    def passed(self) -> bool:
        """Does it hold? What is not a number does not."""
        return not self.error and abs(self.measured - self.expected) <= self.tolerance


def carry_out(check: Check) -> Result:
    """Run one check. Whatever it raises is a result, too: the others must still be seen."""
    began = time.perf_counter()
    try:
        outcome, error = Outcome(*map(float, check.run())), ""
    except Exception as raised:
        outcome, error = Outcome(math.nan, math.nan, math.nan), f"{type(raised).__name__}: {raised}"
    return Result(check.kind, check.name, check.says, *outcome, seconds=time.perf_counter() - began, error=error)
