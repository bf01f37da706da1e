"""Brownian paths: one path whatever is asked for, and the right law."""

import itertools
import math

import pytest
import torch

from scoreviz.maths import Stage, State, Substep, make_sampler, rng_from_seed, sample
from scoreviz.maths.brownian import BrownianPath
from tests.maths.solvers.problems import SDES, gaussian_score, lines

N = 40_000
WITHIN = 5 * math.sqrt(2 / N)
"""Five standard errors of a variance of 1."""


def test_increments_add_up_and_order_does_not_matter():
    times = [0.0, 0.1, 0.25, 1 / 3, 0.5, 0.7, 0.700001, 0.93, 1.0]
    path = BrownianPath((3, 2), 5)
    values = {t: path.value(t).clone() for t in times}
    for t in reversed(times):
        assert torch.equal(BrownianPath((3, 2), 5).value(t), values[t])
        assert torch.equal(path.value(t), values[t])
    whole = path.increment(0.1, 0.93)
    parts = path.increment(0.1, 1 / 3) + path.increment(1 / 3, 0.700001) + path.increment(0.700001, 0.93)
    assert torch.allclose(whole, parts, atol=1e-14)
    assert torch.equal(path.increment(0.93, 0.1), -whole)
    assert not torch.equal(BrownianPath((3, 2), 6).value(0.5), values[0.5])


def test_the_law_is_that_of_brownian_motion():
    """Variances of increments at dyadic and other times, and no correlation of increments that do not overlap."""
    path = BrownianPath((N,), 1)
    times = [0.0, 2.0**-12, 0.001, 0.0015, 0.1, 1 / 3, 0.5, 0.5 + 1e-5, 0.7, 0.999, 1.0]
    z = torch.stack([path.increment(t, s) / math.sqrt(s - t) for t, s in itertools.pairwise(times)])
    moments = z @ z.T / N
    assert float((moments - torch.eye(len(z)).double()).abs().max()) < WITHIN
    assert float(z.mean(1).abs().max()) < 5 / math.sqrt(N)
    assert float((z**4).mean(1).sub(3).abs().max()) < 5 * math.sqrt(96 / N)


def test_one_path_for_every_dtype_and_the_right_errors():
    path = BrownianPath((2, 1, 3, 3), 0)
    single, double = (path.noise(0.8, 0.3, torch.zeros(2, 1, 3, 3, dtype=dtype)) for dtype in (torch.float32, torch.float64))
    assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
    assert torch.equal(single, double.float())
    with pytest.raises(ValueError, match=r"\[0, 1\], got t=1.5"):
        path.value(1.5)
    with pytest.raises(ValueError, match=r"shape \(2, 1, 3, 3\), the points have \(2, 2\)"):
        path.noise(0.8, 0.3, torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"from t=0.5 to itself"):
        path.noise(0.5, 0.5, torch.zeros(2, 1, 3, 3))


def test_a_sampler_follows_the_path_it_is_given():
    sde = SDES["ve"]
    sampler, x = make_sampler("reverse_sde", sde, gaussian_score(sde), n_steps=20), lines(sde)
    path = BrownianPath(x.shape, 2)
    followed = sampler.along(path)
    one, two = sample(followed, x, 0), sample(followed, x, 1)
    assert torch.equal(one, two), "nothing but the path decides"
    assert not torch.equal(one, sample(sampler, x, 0)), "the sampler itself is as it was"
    z, rng = followed.draw(State(x, x, 0, rng_from_seed(0)), Substep(0, Stage.PREDICT, 0.8, 0.3))
    assert torch.equal(z, path.increment(0.8, 0.3) / math.sqrt(0.5))
    assert torch.equal(rng, rng_from_seed(0))
    z, rng = followed.draw(State(x, x, 0, rng_from_seed(0)), Substep(0, Stage.CORRECT, 0.8, 0.8))
    assert not torch.equal(rng, rng_from_seed(0)), "where no time passes the noise is fresh"
    with pytest.raises(ValueError, match="Brownian path has shape"):
        sample(followed, x[:2], 0)


def test_the_global_generator_is_untouched():
    before = torch.random.get_rng_state()
    BrownianPath((4,), 0).increment(0.2, 0.4)
    assert torch.equal(torch.random.get_rng_state(), before)
