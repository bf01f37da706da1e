"""Kernels, backward laws, floors and spreads: against Bayes' rule by quadrature, DDPM's own coefficients, and Gaussian closed forms."""

import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import Empirical, GaussianMixture
from scoreviz.maths.sde import SDE, VESDE, VPSDE, DiscreteVPSDE, SubVPSDE
from scoreviz.maths.theory import (
    backward_kernel,
    backward_view,
    data_posterior,
    floor_curve,
    jump,
    posterior_trace_expectation,
    reverse_gaussian,
    signal_to_noise,
    total_variance,
    total_variation,
)

SDES = {"VE": VESDE(0.01, 5.0), "VP": VPSDE(), "sub-VP": SubVPSDE()}
every_sde = pytest.mark.parametrize("sde", SDES.values(), ids=SDES)
LINE = torch.linspace(-30, 30, 60001, dtype=torch.float64)
CELL = 60 / 60000


def f64(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def three(stds: tuple[float, ...] = (0.2, 0.3, 0.25)) -> GaussianMixture:
    return GaussianMixture(f64([0.3, 0.5, 0.2]), f64([[-2.0], [0.5], [2.0]]), f64(stds))


def plane(kind: str) -> GaussianMixture:
    weights, means = f64([0.4, 0.6]), f64([[-1.0, 0.5], [1.0, -0.3]])
    if kind == "isotropic":
        return GaussianMixture(weights, means, f64([0.3, 0.5]))
    if kind == "diagonal":
        return GaussianMixture(weights, means, f64([[0.3, 0.6], [0.5, 0.2]]))
    return GaussianMixture(weights, means, covs=f64([[[0.3, 0.2], [0.2, 0.4]], [[0.5, -0.3], [-0.3, 0.3]]]))


def gauss(x: Tensor, mean: Tensor | float, std: float) -> Tensor:
    return torch.exp(-((x - mean) ** 2) / (2 * std**2)) / (std * math.sqrt(2 * math.pi))


# Kernels


@every_sde
def test_jumps_compose_to_the_marginal(sde: SDE):
    for s, t in ((0.2, 0.7), (0.0, 1.0), (0.5, 0.5)):
        scale, step = jump(sde, s, t)
        assert scale * sde.mean_coefficient(s) == pytest.approx(sde.mean_coefficient(t))
        assert math.hypot(scale * sde.std(s), step) == pytest.approx(sde.std(t))
    assert jump(sde, None, 0.7) == (sde.mean_coefficient(0.7), sde.std(0.7))
    near, far = jump(sde, 0.2, 0.5), jump(sde, 0.5, 0.9)
    both = jump(sde, 0.2, 0.9)
    assert both.scale == pytest.approx(near.scale * far.scale) and both.std == pytest.approx(math.hypot(far.scale * near.std, far.std))


def test_at_neighbouring_levels_of_ddpm_they_are_its_coefficients():
    """Ho et al. 2020, equations 4, 6 and 7, from the table of betas itself."""
    beta = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    abar = torch.cumprod(1 - beta, 0)
    sde = DiscreteVPSDE(abar)
    for i in (1, 10, 500, 999):
        kernel, step = data_posterior(sde, (i - 1) / 999, i / 999), jump(sde, (i - 1) / 999, i / 999)
        assert step == pytest.approx((float((1 - beta[i]).sqrt()), float(beta[i].sqrt())), rel=1e-9)
        assert kernel.of_data == pytest.approx(float(abar[i - 1].sqrt() * beta[i] / (1 - abar[i])), rel=1e-9)
        assert kernel.of_noisy == pytest.approx(float((1 - beta[i]).sqrt() * (1 - abar[i - 1]) / (1 - abar[i])), rel=1e-9)
        assert kernel.std**2 == pytest.approx(float(beta[i] * (1 - abar[i - 1]) / (1 - abar[i])), rel=1e-9)
        assert float(kernel.mean(f64([2.0]), f64([3.0]))) == pytest.approx(2 * kernel.of_noisy + 3 * kernel.of_data)


@every_sde
@pytest.mark.parametrize("times", [(0.1, 0.15), (0.1, 0.8), (0.6, 1.0)])
def test_the_posterior_given_the_data_is_bayes_rule(sde: SDE, times: tuple[float, float]):
    (s, t), x0, x_t = times, 1.3, 0.4
    (scale, step), kernel = jump(sde, s, t), data_posterior(sde, s, t)
    p = gauss(LINE, sde.mean_coefficient(s) * x0, sde.std(s)) * gauss(f64(x_t), scale * LINE, step)
    p = p / (p.sum() * CELL)
    assert torch.allclose(p, gauss(LINE, kernel.mean(f64(x_t), f64(x0)), kernel.std), atol=1e-6 * float(p.max()))


def test_below_the_lowest_level_the_data_posterior_is_the_data():
    assert data_posterior(SDES["VE"], None, 0.3) == (1.0, 0.0, 0.0)


# Backward laws


@every_sde
@pytest.mark.parametrize("times", [(0.28, 0.3), (0.1, 0.9), (None, 0.5)])
def test_the_backward_law_is_bayes_rule_on_a_line(sde: SDE, times: tuple[float | None, float]):
    (s, t), x_t = times, f64([0.7])
    scale, step = jump(sde, s, t)
    prior = three() if s is None else three().marginal(sde, s)
    p = prior.log_prob(LINE[:, None]).exp() * gauss(x_t, scale * LINE, step)
    p = p / (p.sum() * CELL)
    law = backward_kernel(three(), sde, s, t, x_t)
    assert torch.allclose(law.log_prob(LINE[:, None]).exp(), p, atol=1e-6 * float(p.max()))
    tweedie = (x_t + step**2 * three().score(x_t[None], sde, t)[0]) / scale
    assert torch.allclose(law.mean(), tweedie, atol=1e-9)


@every_sde
@pytest.mark.parametrize("kind", ["isotropic", "diagonal", "full"])
def test_the_backward_law_in_the_plane(sde: SDE, kind: str):
    """Every covariance: the density on points, up to the one constant of p_t(x_t); its mean is Tweedie's from level to level."""
    target, s, t, x_t = plane(kind), 0.4, 0.6, f64([0.5, -0.2])
    scale, step = jump(sde, s, t)
    x = 2 * torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    law = backward_kernel(target, sde, s, t, x_t)
    log_likelihood = -(x_t - scale * x).square().sum(1) / (2 * step**2) - math.log(2 * math.pi * step**2)
    expected = target.log_prob(x, sde, s) + log_likelihood - target.log_prob(x_t[None], sde, t)
    assert torch.allclose(law.log_prob(x), expected, atol=1e-8)
    assert torch.allclose(law.mean(), (x_t + step**2 * target.score(x_t[None], sde, t)[0]) / scale, atol=1e-9)
    clean = backward_kernel(target, sde, None, t, x_t)
    assert torch.allclose(clean.cov(), target.tweedie(x_t[None], sde, t).cov[0], atol=1e-9)


@every_sde
def test_it_mixes_the_data_posteriors(sde: SDE):
    """p(x_s|x_t) = integral q(x_s|x_t, x_0) p(x_0|x_t) dx_0, both sides in closed form or by quadrature."""
    s, t, x_t = 0.3, 0.6, f64([0.7])
    kernel, x_s = data_posterior(sde, s, t), torch.linspace(-3, 3, 13, dtype=torch.float64)
    p0 = backward_kernel(three(), sde, None, t, x_t).log_prob(LINE[:, None]).exp()
    mixed = torch.stack([(gauss(x, kernel.mean(x_t, LINE), kernel.std) * p0).sum() * CELL for x in x_s])
    assert torch.allclose(backward_kernel(three(), sde, s, t, x_t).log_prob(x_s[:, None]).exp(), mixed, atol=1e-8)


def humps(law: GaussianMixture) -> int:
    p = law.log_prob(LINE[:, None])
    return int(((p[1:-1] > p[:-2]) & (p[1:-1] > p[2:]) & (p[1:-1] > p.max() - 12)).sum())


@every_sde
def test_many_humped_for_a_large_step_and_one_for_a_small(sde: SDE):
    x_t = f64([0.4 * sde.mean_coefficient(0.9)])
    assert humps(backward_kernel(three(), sde, 0.1, 0.9, x_t)) == 3
    assert humps(backward_kernel(three(), sde, 0.895, 0.9, x_t)) == 1


def steps(sde: SDE, s: float, t: float) -> dict[str, tuple[float, float, float]]:
    """(keep, pull, shake) of three predictors for the step from t to s, written out once more."""
    (scale, noise), g = jump(sde, s, t), sde.diffusion(t)
    return {
        "reverse diffusion": (2 - scale, noise**2, noise),
        "ancestral": (1 / scale, noise**2 / scale, data_posterior(sde, s, t).std),
        "Euler-Maruyama": (1 - sde.drift_coefficient(t) * (t - s), g**2 * (t - s), g * math.sqrt(t - s)),
    }


@every_sde
@pytest.mark.parametrize("name", ["reverse diffusion", "ancestral", "Euler-Maruyama"])
def test_the_distance_to_the_gaussian_falls_like_the_step(sde: SDE, name: str):
    t, x_t = 0.5, f64([0.4 * sde.mean_coefficient(0.5)])
    found = [
        backward_view(three(), sde, t - h, t, x_t, steps(sde, t - h, t)[name]).distance.value
        for h in (0.2, 0.05, 0.0125, 0.00625, 0.003125)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.09 and found[-1] < 0.02
    assert math.log2(found[-2] / found[-1]) == pytest.approx(1, abs=0.1)


def test_total_variation_of_two_equal_gaussians():
    """erf(distance/(2 sqrt 2 std)); by quadrature on a line, by draws in three dimensions."""
    for gap in (0.0, 0.1, 1.0, 5.0, 40.0):
        truth = math.erf(gap / (2 * math.sqrt(2) * 0.5))
        line = [GaussianMixture(f64([1.0]), f64([[m]]), f64([0.5])) for m in (1.0, 1.0 + gap)]
        assert total_variation(*line) == (pytest.approx(truth, abs=1e-4), 0.0)
        space = [GaussianMixture(f64([1.0]), f64([[m, 0.0, 2.0]]), f64([0.5])) for m in (1.0, 1.0 + gap)]
        value, error = total_variation(*space, seed=3)
        assert abs(value - truth) <= 5 * error + 5 / 40_000 and error < 0.004
    assert total_variation(*space, seed=3) == (value, error)


def test_both_ways_to_the_total_variation_agree():
    """A law on a line, and the same times a factor that both share: the draws must find what the quadrature finds."""
    p, q = three(), three((0.6, 0.1, 0.3))
    flat = total_variation(p, q)
    p2, q2 = (
        GaussianMixture(m.weights, torch.cat([m.means, torch.zeros(3, 1)], 1), torch.stack([m.stds, torch.ones(3).double()], 1))
        for m in (p, q)
    )
    assert abs(total_variation(p2, q2).value - flat.value) < 5 * total_variation(p2, q2).error
    fine = 0.5 * float((p.log_prob(LINE[:, None]).exp() - q.log_prob(LINE[:, None]).exp()).abs().sum()) * CELL
    assert flat.value == pytest.approx(fine, abs=1e-4)


# Floors


@every_sde
def test_the_floor_of_a_gaussian(sde: SDE):
    """D v s^2/(a^2 v + s^2), which does not vary with x_t: no Monte Carlo error is left."""
    target = GaussianMixture(f64([1.0]), f64([[1.0, -1.0]]), f64([0.7]))
    times = [0.1, 0.5, 1.0]
    found = floor_curve(target, sde, times, points=16)
    for k, t in enumerate(times):
        a, s = sde.mean_coefficient(t), sde.std(t)
        trace = 2 * 0.49 * s**2 / (a**2 * 0.49 + s**2)
        assert posterior_trace_expectation(target, sde, t, 16) == (pytest.approx(trace), pytest.approx(0, abs=1e-12))
        assert float(found.x0[k]) == pytest.approx(trace)
        assert float(found.noise[k]) == pytest.approx(a**2 * trace / s**2)
        assert float(found.score[k]) == pytest.approx(a**2 * trace / s**4)


@every_sde
@pytest.mark.parametrize("t", [0.3, 0.6])
def test_the_floor_is_the_loss_of_the_exact_score(sde: SDE, t: float):
    target, n = plane("full"), 40_000
    g = torch.Generator().manual_seed(7)
    x0, z = target.sample(n, g), torch.randn(n, 2, generator=g, dtype=torch.float64)
    s = sde.std(t)
    loss = (target.score(sde.mean_coefficient(t) * x0 + s * z, sde, t) + z / s).square().sum(1)
    floors = floor_curve(target, sde, [t])
    floor = float(floors.score[0])
    assert float(loss.mean()) == pytest.approx(
        floor, abs=5 * math.hypot(float(loss.std()) / math.sqrt(n), floor * float(floors.relative_error))
    )


def test_the_floors_of_a_typical_drawing():
    """Weighted by sigma^2, near 1.9, 1.4, .7 and .2 at sigma .1, .3, 1 and 3: two broad blobs, whose limit at sigma 0 is D = 2."""
    target = GaussianMixture(torch.ones(2), torch.tensor([[-1.35, 0.0], [1.35, 0.0]]), torch.full((2,), 0.45))
    sde = VESDE(0.01, 50.0)
    found = floor_curve(target, sde, [sde.t_of_sigma(sigma) for sigma in (0.1, 0.3, 1.0, 3.0)])
    assert found.noise.tolist() == pytest.approx([1.9, 1.4, 0.7, 0.2], abs=0.1)
    assert torch.allclose(found.noise / found.sigma**2, found.score)


def test_stored_points_have_a_floor_too():
    """Two points at +-1: tr Cov(x_0|x) = 1 - tanh(x/sigma^2)^2, by quadrature over p_t."""
    sde = SDES["VE"]
    target, sigma = Empirical(f64([[-1.0], [1.0]])), 0.8
    p = 0.5 * (gauss(LINE, -1.0, sigma) + gauss(LINE, 1.0, sigma))
    truth = float((p * (1 - torch.tanh(LINE / sigma**2) ** 2)).sum() * CELL)
    value, error = posterior_trace_expectation(target, sde, sde.t_of_sigma(sigma))
    assert abs(value - truth) < 5 * error < 0.1


# Spreads


@every_sde
def test_total_variance_is_that_of_the_marginal(sde: SDE):
    target, t = plane("full"), torch.linspace(0, 1, 11)
    found = total_variance(target, sde, t)
    assert found.dtype == torch.float64
    assert torch.allclose(found, torch.stack([target.marginal(sde, float(time)).cov().trace() for time in t]), rtol=1e-6)
    points = Empirical(target.sample(500, torch.Generator().manual_seed(0)))
    trace = float(points.points.var(0, correction=0).sum())
    assert float(total_variance(points, sde, t[3:4])) == pytest.approx(
        sde.mean_coefficient(0.3) ** 2 * trace + 2 * sde.std(0.3) ** 2, rel=1e-5
    )


@pytest.mark.parametrize("stds", [0.1, 2.0])
def test_ve_grows_vp_tends_to_one_and_sub_vp_stays_below(stds: float):
    target, t = GaussianMixture(f64([1.0]), f64([[1.0, 0.0]]), f64([stds])), torch.linspace(0, 1, 101, dtype=torch.float64)
    ve, vp, sub = (total_variance(target, SDES[name], t) / 2 for name in ("VE", "VP", "sub-VP"))
    assert bool((ve.diff() > 0).all()) and float(ve[-1]) == pytest.approx(25 + stds**2)
    assert float(vp[-1]) == pytest.approx(1, abs=1e-3) and bool(((vp - 1).abs().diff() <= 0).all())
    assert bool((sub <= vp).all()) and float(sub[50]) < float(vp[50]) - 1e-3


@every_sde
def test_signal_to_noise_of_any_table(sde: SDE):
    times = [0.0, 0.1, 0.5, 1.0]
    table = signal_to_noise(sde, times)
    for k, t in enumerate(times):
        a, s = sde.mean_coefficient(t), sde.std(t)
        assert (float(table.a[k]), float(table.std[k])) == pytest.approx((a, s))
        assert float(table.snr[k]) == pytest.approx((a / s) ** 2 if s else math.inf)
        assert float(table.log_snr[k]) == pytest.approx(2 * math.log(a / s) if s else math.inf)
    assert bool((table.snr.diff() < 0).all())
    abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 50, dtype=torch.float64), 0)
    ddpm = DiscreteVPSDE(abar)
    assert torch.allclose(signal_to_noise(ddpm, ddpm.times(50)).snr, abar / (1 - abar))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jump(SDES["VP"], 0.7, 0.3), "s|t"),
        (lambda: data_posterior(SDES["VP"], 0.3, 0.3), "s < t"),
        (lambda: data_posterior(SDES["VP"], None, 0.0), "noise at t"),
        (lambda: backward_kernel(three(), SDES["VP"], 0.6, 0.3, f64([0.0])), "earlier s, got s=0.6, t=0.3"),
        (lambda: backward_kernel(three(), SDES["VP"], 0.1, 0.3, f64([0.0, 1.0])), r"y of shape \(1,\)"),
        (lambda: backward_kernel(three(), SDES["VP"], 0.1, 1.3, f64([0.0])), r"\[0, 1\].*1.3"),
        (lambda: reverse_gaussian(f64([0.0]), f64([0.0]), 1.0, 1.0, 0.0), "shake > 0, got 0.0"),
        (lambda: total_variation(three(), plane("full")), r"\(1,\) and \(2,\)"),
        (lambda: floor_curve(three(), SDES["VP"], [0.0, 0.5]), "needs noise"),
        (lambda: total_variance(three(), SDES["VP"], f64([0.5, 1.5])), r"\[0, 1\]"),
        (lambda: signal_to_noise(SDES["VP"], [2.0]), r"\[0, 1\]"),
    ],
)
def test_bad_input_is_a_sentence(make, message: str):
    with pytest.raises(ValueError, match=message):
        make()
