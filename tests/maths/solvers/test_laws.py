"""Solvers of the reverse SDE on a Gaussian: each against the exact recursion of its discretisation, and in the limit against the data."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import SDE, DiscreteVPSDE, make_sampler, sample
from scoreviz.maths.solvers import grid_levels
from scoreviz.scene.grids import KarrasGrid, LogSNRGrid, UniformGrid
from tests.maths.solvers.problems import MEAN, SDES, STD, gaussian_score

N = 40_000
START = 2.0
"""Runs start from N(START, prior_std^2), so that the mean has something to forget."""


def ends(sde: SDE, name: str, **fields: Any) -> Tensor:
    x = START + sde.prior_std() * torch.randn(N, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return sample(make_sampler(name, sde, gaussian_score(sde), **fields), x, 2)


def check(found: Tensor, mean: float, variance: float) -> None:
    assert float(found.mean()) == pytest.approx(mean, abs=5 * math.sqrt(variance / N))
    assert float(found.var()) == pytest.approx(variance, rel=5 * math.sqrt(2 / N))


def share(sigma: float) -> float:
    """Tweedie on this data in y = x/a: D = m + share (y - m)."""
    return STD**2 / (STD**2 + sigma**2)


def begin(sde: SDE) -> tuple[float, float]:
    """Mean and variance of y = x/a at the start."""
    a = sde.mean_coefficient(1.0)
    return START / a, (sde.prior_std() / a) ** 2


@pytest.mark.parametrize("kind", SDES)
@pytest.mark.parametrize(("name", "eta"), [("ddim", 1.0), ("ddim", 0.4), ("ddim", 0.0), ("euler_ancestral", 1.0)])
@pytest.mark.parametrize("to_data", [True, False])
def test_ddim_obeys_its_recursion(kind: str, name: str, eta: float, to_data: bool):
    """y' = D + sqrt(sigma'^2 - v^2) (y - D)/sigma + v z, v = eta sigma'/sigma sqrt(sigma^2 - sigma'^2)."""
    sde = SDES[kind]
    levels = grid_levels(sde, UniformGrid(), 10, to_data)
    mean, variance = begin(sde)
    for here, there in pairwise(levels):
        v = eta * there.sigma / here.sigma * math.sqrt(here.sigma**2 - there.sigma**2)
        rest = math.sqrt(there.sigma**2 - v**2) / here.sigma
        gain = share(here.sigma) + rest * (1 - share(here.sigma))
        mean, variance = MEAN + gain * (mean - MEAN), gain**2 * variance + v**2
    a = levels[-1].a
    check(ends(sde, name, n_steps=10, eta=eta, to_data=to_data), a * mean, a**2 * variance)


@pytest.mark.parametrize("kind", SDES)
@pytest.mark.parametrize("eta", [1.0, 0.5])
@pytest.mark.parametrize("lower_order_final", [True, False])
def test_dpmpp_2m_sde_obeys_its_recursion(kind: str, eta: float, lower_order_final: bool):
    """A recursion of (y, D of the step before), with their joint covariance."""
    sde = SDES[kind]
    levels = grid_levels(sde, LogSNRGrid(), 8, False)
    start, spread = begin(sde)
    mean = torch.tensor([start - MEAN, 0.0]).double()
    cov = torch.zeros(2, 2).double()
    cov[0, 0] = spread
    for i, (here, there) in enumerate(pairwise(levels)):
        h, k = math.log(here.sigma / there.sigma), share(here.sigma)
        keep = math.exp(-(1 + eta) * h)
        ahead = 0.0 if i == 0 or (i == 7 and lower_order_final) else h / (2 * math.log(levels[i - 1].sigma / here.sigma))
        step = torch.tensor([[keep + (1 - keep) * (1 + ahead) * k, -(1 - keep) * ahead], [k, 0.0]]).double()
        mean, cov = step @ mean, step @ cov @ step.T
        cov[0, 0] += there.sigma**2 * (1 - math.exp(-2 * eta * h))
    a = levels[-1].a
    fields = {"lower_order_final": lower_order_final, "to_data": False, "eta": eta}
    check(ends(sde, "dpmpp_2m_sde", n_steps=8, **fields), a * (MEAN + float(mean[0])), a**2 * float(cov[0, 0]))


@pytest.mark.parametrize("kind", SDES)
@pytest.mark.parametrize("churn", [20.0, 2.0])
def test_edm_obeys_its_recursion(kind: str, churn: float):
    """Noise up, then Heun down; no noise outside [S_min, S_max], and none at the first level, where it would lead beyond sigma(1)."""
    sde, n = SDES[kind], 12
    levels = grid_levels(sde, KarrasGrid(), n, True)
    mean, variance = begin(sde)
    gamma = min(churn / n, math.sqrt(2) - 1)
    for i, (here, there) in enumerate(pairwise(levels)):
        sigma = min(here.sigma * (1 + gamma), levels[0].sigma) if 0.08 <= here.sigma <= 3.0 and i else here.sigma
        variance += 1.1**2 * (sigma**2 - here.sigma**2)
        slope = (1 - share(sigma)) / sigma
        gain = 1 + (there.sigma - sigma) * slope
        if there.sigma:
            gain = 1 + (there.sigma - sigma) * (slope + gain * (1 - share(there.sigma)) / there.sigma) / 2
        mean, variance = MEAN + gain * (mean - MEAN), gain**2 * variance
    found = ends(sde, "edm", n_steps=n, s_churn=churn, s_min=0.08, s_max=3.0, s_noise=1.1)
    check(found, mean, variance)


@pytest.mark.parametrize("kind", SDES)
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ddim", {"n_steps": 400, "eta": 1.0, "grid": "karras"}),
        ("dpmpp_2m_sde", {"n_steps": 100}),
        ("edm", {"n_steps": 100, "s_max": 1000.0}),
        ("adaptive_sde", {"rtol": 0.02, "atol": 0.01}),
    ],
)
def test_many_steps_give_the_law_of_the_data(kind: str, name: str, fields: dict[str, Any]):
    """From the exact p_1, to the law of Tweedie's estimate at t = eps: variance STD^2 share, the data's but for .3 percent at most."""
    sde, n = SDES[kind], 4000
    a, std = sde.mean_coefficient(1.0), sde.std(1.0)
    z = torch.randn(n, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = sample(make_sampler(name, sde, gaussian_score(sde), **fields), a * MEAN + math.hypot(a * STD, std) * z, 4)
    assert float(found.mean()) == pytest.approx(MEAN, abs=5 * STD / math.sqrt(n) + 0.01)
    assert float(found.std()) == pytest.approx(STD * math.sqrt(share(sde.sigma(sde.eps))), rel=5 * math.sqrt(0.5 / n) + 0.01)


def test_ddim_with_eta_1_is_ancestral_sampling_with_the_posterior_variance():
    """For VP, in the discretisation that both share: step by step and with the same noise."""
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    sde = DiscreteVPSDE((1 - betas).cumprod(0))
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    score = gaussian_score(sde)
    one = sample(make_sampler("ddim", sde, score, n_steps=25, eta=1.0), x, 0)
    two = sample(make_sampler("reverse_sde", sde, score, n_steps=25, predictor="ancestral"), x, 0)
    assert torch.allclose(one, two, atol=1e-10)
    assert not torch.allclose(one, sample(make_sampler("ddim", sde, score, n_steps=25, eta=0.9), x, 0), atol=1e-3)
