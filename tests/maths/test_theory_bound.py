"""The variational ledger: exact on a Gaussian, never below E[-log p], and closing with the number of levels."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import GaussianMixture
from scoreviz.maths.sde import SDE, VESDE, VPSDE, SubVPSDE
from scoreviz.maths.theory import bound_ledger, data_posterior

SDES: dict[str, tuple[SDE, float]] = {"VE": (VESDE(0.01, 20.0), 0.0), "VP": (VPSDE(), 1e-3), "sub-VP": (SubVPSDE(), 1e-2)}
every_sde = pytest.mark.parametrize(("sde", "lowest"), SDES.values(), ids=SDES)


def f64(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def ladder(lowest: float, n: int) -> list[float]:
    return [lowest + (1 - lowest) * k / (n - 1) for k in range(n)] if n > 1 else [1.0]


def three() -> GaussianMixture:
    return GaussianMixture(f64([0.3, 0.5, 0.2]), f64([[-2.0], [0.5], [2.0]]), f64([0.2, 0.3, 0.25]))


@every_sde
@pytest.mark.parametrize("n", [1, 2, 20])
def test_on_one_gaussian_the_bound_is_exact_but_for_the_prior(sde: SDE, lowest: float, n: int):
    """N(m, v): the steps with the optimal variance are p(x_s|x_t) itself, so the terms add up to the entropy plus KL(p_T | prior).

    Each term is D/2 ln(v_i/beta~), the mutual information that is left, and there is no Monte Carlo error in any.
    """
    m, v = f64([1.0, -0.5]), 0.49
    target = GaussianMixture(f64([1.0]), m[None], f64([math.sqrt(v)]))
    times = ladder(lowest, n)
    ledger = bound_ledger(target, sde, times, points=64)
    a, s, width = sde.mean_coefficient(1.0), sde.std(1.0), sde.prior_std()
    spread = (a * a * v + s * s) / width**2
    prior_gap = 0.5 * float((a * m / width).square().sum()) + spread - 1 - math.log(spread)
    entropy = math.log(2 * math.pi * math.e * v)
    assert ledger.total.value == pytest.approx(entropy + prior_gap, abs=1e-9) and ledger.total.error < 1e-9
    for k, step in enumerate(ledger.steps):
        kernel, a, s = data_posterior(sde, times[k], times[k + 1]), sde.mean_coefficient(times[k + 1]), sde.std(times[k + 1])
        widest = kernel.std**2 + kernel.of_data**2 * v * s * s / (a * a * v + s * s)
        assert step.value == pytest.approx(math.log(widest / kernel.std**2), rel=1e-9)
    assert len(ledger.steps) == n - 1
    assert abs(ledger.surprise.value - entropy) < 5 * ledger.surprise.error
    many = bound_ledger(target, sde, times[-1:], points=20_000)
    assert abs(many.prior_gap.value - prior_gap) < 5 * many.prior_gap.error < 0.01


@every_sde
def test_the_terms_of_a_mixture_are_those_of_plain_monte_carlo(sde: SDE, lowest: float):
    """The same terms from draws of (x_0, x_t) and the Gaussian densities themselves, without any mean taken in closed form."""
    target, times, n = three(), [max(lowest, 0.05), 0.5, 1.0], 100_000
    ledger = bound_ledger(target, sde, times, variance="large", points=20_000)
    g = torch.Generator().manual_seed(5)
    x0 = target.sample(n, g)

    def noised(t: float) -> Tensor:
        return sde.mean_coefficient(t) * x0 + sde.std(t) * torch.randn(n, 1, generator=g, dtype=torch.float64)

    def agrees(estimate: tuple[float, float], draws: Tensor) -> bool:
        return abs(estimate[0] - float(draws.mean())) < 5 * math.hypot(estimate[1], float(draws.std()) / math.sqrt(n))

    normal = torch.distributions.Normal
    x = noised(times[0])
    decoder = normal(target.denoise(x, sde, times[0]), sde.std(times[0]))
    assert agrees(ledger.decoder, -decoder.log_prob(x0)[:, 0])
    for k, (s, t) in enumerate(((times[0], 0.5), (0.5, 1.0))):
        x, kernel = noised(t), data_posterior(sde, s, t)
        true, model = (
            normal(kernel.mean(x, data), std) for data, std in ((x0, kernel.std), (target.denoise(x, sde, t), sde.transition(s, t)[1]))
        )
        assert agrees(ledger.steps[k], torch.distributions.kl_divergence(true, model)[:, 0])
    prior = torch.distributions.kl_divergence(normal(sde.mean_coefficient(1.0) * x0, sde.std(1.0)), normal(0.0, sde.prior_std()))
    assert agrees(ledger.prior, prior[:, 0])
    assert ledger.total.value == pytest.approx(ledger.prior.value + ledger.decoder.value + sum(step.value for step in ledger.steps))
    assert ledger.gap.value == pytest.approx(ledger.total.value - ledger.surprise.value)


@every_sde
def test_the_gap_closes_like_one_over_n(sde: SDE, lowest: float):
    gaps = []
    for n in (8, 32, 128):
        ledger = bound_ledger(three(), sde, ladder(lowest, n), points=6000)
        rest = ledger.gap.value - ledger.prior_gap.value
        error = math.hypot(ledger.gap.error, ledger.prior_gap.error)
        assert rest > -5 * error
        gaps.append((rest, error))
    for (more, _), (less, error) in itertools.pairwise(gaps):
        assert 2.5 * (less - 3 * error) < more < 7 * (less + 3 * error)  # 4 if it were exactly 1/n from the first


@every_sde
def test_the_optimal_variance_is_the_best_of_three(sde: SDE, lowest: float):
    total = {
        name: bound_ledger(three(), sde, ladder(lowest, 8), variance=name, points=20_000).total for name in ("small", "large", "optimal")
    }
    for name in ("small", "large"):
        assert total[name].value > total["optimal"].value + 3 * math.hypot(total[name].error, total["optimal"].error)


def test_a_wrong_score_pays():
    """A score off by a constant c moves D by std^2 c/a: the steps grow by what the exact one is spared."""
    sde, times, target = VPSDE(), ladder(1e-3, 16), three()
    exact = bound_ledger(target, sde, times, variance="large")
    same = bound_ledger(target, sde, times, target.score_fn(sde), variance="large")
    wrong = bound_ledger(target, sde, times, lambda x, t: target.score(x, sde, t) + 0.5, variance="large")
    assert same == exact
    for k, (s, t) in enumerate(itertools.pairwise(times)):
        moved = data_posterior(sde, s, t).of_data * sde.std(t) ** 2 * 0.5 / sde.mean_coefficient(t)
        extra = 0.5 * (moved / sde.transition(s, t)[1]) ** 2
        assert wrong.steps[k].value - exact.steps[k].value == pytest.approx(extra, rel=1e-6)


def test_a_centred_prior_fits_data_off_the_centre():
    sde, target = VESDE(0.01, 3.0), GaussianMixture(f64([1.0]), f64([[4.0, 0.0]]), f64([0.3]))
    plain, centred = (bound_ledger(target, sde, [0.5, 1.0], mean=mean) for mean in (None, target.mean()))
    assert plain.prior.value - centred.prior.value == pytest.approx(0.5 * 16 / 9)
    assert centred.prior_gap.value < 0.05 < plain.prior_gap.value


def test_pictures_and_float32_and_the_global_generator():
    target = GaussianMixture(torch.ones(2), torch.randn(2, 1, 2, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([0.3, 0.5]))
    before = torch.random.get_rng_state()
    one, two = (bound_ledger(target, VPSDE(), [0.01, 0.5, 1.0], points=500, seed=2) for _ in range(2))
    assert one == two and one.gap.value > -5 * one.gap.error
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("times", [[], [0.5, 0.5], [0.7, 0.3], [0.0, 1.0]])
def test_bad_ladders(times: list[float]):
    with pytest.raises(ValueError, match="strictly ascending times with noise"):
        bound_ledger(three(), VPSDE(), times)
    with pytest.raises(ValueError, match="known: small, large, optimal"):
        bound_ledger(three(), VPSDE(), [0.5, 1.0], variance="huge")
