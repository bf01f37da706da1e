"""DDIM with any share of noise; k-diffusion's ancestral Euler rule is the same step with eta = 1."""

from __future__ import annotations

import math

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.solvers.levels import Level, LevelSampler, grid_levels
from scoreviz.maths.targets import ScoreFn
from scoreviz.scene.samplers import DDIM, EulerAncestral


class DDIMSampler(LevelSampler):
    """x_s = a_s x0 + sqrt(std_s^2 - v^2) eps + v z with Tweedie's x0, its noise eps, and v = eta (std_s/std_t) G.

    G^2 = std_t^2 - (a_t std_s/a_s)^2 is the variance of the forward transition from s to t; eta = 1 gives the variance of x_s given x_t
    and the data, DDPM's. In y = x/a that is v/a_s = eta sigma_s sqrt(sigma_t^2 - sigma_s^2)/sigma_t, k-diffusion's sigma_up, for every SDE.
    With eta = 0 it is Euler's rule in sigma, and DPM-Solver-1.
    Sources: Song, Meng & Ermon 2021, eq. 12 and 16; Lu et al. 2022, section 4.1.
    """

    def __init__(self, sde: SDE, score_fn: ScoreFn, levels: list[Level], eta: float = 0.0) -> None:
        """eta in [0, 1]."""
        super().__init__(sde, score_fn, levels)
        if not 0 <= eta <= 1:
            raise ValueError(f"DDIM needs eta in [0, 1], got {eta}")
        self.eta = eta

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """One evaluation."""
        x, (here, there) = state.x, self.ends(substep)
        score = self.score_fn(x, here.t)
        x0 = tweedie(x, score, here.a, here.std**2)
        up = self.eta * there.sigma * math.sqrt(here.sigma**2 - there.sigma**2) / here.sigma
        down = math.sqrt(there.sigma**2 - up**2)
        # a_s y + a_s (down - sigma_t) eps: with x0 itself two large numbers would nearly cancel at the noisy end
        x_mean = x0 if there.sigma == 0.0 else x * (there.a / here.a) + score * (there.a * (here.sigma - down) * here.std)
        if up == 0.0:
            return State(x_mean, x_mean, state.cursor + 1, state.rng), Info(score, x_mean - x, None, x0, None, 1)
        z, rng = self.draw(state, substep)
        noise = z * (there.a * up)
        return State(x_mean + noise, x_mean, state.cursor + 1, rng), Info(score, x_mean - x, noise, x0, None, 1)


@implements(DDIM)
def _ddim(spec: DDIM, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return DDIMSampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data), spec.eta)


@implements(EulerAncestral)
def _euler_ancestral(spec: EulerAncestral, sde: SDE, score_fn: ScoreFn) -> Sampler:
    return DDIMSampler(sde, score_fn, grid_levels(sde, spec.grid, spec.steps, spec.to_data), spec.eta)
