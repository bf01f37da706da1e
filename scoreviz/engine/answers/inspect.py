"""Maps of the Inspect menu: errors, log-densities, curl, divergence and posterior mean on a grid, a few rows at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from scoreviz.engine.answers.registry import Part, World, answers
from scoreviz.engine.fields import cell_centres
from scoreviz.engine.plan import data_set, plan_of
from scoreviz.maths.denoiser import denoiser_from_score
from scoreviz.maths.fields import Field, curl, divergence, error_map
from scoreviz.maths.likelihood import likelihood_in_steps
from scoreviz.maths.targets import LogProbFn, ScoreFn
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.inspect import AskMaps, LevelMap, Maps
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PIECE = 768
"""Points that are evaluated at a time, so that the engine polls its messages in between."""
ODE_PIECE = 288
ODE_STEPS = 60
"""Of the whole range of ln sigma; from a later level proportionally fewer. Largest error on a mixture of widths .2 and .3: 1e-3 nats."""
DIFFERENCE = {torch.float32: 1e-2, torch.float64: 1e-3}
"""Steps of central differences in units of std(t): every score can be differentiated so, whatever it is made of."""
MASS_CELLS = 128
"""Side of the grid on which an energy network's mass is summed."""
REACH = 5.0
"""That grid goes so many standard deviations beyond the outermost component."""

Rows = Callable[[Tensor, Tensor], Tensor]
"""xs (C,), ys (R,) -> the map there, (R, C) or (R, C, 2)."""


@dataclass(frozen=True)
class _Level:
    """One noise level of a question."""

    question: AskMaps
    world: World
    score_fn: ScoreFn  # the one that the map is of
    sigma: float

    @property
    def t(self) -> float:
        """Below `t_min` there is no noise, and no network knows a score."""
        sde = self.world.sde
        return float(max(sde.t_of_sigma(self.sigma), sde.t_min))

    @property
    def std(self) -> float:
        return float(self.world.sde.std(self.t))

    @property
    def axes(self) -> tuple[Tensor, Tensor]:
        """Centres of the columns and of the rows."""
        x0, x1, y0, y1 = self.question.bounds
        rows, columns = self.question.shape
        return cell_centres(x0, x1, columns), cell_centres(y0, y1, rows)

    def log_p(self) -> Tensor:
        """The exact log p_t, (rows, columns)."""
        return self.world.target.log_prob_grid(*self.axes, self.world.sde, self.t)

    def entry(self, values: Tensor, share: float = 1.0, figure: float | None = None) -> LevelMap:
        """What is sent of it."""
        return LevelMap(sigma=self.sigma, values=Array.of(values.float().numpy()), figure=figure, share=share)


@answers(AskMaps)
def maps(question: AskMaps, world: World) -> Iterator[Part | None]:
    """The maps of the levels that the scene's noise has, in turn, each in pieces."""
    if world.target.shape != (2,):
        raise SceneError(QT_TRANSLATE_NOOP("engine", "Maps are drawn in the plane. This drawing has another number of dimensions."))
    score_fn, step = _score(question, world)
    work = _work(question, world)
    lowest, highest = float(world.sde.sigma(0.0)), float(world.sde.sigma(1.0))
    sigmas = [s for s in question.sigmas if lowest * (1 - 1e-9) <= s <= highest * (1 + 1e-9)]
    done: list[LevelMap] = []

    def answer(entries: list[LevelMap]) -> Maps:
        return Maps(kind=question.kind, source=question.source, bounds=question.bounds, step=step, maps=tuple(entries))

    for number, sigma in enumerate(sigmas):
        found: LevelMap | None = None
        for found in work(_Level(question, world, score_fn, sigma)):
            share = 0.0 if found is None else found.share
            last = number == len(sigmas) - 1 and share >= 1.0
            yield None if found is None else (1.0 if last else (number + share) / len(sigmas), answer([*done, found]))
        assert found is not None and found.share == 1.0
        done.append(found)
    if not sigmas:
        yield 1.0, answer([])


def _score(question: AskMaps, world: World) -> tuple[ScoreFn, int | None]:
    """The score that this kind of map is of, and the step of the network in it."""
    source = question.source if question.kind == "posterior_mean" else "sampler"
    if question.kind in ("error", "relative", "angle", "weighted", "curl", "log_network"):
        source = "network"
    match source:
        case "network":
            return world.trainer.score_fn(), world.trainer.shown_step
        case "exact":
            return world.target.score_fn(world.sde), None
        case "data":
            return data_set(world.target, world.scene.data).score_fn(world.sde), None
        case _:
            plan = plan_of(world.scene, world.sde, world.target, world.trainer)
            return plan.score_fn, plan.step


def _work(question: AskMaps, world: World) -> Callable[[_Level], Iterator[LevelMap | None]]:
    """What computes one level of this kind: None where there is nothing to show yet, at last the whole map. SceneError if it cannot be."""
    match question.kind:
        case "error" | "relative" | "angle" | "weighted":
            return _error
        case "curl" | "divergence":
            return _derivative
        case "posterior_mean":
            return _posterior_mean
        case "log_ode":
            return _log_ode
        case "log_network":
            log_prob_fn = world.trainer.log_prob_fn()
            if log_prob_fn is None:
                raise SceneError(
                    QT_TRANSLATE_NOOP(
                        "engine", "This network is a free field, it has no log-density. Choose “gradient of an energy”, or the ODE."
                    )
                )
            return lambda level: _log_network(level, log_prob_fn)


def _in_pieces(rows: Rows, xs: Tensor, ys: Tensor) -> Generator[None, None, Tensor]:
    """rows(xs, ys), evaluated a few rows at a time."""
    pieces = []
    for some in ys.split(max(1, PIECE // len(xs))):
        pieces.append(rows(xs, some))
        yield
    return torch.cat(pieces)


def _whole(level: _Level, rows: Rows, figure: Callable[[Tensor], float | None] = lambda _: None) -> Iterator[LevelMap | None]:
    """A map of which nothing is shown before it is whole."""
    values = yield from _in_pieces(rows, *level.axes)
    yield level.entry(values, figure=figure(values))


def _points(xs: Tensor, ys: Tensor) -> Tensor:
    """(R C, 2), x fastest."""
    return torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).reshape(-1, 2)


def _error(level: _Level) -> Iterator[LevelMap | None]:
    """One of the four maps of the network's error."""
    world, kind, t = level.world, level.question.kind, level.t

    def rows(xs: Tensor, ys: Tensor) -> Tensor:
        found = error_map(level.score_fn, world.target, world.sde, t, xs, ys)
        match kind:
            case "error":
                return found.absolute
            case "relative":
                return found.relative
            case "angle":
                return found.angle.rad2deg()
            case _:
                return found.weighted

    def figure(values: Tensor) -> float | None:
        x0, x1, y0, y1 = level.question.bounds
        if kind == "weighted":
            return float(values.double().mean()) * (x1 - x0) * (y1 - y0)
        return weighted_rms(values, level.log_p()) if kind == "error" else None

    return _whole(level, rows, figure)


def weighted_rms(values: Tensor, log_p: Tensor) -> float | None:
    """sqrt(sum p v^2 / sum p) over the cells where v is finite; None where there are none."""
    seen = torch.isfinite(values)
    if not bool(seen.any()):
        return None
    weight = torch.softmax(log_p[seen].double(), 0)
    return float((weight * values[seen].double().square()).sum().sqrt())


def _derivative(level: _Level) -> Iterator[LevelMap | None]:
    """std^2 times curl or divergence."""
    std = level.std
    measure = curl if level.question.kind == "curl" else divergence
    field, dtype = _field(level)

    def rows(xs: Tensor, ys: Tensor) -> Tensor:
        found = measure(field, _points(xs, ys).to(dtype), difference=DIFFERENCE[dtype] * std)
        return (found * std**2).reshape(len(ys), len(xs))

    return _whole(level, rows)


def _field(level: _Level) -> tuple[Field, torch.dtype]:
    """The score at this time, and the dtype to ask it in: a network's weights are float32, the exact scores know better."""
    t, score_fn = level.t, level.score_fn
    learned = level.question.kind == "curl" or level.world.scene.score.source == "network"
    return lambda x: score_fn(x, t), torch.float32 if learned else torch.float64


def _posterior_mean(level: _Level) -> Iterator[LevelMap | None]:
    """E[x_0 | x] by Tweedie's formula with this score."""
    world, t = level.world, level.t

    def rows(xs: Tensor, ys: Tensor) -> Tensor:
        x = _points(xs, ys)
        return denoiser_from_score(x, level.score_fn(x, t), world.sde, t).reshape(len(ys), len(xs), 2)

    return _whole(level, rows)


def _log_network(level: _Level, log_prob_fn: LogProbFn) -> Iterator[LevelMap | None]:
    """The energy network's log-density, shifted so that it sums to mass 1 over a square that holds all of p_t."""
    t = level.t

    def rows(xs: Tensor, ys: Tensor) -> Tensor:
        return log_prob_fn(_points(xs, ys), t).reshape(len(ys), len(xs))

    xs, ys, cell = _square(level)
    around = yield from _in_pieces(rows, xs, ys)
    log_mass = float(torch.logsumexp(around.double().flatten(), 0)) + math.log(cell)
    log_p = level.log_p()
    yield from _whole(level, lambda xs, ys: rows(xs, ys) - log_mass, lambda values: weighted_rms(values - log_p, log_p))


def _square(level: _Level) -> tuple[Tensor, Tensor, float]:
    """Cells of a square around all components of p_t, and the area of one."""
    world, t = level.world, level.t
    law = world.target.marginal(world.sde, t)
    reach = REACH * law.stds.max()
    low, high = law.means.amin(0) - reach, law.means.amax(0) + reach
    centre, half = (low + high) / 2, float((high - low).max()) / 2
    xs, ys = (cell_centres(float(c) - half, float(c) + half, MASS_CELLS) for c in centre)
    return xs, ys, (2 * half / MASS_CELLS) ** 2


def _log_ode(level: _Level) -> Iterator[LevelMap | None]:
    """log p_t by the probability-flow ODE from t to 1, a few rows after another, so that the map fills as one watches."""
    xs, ys = level.axes
    log_p = level.log_p()
    values = torch.full((len(ys), len(xs)), torch.nan, dtype=torch.float64)
    taken = 0
    for some in ys.split(max(1, ODE_PIECE // len(xs))):
        nats = yield from _ode(level, _points(xs, some))
        values[taken : taken + len(some)] = nats.reshape(len(some), len(xs))
        taken += len(some)
        whole = taken == len(ys)
        yield level.entry(values, taken / len(ys), weighted_rms(values - log_p, log_p) if whole else None)


def _ode(level: _Level, x: Tensor) -> Generator[None, None, Tensor]:
    """log p_t at x (B, 2), float64, with rests."""
    sde, t = level.world.sde, level.t
    _, dtype = _field(level)
    centre = level.world.target.mean()  # where the sampler's prior is
    if t >= 1.0 - 1e-9:
        return sde.prior_logp(x.double() - sde.mean_coefficient(1.0) * centre)
    highest, lowest = math.log(sde.sigma(1.0)), math.log(sde.sigma(max(sde.eps, sde.t_min)))
    share = (highest - math.log(sde.sigma(t))) / (highest - lowest)
    steps = max(4, math.ceil(ODE_STEPS * min(1.0, share)))
    found = yield from likelihood_in_steps(
        x.to(dtype), sde, level.score_fn, steps=steps, difference=DIFFERENCE[dtype], eps=t, centre=centre
    )  # fmt: skip
    return found.nats
