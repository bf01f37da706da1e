"""How hard a pen was pressed."""

from __future__ import annotations


class Pen:
    """The mean pressure over a stroke. A pen's own event comes before the mouse event that Qt makes of it."""

    def __init__(self) -> None:
        self._felt: list[float] = []
        self._fresh = False  # a pen went down, and its mouse event has not come yet

    @property
    def pressure(self) -> float:
        """0 to 1; 1 where no pen drew."""
        return sum(self._felt) / len(self._felt) if self._felt else 1.0

    def feel(self, pressure: float, *, begins: bool) -> None:
        """A pen's event; a pen that hovers presses with 0."""
        if begins:
            self._felt, self._fresh = [], True
        if pressure > 0:
            self._felt.append(min(pressure, 1.0))

    def begin(self, *, by_pen: bool) -> None:
        """A stroke begins: what was felt before is of another, unless a pen has just gone down."""
        if not (by_pen or self._fresh):
            self._felt = []
        self._fresh = False
