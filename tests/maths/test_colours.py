"""Colourisation: replacement in a basis whose first axis is grey."""

import math
from typing import Any

import pytest
import torch

from scoreviz.maths import VESDE, Empirical, make_sampler, rng_from_seed, sample, trajectory
from scoreviz.maths.colours import colourisation, from_colour_basis, grey, grey_basis, to_colour_basis
from scoreviz.maths.sde import VPSDE

SDE = VESDE(0.01, 10.0)
VP = VPSDE()


def pictures(n: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Random tiny pictures (n, 3, 4, 4) in [0, 1]."""
    return torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(0), dtype=dtype)


def test_the_basis_is_orthonormal_and_begins_with_grey():
    basis = grey_basis()
    assert torch.allclose(basis @ basis.T, torch.eye(3, dtype=torch.float64), atol=1e-15)
    assert torch.allclose(basis[0], torch.full((3,), 1 / math.sqrt(3), dtype=torch.float64))
    assert basis[1, 0] > 0 and basis[2, 1] > 0
    assert torch.equal(basis, grey_basis())


@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 7), (2, 3, 4, 6), (1, 3, 2, 2, 2)])
def test_there_and_back(shape: tuple[int, ...], dtype: torch.dtype, near: float):
    x = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    u = to_colour_basis(x)
    assert u.shape == x.shape and u.dtype == dtype
    assert torch.allclose(from_colour_basis(u), x, atol=near, rtol=0)
    assert torch.allclose(u.square().sum(), x.square().sum()), "a rotation"
    assert torch.allclose(grey(x), x.mean(1, keepdim=True), atol=near, rtol=0)
    level = torch.full_like(x, 0.3)
    assert torch.allclose(to_colour_basis(level)[:, 1:], torch.zeros_like(u[:, 1:]), atol=near)


@pytest.mark.parametrize("sde", [SDE, VP], ids=["ve", "vp"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_grey_of_the_result_is_the_grey_given(sde: Any, dtype: torch.dtype):
    """To 1e-5, and at every state at its noise level; the mean of every step is free of noise in grey; Info is true."""
    stored = Empirical(pictures(20, dtype))
    wanted = grey(pictures(6, dtype)) * 0.5 + 0.1
    sampler = colourisation(make_sampler("pc", sde, stored.score_fn(sde), n_steps=20), sde, wanted)
    state = sampler.init(sde.prior_sampling((6, 3, 4, 4), torch.Generator().manual_seed(1), dtype), rng_from_seed(0))
    for substep, new, info in trajectory(sampler, state):
        moved = info.drift if info.noise is None else info.drift + info.noise
        assert torch.allclose(new.x, state.x + moved, atol=1e-4)
        last = substep is sampler.plan[-1]
        assert torch.allclose(grey(new.x_mean), wanted * (1.0 if last else sde.mean_coefficient(substep.s)), atol=1e-5, rtol=0)
        state = new
    assert torch.allclose(grey(state.x), wanted, atol=1e-5, rtol=0)
    assert state.x.dtype == dtype


def test_the_colours_are_those_of_stored_pictures_of_that_grey():
    """Sixteen pictures in pairs of one grey and two tints: what comes back is one of the pair, each as often."""
    g = torch.Generator().manual_seed(0)
    tint = torch.randn(8, 3, 1, 1, generator=g, dtype=torch.float64)
    tint = 0.1 * (tint - tint.mean(1, keepdim=True))
    base = torch.rand(8, 1, 6, 6, generator=g, dtype=torch.float64)
    one, two = base + tint, base - tint
    assert torch.allclose(grey(one), grey(two))
    stored = Empirical(torch.cat([one, two]))
    wanted = grey(one).repeat(12, 1, 1, 1)
    x = SDE.prior_sampling((len(wanted), 3, 6, 6), g, torch.float64)
    y = sample(colourisation(make_sampler("pc", SDE, stored.score_fn(SDE), n_steps=100), SDE, wanted), x, 0)
    to_one, to_two = ((y - p.repeat(12, 1, 1, 1)).flatten(1).abs().amax(1) for p in (one, two))
    assert float(torch.minimum(to_one, to_two).max()) < 1e-3
    share = float((to_one < to_two).double().mean())
    assert share == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(len(y)))


def test_one_grey_for_many_pictures():
    stored = Empirical(pictures(20))
    wanted = grey(pictures(1))
    y = sample(colourisation(make_sampler("reverse_sde", SDE, stored.score_fn(SDE), n_steps=10), SDE, wanted),
               SDE.prior_sampling((5, 3, 4, 4), torch.Generator().manual_seed(1)), 0)  # fmt: skip
    assert torch.allclose(grey(y), wanted.expand(5, 1, 4, 4), atol=1e-5)


def test_bad_shapes():
    plain = make_sampler("reverse_sde", SDE, lambda x, t: -x, n_steps=3)
    for bad in (torch.zeros(4), torch.zeros(2, 3, 4, 4), torch.zeros(4, 4)):
        with pytest.raises(ValueError, match=r"\(B, 1, \*\)"):
            colourisation(plain, SDE, bad)
    with pytest.raises(ValueError, match=r"\(B, 3, \*\), got \(2, 4, 4, 4\)"):
        to_colour_basis(torch.zeros(2, 4, 4, 4))
    with pytest.raises(ValueError, match="does not fit x"):
        colourisation(plain, SDE, torch.zeros(2, 1, 4, 4)).init(torch.zeros(2, 3, 5, 5), rng_from_seed(0))
    with pytest.raises(ValueError, match="finite"):
        colourisation(plain, SDE, torch.full((2, 1, 4, 4), math.nan))
