"""Solvers that choose their own steps: attempts are made, judged by their estimated error, and repeated shorter where it is too large.

A substep first makes the step that the last attempt earned, and then attempts the next one from there. So its t and s are known before
it is carried out, and what an attempt costs is counted where it is made; a rejected one leaves a substep with t == s that moves nothing.
"""

from __future__ import annotations

import functools
import hashlib
import math
from abc import abstractmethod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.brownian import BrownianPath
from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.dormand_prince import ERROR, NODES, STAGES
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.solvers.levels import level, level_of
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import RK45, AdaptiveSDE
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Progress(NamedTuple):
    """What an adaptive run keeps in `State.memory`."""

    t: float
    """Where the points are."""
    width: float
    """The step to try next, in the solver's own variable; 0 when all is done."""
    score: tuple[Tensor, ...] = ()
    """The score at the points, once it is known."""
    past: tuple[Tensor, ...] = ()
    """What the error estimate needs of earlier steps."""
    ahead: tuple[Any, ...] = ()
    """The accepted step, not yet made: (s, x_mean, (noise,) or (), score there, past there)."""


class AdaptiveSampler(Sampler):
    """From t = 1 to `sde.eps`, and on to the data by Tweedie's estimate if asked."""

    adaptive = True
    plan = ()
    first: float
    """The first width to try."""

    def __init__(self, sde: SDE, score_fn: ScoreFn, rtol: float, atol: float, to_data: bool) -> None:
        """rtol, atol > 0: the error allowed is atol + rtol |x| (or the larger of both), in data units."""
        if not (0 < rtol < math.inf and 0 < atol < math.inf):
            raise ValueError(f"an adaptive solver needs positive tolerances, got rtol={rtol}, atol={atol}")
        self.sde, self.score_fn, self.rtol, self.atol, self.to_data = sde, score_fn, rtol, atol, to_data

    def init(self, x: Tensor, rng: Tensor) -> State:
        """Nothing is known yet."""
        return State(x, x, 0, rng, Progress(1.0, self.first))

    def next(self, state: State) -> Substep | None:
        """The step that was earned, an attempt that moves nothing, or the end."""
        run = Progress(*state.memory)
        if run.ahead:
            return Substep(state.cursor, Stage.PREDICT, run.t, run.ahead[0])
        if run.t > self.sde.eps:
            return Substep(state.cursor, Stage.PREDICT, run.t, run.t)
        return Substep(state.cursor, Stage.DENOISE, run.t, 0.0) if self.to_data and run.width > 0 else None

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """Move, then attempt."""
        run, x = Progress(*state.memory), state.x
        if substep.stage is Stage.DENOISE:
            return self._to_data(state, run)
        x_mean, noise, here = x, None, run
        if run.ahead:
            s, x_mean, shaken, score, past = run.ahead
            noise = shaken[0] if shaken else None
            here = Progress(s, run.width, score, past)
        x_next = x_mean if noise is None else x_mean + noise
        nfe = 0
        if here.t > self.sde.eps:
            here, nfe = self.attempt(x_next, here, state)
        (score,) = run.score or here.score
        at = level(self.sde, run.t)
        info = Info(score, x_mean - x, noise, tweedie(x, score, at.a, at.std**2), None, nfe)
        return State(x_next, x_mean, state.cursor + 1, state.rng, here), info

    @abstractmethod
    def attempt(self, x: Tensor, here: Progress, state: State) -> tuple[Progress, int]:
        """One attempt from x at here.t > eps, and its evaluations: `here` with its score, the next width and, if accepted, `ahead`."""

    def _to_data(self, state: State, run: Progress) -> tuple[State, Info]:
        x, at = state.x, level(self.sde, run.t)
        score = run.score[0] if run.score else self.score_fn(x, run.t)
        x0 = tweedie(x, score, at.a, at.std**2)
        info = Info(score, x0 - x, None, x0, None, 0 if run.score else 1)
        return State(x0, x0, state.cursor + 1, state.rng, Progress(0.0, 0.0)), info

    def largest(self, error: Tensor, allowed: Tensor, t: float) -> float:
        """The largest over the batch of each sample's root mean square of error/allowed; SceneError if it is not a number."""
        norm = float((error / allowed).reshape(len(error), -1).square().mean(1).max().sqrt())
        if not math.isfinite(norm):
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "At t = {t} the score is not finite, so no step size can be chosen. Train longer or anew."),
                t=f"{t:.4g}",
            )
        return norm


class RK45Sampler(AdaptiveSampler):
    """The probability-flow ODE dy/d ln sigma = sigma eps, y = x/a, by Dormand & Prince's pair of orders 5 and 4.

    The error norm is the largest over the batch of a sample's root mean square of (y5 - y4)/(atol + rtol max(|y|, |y5|)), so that one
    sample's accuracy does not depend on how many others there are. Widths follow 0.9 norm^(-1/5), at most fivefold down, tenfold up.
    Seven evaluations for the first attempt, six for each later one. Sources: Dormand & Prince 1980; Hairer, Norsett & Wanner, II.4.
    """

    first = 0.1

    def attempt(self, x: Tensor, here: Progress, state: State) -> tuple[Progress, int]:
        """Six stages beside the score at x; the last of them is the score at the new points."""
        at, end = level(self.sde, here.t), level(self.sde, self.sde.eps)
        far = math.log(at.sigma / end.sigma)
        h = min(here.width, far)
        last = h > far * (1 - 1e-9)
        score = here.score[0] if here.score else self.score_fn(x, here.t)
        y, slopes = x / at.a, [score * (-at.std * at.sigma)]
        for node, weights in zip(NODES, STAGES, strict=True):
            there = end if last and node == 1.0 else level_of(self.sde, at.sigma * math.exp(-node * h))
            y_there = y + _sum(weights, slopes) * -h
            x_there = y_there * there.a
            score_there = self.score_fn(x_there, there.t)
            slopes.append(score_there * (-there.std * there.sigma))
        norm = self.largest(_sum(ERROR, slopes) * h, self.atol + self.rtol * torch.maximum(y.abs(), y_there.abs()), here.t)
        ahead = (there.t, x_there, (), (score_there,), ()) if norm <= 1 else ()
        width = h * min(10.0, max(0.2, 0.9 * max(norm, 1e-10) ** -0.2))
        return Progress(here.t, width, (score,), (), ahead), 6 if here.score else 7


def _sum(weights: tuple[float, ...], slopes: list[Tensor]) -> Tensor:
    total = slopes[0] * weights[0]
    for weight, slope in zip(weights[1:], slopes[1:], strict=True):
        if weight:
            total = total.add_(slope, alpha=weight)
    return total


class AdaptiveSDESampler(AdaptiveSampler):
    """The reverse SDE in t: Euler-Maruyama x' against x^ = (x' + x'')/2, where x'' takes its slopes and g at x', for the same noise.

    Accepted, x^ is taken (extrapolation), if the norm of (x' - x^)/max(atol, rtol max(|x'|, |x'_before|)) is at most 1; the norm as in
    `RK45Sampler`. Widths follow 0.9 norm^(-0.9). All increments are those of one Brownian path (its seed is the run's, or the shared one),
    so that a shorter second attempt sees the same path as the rejected one: drawing anew would throw out just the large increments.
    Two evaluations for an attempt, one for a repeated one. Source: Jolicoeur-Martineau et al. 2021 ("Gotta Go Fast"), algorithm 1;
    one step size for the whole batch, where theirs has one for each sample.
    """

    first = 0.01

    def __init__(self, sde: SDE, score_fn: ScoreFn, rtol: float, atol: float, to_data: bool) -> None:
        """As for every adaptive solver."""
        super().__init__(sde, score_fn, rtol, atol, to_data)
        self._own_path = functools.lru_cache(maxsize=1)(_path_of)

    def draw(self, state: State, substep: Substep) -> tuple[Tensor, Tensor]:
        """The increment of the shared path or, without one, of the path that the state's generator stands for."""
        path = self.path or self._own_path(state.rng.cpu().numpy().tobytes(), tuple(state.x.shape))
        return path.noise(substep.t, substep.s, state.x), state.rng

    def attempt(self, x: Tensor, here: Progress, state: State) -> tuple[Progress, int]:
        """Euler's step and the improved one."""
        t, s = here.t, max(here.t - here.width, self.sde.eps)
        h = t - s
        z, _ = self.draw(state, Substep(state.cursor, Stage.PREDICT, t, s))
        score = here.score[0] if here.score else self.score_fn(x, t)
        shake = z * math.sqrt(h)
        g, g_there = self.sde.diffusion(t), self.sde.diffusion(s)
        slope = self.sde.reverse_drift(x, t, score)
        euler = x - slope * h + shake * g
        slope_there = self.sde.reverse_drift(euler, s, self.score_fn(euler, s))
        x_mean, noise = x - (slope + slope_there) * (h / 2), shake * ((g + g_there) / 2)
        before = here.past[0] if here.past else euler
        allowed = (self.rtol * torch.maximum(euler.abs(), before.abs())).clamp_min(self.atol)
        norm = self.largest(euler - x_mean - noise, allowed, t)
        ahead = (s, x_mean, (noise,), (), (euler,)) if norm <= 1 else ()
        width = 0.9 * h * max(norm, 1e-3) ** -0.9
        return Progress(t, width, (score,), here.past, ahead), 1 if here.score else 2


def _path_of(rng: bytes, shape: tuple[int, ...]) -> BrownianPath:
    digest = hashlib.blake2b(rng, digest_size=8).digest()
    return BrownianPath(shape, int.from_bytes(digest, "little"))


@implements(RK45)
def _rk45(spec: RK45, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return RK45Sampler(sde, score_fn, spec.rtol, spec.atol, spec.to_data)


@implements(AdaptiveSDE)
def _adaptive_sde(spec: AdaptiveSDE, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return AdaptiveSDESampler(sde, score_fn, spec.rtol, spec.atol, spec.to_data)
