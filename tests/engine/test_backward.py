"""The past of a particle: p(x_s|x_t) against Bayes' rule by quadrature, and its distance to the reverse step's Gaussian."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from scoreviz.engine.answers import World, answering
from scoreviz.engine.answers.backward import projected
from scoreviz.maths.sde.build import build_sde
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol.messages import Answered, Ask, Refused
from scoreviz.protocol.questions import AskBackward, Backward
from scoreviz.scene.document import Scene
from scoreviz.scene.noise import VE, VP, NoiseSpec, SubVP
from scoreviz.scene.samplers import Ancestral, EulerMaruyama, ProbabilityFlow, ReverseSDE
from tests.engine.driver import Driver
from tests.engine.oracles import Hand, sub_vp, ve, vp

LAW = Hand(np.array([1.0, 2.0]), np.array([[-1.0, 0.3], [1.2, -0.4]]), np.array([0.3, 0.2]))
VE_4 = VE(sigma_min=0.01, sigma_max=4.0)
Level = Callable[[float], tuple[float, float]]
NOISES: list[tuple[NoiseSpec, Level]] = [(VE_4, lambda t: ve(t, 0.01, 4.0)), (VP(), vp), (SubVP(), sub_vp)]
IDS = ["ve", "vp", "sub_vp"]


def asked(engine: Driver, question: AskBackward) -> Backward:
    """The last and whole answer."""
    mark = engine.mark()
    engine.send(Ask(asker="kernel", number=1, question=question))
    answer = engine.wait(Answered, lambda m: m.asker == "kernel" and m.share == 1.0, since=mark).answer
    assert isinstance(answer, Backward)
    return answer


def transition(level: Level, s: float, t: float) -> tuple[float, float]:
    (a_s, std_s), (a_t, std_t) = level(s), level(t)
    scale = a_t / a_s
    return scale, float(np.sqrt(std_t**2 - (scale * std_s) ** 2))


def by_bayes(points: np.ndarray, x: np.ndarray, level: Level, s: float, t: float) -> np.ndarray:
    """p_s(x_s) N(x_t; scale x_s, step^2 I), not normalised."""
    scale, std = transition(level, s, t)
    return np.exp(LAW.log_p(points, *level(s)) - 0.5 * ((x - scale * points) ** 2).sum(-1) / std**2)


def centres(bounds: tuple[float, float, float, float], n: int) -> np.ndarray:
    x = bounds[0] + (np.arange(n) + 0.5) * (bounds[1] - bounds[0]) / n
    y = bounds[2] + (np.arange(n) + 0.5) * (bounds[3] - bounds[2]) / n
    return np.stack(np.meshgrid(x, y), -1)


@pytest.mark.parametrize(("noise", "level"), NOISES, ids=IDS)
def test_the_law_is_that_of_bayes_and_the_distance_that_of_quadrature(engine: Driver, noise: NoiseSpec, level: Level) -> None:
    engine.update({"noise": noise})
    x, s, t = np.array([0.3, 0.1]), 0.45, 0.6
    answer = asked(engine, AskBackward(x=(0.3, 0.1), t=t, s=s, cells=128))
    points = centres(answer.bounds, 128)
    area = (answer.bounds[1] - answer.bounds[0]) ** 2 / 128**2
    wanted = by_bayes(points, x, level, s, t)
    wanted /= wanted.sum() * area
    exact = answer.exact.numpy()
    assert exact.shape == (128, 128) and exact.sum() * area == pytest.approx(1.0, abs=0.01), "the window holds it"
    assert np.abs(exact - wanted).max() < 0.02 * wanted.max()
    scale, std = transition(level, s, t)
    mean = (2 - scale) * x + std**2 * LAW.score(x, *level(t))
    assert answer.rule == "reverse diffusion" and answer.own
    assert np.allclose(answer.mean.numpy(), mean, atol=1e-5) and answer.shake == pytest.approx(std, rel=1e-6)
    gaussian = np.exp(-0.5 * ((points - mean) ** 2).sum(-1) / std**2) / (2 * np.pi * std**2)
    gap = 0.5 * np.abs(wanted - gaussian).sum() * area
    assert abs(answer.distance.value - gap) < 4 * answer.distance.error + 0.01
    assert 0 < answer.distance.error < 0.01


@pytest.mark.parametrize(("noise", "level"), NOISES, ids=IDS)
def test_the_distance_falls_with_the_step(engine: Driver, noise: NoiseSpec, level: Level) -> None:
    engine.update({"noise": noise})
    distances = [asked(engine, AskBackward(x=(0.3, 0.1), t=0.6, s=s)).distance.value for s in (0.1, 0.5, 0.59)]
    assert distances[0] > distances[1] > distances[2] and distances[2] < 0.12 < 0.3 < distances[0]
    whole, tenth = (asked(engine, AskBackward(x=(0.3, 0.1), t=0.6, s=s)) for s in (0.1, 0.55))
    assert whole.tenth.value == pytest.approx(tenth.distance.value, abs=4 * (whole.tenth.error + tenth.distance.error))


def test_a_long_step_has_two_humps_where_the_gaussian_has_one(engine: Driver) -> None:
    """Between two modes, from much noise to little: mass near both, and little of it where the Gaussian has its mean."""
    engine.update({"noise": VE_4})
    answer = asked(engine, AskBackward(x=(0.3, 0.1), t=0.95, s=0.2))
    points, exact = centres(answer.bounds, 96), answer.exact.numpy()
    masses = [exact[np.linalg.norm(points - mean, axis=-1) < 1].sum() / exact.sum() for mean in LAW.means]
    assert min(masses) > 0.2 and sum(masses) > 0.95
    assert answer.distance.value > 0.5


@pytest.mark.parametrize("predictor", [EulerMaruyama(), Ancestral()])
def test_the_step_is_the_samplers_own(engine: Driver, predictor: EulerMaruyama | Ancestral) -> None:
    """Euler-Maruyama and DDPM's ancestral step for VP, written out."""
    engine.update({"noise": VP(), "sampler": ReverseSDE(steps=20, predictor=predictor)})
    x, s, t = np.array([0.3, 0.1]), 0.5, 0.52
    answer = asked(engine, AskBackward(x=(0.3, 0.1), t=t, s=s))
    score, (scale, std) = LAW.score(x, *vp(t)), transition(vp, s, t)
    if isinstance(predictor, EulerMaruyama):
        beta = 0.1 + t * 19.9
        mean, shake = x + (0.5 * beta * x + beta * score) * (t - s), np.sqrt(beta * (t - s))
    else:
        mean, shake = (x + std**2 * score) / scale, std * vp(s)[1] / vp(t)[1]
    assert np.allclose(answer.mean.numpy(), mean, atol=1e-5) and answer.shake == pytest.approx(shake, rel=1e-6)
    assert answer.rule == predictor.LABEL and answer.own
    engine.update({"sampler": ProbabilityFlow(steps=10)})
    other = asked(engine, AskBackward(x=(0.3, 0.1), t=t, s=s))
    assert other.rule == "reverse diffusion" and not other.own, "an ODE has no reverse step of its own"


def test_what_cannot_be_is_a_sentence(engine: Driver) -> None:
    engine.update({"noise": SubVP(), "sampler": ReverseSDE(steps=20, predictor=Ancestral())})
    mark = engine.mark()
    engine.send(Ask(asker="kernel", number=1, question=AskBackward(x=(0.0, 0.0), t=0.5, s=0.4)))
    assert "no ancestral step" in engine.wait(Refused, since=mark).template
    engine.update({"noise": VP()})
    mark = engine.mark()
    engine.send(Ask(asker="kernel", number=2, question=AskBackward(x=(0.0, 0.0), t=0.5, s=0.0)))
    assert "not a Gaussian" in engine.wait(Refused, since=mark).template
    engine.send(Ask(asker="kernel", number=3, question=AskBackward(x=(0.0, 0.0), t=0.5, s=0.7)))
    assert "nowhere" in engine.wait(Refused, lambda m: m.number == 3, since=mark).template


@pytest.mark.parametrize("dim", [1, 3])
def test_in_other_dimensions(dim: int) -> None:
    """On a line the density itself, in space that of the first two coordinates."""
    means = np.array([[-1.0, 0.3, 0.5], [1.2, -0.4, -0.8]])[:, :dim]
    law = Hand(np.array([0.3, 0.7]), means, np.array([0.3, 0.2]))
    target = GaussianMixture(*(torch.tensor(part) for part in (law.weights, law.means, law.stds)))
    world = World(Scene(noise=VE_4), {}, target, build_sde(VE_4, 4.0), None, None)  # type: ignore[arg-type]
    question = AskBackward(x=(0.2, 0.1, -0.3)[:dim], t=0.7, s=0.4, cells=64)
    *_, (share, answer) = (part for part in answering(question)(question, world) if part is not None)  # type: ignore[union-attr]
    assert share == 1.0
    std = transition(lambda t: ve(t, 0.01, 4.0), 0.4, 0.7)[1]
    if dim == 1:
        x = answer.bounds[0] + (np.arange(64) + 0.5) * (answer.bounds[1] - answer.bounds[0]) / 64
        wanted = np.exp(law.log_p(x[:, None], *ve(0.4, 0.01, 4.0)) - 0.5 * (0.2 - x) ** 2 / std**2)
        wanted /= np.trapezoid(wanted, x)
        assert np.abs(answer.exact.numpy() - wanted).max() < 0.02 * wanted.max() and answer.distance.error == 0
    else:
        x, points = np.array(question.x), centres(answer.bounds, 64)
        v, own = law.stds**2 + ve(0.4, 0.01, 4.0)[1] ** 2, law.stds**2 + ve(0.7, 0.01, 4.0)[1] ** 2
        middle, var = law.means + (v / own)[:, None] * (x - law.means), v * std**2 / own
        r = law.responsibilities(x, *ve(0.7, 0.01, 4.0))
        gap = ((points[..., None, :] - middle[:, :2]) ** 2).sum(-1)
        wanted = (r * np.exp(-0.5 * gap / var) / (2 * np.pi * var)).sum(-1)
        assert np.abs(answer.exact.numpy() - wanted).max() < 1e-3 * wanted.max()


def test_the_law_of_two_coordinates() -> None:
    """Means and covariances lose the third; against draws."""
    covs = torch.tensor([[[1.0, 0.4, 0.2], [0.4, 0.8, -0.3], [0.2, -0.3, 0.5]]]).double()
    whole = GaussianMixture(torch.ones(1), torch.tensor([[1.0, 2.0, 3.0]]).double(), covs=covs)
    seen = projected(whole)
    assert seen.shape == (2,) and torch.equal(seen.covs, covs[:, :2, :2])
    spread = GaussianMixture(torch.ones(1), torch.zeros(1, 3), torch.tensor([[1.0, 2.0, 3.0]]))
    assert torch.equal(projected(spread).stds, torch.tensor([[1.0, 2.0]]))
    round_ = GaussianMixture(torch.ones(1), torch.zeros(1, 3), torch.tensor([0.5]))
    assert projected(round_).isotropic and projected(seen) is seen
