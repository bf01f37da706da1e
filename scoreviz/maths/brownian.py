"""One Brownian path for runs of any step size: W(t) on [0, 1], from which every increment is taken.

With W the Wiener process of an SDE in t, runs of different step counts follow the same noise and converge point by point (strongly).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import torch
from torch import Tensor

_DEPTH = 20


class BrownianPath:
    """W of shape (B, *) with W(0) = 0, found by halving: W at the middle of an interval of width h is the mean of its ends + sqrt(h)/2 z.

    Every z has a seed of its own, from the path's seed and its place, so the path is the same in whatever order and at whatever times it is
    asked for, for every dtype and device (drawn on the CPU in float32, which is five times as fast, and summed in float64). After 20
    halvings W(t) is the bridge's own normal law at t. Every increment is exact in law, save that two times closer than 1e-6 are drawn
    without regard to each other.
    Cost: about 20 draws of the whole shape for a time far from the one before, and as many tensors kept.
    """

    def __init__(self, shape: Sequence[int], seed: int) -> None:
        """shape of the points (B, *); seed any int."""
        self.shape, self.seed = tuple(shape), seed
        self._branch: list[tuple[int, Tensor]] = []  # for each depth the interval last halved there, and W at its middle
        self._found: dict[float, Tensor] = {}  # the last two values
        self._ends = torch.zeros(self.shape, dtype=torch.float64), self._normal(0, 0)

    def value(self, t: float) -> Tensor:
        """W(t), float64 on the CPU. ValueError outside [0, 1]."""
        if not 0 <= t <= 1:
            raise ValueError(f"a Brownian path runs over t in [0, 1], got t={t}")
        if t in (0.0, 1.0):
            return self._ends[int(t)]
        if t not in self._found:
            found = self._descend(t)
            self._found = {**dict(list(self._found.items())[-1:]), t: found}
        return self._found[t]

    def _descend(self, t: float) -> Tensor:
        (left, right), start, width = self._ends, 0.0, 1.0
        for depth in range(_DEPTH):
            width /= 2
            middle = self._middle(depth, int(start / (2 * width)), left, right, width)
            if t == start + width:
                return middle
            if t < start + width:
                right = middle
            else:
                start, left = start + width, middle
        share = (t - start) / width
        (bits,) = struct.unpack("<q", struct.pack("<d", t))
        return left + (right - left) * share + self._normal(-1, bits) * math.sqrt(width * share * (1 - share))

    def increment(self, t: float, s: float) -> Tensor:
        """W(s) - W(t), float64 on the CPU: variance |s - t|."""
        start = self.value(t)  # first: a run has just been there
        return self.value(s) - start

    def noise(self, t: float, s: float, like: Tensor) -> Tensor:
        """The increment from t to s != t in units of its standard deviation, z ~ N(0, I), in dtype and on the device of `like`."""
        if tuple(like.shape) != self.shape:
            raise ValueError(f"this Brownian path has shape {self.shape}, the points have {tuple(like.shape)}")
        if t == s:
            raise ValueError(f"there is no increment from t={t} to itself")
        return (self.increment(t, s) / math.sqrt(abs(s - t))).to(like)

    def _middle(self, depth: int, index: int, left: Tensor, right: Tensor, half: float) -> Tensor:
        """W at the middle of interval `index` of 2^depth, whose ends are given; half = half its width."""
        if depth < len(self._branch):
            kept, middle = self._branch[depth]
            if kept == index:
                return middle
            del self._branch[depth:]
        middle = (left + right) / 2 + self._normal(depth + 1, index) * math.sqrt(half / 2)
        self._branch.append((index, middle))
        return middle

    def _normal(self, depth: int, index: int) -> Tensor:
        """z ~ N(0, I) of one place."""
        key = _mixed(_mixed(_mixed(self.seed) + depth) + index)
        return torch.randn(self.shape, generator=torch.Generator().manual_seed(key)).double()


def _mixed(n: int) -> int:
    """64 well-mixed bits of an integer (splitmix64, Steele et al. 2014), so that neighbouring places share nothing."""
    n = (n + 0x9E3779B97F4A7C15) % 2**64
    n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    n = (n ^ (n >> 27)) * 0x94D049BB133111EB % 2**64
    return n ^ (n >> 31)
