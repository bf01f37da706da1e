"""The floor under the denoising loss, and the loss of a perfect network."""

import pytest
import torch

from scoreviz.maths import DenoisingScoreMatching, GaussianMixture, build_objective, loss_floor, preset
from scoreviz.maths.sde import VESDE
from scoreviz.scene.learning import Denoising


class Exact:
    """The perfect network."""

    def __init__(self, target: GaussianMixture) -> None:
        self.target = target

    def denoiser(self, x, sigma):
        return self.target.posterior_at(x, sigma).mean


def objective(weighting: str, target: GaussianMixture) -> DenoisingScoreMatching:
    return DenoisingScoreMatching(weighting, 0.01, target.diameter(), target.sigma_data)


def batch(target: GaussianMixture, loss: DenoisingScoreMatching, n: int):
    g = torch.Generator().manual_seed(0)
    x0 = target.sample(n, g)
    return x0, loss.sigma((torch.arange(n) + 0.5) / n), torch.randn(x0.shape, generator=g)


@pytest.mark.parametrize("weighting", ["edm", "sigma2"])
@pytest.mark.parametrize("name", ["two_moons", "eight_gaussians"])
def test_the_exact_score_has_the_floor_as_its_loss(weighting: str, name: str):
    target = preset(name)
    loss = objective(weighting, target)
    values = loss.loss(Exact(target), *batch(target, loss, 100_000)).double()
    floor = loss_floor(target, loss)
    error = (float(values.var() / len(values)) + floor.error**2) ** 0.5
    assert error < 0.02
    assert abs(float(values.mean()) - floor.total) < 4 * error


def test_any_other_denoiser_lies_above():
    target = preset("two_moons")
    loss = objective("edm", target)

    class Off(Exact):
        def denoiser(self, x, sigma):
            return super().denoiser(x, sigma) + 0.3 * sigma[:, None]

    assert float(loss.loss(Off(target), *batch(target, loss, 20_000)).mean()) > loss_floor(target, loss).total + 0.05


def test_closed_form_on_one_gaussian():
    """tr Cov(x_0|x) = 2 v s^2/(v + s^2): with EDM's weights exactly 2 at every sigma."""
    target = GaussianMixture(torch.ones(1), torch.tensor([[1.0, -1.0]]), torch.tensor([0.7]))
    floor = loss_floor(target, objective("edm", target))
    assert torch.allclose(floor.per_sigma, torch.full_like(floor.per_sigma, 2.0), rtol=1e-5)
    assert floor.total == pytest.approx(2.0, rel=1e-5)
    sigma2 = loss_floor(target, objective("sigma2", target))
    assert torch.allclose(sigma2.per_sigma, 2 * 0.49 / (0.49 + sigma2.sigmas**2), rtol=1e-4)


def test_sigma2_floor_falls_with_sigma():
    """REFERENCE: near 1.9, 1.4, .7, .2 at sigma .1, .3, 1, 3 for a typical drawing; two moons are finer, so theirs falls sooner."""
    target = preset("two_moons")
    loss = DenoisingScoreMatching("sigma2", 0.01, 10.0, target.sigma_data)
    floor = loss_floor(target, loss, levels=64)
    at = [float(floor.per_sigma[(floor.sigmas - s).abs().argmin()]) for s in (0.01, 0.1, 0.3, 1.0, 3.0)]
    assert at == sorted(at, reverse=True)
    assert at == pytest.approx([1.99, 1.48, 1.29, 0.73, 0.16], abs=0.06)


def test_floor_is_repeatable():
    target = preset("eight_gaussians")
    assert loss_floor(target, objective("edm", target)).total == loss_floor(target, objective("edm", target)).total


def test_weights_agree_with_the_network_units():
    """w c_out^2 is what the trainer puts on F."""
    target = preset("two_moons")
    sigma = torch.tensor([0.02, 0.5, 4.0])
    for weighting in ("edm", "sigma2"):
        loss = objective(weighting, target)
        c_out2 = (sigma * target.sigma_data) ** 2 / (sigma**2 + target.sigma_data**2)
        assert torch.allclose(loss.weight(sigma) * c_out2, torch.as_tensor(loss.output_weight(sigma)).expand(3), rtol=1e-5)


def test_sigma_quantiles_span_the_range():
    loss = build_objective(Denoising(), VESDE(0.02, 3.0), 1.0)
    ends = loss.sigma(torch.tensor([0.0, 1.0]))
    assert ends.tolist() == pytest.approx([0.02, 3.0], rel=1e-4)
    assert (loss.sigma(torch.linspace(0, 1, 50)).diff() > 0).all()


def test_errors():
    with pytest.raises(ValueError, match="no weighting called “edn”"):
        DenoisingScoreMatching("edn", 0.01, 1.0, 1.0)
    with pytest.raises(ValueError, match="sigma_min < sigma_max"):
        DenoisingScoreMatching("edm", 1.0, 0.5, 1.0)
