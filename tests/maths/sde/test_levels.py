"""The discretisation that predictors and correctors stand on, against score_sde's, written out in `reference`."""

from __future__ import annotations

import math

import pytest
import torch

from scoreviz.maths import build_corrector, build_grid, build_predictor, make_sampler, sample
from scoreviz.maths.grids import build_levels
from scoreviz.maths.sde import SDE, VESDE, VPSDE, Levels, SubVPSDE
from scoreviz.scene.errors import SceneError
from scoreviz.scene.grids import GridSpec, KarrasGrid, LogSNRGrid, QuadraticGrid, UniformGrid
from scoreviz.scene.samplers import Ancestral, AnnealedLangevinCorrector, EulerMaruyama, LangevinCorrector, ReverseDiffusion
from tests.maths.sde.reference import B1, REFERENCES, Reference

EVERY = pytest.mark.parametrize("r", REFERENCES.values(), ids=REFERENCES)


def flat(pairs: tuple[tuple[float, float], ...] | list[tuple[float, float]]) -> list[float]:
    return [value for pair in pairs for value in pair]


@EVERY
@pytest.mark.parametrize("n", [1, 2, 5, 20, 21, 100, 1000])
def test_the_uniform_grid_is_the_published_one(r: Reference, n: int):
    levels, table = build_levels(UniformGrid(), r.sde, n), r.table(n)
    assert len(levels) == n
    assert levels.times == pytest.approx(table.times, abs=1e-12)
    assert flat(levels.kernels) == pytest.approx(flat(table.kernels), rel=1e-7, abs=1e-9)
    assert levels.stds == pytest.approx(table.stds, rel=1e-7)
    assert levels.alphas == pytest.approx(table.alphas, rel=1e-9)
    assert levels.euler_steps == pytest.approx(table.steps, rel=1e-9)


@EVERY
@pytest.mark.parametrize("spec", [KarrasGrid(), LogSNRGrid(), QuadraticGrid()], ids=repr)
@pytest.mark.parametrize("n", [1, 2, 17])
def test_on_any_other_grid_the_transitions_are_exact(r: Reference, spec: GridSpec, n: int):
    levels = build_levels(spec, r.sde, n)
    assert list(levels.times) == build_grid(spec)(r.sde, n, r.sde.eps)[::-1]
    a = variance = 0.0
    for k, (scale, noise) in enumerate(levels.kernels):
        a, variance = (scale * a if k else scale), scale**2 * variance + noise**2
        assert a == pytest.approx(r.a(levels.times[k]), rel=1e-9)
        assert math.sqrt(variance) == pytest.approx(r.std(levels.times[k]), rel=1e-7)
        assert levels.stds[k] == r.sde.std(levels.times[k])
        assert levels.alphas[k] == scale**2
    assert sum(levels.euler_steps) == pytest.approx(1.0)


@EVERY
def test_the_chain_s_noise_is_what_its_kernels_add_up_to(r: Reference):
    """`stds` is the noise of the chain itself: for VP that of the betas' products, not of the continuous time. Sub-VP is an Euler chain."""
    if isinstance(r.sde, SubVPSDE):
        return
    levels, variance = r.sde.discretise(50), 0.0
    for (scale, noise), std in zip(levels.kernels, levels.stds, strict=True):
        variance = scale**2 * variance + noise**2
        assert math.sqrt(variance) == pytest.approx(std, rel=1e-9)


def test_vp_at_few_steps():
    """A beta of 1 or more would leave nothing of x: up to beta_max steps the ratio of the continuous a^2 takes its place."""
    sde = VPSDE()
    for n in (1, 5, 20):
        levels = sde.discretise(n)
        assert all(0 < scale < 1 for scale, _ in levels.kernels)
        a = math.prod(scale for scale, _ in levels.kernels)
        assert a == pytest.approx(sde.mean_coefficient(1.0))
    assert min(scale for scale, _ in sde.discretise(21).kernels) == pytest.approx(math.sqrt(1 - B1 / 21))


@pytest.mark.parametrize("n", [1, 3, 5, 20, 21])
@pytest.mark.parametrize("name", ["reverse_diffusion", "ancestral", "euler_maruyama"])
@EVERY
def test_few_steps_stay_finite(r: Reference, name: str, n: int):
    if name == "ancestral" and not r.sde.has_ancestral:
        return
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(0)) * r.sde.prior_std()
    sampler = make_sampler("pc", r.sde, lambda x, t: -x / (r.a(t) ** 2 + r.std(t) ** 2), n_steps=n, predictor=name)
    assert bool(sample(sampler, x, 0).isfinite().all())


@pytest.mark.parametrize("variance", ["posterior", "forward"])
def test_sub_vp_has_no_ancestral_step(variance: str):
    with pytest.raises(SceneError, match=r"Sub-VP has no ancestral step\. Choose reverse diffusion, Euler–Maruyama"):
        make_sampler("reverse_sde", SubVPSDE(), lambda x, t: -x, n_steps=5, predictor="ancestral")
    for grid in ("uniform", "karras"):
        with pytest.raises(SceneError, match="Sub-VP"):
            make_sampler("pc", SubVPSDE(), lambda x, t: -x, n_steps=5, predictor="ancestral", grid=grid)
    with pytest.raises(SceneError, match="Sub-VP"):
        build_predictor(Ancestral(variance=variance))(SubVPSDE().discretise(5), 2)


def test_sub_vp_s_reverse_diffusion_is_euler_maruyama():
    levels = SubVPSDE().discretise(50)
    for k in range(50):
        assert build_predictor(ReverseDiffusion())(levels, k) == pytest.approx(build_predictor(EulerMaruyama())(levels, k), rel=1e-12)


@pytest.mark.parametrize("corrector", [LangevinCorrector(), AnnealedLangevinCorrector()], ids=repr)
@EVERY
def test_correctors_take_the_share_of_the_variance_that_is_left(r: Reference, corrector: LangevinCorrector):
    """2 alpha (r |z|/|s|)^2 and 2 alpha (r std)^2, alpha 1 for VE, 1 - beta_k for VP, a_k^2/a_{k-1}^2 where the published code has none."""
    levels, table = r.sde.discretise(30), r.table(30)
    rule, z, score = build_corrector(corrector), torch.ones(3, 4, dtype=torch.float64), torch.full((3, 4), 2.0, dtype=torch.float64)
    for k in range(30):
        unit = r.std(levels.times[k]) if isinstance(corrector, AnnealedLangevinCorrector) else 0.5
        assert float(rule(levels, k, score, z)) == pytest.approx(2 * table.alphas[k] * (0.16 * unit) ** 2, rel=1e-7)


def test_predictors_agree_in_the_limit():
    """At 5000 steps every rule is the SDE's own f and g to 1%."""
    for r in REFERENCES.values():
        n = 1000 if r is REFERENCES["discrete"] else 5000
        levels, k = r.sde.discretise(n), 3 * n // 5
        t, dt = levels.times[k], levels.euler_steps[k]
        for spec in (ReverseDiffusion(), EulerMaruyama(), Ancestral(), Ancestral(variance="forward")):
            if isinstance(spec, Ancestral) and not r.sde.has_ancestral:
                continue
            keep, pull, shake = build_predictor(spec)(levels, k)
            assert keep - 1 == pytest.approx(-r.c(t) * dt, rel=0.02, abs=1e-12), (spec, r.sde)
            assert pull == pytest.approx(r.g2(t) * dt, rel=0.02), (spec, r.sde)
            assert shake == pytest.approx(math.sqrt(r.g2(t) * dt), rel=0.02), (spec, r.sde)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ((), "at least 1"),
        ((0.5, 0.2), "strictly growing, got \\[0.5, 0.2\\]"),
        ((0.5, 0.5), "strictly growing"),
        ((0.1, 1.2), "1.2"),
        ((-0.1, 1.0), "-0.1"),
        ((0.1, math.nan), "nan"),
        (tuple(1 - k / 20 for k in range(20)), "20 times from 1.0 to"),
    ],
)
@pytest.mark.parametrize("sde", [VESDE(), VPSDE()], ids=repr)
def test_bad_levels(sde: SDE, times: tuple[float, ...], message: str):
    with pytest.raises(ValueError, match=message):
        Levels(sde, times, ((1.0, 0.1),) * len(times), (1.0,) * len(times), (1.0,) * len(times), (0.1,) * len(times))
    with pytest.raises(ValueError):
        Levels.at(sde, times)


def test_no_levels():
    for r in REFERENCES.values():
        with pytest.raises(ValueError, match="at least 1"):
            r.sde.discretise(0)
