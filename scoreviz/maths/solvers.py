"""The probability-flow ODE by Heun's rule, and the forward SDE by its exact transitions."""

from __future__ import annotations

from itertools import pairwise

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import Forward, ProbabilityFlow


def _plan(times: list[float]) -> list[Substep]:
    return [Substep(i, Stage.PREDICT, t, s) for i, (t, s) in enumerate(pairwise(times))]


class HeunSampler(Sampler):
    """dx = [f - g^2 s/2] dt in the variable where it is simplest: d(x/a)/d sigma = eps = -std s, sigma = std/a.

    Second order in the step, two evaluations a step, over n equal steps of t from 1 to `sde.eps` (for VE: geometric sigmas).
    Source: Karras et al. 2022, algorithm 1 and eq. 4.
    """

    def __init__(self, sde: SDE, score_fn: ScoreFn, n: int) -> None:
        """n steps."""
        self.score_fn = score_fn
        times = [1 - (1 - sde.eps) * i / n for i in range(n)] + [sde.eps]
        self.levels = [(sde.mean_coefficient(t), sde.std(t), sde.sigma(t)) for t in times]
        self.plan = _plan(times)

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """An Euler step, then the mean of both slopes."""
        x = state.x
        (a, std, sigma), (a_next, std_next, sigma_next) = self.levels[substep.index : substep.index + 2]
        width = a_next * (sigma_next - sigma)
        score = self.score_fn(x, substep.t)
        kept = x if a == a_next else x * (a_next / a)
        guess = kept.add(score, alpha=-width * std)
        score_there = self.score_fn(guess, substep.s)
        x_next = kept.add(score, alpha=-0.5 * width * std).add_(score_there, alpha=-0.5 * width * std_next)
        info = Info(score, x_next - x, None, tweedie(x, score, a, std**2), None, 2)
        return State(x_next, x_next, state.cursor + 1, state.rng), info


class ForwardSampler(Sampler):
    """dx = f dt + g dw by its exact transitions x_s = scale x_t + std z: no score, no discretisation error.

    For VE that adds sqrt(sigma_s^2 - sigma_t^2) z at each of n equal steps of t from 0 to 1.
    """

    def __init__(self, sde: SDE, n: int) -> None:
        """n steps."""
        times = [i / n for i in range(n + 1)]
        self.transitions = [sde.transition(t, s) for t, s in pairwise(times)]
        self.plan = _plan(times)

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """One transition."""
        scale, std = self.transitions[substep.index]
        z, rng = self.draw(state, substep)
        x_mean, noise = state.x * scale, z.mul_(std)
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(None, x_mean - state.x, noise)


@implements(ProbabilityFlow)
def _heun(spec: ProbabilityFlow, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return HeunSampler(sde, score_fn, spec.steps)


@implements(Forward)
def _forward(spec: Forward, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return ForwardSampler(sde, spec.steps)
