"""Every form of score matching is one loss up to known constants; floors; weights; gradients by hand."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import GaussianMixture, build_objective, loss_floor, preset
from scoreviz.maths.gradients import AutogradGradient, MLPGradient, gradient_for
from scoreviz.maths.networks import ScoreMLP, build_network
from scoreviz.maths.objectives import Batch, Objective, Regression
from scoreviz.maths.parameterisations import PARAMETERISATIONS
from scoreviz.maths.sde import VESDE, VPSDE
from scoreviz.scene.learning import (
    MLP,
    DDPMSimple,
    Denoising,
    EDMLoss,
    Explicit,
    Implicit,
    Ladder,
    LogNormalSigma,
    ObjectiveSpec,
    OneSigma,
    Sliced,
    UniformTimeSigma,
)  # fmt: skip

AT_03 = OneSigma(sigma=0.3)
SLICED = [
    Sliced(variance_reduced=reduced, probe=probe, projections=m)
    for reduced, probe, m in ((True, "rademacher", 1), (False, "rademacher", 3), (True, "gaussian", 2), (False, "gaussian", 1))
]
ALL: list[Any] = [
    Denoising(), Denoising(weighting="sigma2", sigmas=LogNormalSigma()), Denoising(weighting="likelihood", sigmas=UniformTimeSigma()),
    Denoising(sigmas=OneSigma()), Ladder(), DDPMSimple(), EDMLoss(), Explicit(),
    Explicit(sigmas=OneSigma(sigma=0.5), weighting="uniform"), Implicit(),
    Implicit(sigmas=AT_03), *SLICED, Sliced(sigmas=AT_03),
]  # fmt: skip
SIX = torch.arange(6) * (math.pi / 3)
SMOOTH = GaussianMixture(
    torch.tensor([1.0, 2, 1, 2, 1, 2]), 1.5 * torch.stack([SIX.cos(), SIX.sin()], 1), torch.tensor([0.3, 0.4, 0.35, 0.3, 0.4, 0.35])
)


def name(spec: Any) -> str:
    return "-".join([type(spec).__name__, *(str(getattr(spec, f)) for f in spec.__struct_fields__ if getattr(spec, f) is not None)])


class Exact:
    """The perfect network."""

    def __init__(self, target: GaussianMixture) -> None:
        self.target = target

    def denoiser(self, x, sigma):
        return self.target.posterior_at(x, sigma).mean


def objective(spec: Any, target: GaussianMixture, sigma_max: float | None = None) -> Objective:
    return build_objective(spec, VESDE(0.01, sigma_max or target.diameter()), target.sigma_data)


def batch(target: GaussianMixture, loss: Objective, n: int, sigma: float | None = None) -> Batch:
    """n samples in float64, sigma stratified or one for all."""
    g = torch.Generator().manual_seed(0)
    x0 = target.sample(n, g).double()
    levels = loss.sigma((torch.arange(n, dtype=torch.float64) + 0.5) / n) if sigma is None else torch.full((n,), sigma, dtype=torch.float64)
    return Batch(x0, levels, torch.randn(x0.shape, generator=g, dtype=x0.dtype), None, loss.probes(x0.shape, g))


def network(predicts: str = "edm", classes: int = 0, energy: bool = False) -> ScoreMLP:
    """One that has learned nothing and is not zero, in float64."""
    g = torch.Generator().manual_seed(3)
    spec = MLP(width=16, depth=2, features=8, parameterisation=predicts, classes=classes, energy=energy)
    net = build_network(spec, 2, SMOOTH.sigma_data, g)
    net.flat.add_(0.1 * torch.randn(net.flat.shape, generator=g))
    return net.with_weights(net.flat.double())


@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0, 3.0])
def test_explicit_implicit_sliced_and_denoising_losses_coincide(sigma: float):
    """Of one network, each less its known constant, sample by sample on one batch: what is left is noise of mean zero."""
    net, n, lam = network("score"), 20_000, sigma**2
    one = batch(SMOOTH, objective(Implicit(weighting="sigma2"), SMOOTH), n, sigma)
    x = one.noisy()

    def value(spec: Any) -> Tensor:
        loss = objective(spec, SMOOTH)
        probes = loss.probes(one.x0.shape, torch.Generator().manual_seed(5))
        return loss.loss(net, one._replace(probes=probes), SMOOTH)

    with torch.no_grad():
        explicit = value(Explicit(weighting="sigma2"))
        square = lam * SMOOTH.score_at(x, sigma).square().sum(1)
        uncertainty = lam * SMOOTH.posterior_at(x, sigma).trace / sigma**4
        implicit = value(Implicit(weighting="sigma2"))
        others = {"denoising": value(Denoising(weighting="sigma2")) - uncertainty, "implicit": implicit + square}
        others["implicit from denoising"] = value(Denoising(weighting="sigma2")) - 2 - implicit + explicit
        for spec in SLICED:
            others[name(spec)] = value(Sliced(**{f: getattr(spec, f) for f in spec.__struct_fields__} | {"weighting": "sigma2"})) + square
    assert float(explicit.mean()) > 0.1, "a network that is already exact would show nothing"
    for form, loss in others.items():
        apart = loss - explicit
        error = float(apart.std()) / math.sqrt(n)
        assert abs(float(apart.mean())) < 5 * error, form
        assert error < 0.15 * float(explicit.mean()), form


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_the_exact_score_has_the_floor_as_its_loss(spec: Any):
    loss = objective(spec, SMOOTH)
    with torch.no_grad():
        values = loss.loss(Exact(SMOOTH), batch(SMOOTH, loss, 40_000), SMOOTH).double()
    floor = loss_floor(SMOOTH, loss)
    error = (float(values.var() / len(values)) + floor.error**2) ** 0.5
    assert abs(float(values.mean()) - floor.total) < max(4 * error, 1e-9)
    assert error < 0.05 * max(1.0, abs(floor.total))


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_any_other_denoiser_lies_above(spec: Any):
    loss = objective(spec, SMOOTH)

    class Off(Exact):
        def denoiser(self, x, sigma):
            return super().denoiser(x, sigma) + 0.5 * sigma[:, None]

    one = batch(SMOOTH, loss, 4_000)
    with torch.no_grad():
        apart = loss.loss(Off(SMOOTH), one, SMOOTH) - loss.loss(Exact(SMOOTH), one, SMOOTH)
    expected = 2 * 0.25 * float((loss.weight(one.sigma) * one.sigma**2).mean())
    assert abs(float(apart.mean()) - expected) < 5 * float(apart.std()) / math.sqrt(len(apart)) + 1e-9 * expected


@pytest.mark.parametrize("spec", [s for s in ALL if not isinstance(s, Implicit | Sliced)], ids=name)
@pytest.mark.parametrize("predicts", PARAMETERISATIONS)
@pytest.mark.parametrize("classes", [0, 3])
def test_gradients_by_hand_are_autograds(spec: Any, predicts: str, classes: int):
    net, loss = network(predicts, classes), objective(spec, SMOOTH)
    assert isinstance(loss, Regression)
    labelled = GaussianMixture(SMOOTH.weights, SMOOTH.means, SMOOTH.stds, labels=torch.tensor([0, 1, 2, 0, 1, 2]))
    one = batch(SMOOTH, loss, 32)
    if classes:
        one = one._replace(labels=torch.arange(32) % 4 - 1)
    hand, auto = MLPGradient(net, 32), AutogradGradient(net, 32)
    assert torch.allclose(hand.of(loss, one, labelled), auto.of(loss, one, labelled), rtol=1e-9)
    assert torch.allclose(hand.flat, auto.flat, rtol=1e-7, atol=1e-9 * float(auto.flat.abs().max()))
    assert float(hand.flat.abs().max()) > 0


@pytest.mark.parametrize("spec", [Implicit(), SLICED[0], SLICED[1], Explicit()], ids=name)
@pytest.mark.parametrize("energy", [False, True])
def test_gradients_by_autograd_are_differences(spec: Any, energy: bool):
    """The derivative along a direction in weights, by central differences: double backward passes included."""
    net, loss = network(energy=energy), objective(spec, SMOOTH)
    one, auto = batch(SMOOTH, loss, 16), AutogradGradient(net, 16)
    auto.of(loss, one, SMOOTH)
    along = torch.randn(net.flat.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        up, down = (float(loss.loss(net.with_weights(net.flat + h * along), one, SMOOTH).mean()) for h in (1e-5, -1e-5))
    assert float(auto.flat @ along) == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_the_fastest_gradient_is_chosen():
    denoising, implicit = objective(Denoising(), SMOOTH), objective(Implicit(), SMOOTH)
    assert isinstance(gradient_for(network(), denoising, 8), MLPGradient)
    assert isinstance(gradient_for(network(), implicit, 8), AutogradGradient)
    assert isinstance(gradient_for(network(energy=True), denoising, 8), AutogradGradient)
    assert gradient_for(network(), denoising, 8).serves(denoising, 8)
    assert not gradient_for(network(), denoising, 8).serves(denoising, 9)
    assert not gradient_for(network(), denoising, 8).serves(implicit, 8)
    assert not gradient_for(network(), implicit, 8).serves(denoising, 8)


def test_explicit_matching_of_a_class_aims_at_its_own_score():
    labelled = GaussianMixture(SMOOTH.weights, SMOOTH.means, SMOOTH.stds, labels=torch.tensor([0, 0, 0, 7, 7, 7]))
    loss = objective(Explicit(), SMOOTH)
    one = batch(SMOOTH, loss, 9)._replace(labels=torch.tensor([0, 7, -1] * 3))
    aim, noise = loss.aims(one, labelled)
    x = one.noisy()
    for rows, law in ((slice(0, 9, 3), labelled.of_class(0)), (slice(1, 9, 3), labelled.of_class(7)), (slice(2, 9, 3), SMOOTH)):
        assert torch.allclose(aim[rows], law.posterior_at(x[rows], one.sigma[rows]).mean, atol=1e-9)
        assert torch.allclose(noise[rows], -one.sigma[rows, None] * law.score_at(x[rows], one.sigma[rows]), atol=1e-9)
    with pytest.raises(ValueError, match="knows no classes"):
        loss.loss(Exact(SMOOTH), one, labelled)


def test_closed_form_on_one_gaussian():
    """tr Cov(x_0|x) = 2 v s^2/(v + s^2): with EDM's weights exactly 2 at every sigma. E |s|^2 = 2/(v + s^2)."""
    target = GaussianMixture(torch.ones(1), torch.tensor([[1.0, -1.0]]), torch.tensor([0.7]))
    floor = loss_floor(target, objective(Denoising(), target))
    assert torch.allclose(floor.per_sigma, torch.full_like(floor.per_sigma, 2.0), rtol=1e-5)
    assert floor.total == pytest.approx(2.0, rel=1e-5)
    sigma2 = loss_floor(target, objective(Denoising(weighting="sigma2"), target))
    assert torch.allclose(sigma2.per_sigma, 2 * 0.49 / (0.49 + sigma2.sigmas**2), rtol=1e-4)
    implicit = loss_floor(target, objective(Implicit(weighting="uniform"), target), points=20_000)
    assert torch.allclose(implicit.per_sigma, -2 / (0.49 + implicit.sigmas**2), rtol=0.05)
    assert loss_floor(target, objective(Explicit(), target)).total == 0.0


def test_sigma2_floor_falls_with_sigma():
    """REFERENCE: near 1.9, 1.4, .7, .2 at sigma .1, .3, 1, 3 for a typical drawing; two moons are finer, so theirs falls sooner."""
    target = preset("two_moons")
    floor = loss_floor(target, objective(Denoising(weighting="sigma2"), target, 10.0), levels=64)
    at = [float(floor.per_sigma[(floor.sigmas - s).abs().argmin()]) for s in (0.01, 0.1, 0.3, 1.0, 3.0)]
    assert at == sorted(at, reverse=True)
    assert at == pytest.approx([1.99, 1.48, 1.29, 0.73, 0.16], abs=0.06)


def test_a_floor_is_repeatable_and_takes_all_levels_of_a_ladder():
    target = preset("eight_gaussians")
    floor = loss_floor(target, objective(Ladder(levels=10), target))
    assert floor.total == loss_floor(target, objective(Ladder(levels=10), target)).total
    assert len(floor.sigmas) == 10
    assert len(loss_floor(target, objective(Denoising(sigmas=OneSigma()), target)).sigmas) == 1
    with pytest.raises(ValueError, match="at least 1 level and 2 points, got 0 and 512"):
        loss_floor(target, objective(Denoising(), target), levels=0)


def test_likelihood_weighting_is_half_the_relative_entropy():
    """KL(p|q) at sigma_min less that at sigma_max = 1/2 int g^2 E |s_p - s_q|^2 dt (Song et al. 2021b, theorem 1), for Gaussians."""

    def kl(v: float, w: float, apart: float) -> float:  # in two dimensions, of N(m, v) from N(m', w)
        return 0.5 * (2 * v / w - 2 + apart / w + 2 * math.log(w / v))

    p = GaussianMixture(torch.ones(1), torch.tensor([[0.5, 0.0]]), torch.tensor([0.6]))
    q = GaussianMixture(torch.ones(1), torch.tensor([[-0.5, 0.3]]), torch.tensor([0.9]))
    for sde in (VESDE(0.1, 4.0), VPSDE(0.1, 20.0)):
        loss = build_objective(Explicit(weighting="likelihood", sigmas=UniformTimeSigma()), sde, 1.0)
        values = loss.loss(Exact(q), batch(p, loss, 100_000), p)
        (low, high), apart = loss.sigma_range, 1.09
        expected = kl(0.36 + low**2, 0.81 + low**2, apart) - kl(0.36 + high**2, 0.81 + high**2, apart)
        found, error = 0.5 * (1 - sde.t_min) * values, 0.5 * float(values.std()) / math.sqrt(len(values))
        assert error < 0.02 * expected
        assert abs(float(found.mean()) - expected) < 5 * error


def test_every_spec_is_built_and_says_its_range():
    sde = VESDE(0.02, 3.0)
    assert {type(spec) for spec in ALL} == set(ObjectiveSpec.members())
    for spec in ALL:
        low, high = build_objective(spec, sde, 1.0).sigma_range
        single = getattr(getattr(spec, "sigmas", None), "sigma", None)
        assert (low, high) == (single, single) if single is not None else 0 < low < high
        assert spec.formula().count("{") == spec.formula().count("}") > 0
    for spec in (Denoising(), Denoising(sigmas=LogNormalSigma()), Denoising(sigmas=UniformTimeSigma()), Ladder(), Implicit()):
        assert build_objective(spec, sde, 1.0).sigma_range == pytest.approx((0.02, 3.0), rel=1e-4)
    assert "left" in Sliced().formula() and Sliced().formula() != Sliced(variance_reduced=False).formula()


def test_probes_have_unit_covariance():
    for probe in ("rademacher", "gaussian"):
        loss = objective(Sliced(probe=probe, projections=2), SMOOTH)
        v = loss.probes((20_000, 3), torch.Generator().manual_seed(0))
        assert v.shape == (2, 20_000, 3)
        assert torch.allclose(v.reshape(-1, 3).T @ v.reshape(-1, 3) / 40_000, torch.eye(3), atol=0.04)
        assert torch.equal(v, loss.probes((20_000, 3), torch.Generator().manual_seed(0)))
    with pytest.raises(ValueError, match="needs a batch with probes"):
        loss.loss(Exact(SMOOTH), batch(SMOOTH, objective(Implicit(), SMOOTH), 4), SMOOTH)


def test_errors():
    sde = VESDE(0.02, 3.0)
    for spec, message in (
        (Denoising(weighting="edn"), "no weighting called “edn”; known: edm, sigma2, likelihood, uniform"),
        (Denoising(sigmas=OneSigma(sigma=0.0)), "sigma must be positive, got 0.0"),
        (Implicit(sigmas=OneSigma(sigma=-1.0)), "sigma must be positive"),
        (Ladder(levels=1), "at least 2 levels"),
        (DDPMSimple(steps=1), "at least 2 steps, got 1"),
        (DDPMSimple(beta_min=-1.0), "beta_min"),
        (EDMLoss(p_std=0.0), "positive std"),
        (Denoising(sigmas=LogNormalSigma(p_mean=50.0)), "never comes to lie between"),
        (Sliced(probe="cauchy"), "no probe called “cauchy”"),
        (Sliced(projections=0), "at least 1 projection"),
    ):
        with pytest.raises(ValueError, match=message):
            build_objective(spec, sde, 1.0)
