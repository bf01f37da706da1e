"""The probability-flow ODE as an encoder: closed form on a Gaussian, there and back, the law of latents."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import (
    VESDE,
    DiscreteVPSDE,
    GaussianMixture,
    State,
    build_sampler,
    denoiser_from_score,
    make_sampler,
    rng_from_seed,
    sample,
    sliced_wasserstein,
    trajectory,
)  # fmt: skip
from scoreviz.maths.encoding import RULES, decode, encode, flow_sampler, slerp
from scoreviz.maths.sde import VPSDE, SubVPSDE
from scoreviz.scene.grids import LogSNRGrid
from scoreviz.scene.samplers.control import Encode

SDES = [VESDE(0.01, 50.0), VPSDE(), SubVPSDE()]
ORDERS = {"euler": 1, "heun": 2, "rk4": 4}
M, V = torch.tensor([0.7, -0.2], dtype=torch.float64), 0.5
TARGET = GaussianMixture(
    torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([[-1.5, 0.0], [1.0, 0.5]], dtype=torch.float64),
    torch.tensor([0.3, 0.5], dtype=torch.float64),
)  # fmt: skip
each_sde = pytest.mark.parametrize("sde", SDES, ids=["ve", "vp", "sub_vp"])


def gaussian(sde: Any) -> Any:
    return lambda x, t: (sde.mean_coefficient(t) * M - x) / (sde.mean_coefficient(t) ** 2 * V + sde.std(t) ** 2)


def latent(x: Tensor, sde: Any) -> Tensor:
    """a_1 m + (x - a_eps m) S_1/S_eps."""
    a, std = ([f(t) for t in (sde.eps, 1.0)] for f in (sde.mean_coefficient, sde.std))
    spread = [math.sqrt(a[i] ** 2 * V + std[i] ** 2) for i in (0, 1)]
    return a[1] * M + (x - a[0] * M) * (spread[1] / spread[0])


def points(n: int = 30) -> Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 1.5


def error(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


@each_sde
@pytest.mark.parametrize("method", ["heun", "rk4"])
def test_the_latent_of_a_gaussian_is_the_closed_form(method: str, sde: Any):
    x, n = points(), 400 if method == "heun" else 60
    truth = latent(x, sde)
    assert error(encode(x, sde, gaussian(sde), n, method), truth) < 1e-3 * float(truth.abs().max())
    assert error(decode(truth, sde, gaussian(sde), n, method), x) < 1e-3


@each_sde
@pytest.mark.parametrize("method", list(ORDERS))
def test_errors_fall_at_the_order_of_the_rule(method: str, sde: Any):
    """Latent of a Gaussian against its closed form, within .15 of the order; the round trip of a mixture at least at that order."""
    x, counts = points(), {"euler": (160, 320, 640), "heun": (80, 160, 320), "rk4": (40, 80, 160)}[method]
    truth = latent(x, sde)
    errors = [error(encode(x, sde, gaussian(sde), n, method), truth) for n in counts]
    assert math.log2(errors[1] / errors[2]) == pytest.approx(ORDERS[method], abs=0.15)
    score = TARGET.score_fn(sde)
    trips = [error(decode(encode(x, sde, score, n, method), sde, score, n, method), x) for n in counts]
    assert trips == sorted(trips, reverse=True)
    slope = math.log2(trips[0] / trips[2]) / 2
    assert slope > ORDERS[method] - 0.3, "there and back errors may cancel: Heun gains an order"


@each_sde
def test_there_and_back(sde: Any):
    """60 steps of rk4 in float32 and in float64, on a mixture."""
    score = TARGET.score_fn(sde)
    for dtype, near in ((torch.float64, 1e-4), (torch.float32, 2e-4)):
        x = points().to(dtype)
        back = decode(encode(x, sde, score), sde, score)
        assert back.dtype == dtype
        assert error(back, x) < near


@each_sde
def test_latents_of_the_data_have_the_law_of_the_prior(sde: Any):
    """Two moments exactly, and the distance to N(0, prior_std^2) is that of two samples of it."""
    n = 4000
    g = torch.Generator().manual_seed(0)
    x = TARGET.sample(n, g)
    start = x * sde.mean_coefficient(sde.eps) + sde.std(sde.eps) * torch.randn(x.shape, generator=g, dtype=x.dtype)
    z = encode(start, sde, TARGET.score_fn(sde), 40) / sde.prior_std()
    assert torch.allclose(z.mean(0), torch.zeros(2, dtype=z.dtype), atol=5 / math.sqrt(n) + 0.02)
    assert torch.allclose(torch.cov(z.T), torch.eye(2, dtype=z.dtype), atol=5 * math.sqrt(2 / n))
    normal = [torch.randn(n, 2, generator=g, dtype=torch.float64) for _ in range(3)]
    assert sliced_wasserstein(z, normal[0]) < 2.5 * max(sliced_wasserstein(normal[1], normal[0]), sliced_wasserstein(normal[2], normal[0]))


def test_in_one_dimension_latents_are_quantiles():
    """The ODE keeps the order of points, so a point and its latent have the same rank in p_eps and in p_1."""
    sde = VPSDE()
    target = GaussianMixture(torch.ones(2, dtype=torch.float64), torch.tensor([[-1.0], [1.0]], dtype=torch.float64),
                             torch.tensor([0.2, 0.4], dtype=torch.float64))  # fmt: skip
    x = torch.linspace(-1.8, 2.2, 9, dtype=torch.float64)[:, None]
    z = encode(x, sde, target.score_fn(sde), 150)

    def rank(p: GaussianMixture, at: Tensor) -> Tensor:
        return (p.weights * 0.5 * (1 + torch.erf((at - p.means[:, 0]) / (p.stds * math.sqrt(2))))).sum(1)

    assert torch.allclose(rank(target.marginal(sde, sde.eps), x), rank(target.marginal(sde, 1.0), z), atol=1e-4)


@each_sde
@pytest.mark.parametrize("method", list(RULES))
def test_steps_are_pure_and_info_is_true(method: str, sde: Any):
    calls: list[Any] = []
    score = TARGET.score_fn(sde)

    def counted(x: Tensor, t: Any) -> Tensor:
        calls.append(t)
        return score(x, t)

    sampler = flow_sampler(sde, counted, 3, method)
    first = state = sampler.init(points(5), rng_from_seed(0))
    states = [first]
    for substep, new, info in trajectory(sampler, first):
        assert info.nfe == len(calls) == {"euler": 1, "heun": 2, "rk4": 4}[method]
        assert all(min(substep.t, substep.s) <= t <= max(substep.t, substep.s) for t in calls)
        calls.clear()
        assert info.drift is not None and info.noise is None
        assert torch.allclose(new.x, state.x + info.drift)
        assert torch.equal(info.score, score(state.x, substep.t))
        assert torch.allclose(info.x0, denoiser_from_score(state.x, info.score, sde, substep.t))
        state = new
        states.append(new)
    assert torch.equal(first.x, points(5))
    *_, (_, last, _) = trajectory(sampler, State(states[1].x.clone(), states[1].x_mean, 1, states[1].rng.clone()))
    assert torch.equal(last.x, state.x)


def test_the_sampler_of_the_scene_is_the_encoder():
    sde = SDES[1]
    sampler = build_sampler(Encode(steps=20), sde, TARGET.score_fn(sde))
    assert torch.equal(sample(sampler, points(), 0), encode(points(), sde, TARGET.score_fn(sde), 20))
    assert sampler.plan[0].t == sde.eps and sampler.plan[-1].s == 1.0
    assert [substep.s for substep in sampler.plan] == pytest.approx([sde.eps + (1 - sde.eps) * k / 20 for k in range(1, 21)])
    even = build_sampler(Encode(steps=4, grid=LogSNRGrid()), sde, TARGET.score_fn(sde))
    ratios = [sde.sigma(substep.s) / sde.sigma(substep.t) for substep in even.plan]
    assert ratios == pytest.approx(ratios[:1] * 4)
    assert bool(sample(make_sampler("encode", sde, TARGET.score_fn(sde), n_steps=1), points(), 0).isfinite().all())


def test_pictures():
    sde = SDES[0]
    x = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))

    def score(x: Tensor, t: Any) -> Tensor:
        return -x / (1 + sde.std(t) ** 2)

    z = encode(x, sde, score)
    assert z.shape == x.shape and z.dtype == x.dtype
    assert torch.allclose(z, x * math.sqrt((1 + 2500) / (1 + sde.std(sde.eps) ** 2)), rtol=1e-3)
    assert torch.allclose(decode(z, sde, score), x, atol=1e-4)


def test_a_table_of_levels():
    """DDPM's: from its lowest entry to its highest, and back."""
    sde = DiscreteVPSDE(torch.linspace(0.9999, 0.01, 300, dtype=torch.float64))
    sampler = flow_sampler(sde, TARGET.score_fn(sde), 100)
    assert (sampler.plan[0].t, len(sampler.plan)) == (0.0, 99)
    assert error(decode(encode(points(), sde, TARGET.score_fn(sde), 100), sde, TARGET.score_fn(sde), 100), points()) < 1e-3


def test_slerp():
    a, b = (torch.randn(6, 3, 2, generator=torch.Generator().manual_seed(i), dtype=torch.float64) for i in (0, 1))
    assert torch.allclose(slerp(a, b, 0.0), a) and torch.allclose(slerp(a, b, 1.0), b)
    unit = [v / v.flatten(1).norm(dim=1)[:, None, None] for v in (a, b)]
    half = slerp(*unit, 0.5)
    assert torch.allclose(half.flatten(1).norm(dim=1), torch.ones(6, dtype=torch.float64)), "on the sphere"
    assert torch.allclose((half * unit[0]).sum((1, 2)), (half * unit[1]).sum((1, 2))), "half of the angle"
    each = slerp(a, b, torch.linspace(0, 1, 6))
    assert torch.allclose(each[2], slerp(a, b, 0.4)[2])
    assert torch.allclose(slerp(a, 2 * a, 0.25), 1.25 * a), "along one ray the line"
    assert torch.equal(slerp(torch.zeros(2, 2), torch.zeros(2, 2), 0.5), torch.zeros(2, 2))
    assert slerp(a.float(), b.float(), 0.3).dtype == torch.float32
    for bad in (torch.zeros(6, 3), torch.zeros(6)):
        with pytest.raises(ValueError, match="one shape"):
            slerp(a, bad, 0.5)


def test_bad_input():
    sde, score = SDES[1], TARGET.score_fn(SDES[1])
    with pytest.raises(ValueError, match="at least 1 step"):
        encode(points(), sde, score, 0)
    with pytest.raises(ValueError, match="no method 'rk5'; known: euler, heun, rk4"):
        encode(points(), sde, score, 5, "rk5")
    with pytest.raises(ValueError):
        encode(torch.zeros(3, 5), sde, score)
