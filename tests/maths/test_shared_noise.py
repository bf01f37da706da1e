"""One run's noise in another: the increments over its steps are its draws, and between them the path has Brownian law."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from scoreviz.maths import GaussianMixture, make_sampler, rng_from_seed, sample, trajectory
from scoreviz.maths.sde import VESDE
from scoreviz.maths.shared_noise import Draw, PathThrough, drawn, same_steps
from tests.maths.solvers.problems import MIXTURE

SDE = VESDE(0.1, 4.0)
SCORE = MIXTURE.score_fn(SDE)


def start(n: int = 400) -> torch.Tensor:
    return SDE.prior_sampling((n, 1), torch.Generator().manual_seed(0), torch.float64)


def test_the_draws_of_a_run_are_its_own_noise():
    x, rng = start(5), rng_from_seed(3)
    sampler = make_sampler("reverse_sde", SDE, SCORE, n_steps=6)
    draws = drawn(make_sampler("reverse_sde", SDE, lambda x, t: -x, n_steps=6), x, rng)
    generator = torch.Generator().manual_seed(3)
    for draw in draws:
        assert torch.equal(draw.z, torch.randn(5, 1, generator=generator, dtype=torch.float64))
    assert [(d.t, d.s) for d in draws] == [(s.t, s.s) for s in sampler.plan if s.t != s.s]


def test_a_corrector_has_no_part_in_the_path():
    sampler = make_sampler("pc", SDE, lambda x, t: -x, n_steps=4, n_corrector_steps=2)
    assert len(drawn(sampler, start(3), rng_from_seed(0))) == 4


def test_an_ode_draws_nothing_and_an_adaptive_sampler_is_refused():
    assert not drawn(make_sampler("heun", SDE, SCORE, n_steps=5), start(3), rng_from_seed(0))
    with pytest.raises(ValueError, match="chooses its own steps"):
        drawn(make_sampler("adaptive_sde", SDE, SCORE), start(3), rng_from_seed(0))


def test_the_path_goes_through_the_draws():
    x = start(50)
    draws = drawn(make_sampler("reverse_sde", SDE, SCORE, n_steps=7), x, rng_from_seed(1))
    path = PathThrough(draws, 5)
    for draw in draws:
        assert torch.allclose(path.noise(draw.t, draw.s, x), draw.z, atol=1e-12)
    middle = (draws[2].t + draws[2].s) / 2
    both = path.increment(draws[2].t, middle) + path.increment(middle, draws[2].s)
    assert torch.allclose(both, path.increment(draws[2].t, draws[2].s), atol=1e-12)


def test_between_and_beyond_the_draws_it_is_brownian():
    """Increments over halves of a step, over pieces of several steps, and beyond the ends: variance |s - t|, apart ones uncorrelated."""
    n = 20000
    generator = torch.Generator().manual_seed(0)
    times = [0.9, 0.6, 0.5, 0.2]
    draws = [Draw(t, s, torch.randn(n, 1, generator=generator, dtype=torch.float64)) for t, s in pairwise(times)]
    path = PathThrough(draws, 8)
    pieces = [(0.1, 0.2), (0.2, 0.3), (0.3, 0.35), (0.35, 0.55), (0.55, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.0)]
    increments = torch.stack([path.increment(t, s)[:, 0] for t, s in pieces]) / torch.tensor([math.sqrt(s - t) for t, s in pieces])[:, None]
    covariance = increments @ increments.T / n
    assert torch.allclose(covariance, torch.eye(len(pieces), dtype=torch.float64), atol=5 / math.sqrt(n))
    assert torch.equal(path.value(0.33), PathThrough(draws, 8).value(0.33)), "the same in whatever order it is asked for"


def test_draws_that_do_not_follow_one_another_are_refused():
    z = torch.zeros(2, 1)
    with pytest.raises(ValueError, match="follow one another"):
        PathThrough([Draw(1.0, 0.5, z), Draw(0.4, 0.2, z)], 0)
    with pytest.raises(ValueError, match="at least one"):
        PathThrough([], 0)


def test_runs_of_other_step_counts_follow_the_leader():
    """They come closer to the leader's ends than with noise of their own, and the closer the finer they are."""
    x, rng = start(), rng_from_seed(4)
    leader = make_sampler("reverse_sde", SDE, SCORE, n_steps=64, predictor="euler_maruyama")
    state = leader.init(x, rng)
    for _, state, _ in trajectory(leader, state):  # noqa: B007, B020
        pass
    path = PathThrough(drawn(make_sampler("reverse_sde", SDE, lambda x, t: -x, n_steps=64), x, rng), 2)

    def apart(n: int, *, follow: bool) -> float:
        other = make_sampler("reverse_sde", SDE, SCORE, n_steps=n, predictor="euler_maruyama")
        return float((sample(other.along(path) if follow else other, x, 9) - state.x).square().mean().sqrt())

    near, nearer, other = apart(24, follow=True), apart(96, follow=True), apart(96, follow=False)
    assert nearer < near < 0.6 * other and nearer < 0.2 * other


def test_same_steps():
    a = make_sampler("reverse_sde", SDE, SCORE, n_steps=8)
    assert same_steps(a, make_sampler("reverse_sde", SDE, SCORE, n_steps=8, predictor="ancestral"))
    assert not same_steps(a, make_sampler("reverse_sde", SDE, SCORE, n_steps=9))
    assert not same_steps(a, make_sampler("pc", SDE, SCORE, n_steps=8))
    assert not same_steps(a, make_sampler("adaptive_sde", SDE, SCORE))
    assert isinstance(MIXTURE, GaussianMixture)
