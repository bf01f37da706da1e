"""The forward SDE by its exact transitions."""

from __future__ import annotations

from itertools import pairwise

from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.solvers.levels import plan_of
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import Forward


class ForwardSampler(Sampler):
    """dx = f dt + g dw by its exact transitions x_s = scale x_t + std z: no score, no discretisation error.

    For VE that adds sqrt(sigma_s^2 - sigma_t^2) z at each of n equal steps of t from 0 to 1.
    """

    def __init__(self, sde: SDE, n: int) -> None:
        """n steps."""
        times = [i / n for i in range(n + 1)]
        self.transitions = [sde.transition(t, s) for t, s in pairwise(times)]
        self.plan = plan_of(times)

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """One transition."""
        scale, std = self.transitions[substep.index]
        z, rng = self.draw(state, substep)
        x_mean, noise = state.x * scale, z.mul_(std)
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(None, x_mean - state.x, noise)


@implements(Forward)
def _forward(spec: Forward, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return ForwardSampler(sde, spec.steps)
