"""The network as it was at earlier training steps, so that one can go back and sample from it."""

from __future__ import annotations

import bisect
import math

from torch import Tensor

MOST = 64
BYTES = 32 * 2**20
LEAST_APART, SHARE_APART = 10, 0.02
"""A network is kept this many steps after the last kept one, or this share of all steps after it, whichever is later."""

BEND = 20
"""Kept steps are evenly spaced in log(1 + BEND s/newest): evenly in s over the first twentieth, in log s beyond."""


class History:
    """Averaged weights (P,) at training steps, at most MOST and at most BYTES of them; the first and the newest always stay."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._weights: list[Tensor] = []
        self.pinned: int | None = None  # one of `steps`, and never thinned out

    @property
    def steps(self) -> tuple[int, ...]:
        """Training steps whose weights are kept, ascending."""
        return tuple(self._steps)

    def due(self, step: int) -> bool:
        """Is it time to keep another?"""
        return not self._steps or step >= self._steps[-1] + max(LEAST_APART, SHARE_APART * self._steps[-1])

    def keep(self, step: int, weights: Tensor) -> None:
        """Keep a copy of the weights at a step after all the others."""
        if self._steps and step <= self._steps[-1]:
            return
        self._steps.append(step)
        self._weights.append(weights.clone())
        most = min(MOST, max(3, BYTES // (weights.numel() * weights.element_size())))
        while len(self._steps) > most:
            self._forget(self._least_missed())

    def pin(self, step: int | None) -> None:
        """Hold on to the kept step nearest to this one; None for none."""
        self.pinned = None if step is None or not self._steps else min(self._steps, key=lambda kept: abs(kept - step))

    def weights(self, step: int) -> Tensor:
        """Those of a kept step."""
        return self._weights[self._steps.index(step)]

    def cut(self, step: int) -> None:
        """Training went back to this step: what came after it did not happen."""
        end = bisect.bisect_right(self._steps, step)
        del self._steps[end:], self._weights[end:]
        if self.pinned is not None and self.pinned > step:
            self.pinned = None

    def _forget(self, place: int) -> None:
        del self._steps[place], self._weights[place]

    def _least_missed(self) -> int:
        """Place of the one whose neighbours are nearest to each other; not the first, the newest or the pinned one."""
        at = [math.log1p(BEND * step / self._steps[-1]) for step in self._steps]
        free = (k for k in range(1, len(at) - 1) if self._steps[k] != self.pinned)
        return min(free, key=lambda k: at[k + 1] - at[k - 1])
