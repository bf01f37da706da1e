"""The probability-flow ODE dx = [f - g^2 s/2] dt in fixed single steps: Euler, Heun, Runge-Kutta, DPM-Solver.

All but Euler's rule solve dy/d sigma = eps in y = x/a, sigma = std/a (`levels`), so that the drift's linear part is exact.
A step to the data (`levels.DATA`) is Tweedie's estimate, one evaluation.
"""

from __future__ import annotations

import math
from abc import abstractmethod

from torch import Tensor

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.solvers.levels import Level, LevelSampler, grid_levels, level_of
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import RK4, DPMSolver2, DPMSolver3, Euler, ProbabilityFlow


class SinglestepSampler(LevelSampler):
    """A rule that needs nothing of the steps before."""

    upwards = True

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """The score at x, then `advance`."""
        x, (here, there) = state.x, self.ends(substep)
        score = self.score_fn(x, here.t)
        x0 = tweedie(x, score, here.a, here.std**2)
        x_next, more = (x0, 0) if there.sigma == 0.0 else self.advance(x, score, here, there)
        return State(x_next, x_next, state.cursor + 1, state.rng), Info(score, x_next - x, None, x0, None, 1 + more)

    @abstractmethod
    def advance(self, x: Tensor, score: Tensor, here: Level, there: Level) -> tuple[Tensor, int]:
        """x at the level `there`, which has noise, and how many evaluations that took beside `score`."""


class EulerSampler(SinglestepSampler):
    """x + [f - g^2 s/2] (s - t): first order, one evaluation a step. Source: Song et al. 2021, eq. 13."""

    def advance(self, x: Tensor, score: Tensor, here: Level, there: Level) -> tuple[Tensor, int]:
        """Along the tangent at t."""
        return x + self.sde.flow_drift(x, here.t, score) * (there.t - here.t), 0


class HeunSampler(SinglestepSampler):
    """An Euler step of sigma, then the mean of both slopes: second order, two evaluations. Source: Karras et al. 2022, algorithm 1."""

    def advance(self, x: Tensor, score: Tensor, here: Level, there: Level) -> tuple[Tensor, int]:
        """In units of x, in as few passes as it takes: this is the sampler of the live preview."""
        width = there.a * (there.sigma - here.sigma)
        kept = x if here.a == there.a else x * (there.a / here.a)
        guess = kept.add(score, alpha=-width * here.std)
        score_there = self.score_fn(guess, there.t)
        return kept.add(score, alpha=-0.5 * width * here.std).add_(score_there, alpha=-0.5 * width * there.std), 1


class RK4Sampler(SinglestepSampler):
    """The classical Runge-Kutta rule in sigma, dy/d sigma = eps: fourth order, four evaluations. Source: Kutta 1901.

    In ln sigma or t few steps blow up where sigma spans decades: the slope is no longer bounded.
    """

    def advance(self, x: Tensor, score: Tensor, here: Level, there: Level) -> tuple[Tensor, int]:
        """Slopes at the beginning, twice in the middle (the mean of the sigmas), and at the end."""
        h = there.sigma - here.sigma
        middle = level_of(self.sde, (here.sigma + there.sigma) / 2)
        y, k1 = x / here.a, score * -here.std
        k2 = self.eps(y + k1 * (h / 2), middle)
        k3 = self.eps(y + k2 * (h / 2), middle)
        k4 = self.eps(y + k3 * h, there)
        return (y + (k1 + 2 * k2 + 2 * k3 + k4) * (h / 6)) * there.a, 3


class DPM2Sampler(SinglestepSampler):
    """The midpoint rule with the middle at the geometric mean of the sigmas: second order, two evaluations.

    DPM-Solver-1 is DDIM. Source: Lu et al. 2022, algorithm 1 (r_1 = 1/2), in units of y = x/a.
    """

    def advance(self, x: Tensor, score: Tensor, here: Level, there: Level) -> tuple[Tensor, int]:
        """Half a step of ln sigma, and from the beginning the whole one with the noise found there."""
        middle = level_of(self.sde, math.sqrt(here.sigma * there.sigma))
        y = x / here.a
        half = y + score * (-here.std * (middle.sigma - here.sigma))
        return (y + self.eps(half, middle) * (there.sigma - here.sigma)) * there.a, 1


class DPM3Sampler(SinglestepSampler):
    """Thirds of a step of ln sigma: third order, three evaluations. Source: Lu et al. 2022, algorithm 2 (r_1 = 1/3, r_2 = 2/3)."""

    def advance(self, x: Tensor, score: Tensor, here: Level, there: Level) -> tuple[Tensor, int]:
        """With h = lambda_s - lambda_t and phi(u) = (e^u - 1)/u - 1, in units of y = x/a."""
        h = math.log(here.sigma / there.sigma)
        one, two = (level_of(self.sde, here.sigma * math.exp(-r * h)) for r in (1 / 3, 2 / 3))
        y, eps = x / here.a, score * -here.std
        d1 = self.eps(y + eps * (one.sigma - here.sigma), one) - eps
        at_two = y + eps * (two.sigma - here.sigma) - d1 * (2 * two.sigma * _phi(2 * h / 3))
        d2 = self.eps(at_two, two) - eps
        return (y + eps * (there.sigma - here.sigma) - d2 * (1.5 * there.sigma * _phi(h))) * there.a, 2


def _phi(u: float) -> float:
    return math.expm1(u) / u - 1


@implements(Euler)
def _euler(spec: Euler, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return EulerSampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data))


@implements(ProbabilityFlow)
def _heun(spec: ProbabilityFlow, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return HeunSampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data))


@implements(RK4)
def _rk4(spec: RK4, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return RK4Sampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data))


@implements(DPMSolver2)
def _dpm_2(spec: DPMSolver2, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return DPM2Sampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data))


@implements(DPMSolver3)
def _dpm_3(spec: DPMSolver3, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return DPM3Sampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data))
