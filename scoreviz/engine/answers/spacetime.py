"""One dimension over time: log p_t, the drawn curve, forward paths, quantile lines of the ODE, and ways from one point to the data."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.fields import cell_centres
from scoreviz.engine.plan import Plan, plan_of
from scoreviz.maths.pc import PredictorCorrectorSampler
from scoreviz.maths.predictors import build_predictor
from scoreviz.maths.sampling import Sampler, rng_from_seed, trajectory
from scoreviz.maths.sde import SDE, Levels
from scoreviz.maths.solvers.levels import level
from scoreviz.maths.solvers.ode import RK4Sampler
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.spacetime import (
    AskCurve,
    AskFlowLines,
    AskForwardPaths,
    AskSpaceTime,
    AskWays,
    Curve,
    FlowLines,
    Paths,
    SpaceTime,
    Ways,
)
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import ReverseDiffusion
from scoreviz.scene.text import QT_TRANSLATE_NOOP

LEAST_WAY = 1e-3
"""A way to the data is at least so long in t: from the data themselves there is none."""


@answers(AskSpaceTime)
def space_time(question: AskSpaceTime, world: World) -> Iterator[Part | None]:
    """The exact log p_t, a column at a time."""
    _one_dimension(world)
    x = cell_centres(question.x0, question.x1, question.rows).double()[:, None]
    columns: list[Tensor] = []
    for t in question.t:
        columns.append(world.target.log_prob(x, world.sde, t).float())
        yield None
    log_p = torch.stack(columns, 1) if columns else torch.empty(question.rows, 0)
    yield 1.0, SpaceTime(t=question.t, x0=question.x0, x1=question.x1, log_p=Array.of(log_p.numpy()))


@answers(AskCurve)
def curve(question: AskCurve, world: World) -> Curve:
    """The density of the drawing."""
    _one_dimension(world)
    x = torch.linspace(question.x0, question.x1, question.n, dtype=torch.float64)[:, None]
    return Curve(x0=question.x0, x1=question.x1, p=Array.of(world.target.log_prob(x).exp().float().numpy()))


@answers(AskForwardPaths)
def forward_paths(question: AskForwardPaths, world: World) -> Paths:
    """x_0 and then the exact transitions x_s = scale x_t + std z: no discretisation error at any of the times."""
    _one_dimension(world)
    generator, sde = torch.Generator().manual_seed(question.seed), world.sde
    t = np.linspace(0.0, 1.0, question.times)
    x = sde.mean_coefficient(0.0) * world.target.sample(question.n, generator).double()
    x = x + sde.std(0.0) * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    path = [x]
    for here, there in pairwise(t):
        scale, std = sde.transition(float(here), float(there))
        x = scale * x + std * torch.randn(x.shape, generator=generator, dtype=x.dtype)
        path.append(x)
    return _paths(t.tolist(), path)


@answers(AskFlowLines)
def flow_lines(question: AskFlowLines, world: World) -> Iterator[Part | None]:
    """The probability-flow ODE from the quantiles of p_1."""
    _one_dimension(world)
    plan = _plan(world)
    levels = (np.arange(question.n) + 0.5) / question.n
    x = quantiles(world.target.marginal(world.sde, 1.0), torch.from_numpy(levels))[:, None]
    sampler = RK4Sampler(world.sde, plan.score_fn, [level(world.sde, t) for t in _down(world.sde, 1.0, question.steps)])
    t, path = yield from _followed(sampler, x.to(_dtype(plan)), 0)
    lines = _paths(t, path)
    yield 1.0, FlowLines(t=lines.t, x=lines.x, level=Array.of(levels))


@answers(AskWays)
def ways(question: AskWays, world: World) -> Iterator[Part | None]:
    """Reverse diffusion with Tweedie's estimate at the end, and the ODE, both from one point."""
    _one_dimension(world)
    plan, sde = _plan(world), world.sde
    begin = max(question.t, sde.t_min + LEAST_WAY)
    times = _down(sde, begin, max(2, math.ceil(question.steps * (begin - sde.t_min))))
    point = torch.full((1, 1), question.x, dtype=_dtype(plan))
    predictor = build_predictor(ReverseDiffusion())
    reverse = PredictorCorrectorSampler(Levels.at(sde, times[::-1]), plan.score_fn, predictor, denoise="tweedie")
    t, fan = yield from _followed(reverse, point.expand(question.n, 1).clone(), question.seed)
    flow = RK4Sampler(sde, plan.score_fn, [level(sde, each) for each in times])
    s, path = yield from _followed(flow, point, 0)
    yield 1.0, Ways(sde=_paths(t, fan), flow=_paths(s, path))


def quantiles(law: GaussianMixture, u: Tensor) -> Tensor:
    """Where the cumulative distribution of a mixture on the line reaches u (n,): by bisection, to float64's precision. (n,)."""
    w, m, s = law.weights.double(), law.means.double()[:, 0], law.stds.double()
    low, high = (m - 40 * s).min().expand(len(u)), (m + 40 * s).max().expand(len(u))
    for _ in range(80):
        middle = (low + high) / 2
        below = (w * torch.special.ndtr((middle[:, None] - m) / s)).sum(1) < u
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2


def _one_dimension(world: World) -> None:
    """SceneError unless points are numbers."""
    if world.target.dim != 1:
        raise SceneError(
            QT_TRANSLATE_NOOP("engine", "Space against time is drawn for one dimension only; this scene has {n}."), n=world.target.dim
        )


def _plan(world: World) -> Plan:
    """The score that drives the sampler, its control included."""
    return plan_of(world.scene, world.sde, world.target, world.trainer)


def _dtype(plan: Plan) -> torch.dtype:
    """A network computes in float32; what is exact stays so."""
    return torch.float64 if plan.step is None else torch.float32


def _down(sde: SDE, begin: float, steps: int) -> list[float]:
    """steps + 1 even times from `begin` to the lowest at which there is a score."""
    return [float(t) for t in np.linspace(begin, sde.t_min, steps + 1)]


def _followed(sampler: Sampler, x: Tensor, seed: int) -> Generator[None, None, tuple[list[float], list[Tensor]]]:
    """The times and the points of a run, its start first; None after each substep, for the desk to look up."""
    state = sampler.init(x, rng_from_seed(seed))
    times, path = [sampler.plan[0].t], [x]
    for substep, state, _info in trajectory(sampler, state):  # noqa: B020 - the state goes on
        times.append(substep.s)
        path.append(state.x)
        yield None
    return times, path


def _paths(t: list[float], path: list[Tensor]) -> Paths:
    """(T,) times and (T, n, 1) points as they travel."""
    return Paths(t=Array.of(np.asarray(t)), x=Array.of(torch.stack(path)[..., 0].float().numpy()))
