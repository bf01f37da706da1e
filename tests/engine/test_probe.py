"""What is said of a point: every figure against a closed form that is worked out here, in 1, 2 and 3 dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.engine.answers import World, answering
from scoreviz.maths.sde.build import build_sde
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol.messages import Answered, Ask, Refused
from scoreviz.protocol.questions import AskProbe, Probe
from scoreviz.scene.control import ByClass, Unconditional
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning import Score
from scoreviz.scene.noise import VE, VP, NoiseSpec, SubVP
from tests.engine.driver import Driver
from tests.engine.oracles import Hand, sub_vp, ve, vp

SMALL_LAW = Hand(np.array([1.0, 2.0]), np.array([[-1.0, 0.3], [1.2, -0.4]]), np.array([0.3, 0.2]))
VE_4 = VE(sigma_min=0.01, sigma_max=4.0)
NOISES: list[tuple[NoiseSpec, Callable[[float], tuple[float, float]]]] = [
    (VE_4, lambda t: ve(t, 0.01, 4.0)), (VP(), vp), (SubVP(), sub_vp),
]  # fmt: skip


def asked(engine: Driver, question: AskProbe) -> Probe:
    mark = engine.mark()
    engine.send(Ask(asker="probe", number=1, question=question))
    answer = engine.wait(Answered, lambda m: m.asker == "probe", since=mark).answer
    assert isinstance(answer, Probe)
    return answer


def check(answer: Probe, law: Hand, x: np.ndarray, a: float, std: float) -> None:
    """Each figure of the answer but the learned ones."""
    assert (answer.a, answer.std, answer.sigma) == pytest.approx((a, std, std / a), rel=1e-9)
    assert answer.log_p == pytest.approx(law.log_p(x, a, std), abs=1e-5)
    score = law.score(x, a, std)
    assert np.allclose(answer.exact.numpy(), score, rtol=1e-5, atol=1e-5)
    mean, cov = law.tweedie(x, a, std)
    assert np.allclose(answer.mean.numpy(), mean, atol=1e-6) and np.allclose(answer.cov.numpy(), cov, atol=1e-6)
    assert np.allclose(mean, (x + std**2 * score) / a, atol=1e-6), "Tweedie's formula holds for the hand's own numbers"
    weights = law.responsibilities(x, a, std)
    order = np.argsort(-weights)[:5]
    assert [p.weight for p in answer.pullers] == pytest.approx(weights[order], abs=1e-6)
    assert np.allclose([p.centre for p in answer.pullers], a * law.means[order], atol=1e-6)
    assert answer.components == len(law.weights)


@pytest.mark.parametrize(("noise", "level"), NOISES, ids=["ve", "vp", "sub_vp"])
def test_every_figure_is_the_closed_form(engine: Driver, noise: NoiseSpec, level: Callable[[float], tuple[float, float]]) -> None:
    """Through the real engine, in the plane."""
    engine.update({"noise": noise})
    for x, t in (((0.3, 0.1), 0.35), ((-1.5, 0.9), 0.7), ((0.1, -0.05), 0.95)):
        check(asked(engine, AskProbe(x=x, t=t)), SMALL_LAW, np.array(x), *level(t))


class Still:
    """A trainer whose network says nothing: its score is 0 everywhere."""

    shown_step = 0

    def score_fn(self) -> Callable[[torch.Tensor, Any], torch.Tensor]:
        return lambda x, t: torch.zeros_like(x)

    def log_prob_fn(self, *_: Any) -> None:
        return None


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize(("noise", "level"), NOISES, ids=["ve", "vp", "sub_vp"])
def test_in_any_dimension(dim: int, noise: NoiseSpec, level: Callable[[float], tuple[float, float]]) -> None:
    law = Hand(np.array([0.3, 0.7]), np.array([[-1.0, 0.3, 0.5], [1.2, -0.4, -0.8]])[:, :dim], np.array([0.3, 0.2]))
    target = GaussianMixture(*(torch.tensor(part) for part in (law.weights, law.means, law.stds)))
    world = World(Scene(noise=noise), {}, target, build_sde(noise, 4.0), Still(), None)  # type: ignore[arg-type]
    x = (0.4, -0.2, 0.3)[:dim]
    answer = answering(question := AskProbe(x=x, t=0.4, targets=7))(question, world)
    assert isinstance(answer, Probe)
    check(answer, law, np.array(x), *level(0.4))
    assert answer.origins.shape == answer.targets.shape == (7, dim)
    assert not answer.network.numpy().any()


def test_the_fan_averages_to_the_score(engine: Driver) -> None:
    """Targets are the score of the noise alone for draws of the exact posterior; their mean lies within 4 standard errors of s."""
    engine.update({"noise": VE_4})
    x = np.array([0.2, 0.1])
    _, std = ve(0.6, 0.01, 4.0)
    _, cov = SMALL_LAW.tweedie(x, 1.0, std)
    expected = np.sqrt(np.trace(cov) / 512) / std**2
    for seed in range(5):
        answer = asked(engine, AskProbe(x=(0.2, 0.1), t=0.6, targets=512, seed=seed))
        origins, targets = answer.origins.numpy(), answer.targets.numpy()
        assert np.allclose(targets, (origins - x) / std**2, rtol=1e-6)
        assert np.linalg.norm(targets.mean(0) - SMALL_LAW.score(x, 1.0, std)) < 4 * expected
    assert np.trace(np.cov(origins.T)) == pytest.approx(np.trace(cov), rel=0.25), "draws are as wide as the posterior"


def test_more_targets_begin_with_the_same_ones_and_another_seed_has_others(engine: Driver) -> None:
    few, many = (asked(engine, AskProbe(x=(0.2, 0.1), t=0.6, targets=n, seed=4)) for n in (6, 40))
    assert np.array_equal(few.origins.numpy(), many.origins.numpy()[:6])
    other = asked(engine, AskProbe(x=(0.2, 0.1), t=0.6, targets=6, seed=5))
    assert not np.array_equal(few.origins.numpy(), other.origins.numpy())
    assert asked(engine, AskProbe(x=(0.2, 0.1), t=0.6, targets=0)).targets.shape == (0, 2)


def test_the_networks_score_is_that_of_the_arrows(engine: Driver, small: Scene) -> None:
    """The very number that the field's arrow has at the same place."""
    from scoreviz.protocol.messages import Arrows
    from tests.engine.driver import look

    mark, _ = engine.update({"noise": VE_4, "score": Score(source="network")})
    sigma = ve(0.5, 0.01, 4.0)[1]
    engine.send(look(arrows=(sigma,), arrows_kind="network", arrows_shape=(1, 1), bounds=(0.3, 0.5, -0.1, 0.3)))
    arrow = engine.wait(Arrows, lambda m: abs(m.sigma - sigma) < 1e-9, since=mark).vectors.numpy()[0, 0]
    answer = asked(engine, AskProbe(x=(0.4, 0.1), t=0.5))
    assert np.allclose(answer.std * answer.network.numpy(), arrow, rtol=1e-4, atol=1e-5)
    assert answer.driving is not None and np.allclose(answer.driving.numpy(), answer.network.numpy()) and answer.data is None


def test_the_score_of_the_data_points(engine: Driver) -> None:
    """One stored point: s = (a m - x)/std^2, whichever it is: so the scores at two places tell one and the same m."""
    from scoreviz.scene.data import DataSet

    engine.update({"noise": VE_4, "score": Score(source="data"), "data": DataSet(size=1)})
    sources = []
    for x in ((0.4, 0.1), (-0.7, 1.1)):
        answer = asked(engine, AskProbe(x=x, t=0.8))
        assert answer.data is not None and answer.driving is not None
        assert np.allclose(answer.driving.numpy(), answer.data.numpy(), rtol=1e-4)
        sources.append(np.array(x) + answer.std**2 * answer.data.numpy())
    assert np.allclose(*sources, atol=1e-4)
    centre = SMALL_LAW.means[np.linalg.norm(SMALL_LAW.means - sources[0], axis=1).argmin()]
    assert np.linalg.norm(sources[0] - centre) < 5 * 0.3, "a point of the drawing"
    engine.update({"score": Score(), "data": DataSet()})


def test_the_driving_score_has_the_control_in_it(engine: Driver, small: Scene) -> None:
    """Asked for the class of the left Gaussian with w = 1, the sampler is given that Gaussian's own score; without its class, none."""
    marks = tuple(msgspec.structs.replace(mark, label=k) for k, mark in enumerate(small.density.marks))
    two = msgspec.structs.replace(small.density, marks=marks)
    engine.update({"density": two, "noise": VE_4, "control": ByClass(label=0, weight=1.0)})
    answer = asked(engine, AskProbe(x=(0.4, 0.1), t=0.6))
    _, std = ve(0.6, 0.01, 4.0)
    alone = (np.array([-1.0, 0.3]) - (0.4, 0.1)) / (0.3**2 + std**2)
    assert answer.driving is not None and np.allclose(answer.driving.numpy(), alone, rtol=1e-4)
    assert np.allclose(answer.exact.numpy(), SMALL_LAW.score(np.array([0.4, 0.1]), 1.0, std), atol=1e-5)
    engine.update({"control": ByClass(label=5)})
    answer = asked(engine, AskProbe(x=(0.4, 0.1), t=0.6))
    assert answer.driving is None and answer.exact.numpy().any()
    engine.update({"density": small.density, "control": Unconditional()})


def test_without_noise_the_smallest_time_that_has_a_score_answers(engine: Driver) -> None:
    engine.update({"noise": VP()})
    answer = asked(engine, AskProbe(x=(1.2, -0.4), t=0.0))
    assert answer.t == 1e-3 and answer.std == pytest.approx(vp(1e-3)[1])


@pytest.mark.parametrize(("x", "words"), [((1.0,), "1 coordinates"), ((float("inf"), 0.0), "too far"), ((1e9, 0.0), "too far")])
def test_no_such_point_is_a_sentence(engine: Driver, x: tuple[float, ...], words: str) -> None:
    mark = engine.mark()
    engine.send(Ask(asker="probe", number=1, question=AskProbe(x=x, t=0.5)))
    refused = engine.wait(Refused, since=mark)
    assert words in refused.template.format(**refused.params) and not refused.details


def test_the_question_knows_its_limits() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "ask_probe", "x": [0.0], "t": 0.5, "targets": 513}, AskProbe)


def test_another_dimension_is_told_from_the_drawings(engine: Driver) -> None:
    with pytest.raises(SceneError, match="3 coordinates"):
        target = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.ones(1))
        world = World(Scene(), {}, target, build_sde(VE_4, 4.0), Still(), None)  # type: ignore[arg-type]
        answering(question := AskProbe(x=(0.0, 0.0, 0.0), t=0.4))(question, world)
