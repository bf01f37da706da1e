"""The exact score of stored points: against the direct sum in float64, against a mixture of narrow Gaussians, and in bounded memory."""

import math
import resource
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from scoreviz.maths import VESDE, Empirical, GaussianMixture, build_sampler, clipped, prior_points, rng_from_seed, sample
from scoreviz.maths.sde import SDE, DiscreteVPSDE
from scoreviz.scene.samplers import PredictorCorrector

VE = VESDE(0.01, 30.0)
VP = DiscreteVPSDE(torch.cumprod(1 - torch.linspace(1e-4, 0.2, 50, dtype=torch.float64), 0))
LEVELS = (0.0, 0.2, 0.5, 0.8, 1.0)


def points(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def noised(data: Tensor, sde: SDE, t: float, n: int, dtype: torch.dtype) -> Tensor:
    g = torch.Generator().manual_seed(1)
    x0 = data[torch.randint(len(data), (n,), generator=g)].double()
    return (sde.mean_coefficient(t) * x0 + sde.std(t) * torch.randn(x0.shape, generator=g, dtype=torch.float64)).to(dtype)


def direct(data: Tensor, x: Tensor, sde: SDE, t: float) -> tuple[Tensor, Tensor]:
    """Denoiser and score by the sum itself, one point at a time, float64."""
    a, std = sde.mean_coefficient(t), sde.std(t)
    data, x = data.double(), x.double()
    logits = torch.stack([-(x - a * m).flatten(1).square().sum(1) / (2 * std**2) for m in data], 1)
    r = torch.softmax(logits, 1)
    mean = sum(r[:, k].reshape(-1, *[1] * (x.ndim - 1)) * m for k, m in enumerate(data))
    return mean, (a * mean - x) / std**2


@pytest.mark.parametrize("sde", [VE, VP], ids=["VE", "VP"])
@pytest.mark.parametrize("t", LEVELS)
@pytest.mark.parametrize("shape", [(3, 8, 8), (5,), (2, 7)])
@pytest.mark.parametrize("stored", [torch.float32, torch.float64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_against_the_direct_sum(sde: SDE, t: float, shape: tuple[int, ...], stored: torch.dtype, dtype: torch.dtype):
    data = points(60, *shape, dtype=stored)
    x = noised(data, sde, t, 7, dtype)
    empirical, (mean, score) = Empirical(data), direct(data, x, sde, t)
    exact = dtype is torch.float64
    found = empirical.denoise(x, sde, t)
    assert found.dtype == dtype and found.shape == x.shape
    assert torch.allclose(found.double(), mean, rtol=0, atol=1e-9 if exact else 2e-6)
    unit = sde.std(t)  # score times std has the size of the noise; float32 rounds x and a D before they are subtracted
    found = empirical.score_fn(sde)(x, t)
    assert found.dtype == dtype
    rounding = 1e-9 if exact else 4 * 1.2e-7 * (1 + float(x.abs().max())) / unit
    assert torch.allclose(unit * found.double(), unit * score, rtol=0, atol=rounding)


def near_ties() -> Tensor:
    """Bright pictures that differ in a pixel or two by one grey value: a float32 product of 3072 terms cannot tell them apart."""
    data = 0.7 + 0.3 * points(1, 3, 32, 32).repeat(6, 1, 1, 1)
    for k in range(6):
        data[k, 0, 0, k] += k / 255
    return data


def test_near_ties_at_the_smallest_noise():
    data = near_ties()
    x = noised(data, VE, 0.0, 12, torch.float32)
    mean, _ = direct(data, x, VE, 0.0)
    assert torch.allclose(Empirical(data).denoise(x, VE, 0.0).double(), mean, rtol=0, atol=1e-6)
    u, m = x.flatten(1), data.flatten(1)
    naive = torch.softmax(-(u.square().sum(1)[:, None] - 2 * u @ m.T + m.square().sum(1)) / (2 * VE.std(0.0) ** 2), 1) @ m
    assert float((naive.reshape(x.shape).double() - mean).abs().max()) > 1e-5, "float32 would have done: the test shows nothing"


@pytest.mark.parametrize("t", [0.3, 0.6, 1.0])
def test_it_is_a_mixture_of_very_narrow_gaussians(t: float):
    data = points(40, 2, dtype=torch.float64)
    mixture = GaussianMixture(torch.ones(40, dtype=torch.float64), data, torch.full((40,), 1e-6, dtype=torch.float64))
    x = noised(data, VE, t, 50, torch.float64)
    assert torch.allclose(Empirical(data).score(x, VE, t), mixture.score(x, VE, t), rtol=1e-6, atol=1e-6)
    assert torch.allclose(Empirical(data).denoise(x, VE, t), mixture.denoise(x, VE, t), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("sde", [VE, VP], ids=["VE", "VP"])
@pytest.mark.parametrize("t", [0.3, 0.6, 1.0])
def test_density_posterior_and_responsibilities_are_those_of_a_mixture_without_width(t: float, sde: SDE):
    data = points(40, 2, dtype=torch.float64)
    mixture = GaussianMixture(torch.ones(40).double(), data, torch.full((40,), 1e-7).double())
    empirical, x = Empirical(data), noised(data, sde, t, 50, torch.float64)
    assert torch.allclose(empirical.log_prob(x, sde, t), mixture.log_prob(x, sde, t), rtol=1e-9, atol=1e-8)
    assert torch.allclose(empirical.log_prob_fn(sde)(x, torch.full((50,), t).double()), mixture.log_prob(x, sde, t), atol=1e-7)
    assert torch.allclose(empirical.responsibilities(x, sde, t), mixture.responsibilities(x, sde, t), atol=1e-8)
    assert torch.allclose(empirical.posterior(x, sde, t).mean, mixture.posterior(x, sde, t).mean, atol=1e-8)
    assert torch.allclose(empirical.posterior(x, sde, t).trace, mixture.posterior(x, sde, t).trace, atol=1e-8)
    assert empirical.sigma_data == pytest.approx(mixture.sigma_data)
    assert empirical.log_prob(x.float(), sde, t).dtype == empirical.posterior(x.float(), sde, t).trace.dtype == torch.float32


def test_density_of_points_on_a_line_integrates_to_one_and_its_slope_is_the_score():
    empirical = Empirical(points(9, 1, dtype=torch.float64))
    line = torch.linspace(-8, 8, 40001, dtype=torch.float64)[:, None]
    log_p = empirical.log_prob(line, VP, 0.6)
    assert float(log_p.exp().sum()) * 16 / 40000 == pytest.approx(1, abs=1e-9)
    slope = (log_p[2:] - log_p[:-2]) / (2 * 16 / 40000)
    assert torch.allclose(slope, empirical.score(line, VP, 0.6)[1:-1, 0], atol=1e-5)


@pytest.mark.parametrize("sde", [VE, VP], ids=["VE", "VP"])
def test_classes_of_stored_pictures(sde: SDE):
    """Bayes' rule over the classes' own sums; the class score is conditional minus unconditional."""
    data, labels = points(30, 2, 3, 3, dtype=torch.float64), torch.arange(30) % 3
    empirical, x, t = Empirical(data, labels), noised(data, sde, 0.6, 8, torch.float64), 0.6
    assert empirical.classes == (0, 1, 2) and empirical.shape == (2, 3, 3) and empirical.dim == 18
    r = empirical.responsibilities(x, sde, t)
    shares = torch.stack([r[:, labels == y].sum(1) for y in range(3)], 1)
    assert torch.allclose(empirical.class_log_prob(x, sde, t).exp(), shares, atol=1e-10)
    for y in range(3):
        apart = Empirical(data[labels == y]).score(x, sde, t) - empirical.score(x, sde, t)
        assert torch.allclose(empirical.class_score(x, y, sde, t), apart, atol=1e-9 / sde.std(t) ** 2)
    y = torch.arange(8) % 3
    rows = torch.cat([empirical.class_score(x[i : i + 1], int(y[i]), sde, t) for i in range(8)])
    assert torch.allclose(empirical.class_score(x, y, sde, t), rows)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_time_for_each_sample(dtype: torch.dtype):
    data = points(30, 3, 4, 4)
    empirical, x = Empirical(data), torch.cat([noised(data, VE, t, 1, dtype) for t in LEVELS])
    found = empirical.score(x, VE, torch.tensor(LEVELS, dtype=torch.float64))
    for row, t, one in zip(x, LEVELS, found, strict=True):
        expected = empirical.score(row[None], VE, t)[0]
        assert torch.allclose(one, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


def test_pieces_and_rows_change_nothing(monkeypatch: pytest.MonkeyPatch):
    data = points(101, 3, 4, 4)
    x = noised(data, VE, 0.6, 9, torch.float32)
    whole = Empirical(data).denoise(x, VE, 0.6)
    monkeypatch.setattr("scoreviz.maths.empirical.PIECE", 10 * 48)
    monkeypatch.setattr("scoreviz.maths.empirical.TABLE", 2 * 101)
    assert torch.allclose(Empirical(data).denoise(x, VE, 0.6), whole, rtol=1e-6, atol=1e-6)
    assert torch.equal(Empirical(data).nearest(data[:9]), torch.zeros(9))
    assert torch.allclose(Empirical(data).mean(), data.double().mean(0))


def test_at_large_noise_the_estimate_is_the_mean_and_far_away_the_nearest():
    data = points(30, 2, 3, 3)
    empirical = Empirical(data)
    x = torch.zeros(1, 2, 3, 3)
    assert torch.allclose(empirical.denoise(x, VESDE(0.01, 1e4), 1.0)[0].double(), empirical.mean(), atol=1e-4)
    far = empirical.denoise(data[:1] + 1e3 * torch.ones(1, 2, 3, 3), VE, 0.0)
    assert float(empirical.nearest(far)) == 0.0
    assert bool(empirical.score(1e6 * torch.ones(1, 2, 3, 3), VE, 0.0).isfinite().all())


def test_nearest():
    data = points(50, 4)
    empirical = Empirical(data)
    x = points(20, 4, seed=3, dtype=torch.float64)
    distance = torch.cdist(x, data.double())
    expected = (x - data.double()[distance.argmin(1)]).abs().amax(1)
    assert torch.allclose(empirical.nearest(x), expected)
    assert empirical.nearest(data[3:5] + torch.tensor([0.0, 1e-3, 0.0, 0.0])).tolist() == pytest.approx([1e-3, 1e-3], rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dim", [2, 20, 300])
def test_diameter(seed: int, dim: int):
    data = points(120, dim, seed=seed)
    largest = float(torch.pdist(data.double()).max())
    found = Empirical(data).diameter()
    unit = 10.0 ** (math.floor(math.log10(largest)) - 1)
    assert found == pytest.approx(math.ceil(largest / unit) * unit)


def test_diameter_of_little():
    assert Empirical(points(1, 5)).diameter() == 0.0
    assert Empirical(torch.ones(7, 5)).diameter() == 0.0
    assert Empirical(torch.tensor([[0.0], [0.13]])).diameter() == pytest.approx(0.13)
    assert Empirical(torch.tensor([[0.0], [0.131]])).diameter() == pytest.approx(0.14)


def test_samples_are_stored_points():
    data = points(5, 2, 3)
    drawn = Empirical(data).sample(4000, torch.Generator().manual_seed(0))
    counts = [(drawn == point).flatten(1).all(1).sum() for point in data]
    assert int(sum(counts)) == 4000
    assert all(abs(int(count) - 800) < 5 * math.sqrt(4000 * 0.2 * 0.8) for count in counts)


def test_a_run_returns_stored_points_and_all_of_them_as_often():
    data = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    empirical, sde = Empirical(data), VESDE(0.01, 4.0)
    x = prior_points(sde, (3000, 2), torch.Generator().manual_seed(0), empirical.mean())
    y = sample(build_sampler(PredictorCorrector(steps=60), sde, empirical.score_fn(sde)), x, 1)
    assert float(empirical.nearest(y).max()) < 1e-3
    shares = torch.bincount(torch.cdist(y, data).argmin(1), minlength=3) / 3000
    assert float((shares - 1 / 3).abs().max()) < 0.05


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (torch.zeros(0, 2), "N >= 1"), (torch.zeros(3), r"shape \(3,\)"), (torch.zeros(3, 2, dtype=torch.uint8), "float points"),
        (torch.tensor([[math.nan]]), "finite"),
    ],
)  # fmt: skip
def test_bad_points(bad: Tensor, words: str):
    with pytest.raises(ValueError, match=words):
        Empirical(bad)


def test_labels_and_noise_are_checked():
    with pytest.raises(ValueError, match="5 integers >= 0"):
        Empirical(points(5, 2), torch.zeros(4).long())
    with pytest.raises(ValueError, match="no labels"):
        Empirical(points(5, 2)).class_score(torch.zeros(1, 2), 0, VE, 0.5)
    with pytest.raises(ValueError, match="only where there is noise"):
        Empirical(points(5, 2)).log_prob(torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        Empirical(points(5, 2)).score(torch.zeros(1, 2), VE, -0.1)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"expected points of shape \(B, 2, 3\), got \(4, 3, 2\)"):
        Empirical(points(3, 2, 3)).score(torch.zeros(4, 3, 2), VE, 0.5)


MEMORY = """
import resource, sys, torch
from scoreviz.maths import Empirical, VESDE
torch.set_num_threads(1)
side, sde = int(sys.argv[1]), VESDE()
data = torch.empty(5000, 3, side, side).uniform_(generator=torch.Generator().manual_seed(0))
labels, x = torch.arange(5000) % 5, torch.zeros(16, 3, side, side)
def everything(empirical):
    empirical.score(x, sde, 0.5), empirical.log_prob(x, sde, 0.5), empirical.posterior(x, sde, 0.5), empirical.mean()
    empirical.responsibilities(x, sde, 0.5), empirical.nearest(x), empirical.diameter(), empirical.score(x, sde, torch.full((16,), 0.5))
everything(Empirical(data[:10], labels[:10]))  # the libraries' own buffers
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
everything(Empirical(data, labels))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux alone")
@pytest.mark.parametrize("side", [32, pytest.param(64, marks=pytest.mark.slow)])
def test_five_thousand_pictures_take_no_memory_beside_themselves(side: int):
    """61 and 246 MB of pictures, 16 samples; in a process of its own, whose peak is then that of these calls."""
    assert hasattr(resource, "getrusage")
    out = subprocess.run([sys.executable, "-c", MEMORY, str(side)], check=True, capture_output=True, text=True).stdout
    assert int(out) < 64 * 1024


def test_clipped_estimate():
    """D clamped, and turned back into a score by the formula written out here once more; where nothing is cut, the score itself."""

    def score_fn(x: Tensor, t: float) -> Tensor:
        return -x / (4.0 + sde.std(t) ** 2)

    for sde in (VE, VP):
        x = torch.linspace(-6, 6, 13, dtype=torch.float64)[:, None]
        for t in (0.1, 0.7):
            a, var = sde.mean_coefficient(t), sde.std(t) ** 2
            d = ((x + var * score_fn(x, t)) / a).clamp(-1, 1)
            found = clipped(score_fn, sde, -1, 1)(x, t)
            assert torch.allclose(found, (a * d - x) / var, rtol=1e-9, atol=1e-9)
            inside = ((x + var * score_fn(x, t)) / a).abs() <= 1
            assert torch.equal(found[inside], score_fn(x, t)[inside])
            both = torch.full((13,), t, dtype=torch.float64)
            assert torch.allclose(clipped(lambda x, t: score_fn(x, 0.1), sde, -1, 1)(x, both).isfinite(), torch.ones(13, 1, dtype=bool))


def test_prior_points():
    g = torch.Generator().manual_seed(0)
    x = prior_points(VE, (4000, 2, 2), g, torch.tensor([[5.0, 0.0], [0.0, -5.0]]))
    assert x.dtype == torch.float32
    assert torch.allclose(x.mean(0), torch.tensor([[5.0, 0.0], [0.0, -5.0]]), atol=5 * 30 / math.sqrt(4000))
    assert float(x.std()) == pytest.approx(30, rel=0.05)
    centred = prior_points(VE, (4000, 2, 2), torch.Generator().manual_seed(0))
    assert torch.equal(centred, VE.prior_sampling((4000, 2, 2), torch.Generator().manual_seed(0)))
    vp = prior_points(VP, (4000, 2), torch.Generator().manual_seed(0), torch.tensor([5.0, 5.0]))
    assert float(vp.mean()) == pytest.approx(5 * VP.mean_coefficient(1.0), abs=0.1)
    assert float(vp.std()) == pytest.approx(1.0, rel=0.05)
    assert rng_from_seed(0).equal(torch.Generator().manual_seed(0).get_state())
