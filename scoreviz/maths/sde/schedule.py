"""Noise given by its schedule sigma(t): EDM's straight line, and a curve through points.

Any sigma(t) that grows is a noise process, and its scale a(t) is free (Karras et al. 2022, appendix B): here 1, the variance exploding, or
1/sqrt(1 + sigma^2), which preserves a variance of 1. Both describe the same pictures x_t/a = x_0 + sigma z.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from scoreviz.maths.registry import implements
from scoreviz.maths.sde.base import SDE
from scoreviz.maths.sde.elementary import T, Time, checked, clamp, exp, sqrt, where, within
from scoreviz.scene.noise import EDM, Custom, checked_curve


class ScheduleSDE(SDE):
    """An SDE by sigma(t) and its slope: g^2 = a^2 (sigma^2)'. a = 1 and c = 0, or if `preserving` a^2 = 1/(1 + sigma^2), c = -g^2/2."""

    preserving: bool = False

    @abstractmethod
    def sigma(self, t: T) -> T:
        """std/a, in data units."""

    @abstractmethod
    def slope(self, t: T) -> T:
        """d sigma/dt."""

    def mean_coefficient(self, t: T) -> T:
        """1, or 1/sqrt(1 + sigma^2)."""
        return 1 / sqrt(1 + self.sigma(t) ** 2) if self.preserving else 1.0 + 0.0 * checked(t)

    def std(self, t: T) -> T:
        """a sigma."""
        return self.sigma(t) * self.mean_coefficient(t) if self.preserving else self.sigma(t)

    def drift_coefficient(self, t: T) -> T:
        """0, or a'/a = -sigma sigma'/(1 + sigma^2)."""
        return -0.5 * self._growth(t) if self.preserving else 0.0 * checked(t)

    def diffusion(self, t: T) -> T:
        """sqrt(2 sigma sigma') a."""
        return sqrt(self._growth(t))

    def _growth(self, t: T) -> T:
        """g^2."""
        growth = 2 * self.sigma(t) * self.slope(t)
        return growth / (1 + self.sigma(t) ** 2) if self.preserving else growth


class EDMSDE(ScheduleSDE):
    """sigma(t) = sigma_min + t (sigma_max - sigma_min), a = 1: "sigma(t) = t" of Karras et al. 2022 (table 1) with time run from 0 to 1.

    Its probability-flow paths are the straightest; the step grid that belongs to it is Karras's.
    """

    def __init__(self, sigma_min: float = 0.002, sigma_max: float = 80.0) -> None:
        """Noise levels at t = 0 and t = 1, in data units, 0 < sigma_min < sigma_max."""
        if not (0 < sigma_min < sigma_max < math.inf):
            raise ValueError(f"EDMSDE needs 0 < sigma_min < sigma_max, got sigma_min={sigma_min}, sigma_max={sigma_max}")
        self.sigma_min, self.sigma_max = float(sigma_min), float(sigma_max)

    def __repr__(self) -> str:
        """EDMSDE(sigma_min=0.002, sigma_max=80)."""
        return f"EDMSDE(sigma_min={self.sigma_min:g}, sigma_max={self.sigma_max:g})"

    def sigma(self, t: T) -> T:
        """sigma_min + t (sigma_max - sigma_min), exact at both ends."""
        return (1 - checked(t)) * self.sigma_min + t * self.sigma_max

    def slope(self, t: T) -> T:
        """sigma_max - sigma_min."""
        return 0.0 * checked(t) + (self.sigma_max - self.sigma_min)

    def t_of_sigma(self, sigma: T) -> T:
        """(sigma - sigma_min)/(sigma_max - sigma_min)."""
        within(sigma, self.sigma_min, self.sigma_max, "sigma")
        return clamp((sigma - self.sigma_min) / (self.sigma_max - self.sigma_min), 0.0, 1.0)


class CustomSDE(ScheduleSDE):
    """sigma(t) through given points, ln sigma linear or monotone cubic between them (Fritsch & Butland 1984)."""

    def __init__(self, points: Sequence[tuple[float, float]], interpolation: str = "cubic", preserving: bool = False) -> None:
        """points (t, sigma), t from 0 to 1 and sigma > 0, both strictly growing, at least two. ValueError otherwise."""
        if interpolation not in ("linear", "cubic"):
            raise ValueError(f"interpolation must be linear or cubic, got {interpolation!r}")
        self.points, self.preserving, self.interpolation = checked_curve(points), preserving, interpolation
        self._knots = [t for t, _ in self.points]
        values = [math.log(sigma) for _, sigma in self.points]
        self._pieces = _cubic_pieces(self._knots, values) if interpolation == "cubic" else _straight_pieces(self._knots, values)

    def __repr__(self) -> str:
        """CustomSDE(3 points, cubic, exploding)."""
        return f"CustomSDE({len(self.points)} points, {self.interpolation}, {'preserving' if self.preserving else 'exploding'})"

    def _piece(self, t: Time) -> Sequence[Any]:
        """How far t stands beyond the point below it, then the four coefficients of the piece there."""
        last = len(self._pieces) - 1
        if not isinstance(t, Tensor):
            k = min(bisect_right(self._knots, t) - 1, last)
            return t - self._knots[k], *self._pieces[k]
        knots = t.new_tensor(self._knots)
        index = (torch.searchsorted(knots, t.detach().contiguous(), right=True) - 1).clamp(max=last)
        return t - knots[index], *t.new_tensor(self._pieces)[index].unbind(-1)

    def sigma(self, t: T) -> T:
        """e to the interpolated ln sigma."""
        u, p0, p1, p2, p3 = self._piece(checked(t))
        log_sigma: T = p0 + u * (p1 + u * (p2 + u * p3))
        return exp(log_sigma)

    def slope(self, t: T) -> T:
        """sigma (ln sigma)'; at a point of a broken line that of the piece above."""
        u, _, p1, p2, p3 = self._piece(checked(t))
        rate: T = p1 + u * (2 * p2 + u * (3 * p3))
        return self.sigma(t) * rate

    def t_of_sigma(self, sigma: T) -> T:
        """The one root of a growing curve, by halving [0, 1] down to rounding."""
        wanted = within(sigma, self.points[0][1], self.points[-1][1], "sigma")
        below, above = 0.0 * wanted, 0.0 * wanted + 1.0
        for _ in range(54):
            middle = 0.5 * (below + above)
            short = self.sigma(middle) < wanted
            below, above = where(short, middle, below), where(short, above, middle)
        return 0.5 * (below + above)


Piece = tuple[float, float, float, float]
"""(p0, p1, p2, p3) of p0 + p1 u + p2 u^2 + p3 u^3, u = x less the knot below."""


def _chords(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """Widths and slopes between neighbours."""
    widths = [after - before for before, after in pairwise(x)]
    return widths, [(after - before) / h for (before, after), h in zip(pairwise(y), widths, strict=True)]


def _straight_pieces(x: Sequence[float], y: Sequence[float]) -> list[Piece]:
    return [(low, chord, 0.0, 0.0) for low, chord in zip(y, _chords(x, y)[1], strict=False)]


def _cubic_pieces(x: Sequence[float], y: Sequence[float]) -> list[Piece]:
    """The monotone cubic through growing points: slopes are weighted harmonic means of their neighbours' (Fritsch & Butland 1984)."""
    widths, chords = _chords(x, y)
    slopes = [_end_slope(widths, chords)]
    for h, k, d, e in zip(widths, widths[1:], chords, chords[1:], strict=False):
        slopes.append(3 * (h + k) / ((h + 2 * k) / d + (2 * h + k) / e))
    slopes.append(_end_slope(widths[::-1], chords[::-1]))
    return [
        (low, first, (3 * chord - 2 * first - last) / h, (first + last - 2 * chord) / h**2)
        for low, first, last, chord, h in zip(y, slopes, slopes[1:], chords, widths, strict=False)
    ]


def _end_slope(widths: Sequence[float], chords: Sequence[float]) -> float:
    """That of the parabola through the end's three points, unless it would turn back."""
    if len(chords) == 1:
        return chords[0]
    h, k = widths[0], widths[1]
    return max(0.0, ((2 * h + k) * chords[0] - h * chords[1]) / (h + k))


@implements(EDM)
def _edm(spec: EDM, diameter: float) -> EDMSDE:
    sigma_max = spec.sigma_max if spec.sigma_max is not None else max(diameter, 2 * spec.sigma_min)
    return EDMSDE(spec.sigma_min, sigma_max)


@implements(Custom)
def _custom(spec: Custom, diameter: float) -> CustomSDE:
    """The diameter plays no part: the curve says where the noise ends."""
    return CustomSDE(spec.points, spec.interpolation, spec.scale == "preserving")
