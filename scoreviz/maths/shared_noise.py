"""One run's noise for another run: the same draws where both take the same steps, the same Brownian path where they do not.

A run's draws z_k over steps from t_k to s_k are the increments W(s_k) - W(t_k) = sqrt|s_k - t_k| z_k of a Brownian path. Between the run's
own times that path is free; here it is a Brownian bridge, so that any other step sizes find increments with the right law which agree with
the run's own over each of its steps. Source: Levy's construction, as in `brownian`; Karatzas & Shreve 1991, section 2.3.
"""

from __future__ import annotations

import bisect
import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.maths.brownian import BrownianPath
from scoreviz.maths.sampling import Sampler, State, Substep, trajectory

_SEEDS = 0x9E3779B1  # apart: the seeds of neighbouring bridges are mixed by BrownianPath itself


@dataclass(frozen=True, slots=True)
class Draw:
    """z ~ N(0, I) (B, *) that a run drew for its step from time t to time s."""

    t: float
    s: float
    z: Tensor


def drawn(sampler: Sampler, x: Tensor, rng: Tensor) -> list[Draw]:
    """What a run of this sampler from points like x draws for its steps in time, in order; a corrector's draws (t = s) are not among them.

    They do not depend on the score for a sampler with a fixed plan, so it may be one with a cheap score. ValueError for any other.
    """
    if sampler.adaptive:
        raise ValueError("a sampler that chooses its own steps has no noise but that of its own run")
    found: list[Draw] = []
    within = copy.copy(sampler)

    def draw(state: State, substep: Substep) -> tuple[Tensor, Tensor]:
        z, after = sampler.draw(state, substep)
        if substep.t != substep.s:
            found.append(Draw(substep.t, substep.s, z.clone()))  # samplers scale their noise in place
        return z, after

    within.draw = draw  # type: ignore[method-assign]
    for _ in trajectory(within, within.init(x, rng)):
        pass
    return found


class PathThrough(BrownianPath):
    """W with the increments of a run's draws over the run's own steps, and W = 0 where the run begins; bridges in between.

    Beyond the run's times it goes on freely. The draws must follow one another in time, each beginning where the one before ended.
    """

    def __init__(self, draws: Sequence[Draw], seed: int) -> None:
        """draws: those of `drawn`, at least one; seed: of the bridges. ValueError where they do not follow one another."""
        if not draws:
            raise ValueError("a path needs at least one draw to go through")
        self.shape, self.seed = tuple(draws[0].z.shape), seed
        knots = [(draws[0].t, torch.zeros(self.shape, dtype=torch.float64))]
        for draw in draws:
            t, value = knots[-1]
            if not math.isclose(draw.t, t, abs_tol=1e-12):
                raise ValueError(f"the draws do not follow one another: one ends at t={t}, the next begins at t={draw.t}")
            knots.append((draw.s, value + draw.z.double() * math.sqrt(abs(draw.s - draw.t))))
        knots.sort(key=lambda knot: knot[0])
        self.times, self.values = [t for t, _ in knots], [value for _, value in knots]
        self._bridges: dict[int, BrownianPath] = {}  # the last two intervals: runs go through them in order

    def value(self, t: float) -> Tensor:
        """W(t), float64 on the CPU. ValueError outside [0, 1]."""
        if not 0 <= t <= 1:
            raise ValueError(f"a Brownian path runs over t in [0, 1], got t={t}")
        k = bisect.bisect_left(self.times, t)
        if k < len(self.times) and self.times[k] == t:
            return self.values[k]
        free = self._bridge(k)
        if k == 0:
            return self.values[0] + free.value(self.times[0] - t)
        if k == len(self.times):
            return self.values[-1] + free.value(t - self.times[-1])
        left, right = self.times[k - 1], self.times[k]
        share = (t - left) / (right - left)
        bend = (free.value(share) - free.value(1.0) * share) * math.sqrt(right - left)
        return self.values[k - 1] * (1 - share) + self.values[k] * share + bend

    def _bridge(self, k: int) -> BrownianPath:
        """The free path of interval k, with a seed of its own."""
        if k not in self._bridges:
            kept = dict(list(self._bridges.items())[-1:])
            self._bridges = {**kept, k: BrownianPath(self.shape, self.seed * _SEEDS + k + 1)}
        return self._bridges[k]


def same_steps(one: Sampler, other: Sampler) -> bool:
    """Do both go through the same substeps, so that the same generator gives each of them the same noise?"""
    if one.adaptive or other.adaptive or len(one.plan) != len(other.plan):
        return False
    pairs = zip(one.plan, other.plan, strict=True)
    return all((a.stage, a.t, a.s) == (b.stage, b.t, b.s) for a, b in pairs)
