"""From a slider's 0..1 to a value and back: linear or logarithmic, whole or real."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scoreviz.gui.widgets.words import rounded

DECADES = 6  # of a logarithmic slider whose range starts at 0


@dataclass(frozen=True)
class Span:
    """The range of a slider. `open_low`: the low end itself is not allowed."""

    low: float
    high: float
    log: bool = False
    integer: bool = False
    open_low: bool = False

    @property
    def start(self) -> float:
        """The smallest value that the slider reaches."""
        if self.log and self.low <= 0:
            return 1.0 if self.integer else self.high * 10.0**-DECADES
        if self.open_low:
            return self.low * 1.02 if self.low > 0 else self.low + (self.high - self.low) / 1000
        return self.low

    def unit(self, value: float) -> float:
        """Where a value lies, 0 to 1; values outside are held at the ends."""
        start = self.start
        value = min(max(value, start), self.high)
        if self.log:
            return math.log(value / start) / math.log(self.high / start)
        return (value - start) / (self.high - start)

    def value(self, unit: float) -> float | int:
        """The value at a place, as round as its figure."""
        unit = min(max(unit, 0.0), 1.0)
        start = self.start
        if unit in (0.0, 1.0):
            value = self.high if unit else start
        elif self.log:
            value = start * (self.high / start) ** unit
        else:
            value = start + (self.high - start) * unit
        return self.snap(value)

    def snap(self, value: float) -> float | int:
        """The nearest value that can be shown whole."""
        if self.integer:
            whole = round(value if value < 1000 else rounded(value, 3))
            return min(max(whole, math.ceil(self.start)), math.floor(self.high))
        return min(max(rounded(value), self.start), self.high)

    def step(self, value: float, by: int) -> float | int:
        """`by` key presses on from a value: a hundredth of the range each, for whole numbers at least one."""
        moved = self.value(self.unit(value) + by / 100.0)
        if self.integer and moved == round(value):
            moved = self.snap(value + (1 if by > 0 else -1))
        return moved
