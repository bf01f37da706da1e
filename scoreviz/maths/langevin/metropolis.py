"""MALA and HMC: a proposal y is taken with probability min(1, r), else x stays, so that p is stationary at any step size.

Both keep the score and log p of the point where they stand in the state's memory, so neither is evaluated twice: a substep costs its
proposal alone, the first one also its start. Whoever moves the x of a state must empty its memory. A proposal that is not finite, or
where score or log p are not, is never taken.
Sources: Roberts & Tweedie 1996 (MALA); Duane et al. 1987, Neal 2011 (HMC).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.langevin.overdamped import check_step, level_time, step_size_of
from scoreviz.maths.registry import implements
from scoreviz.maths.sampling import Info, Sampler, Stage, State, Substep
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import LogProbFn, ScoreFn
from scoreviz.scene.samplers import HMC, MALA


class Proposal(NamedTuple):
    """x + drift + noise (B, *), its score (B, *), and the log (B,) of what multiplies p(y)/p(x) in the acceptance ratio."""

    drift: Tensor
    noise: Tensor
    x: Tensor
    score: Tensor
    log_correction: Tensor


class MetropolisSampler(Sampler):
    """Proposals at one noise level with accept or reject, sample by sample; every substep is a CORRECT with t = s.

    memory: (score (B, *), log p (B,)) at x. Info.accepted (B,) says which samples moved; drift and noise are 0 for the others.
    """

    evaluations: int
    """Score evaluations of one proposal."""

    uniforms = 1
    """Uniform numbers drawn a sample: the first accepts, the others are the proposal's own."""

    remembers_points = True

    def __init__(self, sde: SDE, score_fn: ScoreFn, log_prob_fn: LogProbFn, t: float, step_size: float, steps: int) -> None:
        """`steps` proposals with p_t as the density. ValueError for t outside [0, 1], step_size <= 0 or steps < 1."""
        check_step(t, step_size)
        if steps < 1:
            raise ValueError(f"a run needs at least 1 step, got {steps}")
        self.score_fn, self.log_prob_fn, self.step_size = score_fn, log_prob_fn, float(step_size)
        self.noise_level = sde.mean_coefficient(t), sde.std(t) ** 2
        self.plan = [Substep(i, Stage.CORRECT, t, t) for i in range(steps)]

    @abstractmethod
    def propose(self, x: Tensor, score: Tensor, z: Tensor, u: Tensor, t: float) -> Proposal:
        """From x (B, *) with its score, z ~ N(0, I) and u ~ U(0, 1) of shape (uniforms - 1, B)."""

    def shown_step(self, x: Tensor) -> Tensor | None:
        """Info's step_size: Langevin's e, where the proposal is a Langevin step."""
        return None

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        """Propose y, draw u ~ U(0, 1), and go where log u < log p(y) - log p(x) + log_correction."""
        x, t = state.x, substep.t
        score, log_p, spent = self._here(state, t)
        z, rng = self.draw(state, substep)
        u, rng = _draw_uniform(rng, self.uniforms, log_p)
        proposal = self.propose(x, score, z, u[1:], t)
        log_p_there = self.log_prob_fn(proposal.x, t)
        accepted = (u[0].log() < log_p_there - log_p + proposal.log_correction) & log_p_there.isfinite()
        accepted &= proposal.x.isfinite().flatten(1).all(1)
        go = _across(accepted, x)
        zero = x.new_zeros(())
        drift, noise = torch.where(go, proposal.drift, zero), torch.where(go, proposal.noise, zero)
        memory = torch.where(go, proposal.score, score), torch.where(accepted, log_p_there, log_p)
        new = State(torch.where(go, proposal.x, x), x + drift, state.cursor + 1, rng, memory)
        x0 = tweedie(x, score, *self.noise_level)
        return new, Info(score, drift, noise, x0, self.shown_step(x), self.evaluations + spent, accepted)

    def _here(self, state: State, t: float) -> tuple[Tensor, Tensor, int]:
        """Score and log p at state.x, and the score evaluations that they cost now: kept, or at the first substep found."""
        if not state.memory:
            log_p = self.log_prob_fn(state.x, t)
            if log_p.shape != state.x.shape[:1]:
                raise ValueError(f"log_prob_fn must give shape ({len(state.x)},), got {tuple(log_p.shape)}")
            return self.score_fn(state.x, t), log_p, 1
        score, log_p = state.memory
        if score.shape != state.x.shape:
            raise ValueError(f"the memory is of points {tuple(score.shape)}, the state has {tuple(state.x.shape)}")
        return score, log_p, 0


class MALASampler(MetropolisSampler):
    """y = x + e s(x) + sqrt(2 e) z, accepted with min(1, p(y) q(x|y) / p(x) q(y|x)), q(y|x) = N(y; x + e s(x), 2 e I).

    With g = s(x) + s(y) the proposals' ratio is log q(x|y) - log q(y|x) = -sqrt(e/2) z.g - e |g|^2/4, where |z|^2 has cancelled.
    """

    evaluations = 1

    def propose(self, x: Tensor, score: Tensor, z: Tensor, u: Tensor, t: float) -> Proposal:
        """One Langevin step."""
        e = self.step_size
        drift, noise = score * e, z * math.sqrt(2 * e)
        y = x + drift + noise
        score_there = self.score_fn(y, t)
        g = score + score_there
        log_correction = (g * z.add(g, alpha=math.sqrt(e / 8))).flatten(1).sum(1).mul_(-math.sqrt(e / 2))
        return Proposal(drift, noise, y, score_there, log_correction)

    def shown_step(self, x: Tensor) -> Tensor:
        """e."""
        return x.new_tensor(self.step_size)


class HMCSampler(MetropolisSampler):
    """v ~ N(0, I), then L leapfrog steps of x' = v, v' = s(x); accepted with min(1, exp(H(x, v) - H(y, w))), H = -log p + |v|^2/2.

    Leapfrog: v + h/2 s, x + h v, v + h/2 s; neighbouring halves are one kick. One step is MALA's with e = h^2/2. In Info noise is the
    free flight L h v, drift what the force added to it.
    Each trajectory has its own step, uniform in h (1 +- jitter): at one length far points swing between the same two places and stay
    there (half of 1000 points from the prior, after 100 trajectories at jitter 0). Source of the remedy: Neal 2011, section 5.4.2.2.
    """

    def __init__(
        self,
        sde: SDE,
        score_fn: ScoreFn,
        log_prob_fn: LogProbFn,
        t: float,
        step_size: float,
        steps: int,
        leapfrog_steps: int,
        jitter: float = 0.0,
    ) -> None:
        """step_size h in data units, L = leapfrog_steps >= 1, jitter in [0, 1) (else ValueError)."""
        super().__init__(sde, score_fn, log_prob_fn, t, step_size, steps)
        if leapfrog_steps < 1:
            raise ValueError(f"a trajectory needs at least 1 leapfrog step, got {leapfrog_steps}")
        if not 0 <= jitter < 1:
            raise ValueError(f"jitter must lie in [0, 1), got {jitter}")
        self.evaluations, self.jitter = leapfrog_steps, jitter
        self.uniforms = 2 if jitter else 1

    def propose(self, x: Tensor, score: Tensor, z: Tensor, u: Tensor, t: float) -> Proposal:
        """One trajectory with velocity z."""
        h = _across((1 + self.jitter * (2 * u[0] - 1)) * self.step_size, x) if self.jitter else x.new_tensor(self.step_size)
        y, v, kick = x, z, 0.5 * h
        for _ in range(self.evaluations):
            v = torch.addcmul(v, score, kick)
            y = torch.addcmul(y, v, h)
            score, kick = self.score_fn(y, t), h
        v = torch.addcmul(v, score, 0.5 * h)
        noise = z * (h * self.evaluations)
        log_correction = ((z - v) * (z + v)).flatten(1).sum(1).mul_(0.5)  # (|z|^2 - |v|^2)/2 without its cancellation
        return Proposal(y - x - noise, noise, y, score, log_correction)


def _across(value: Tensor, x: Tensor) -> Tensor:
    """A mask or numbers (B,) in the shape that meets x (B, *) sample by sample, in their own dtype."""
    return value.reshape(-1, *[1] * (x.ndim - 1))


def _draw_uniform(rng: Tensor, rows: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """u ~ U[0, 1) (rows, B) for `like` (B,), in its dtype and on its device, and the generator state after it."""
    generator = torch.Generator(like.device)
    generator.set_state(rng)
    u = torch.rand((rows, *like.shape), generator=generator, dtype=like.dtype, device=like.device)
    return u, generator.get_state()


@implements(MALA)
def _mala(spec: MALA, sde: SDE, score_fn: ScoreFn, log_prob_fn: LogProbFn) -> Sampler:
    e = step_size_of(spec.step_size, spec.convention)
    return MALASampler(sde, score_fn, log_prob_fn, level_time(sde, spec.sigma), e, spec.steps)


@implements(HMC)
def _hmc(spec: HMC, sde: SDE, score_fn: ScoreFn, log_prob_fn: LogProbFn) -> Sampler:
    t = level_time(sde, spec.sigma)
    return HMCSampler(sde, score_fn, log_prob_fn, t, spec.step_size, spec.steps, spec.leapfrog_steps, spec.jitter)
