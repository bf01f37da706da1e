"""Solvers that use the estimates of the steps before: second order for one evaluation a step. The past lies in `State.memory`.

In y = x/a and lambda = -ln sigma the ODE is dy/d lambda = D - y, with Tweedie's D: its linear part is solved exactly, D is extrapolated.
"""

from __future__ import annotations

import math

from torch import Tensor

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.solvers.levels import Level, LevelSampler, grid_levels
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import DPMSolverPP2M, DPMSolverPP2MSDE, UniPC


def _h(here: Level, there: Level) -> float:
    """The step in lambda = -ln sigma."""
    return math.log(here.sigma / there.sigma)


class DPMSolverPP2MSampler(LevelSampler):
    """y' = e^(-(1 + eta) h) y + (1 - e^(-(1 + eta) h)) D* + sigma' sqrt(1 - e^(-2 eta h)) z, with D* = D + (h/2h_)(D - D_).

    D_ is the estimate of the step before and h_ that step's width; the first step has none and takes D* = D, and so does a step to the
    data. eta = 0 is the ODE, eta = 1 the reverse SDE. Memory: (D_,). Sources: Lu et al. 2022b (DPM-Solver++), algorithm 2 and section 5
    (midpoint form); eta after k-diffusion's `sample_dpmpp_2m_sde`.
    """

    def __init__(self, sde: SDE, score_fn: ScoreFn, levels: list[Level], eta: float = 0.0, lower_order_final: bool = False) -> None:
        """eta in [0, 1]. lower_order_final: the last step takes D* = D when there are fewer than 15 steps, as in diffusers."""
        super().__init__(sde, score_fn, levels)
        if not 0 <= eta <= 1:
            raise ValueError(f"DPM-Solver++(2M) needs eta in [0, 1], got {eta}")
        self.eta = eta
        self.careful = len(self.plan) - 1 if lower_order_final and len(self.plan) < 15 else None

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """One evaluation."""
        x, index, (here, there) = state.x, substep.index, self.ends(substep)
        score = self.score_fn(x, here.t)
        x0 = tweedie(x, score, here.a, here.std**2)
        if there.sigma == 0.0:
            return State(x0, x0, state.cursor + 1, state.rng), Info(score, x0 - x, None, x0, None, 1)
        h, estimate = _h(here, there), x0
        if state.memory and index != self.careful:
            (before,) = state.memory
            estimate = x0 + (x0 - before) * (h / (2 * _h(self.levels[index - 1], here)))
        gain = -math.expm1(-(1 + self.eta) * h)
        x_mean = x * ((1 - gain) * there.a / here.a) + estimate * (gain * there.a)
        if self.eta == 0.0:
            return State(x_mean, x_mean, state.cursor + 1, state.rng, (x0,)), Info(score, x_mean - x, None, x0, None, 1)
        z, rng = self.draw(state, substep)
        noise = z * (there.std * math.sqrt(-math.expm1(-2 * self.eta * h)))
        return State(x_mean + noise, x_mean, state.cursor + 1, rng, (x0,)), Info(score, x_mean - x, noise, x0, None, 1)


class UniPCSampler(LevelSampler):
    """UniPC of order 2: each evaluation first corrects the point it was made at (UniC), then predicts the next (UniP).

    With h the step in lambda, B = -h ("bh1") or e^(-h) - 1 ("bh2"), and differences D' - D, D_ - D of the estimates to the right and to
    the left. x is the prediction at which the score was asked for; the corrected point is what the next step starts from.
    Memory: (y corrected, D) of the step before, and the D before that. Source: Zhao et al. 2023, algorithms 5 to 8 (data prediction).
    """

    remembers_points = True  # the corrector starts from the point before

    def __init__(self, sde: SDE, score_fn: ScoreFn, levels: list[Level], variant: str = "bh2") -> None:
        """variant "bh1" or "bh2"."""
        super().__init__(sde, score_fn, levels)
        if variant not in ("bh1", "bh2"):
            raise ValueError(f"UniPC knows the variants bh1 and bh2, got {variant!r}")
        self.variant = variant

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """One evaluation."""
        x, index, (here, there) = state.x, substep.index, self.ends(substep)
        score = self.score_fn(x, here.t)
        x0 = tweedie(x, score, here.a, here.std**2)
        if there.sigma == 0.0:
            return State(x0, x0, state.cursor + 1, state.rng), Info(score, x0 - x, None, x0, None, 1)
        y = self._corrected(index, state.memory, x0) if state.memory else x / here.a
        h, before = _h(here, there), state.memory[1:2]
        x_next = self._base(y, x0, h)
        if before:
            ratio = -_h(self.levels[index - 1], here) / h
            x_next = x_next - (before[0] - x0) * (0.5 * self._b(h) / ratio)
        x_next = x_next * there.a
        memory = (y, x0, *before)
        return State(x_next, x_next, state.cursor + 1, state.rng, memory), Info(score, x_next - x, None, x0, None, 1)

    def _b(self, h: float) -> float:
        return -h if self.variant == "bh1" else math.expm1(-h)

    @staticmethod
    def _base(y: Tensor, denoised: Tensor, h: float) -> Tensor:
        """The first-order step: e^(-h) y + (1 - e^(-h)) D."""
        return y * math.exp(-h) - denoised * math.expm1(-h)

    def _corrected(self, index: int, memory: tuple[Tensor, ...], x0: Tensor) -> Tensor:
        """UniC: the step just made once more, from where it started, now that the estimate x0 at its end is known."""
        y, denoised, *before = memory
        h = _h(self.levels[index - 1], self.levels[index])
        b = self._b(h)
        base, right = self._base(y, denoised, h), x0 - denoised
        if not before:
            return base - right * (0.5 * b)
        phi_2 = math.expm1(-h) / -h - 1
        first, second = phi_2 / b, 2 * (phi_2 / -h - 0.5) / b
        ratio = -_h(self.levels[index - 2], self.levels[index - 1]) / h
        left_weight = (first - second) / (1 - ratio)  # of the two equations w_l + w_r = first, ratio w_l + w_r = second
        return base - (before[0] - denoised) * (b * left_weight / ratio) - right * (b * (first - left_weight))


@implements(DPMSolverPP2M)
def _dpmpp_2m(spec: DPMSolverPP2M, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return DPMSolverPP2MSampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data), 0.0, spec.lower_order_final)


@implements(DPMSolverPP2MSDE)
def _dpmpp_2m_sde(spec: DPMSolverPP2MSDE, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return DPMSolverPP2MSampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data), spec.eta, spec.lower_order_final)


@implements(UniPC)
def _unipc(spec: UniPC, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return UniPCSampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data), spec.variant)
