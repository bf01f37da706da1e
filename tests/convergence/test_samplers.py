"""Samplers with the exact score end on the drawing, as near as samples of the drawing are to each other."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from scoreviz.maths import VESDE, GaussianMixture, make_sampler, noise_floor, preset, sample, sliced_wasserstein, starting_points
from scoreviz.scene.samplers import ReverseSDE

TARGET = preset("two_spirals")
SDE = VESDE(0.01, TARGET.diameter())
SCORE = TARGET.score_fn(SDE)
N = 2000


def distance(name: str, **settings) -> float:
    x = starting_points(ReverseSDE(), SDE, TARGET, N, torch.Generator().manual_seed(0))
    truth = TARGET.sample(N, torch.Generator().manual_seed(1))
    return sliced_wasserstein(sample(make_sampler(name, SDE, SCORE, **settings), x, 2), truth)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("reverse_sde", {"n_steps": 150}),
        ("reverse_sde", {"n_steps": 150, "predictor": "ancestral"}),
        ("reverse_sde", {"n_steps": 300, "predictor": "euler_maruyama"}),
        ("heun", {"n_steps": 40}),
        ("pc", {"n_steps": 80}),
        ("pc", {"n_steps": 80, "corrector": "ald", "order": "predictor_first"}),
        ("annealed_langevin", {"n_steps": 20, "n_corrector_steps": 40}),
    ],
)
def test_ends_near_the_noise_floor(name: str, settings: dict):
    mean, std = noise_floor(TARGET, N)
    assert distance(name, **settings) < mean + 4 * std


def test_the_noise_floor_is_a_demanding_bound():
    """What it must not let pass: too few steps, and Langevin at one level."""
    mean, std = noise_floor(TARGET, N)
    for name, settings in (("reverse_sde", {"n_steps": 5}), ("heun", {"n_steps": 3}), ("langevin", {"n_steps": 100})):
        assert distance(name, **settings) > mean + 4 * std, name


def test_langevin_without_noise_ends_on_the_modes():
    target = preset("eight_gaussians")
    x = 1.5 * torch.randn(300, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = sample(make_sampler("langevin", SDE, target.score_fn(SDE), n_steps=2000, step_size=0.005, sigma=0.01, noise=False), x, 0)
    nearest = (y[:, None] - target.means).norm(dim=2).min(1).values
    assert float(nearest.max()) < 1e-3
    assert float(target.score(y, SDE, 0.0).norm(dim=1).max()) < 1e-3
    assert len({tuple(p) for p in y.mul(100).round().tolist()}) == 8


def mixture_1d() -> GaussianMixture:
    weights, means, stds = ([0.3, 0.5, 0.2], [-1.5, 0.4, 1.6], [0.3, 0.5, 0.2])
    return GaussianMixture(*(torch.tensor(v, dtype=torch.float64) for v in (weights, [[m] for m in means], stds)))


def cdf(target: GaussianMixture, x: Tensor, sigma: float) -> Tensor:
    return torch.special.ndtr((x - target.means[:, 0]) / (target.stds**2 + sigma**2).sqrt()) @ target.weights


def test_paths_of_the_ode_are_quantile_lines():
    target, sde = mixture_1d(), VESDE(0.05, 5.0)
    x = torch.linspace(-9, 9, 41, dtype=torch.float64)[:, None]
    y = sample(make_sampler("heun", sde, target.score_fn(sde), n_steps=1000), x, 0)
    assert torch.allclose(cdf(target, y, 0.05), cdf(target, x, 5.0), atol=1e-5)


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_heun_is_of_second_order(kind: str):
    target = mixture_1d() if kind == "mixture" else GaussianMixture(*(torch.ones(s, dtype=torch.float64) for s in ((1,), (1, 1), (1,))))
    sde = VESDE(0.1, 5.0)
    x = torch.linspace(-6, 6, 25, dtype=torch.float64)[:, None]

    def solve(n: int) -> Tensor:
        return sample(make_sampler("heun", sde, target.score_fn(sde), n_steps=n), x, 0)

    exact = solve(2000)
    if kind == "gaussian":
        exact = 1 + (x - 1) * math.sqrt((1 + 0.01) / (1 + 25.0))
    errors = [float((solve(n) - exact).abs().mean()) for n in (40, 80, 160)]
    slopes = [math.log2(coarse / fine) for coarse, fine in itertools.pairwise(errors)]
    assert all(1.85 < slope < 2.15 for slope in slopes), slopes


def test_reverse_diffusion_is_of_first_order():
    """Its variance on a Gaussian, by the exact recursion of the steps it takes: no Monte Carlo."""
    sde = VESDE(0.05, 5.0)

    def bias(n: int) -> float:
        sampler = make_sampler("reverse_sde", sde, lambda x, t: -x / (1 + sde.std(t) ** 2), n_steps=n, denoise="none")
        variance = 1 + sde.std(1.0) ** 2
        for rule, t in zip(reversed(sampler.rules), reversed(sampler.levels.times), strict=True):
            variance = (1 - rule.pull / (1 + sde.std(t) ** 2)) ** 2 * variance + rule.shake**2
        return abs(variance - 1)

    assert math.log2(bias(200) / bias(400)) == pytest.approx(1.0, abs=0.15)
