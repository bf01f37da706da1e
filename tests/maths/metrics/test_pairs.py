"""Energy distance, maximum mean discrepancy and nearest neighbours against closed forms and direct sums."""

import math
import subprocess
import sys

import pytest
import torch

from scoreviz.maths.metrics import energy_distance, max_mean_discrepancy, nearest_distance, nearest_point
from scoreviz.maths.metrics import pairs as pairs_module

BOTH = [energy_distance, max_mean_discrepancy]


def normal(n: int, dim: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mean_gap(mu: float, s: float) -> float:
    """E|Z| for Z ~ N(mu, s^2)."""
    return s * math.sqrt(2 / math.pi) * math.exp(-(mu**2) / (2 * s**2)) + mu * math.erf(mu / (s * math.sqrt(2)))


def mean_kernel(mu2: float, v: float, h: float, dim: int) -> float:
    """E exp(-|Z|^2/2h^2) for Z ~ N(mu, v I), |mu|^2 = mu2."""
    return (h**2 / (h**2 + v)) ** (dim / 2) * math.exp(-mu2 / (2 * (h**2 + v)))


@pytest.mark.parametrize("blocks", [2**18, 16])
def test_equal_the_direct_sums(monkeypatch: pytest.MonkeyPatch, blocks: int):
    monkeypatch.setattr(pairs_module, "BLOCK", blocks)
    a, b = normal(37, 3), normal(23, 3, 1) + 0.4
    aa, bb, ab = (torch.cdist(u, v, compute_mode="donot_use_mm_for_euclid_dist") for u, v in ((a, a), (b, b), (a, b)))
    unit = float(b.var(0, correction=0).mean().sqrt())
    assert energy_distance(a, b) == pytest.approx(float(2 * ab.mean() - aa.mean() - bb.mean()) / unit, rel=1e-12)
    for widths in (0.7, (0.3, 0.9, 2.0)):
        kernels = []
        for d in (aa, bb, ab):
            kernels.append(sum((-d.square() / (2 * h**2)).exp() for h in torch.tensor(widths).reshape(-1)) / torch.tensor(widths).numel())
        ka, kb, kab = kernels
        expected = (ka.sum() - 37) / (37 * 36) + (kb.sum() - 23) / (23 * 22) - 2 * kab.mean()
        assert max_mean_discrepancy(a, b, widths) == pytest.approx(float(expected), rel=1e-6)
    assert torch.allclose(nearest_point(a, b).distance, ab.amin(1), rtol=1e-12)
    assert torch.equal(nearest_point(a, b).row, ab.argmin(1))


def test_energy_distance_of_two_gaussians():
    """The mean over samples is the law's own plus E|x - x'|/N for each cloud, since a point's distance to itself is counted."""
    n, seeds, mu, s = 200, 200, 0.8, 1.5
    law = 2 * mean_gap(mu, math.hypot(1, s)) - mean_gap(0, math.sqrt(2)) - mean_gap(0, s * math.sqrt(2))
    bias = (mean_gap(0, math.sqrt(2)) + mean_gap(0, s * math.sqrt(2))) / n
    values = []
    for seed in range(seeds):
        a, b = normal(n, seed=2 * seed), mu + s * normal(n, seed=2 * seed + 1)
        values.append(energy_distance(a, b) * float(b.std(correction=0)))
    found = torch.tensor(values, dtype=torch.float64)
    assert float(found.mean()) == pytest.approx(law + bias, abs=5 * float(found.std()) / math.sqrt(seeds))


def test_energy_distance_is_twice_the_squared_distance_of_distribution_functions():
    a, b = normal(50), normal(60, seed=1) * 2
    grid, _ = torch.cat([a, b]).flatten().sort()
    gap = (
        torch.searchsorted(a.flatten().sort().values, grid, right=True) / 50
        - torch.searchsorted(b.flatten().sort().values, grid, right=True) / 60
    )
    area = float((gap[:-1].square() * grid.diff()).sum())
    assert energy_distance(a, b) == pytest.approx(2 * area / float(b.std(correction=0)), rel=1e-5)


@pytest.mark.parametrize("dim", [1, 5])
def test_discrepancy_is_unbiased(dim: int):
    n, seeds, mu, h = 60, 300, 0.5, 1.2
    values = torch.tensor(
        [max_mean_discrepancy(normal(n, dim, 2 * s), mu + 1.4 * normal(n, dim, 2 * s + 1), h) for s in range(seeds)], dtype=torch.float64
    )
    truth = mean_kernel(0, 2, h, dim) + mean_kernel(0, 2 * 1.96, h, dim) - 2 * mean_kernel(mu**2 * dim, 2.96, h, dim)
    assert float(values.mean()) == pytest.approx(truth, abs=5 * float(values.std()) / math.sqrt(seeds))
    null = torch.tensor(
        [max_mean_discrepancy(normal(n, dim, 2 * s), normal(n, dim, 2 * s + 1), h) for s in range(seeds)], dtype=torch.float64
    )
    assert float(null.mean()) == pytest.approx(0, abs=5 * float(null.std()) / math.sqrt(seeds))
    assert float(null.min()) < 0 < float(null.max())


def test_the_median_is_that_of_the_data():
    a, b = normal(300, 2), 3 * normal(400, 2, 1)
    distances = torch.pdist(b)
    assert max_mean_discrepancy(a, b) == pytest.approx(max_mean_discrepancy(a, b, float(distances.median())), rel=1e-9)


@pytest.mark.parametrize("measure", [*BOTH, nearest_distance])
def test_invariances(measure):
    a, b = normal(80, 2), normal(90, 2, 1) * 1.3 + 0.2
    c, s = math.cos(0.7), math.sin(0.7)
    turn = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    value = measure(a, b)
    shuffled = torch.randperm(90, generator=torch.Generator().manual_seed(0))
    assert measure(a, b[shuffled]) == pytest.approx(value, rel=1e-9)
    assert measure(7 * a @ turn + 1e4, 7 * b @ turn + 1e4) == pytest.approx(value, rel=1e-7)
    assert measure(a.reshape(80, 1, 1, 2), b.reshape(90, 1, 2, 1)) == value
    assert measure(a.float(), b.float()) == pytest.approx(value, rel=1e-4)


def test_indiscernibles():
    a = normal(500, 2)
    assert energy_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert energy_distance(a, a[torch.randperm(500, generator=torch.Generator().manual_seed(0))]) == pytest.approx(0, abs=1e-9)
    assert energy_distance(a, normal(500, 2, 1)) > 1e-3
    assert energy_distance(a + 1e-3, a) > 0
    assert nearest_distance(a[:20], a) == 0


def test_nearest_tells_copies_from_draws():
    data = normal(2000, 2)
    copies, draws = data[:500], normal(500, 2, 1)
    assert torch.equal(nearest_point(copies, data).row, torch.arange(500))
    assert nearest_distance(copies, data) == 0 < nearest_distance(draws, data)
    far = torch.tensor([[3000.0, 4000.0]], dtype=torch.float64)
    assert float(nearest_point(far, torch.zeros(2, 2, dtype=torch.float64)).distance) == 5000
    lost = torch.tensor([[math.nan, 0.0], [0.0, 0.0]], dtype=torch.float64)
    found = nearest_point(lost, data)
    assert math.isnan(float(found.distance[0])) and found.row[0] == 0 and math.isfinite(float(found.distance[1]))


def test_pictures():
    data = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    found = nearest_point(data[[7, 3]] + 0.01, data)
    assert found.row.tolist() == [7, 3]
    assert found.distance.tolist() == pytest.approx([0.01 * math.sqrt(192)] * 2, rel=1e-5)
    assert found.distance.dtype == torch.float32


@pytest.mark.parametrize("measure", [*BOTH, nearest_distance])
def test_bad_clouds(measure):
    a, b = normal(10, 2), normal(10, 2, 1)
    lost = a.clone()
    lost[3, 1] = math.inf
    assert math.isnan(measure(lost, b))
    for bad, words in (((a, lost), "not finite"), ((a, normal(10, 3)), "same dimension"), ((a, b[:1]), "too few"), ((a[:0], b), "too few")):
        with pytest.raises(ValueError, match=words):
            measure(*bad)


def test_bad_bandwidths():
    a, same = normal(10, 2), torch.ones(10, 2, dtype=torch.float64)
    for width in (0.0, -1.0, math.nan, (), (1.0, 0.0)):
        with pytest.raises(ValueError, match="positive"):
            max_mean_discrepancy(a, a, width)
    with pytest.raises(ValueError, match="no bandwidth"):
        max_mean_discrepancy(a, same)
    with pytest.raises(ValueError, match="no spread"):
        energy_distance(a, same)


def test_large_clouds_fit():
    """6,000 x 6,000 distances would be 288 MB; blocks take a few. In a process of its own, whose peak nothing else has raised."""
    script = (
        "import resource, torch; from scoreviz.maths.metrics import energy_distance, max_mean_discrepancy, nearest_distance\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "g = torch.Generator().manual_seed(0); torch.set_num_threads(1)\n"
        "energy_distance(torch.randn(600, 2, generator=g), torch.randn(600, 2, generator=g)); before = peak()\n"
        "a, b = torch.randn(6000, 2, generator=g), torch.randn(6000, 2, generator=g)\n"
        "energy_distance(a, b), max_mean_discrepancy(a, b), nearest_distance(a, b); print(peak() - before)"
    )
    grown = float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    assert grown < 48  # MiB, of which the median of 1000 points takes 8
