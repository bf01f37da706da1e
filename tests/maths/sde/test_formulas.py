"""Every SDE against its formulas, its own differential equations, and the base class's promises."""

from __future__ import annotations

import math

import pytest
import torch

from scoreviz.maths.sde import EDMSDE, SDE, VESDE, VPSDE, CustomSDE, SubVPSDE
from tests.maths.sde.reference import CURVE, REFERENCES, Reference

EVERY = pytest.mark.parametrize("r", REFERENCES.values(), ids=REFERENCES)
CUBIC = CustomSDE(CURVE)
SDES = [*(r.sde for r in REFERENCES.values()), CUBIC, CustomSDE(CURVE, "cubic", preserving=True)]
EVERY_SDE = pytest.mark.parametrize("sde", SDES, ids=repr)
INSIDE = (1e-4, 0.013, 0.2, 0.4567, 0.71, 0.9991)


@EVERY
def test_marginals_drift_and_diffusion_are_the_published_ones(r: Reference):
    for t in (*INSIDE, 1.0):
        assert r.sde.mean_coefficient(t) == pytest.approx(r.a(t), rel=1e-12)
        assert r.sde.std(t) == pytest.approx(r.std(t), rel=1e-8)  # the oracle's 1 - e^2L cancels, ours does not
        assert r.sde.drift_coefficient(t) == pytest.approx(r.c(t), rel=1e-9)
        assert r.sde.diffusion(t) == pytest.approx(math.sqrt(r.g2(t)), rel=1e-8)
        assert r.sde.sigma(t) == pytest.approx(r.std(t) / r.a(t), rel=1e-8)
        assert r.sde.log_snr(t) == pytest.approx(2 * math.log(r.a(t) / r.std(t)), rel=1e-8)


@EVERY_SDE
@pytest.mark.parametrize("t", INSIDE)
def test_drift_and_diffusion_carry_the_marginals(sde: SDE, t: float):
    """a' = c a and g^2 = (std^2)' - 2 c std^2, by central differences."""
    h, c = 1e-6 * max(t, 0.01), sde.drift_coefficient(t)
    slope = (sde.mean_coefficient(t + h) - sde.mean_coefficient(t - h)) / (2 * h)
    assert slope == pytest.approx(c * sde.mean_coefficient(t), rel=1e-5, abs=1e-6)
    growth = (sde.std(t + h) ** 2 - sde.std(t - h) ** 2) / (2 * h)
    assert growth - 2 * c * sde.std(t) ** 2 == pytest.approx(sde.diffusion(t) ** 2, rel=2e-5)


@EVERY_SDE
def test_the_time_of_a_noise_level(sde: SDE):
    """t_of_sigma and t_of_log_snr undo sigma and log_snr, for floats and tensors, at both ends too."""
    for t in (0.0, *INSIDE, 1.0):
        assert sde.t_of_sigma(sde.sigma(t)) == pytest.approx(t, abs=1e-9)
        if sde.std(t) > 0:
            assert sde.t_of_log_snr(sde.log_snr(t)) == pytest.approx(t, abs=1e-9)
    t = torch.linspace(0.01, 1, 40, dtype=torch.float64)
    assert torch.allclose(sde.t_of_sigma(sde.sigma(t)), t, atol=1e-9)
    assert torch.allclose(sde.t_of_sigma(sde.sigma(t.float())), t.float(), atol=2e-4)
    for sigma in (sde.sigma(1.0) * 1.01, -0.1, math.nan):
        with pytest.raises(ValueError, match=r"lies outside \["):
            sde.t_of_sigma(sigma)
        with pytest.raises(ValueError, match=r"lies outside \["):
            sde.t_of_sigma(torch.tensor([sde.sigma(0.5), sigma], dtype=torch.float64))


@EVERY_SDE
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_floats_and_tensors_agree(sde: SDE, dtype: torch.dtype):
    t = torch.tensor([0.001, 0.3, 0.61, 1.0], dtype=dtype)
    methods = (sde.mean_coefficient, sde.std, sde.drift_coefficient, sde.diffusion, sde.sigma, sde.log_snr)
    for method in methods:
        found = method(t)
        assert found.dtype == dtype and found.shape == t.shape
        expected = torch.tensor([method(float(u)) for u in t], dtype=torch.float64)
        assert torch.allclose(found.double(), expected, rtol=2e-4 if dtype == torch.float32 else 1e-10), method.__name__


@pytest.mark.parametrize("kind", [VPSDE, SubVPSDE])
def test_small_times_keep_their_digits(kind: type[VPSDE | SubVPSDE]):
    """1 - e^2L and its kin near t = 0, where the plain forms lose all digits in float32: here against the first terms of the series."""
    sde, t = kind(), 1e-7
    rate = 0.1 * t
    std = math.sqrt(rate) if kind is VPSDE else rate
    assert sde.std(t) == pytest.approx(std, rel=1e-4)
    assert sde.sigma(t) == pytest.approx(std, rel=1e-4)
    assert float(sde.std(torch.tensor(t))) == pytest.approx(std, rel=1e-4)
    g = math.sqrt(0.1) if kind is VPSDE else math.sqrt(0.1 * 2 * rate)
    assert float(sde.diffusion(torch.tensor(t))) == pytest.approx(g, rel=1e-4)


def test_sub_vp_is_never_noisier_than_vp():
    t = torch.linspace(0, 1, 101, dtype=torch.float64)
    vp, sub = VPSDE(), SubVPSDE()
    assert bool((sub.std(t) <= vp.std(t)).all()) and bool((sub.std(t)[1:-1] < vp.std(t)[1:-1]).all())
    assert torch.equal(sub.mean_coefficient(t), vp.mean_coefficient(t))


@EVERY_SDE
def test_transitions_lead_from_marginal_to_marginal(sde: SDE):
    for t, s in ((0.0, 0.2), (0.2, 0.21), (0.3, 1.0), (0.0, 1.0)):
        scale, noise = sde.transition(t, s)
        assert scale * sde.mean_coefficient(t) == pytest.approx(sde.mean_coefficient(s), rel=1e-12)
        assert math.hypot(scale * sde.std(t), noise) == pytest.approx(sde.std(s), rel=1e-9)
    assert sde.transition(0.4, 0.4) == (1.0, 0.0)
    with pytest.raises(ValueError, match=r"t <= s, got t=0.5, s=0.4"):
        sde.transition(0.5, 0.4)


@EVERY_SDE
@pytest.mark.parametrize("shape", [(4, 2), (4, 3, 8, 8), (4, 1)])
def test_drifts_of_any_shape(sde: SDE, shape: tuple[int, ...]):
    """Forward, reverse and probability-flow drift: f, f - g^2 s, f - g^2 s/2."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    score, t = torch.roll(x, 1, 0), torch.tensor([0.1, 0.4, 0.7, 1.0], dtype=torch.float64)
    forward, reverse, flow = sde.drift(x, t), sde.reverse_drift(x, t, score), sde.flow_drift(x, t, score)
    for k, u in enumerate(t.tolist()):
        f, g2 = sde.drift_coefficient(u) * x[k], sde.diffusion(u) ** 2
        assert torch.allclose(forward[k], f) and torch.allclose(sde.drift(x, u)[k], f)
        assert torch.allclose(reverse[k], f - g2 * score[k])
        assert torch.allclose(flow[k], f - g2 * score[k] / 2)
        assert torch.allclose(sde.reverse_drift(x, u, score)[k], reverse[k]) and torch.allclose(sde.flow_drift(x, u, score)[k], flow[k])
        mean, std = sde.marginal_prob(x, u)
        assert torch.allclose(mean[k], sde.mean_coefficient(u) * x[k]) and float(std) == pytest.approx(sde.std(u))
    mean, std = sde.marginal_prob(x.float(), t)
    assert mean.dtype == std.dtype == torch.float32 and mean.shape == shape and std.shape == (4,)


@EVERY
def test_the_prior(r: Reference):
    expected = 1.0 if type(r.sde).__name__ in ("VPSDE", "SubVPSDE", "DiscreteVPSDE") else r.std(1.0)
    assert r.sde.prior_std() == pytest.approx(expected)
    x = r.sde.prior_sampling((50_000, 1), torch.Generator().manual_seed(0), torch.float64)
    assert float(x.std()) == pytest.approx(expected, rel=5 * math.sqrt(0.5 / 50_000))
    points = x[:12].reshape(4, 3)
    assert torch.allclose(r.sde.prior_logp(points), torch.distributions.Normal(0.0, expected).log_prob(points).sum(1))


@EVERY_SDE
@pytest.mark.parametrize("t", [-1e-3, 1.0001, math.nan, math.inf])
def test_times_outside_the_unit_interval(sde: SDE, t: float):
    x, tensor = torch.zeros(2, 1), torch.tensor([0.5, t])
    methods = (sde.mean_coefficient, sde.std, sde.drift_coefficient, sde.diffusion, sde.sigma, sde.log_snr)
    for method in methods:
        with pytest.raises(ValueError, match=rf"lies in \[0, 1\].*t={t:g}"):
            method(t)
        with pytest.raises(ValueError, match=rf"lies in \[0, 1\].*t={t:g}"):
            method(tensor)
    for call in (lambda u: sde.drift(x, u), lambda u: sde.marginal_prob(x, u), lambda u: sde.flow_drift(x, u, x)):
        for u in (t, tensor):
            with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
                call(u)


@pytest.mark.parametrize("kind", [VPSDE, SubVPSDE])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (0.1, math.inf), (math.nan, 1.0)])
def test_bad_betas(kind: type[VPSDE], low: float, high: float):
    with pytest.raises(ValueError, match=rf"{kind.__name__} needs 0 < beta_min <= beta_max, got beta_min={low}, beta_max={high}"):
        kind(low, high)


@pytest.mark.parametrize("eps", [-0.1, 0.0, 1.0, math.nan])
def test_bad_eps(eps: float):
    for kind in (VPSDE, SubVPSDE):
        with pytest.raises(ValueError, match=f"got eps={eps}"):
            kind(eps=eps)
    if eps != 0:
        with pytest.raises(ValueError, match=f"got eps={eps}"):
            VESDE(eps=eps)


def test_where_sampling_ends():
    """The smallest time with a score: 0 where there is noise at t = 0."""
    assert [sde.t_min for sde in (VESDE(), VPSDE(), SubVPSDE(), EDMSDE(), CUBIC)] == [0.0, 1e-3, 1e-3, 0.0, 0.0]
    assert [sde.eps for sde in (VESDE(), VPSDE(), SubVPSDE())] == [1e-5, 1e-3, 1e-3]
    assert VPSDE().log_snr(0.0) == math.inf


def test_equal_betas_are_ornstein_uhlenbeck():
    """beta constant: a = e^(-beta t/2), and the root of the quadratic is that of a line."""
    sde = VPSDE(3.0, 3.0)
    assert sde.mean_coefficient(0.7) == pytest.approx(math.exp(-1.05))
    assert sde.t_of_sigma(sde.sigma(0.7)) == pytest.approx(0.7)
