"""Solvers that choose their steps: tolerances, rejected attempts, and the noise of rejected attempts."""

import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import Stage, State, Substep, make_sampler, rng_from_seed, sample
from scoreviz.maths.brownian import BrownianPath
from scoreviz.maths.solvers import AdaptiveSDESampler
from scoreviz.scene.errors import SceneError
from tests.maths.solvers.problems import MIXTURE, SDES, counted, gaussian_flow, gaussian_score, lines, mixture_flow, run


@pytest.mark.parametrize("kind", SDES)
def test_rk45_meets_its_tolerance_and_a_looser_one_is_cheaper(kind: str):
    """The tolerance is on each step's error; what the steps leave at the end stays within five times of it."""
    sde = SDES[kind]
    costs = []
    for tolerance in (1e-7, 1e-5, 1e-3):
        cost = 0
        for score, flow in ((gaussian_score(sde), gaussian_flow), (MIXTURE.score_fn(sde), mixture_flow)):
            found, told = run(make_sampler("rk45", sde, score, rtol=tolerance, atol=tolerance), lines(sde))
            error = (found - flow(sde, lines(sde), 1.0, sde.eps)).abs()
            assert bool((error <= 5 * tolerance * (1 + found.abs())).all())
            cost += sum(info.nfe for _, info in told)
        costs.append(cost)
    assert costs[0] > 1.5 * costs[1] > 1.5**2 * costs[2]


def test_rk45_is_of_fifth_order_in_its_tolerance():
    """Error per step held at tol: evaluations grow as tol^(-1/5)."""
    sde = SDES["ve"]
    costs = [sum(info.nfe for _, info in run(make_sampler("rk45", sde, gaussian_score(sde), rtol=tol, atol=tol), lines(sde))[1])
             for tol in (1e-6, 1e-8)]  # fmt: skip
    assert math.log(costs[1] / costs[0]) / math.log(100) == pytest.approx(0.2, abs=0.06)


def test_one_sample_is_as_accurate_among_many_as_alone():
    """The norm is the largest of the batch: samples that are easy do not hide the one that is not."""
    sde = SDES["ve"]
    hard = mixture_flow(sde, torch.zeros(1, 1).double(), 0.0, 1.0)  # between the modes
    easy = torch.full((200, 1), 9.0).double()
    for x in (hard, torch.cat([hard, easy])):
        found = sample(make_sampler("rk45", sde, MIXTURE.score_fn(sde), rtol=1e-4, atol=1e-4), x, 0)[:1]
        assert float((found - mixture_flow(sde, hard, 1.0, sde.eps)).abs()) < 5e-4


@pytest.mark.parametrize("name", ["rk45", "adaptive_sde"])
def test_substeps_tell_what_was_done(name: str):
    """Each substep's t and s are those of the points before and after it; a rejected attempt costs evaluations and moves nothing."""
    sde = SDES["ve"]
    score_fn, calls = counted(gaussian_score(sde))
    tolerance = 1e-5 if name == "rk45" else 0.02
    sampler = make_sampler(name, sde, score_fn, rtol=tolerance, atol=tolerance)
    assert sampler.adaptive
    assert len(sampler.plan) == 0
    state = sampler.init(lines(sde), rng_from_seed(1))
    t, rejected = 1.0, 0
    while (substep := sampler.next(state)) is not None:
        assert substep.index == state.cursor
        assert substep.t == t
        calls.clear()
        new, info = sampler.step(state, substep)
        assert info.nfe == len(calls)
        if substep.stage is Stage.PREDICT and substep.s == substep.t:
            rejected += state.cursor > 0
            assert torch.equal(new.x, state.x)
            assert info.nfe > 0
        else:
            assert substep.s < substep.t
            assert not torch.equal(new.x, state.x)
        t, state = substep.s, new
    assert rejected > 0, "or nothing of it was tested"
    assert t == (0.0 if name == "adaptive_sde" else sde.eps)


def test_the_adaptive_sde_follows_its_path_through_rejections():
    """The noise of all accepted steps is one Brownian motion: the same as that of a run which never had to reject."""
    sde = SDES["ve"]
    x = sde.prior_sampling((100, 1), torch.Generator().manual_seed(0), torch.float64)
    path = BrownianPath(x.shape, 4)
    score = MIXTURE.score_fn(sde)
    ends, costs, rejected = [], [], []
    for rtol in (0.3, 0.03, 0.005):
        end, told = run(make_sampler("adaptive_sde", sde, score, rtol=rtol, atol=rtol / 3).along(path), x)
        ends.append(end)
        costs.append(sum(info.nfe for _, info in told))
        rejected.append(sum(substep.t == substep.s for substep, _ in told) - 1)
        assert all(info.noise is not None for substep, info in told if substep.t > substep.s and substep.stage is Stage.PREDICT)
    assert min(rejected) >= 1
    assert costs == sorted(costs)
    limit = sample(make_sampler("ddim", sde, score, n_steps=1000, eta=1.0).along(path), x, 0)
    errors = [float((end - limit).square().mean().sqrt()) for end in ends]
    assert errors[0] > 1.5 * errors[1] > 1.5**2 * errors[2]
    assert errors[2] < 0.02


class DrawnAnew(AdaptiveSDESampler):
    """What must not be done: other noise for each attempt."""

    attempts = 0

    def draw(self, state: State, substep: Substep) -> tuple[Tensor, Tensor]:
        self.attempts += 1
        path = BrownianPath(state.x.shape, hash((self.attempts, state.rng.numpy().tobytes())))
        return path.noise(substep.t, substep.s, state.x), state.rng


@pytest.mark.slow
def test_rejecting_does_not_select_the_noise():
    """With score 0 the points are a random walk of variance sigma_max^2 - sigma(eps)^2, but the error estimate is all noise: attempts
    with large increments are the ones rejected. On one path they come back in the next attempt; drawn anew half the variance is lost."""
    sde, runs = SDES["ve"], 300
    ratios = {}
    for kind in (AdaptiveSDESampler, DrawnAnew):
        found, rejected = [], 0
        for seed in range(runs):
            sampler = kind(sde, lambda x, t: torch.zeros_like(x), 1e-6, 0.35, False)
            x, told = run(sampler, torch.zeros(1, 1, dtype=torch.float64), seed)
            found.append(x)
            rejected += sum(substep.t == substep.s for substep, _ in told) - 1
        assert rejected > 2 * runs
        ratios[kind] = float(torch.cat(found).square().mean()) / (sde.std(1.0) ** 2 - sde.std(sde.eps) ** 2)
    assert ratios[AdaptiveSDESampler] == pytest.approx(1.0, abs=5 * math.sqrt(2 / runs))
    assert ratios[DrawnAnew] < 0.65


def test_a_score_that_is_not_finite_is_a_sentence():
    sde = SDES["ve"]

    def broken(x: Tensor, t: float) -> Tensor:
        return x * math.nan

    for name in ("rk45", "adaptive_sde"):
        with pytest.raises(SceneError, match="score is not finite"):
            sample(make_sampler(name, sde, broken), lines(sde), 0)


@pytest.mark.parametrize("name", ["rk45", "adaptive_sde"])
def test_bad_tolerances(name: str):
    with pytest.raises(ValueError, match="rtol"):
        make_sampler(name, SDES["ve"], gaussian_score(SDES["ve"]), rtol=0.0)
    with pytest.raises(ValueError, match="takes no “steps”"):
        make_sampler(name, SDES["ve"], gaussian_score(SDES["ve"]), n_steps=5)
