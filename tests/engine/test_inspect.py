"""Maps of the Inspect menu against closed forms of a two-Gaussian mixture, written out here in numpy, and through the real engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from scoreviz.engine.answers import World, answering
from scoreviz.engine.answers.inspect import weighted_rms
from scoreviz.maths.sde import build_sde
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol.messages import Answered, Arrows, Ask, Refused, RunDone, RunStarted, Train, Trained
from scoreviz.protocol.questions import AskMaps, LevelMap, Maps
from scoreviz.scene.data import DataSet
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning import MLP, Score
from scoreviz.scene.noise import VE, VP
from tests.engine.driver import Driver, look

BOUNDS = (-2.5, 2.5, -2.0, 2.0)
SHAPE = (20, 25)
WEIGHTS = np.array([1.0, 2.0]) / 3
MEANS = np.array([[-1.0, 0.3], [1.2, -0.4]])
STDS = np.array([0.3, 0.2])
TURN, PUSH = 0.8, np.array([0.5, -0.3])  # what the wrong score has beside the right one: PUSH + TURN (-y, x)


def points(bounds: tuple[float, ...] = BOUNDS, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """(rows, columns, 2), row 0 the lowest."""
    x0, x1, y0, y1 = bounds
    ys = y0 + (np.arange(shape[0]) + 0.5) / shape[0] * (y1 - y0)
    xs = x0 + (np.arange(shape[1]) + 0.5) / shape[1] * (x1 - x0)
    return np.stack(np.meshgrid(xs, ys), -1)


def law(a: float, std: float, at: np.ndarray) -> dict[str, np.ndarray]:
    """log p_t, score, divergence of the score and E[x_0|x] of the mixture at these places, by hand."""
    v = (a * STDS) ** 2 + std**2
    away = a * MEANS - at[..., None, :]  # (..., K, 2)
    log_parts = np.log(WEIGHTS) - (away**2).sum(-1) / (2 * v) - np.log(2 * math.pi * v)
    top = log_parts.max(-1, keepdims=True)
    log_p = np.log(np.exp(log_parts - top).sum(-1)) + top[..., 0]
    r = np.exp(log_parts - log_p[..., None])
    pull = away / v[:, None]
    score = (r[..., None] * pull).sum(-2)
    laplace = (r * ((pull**2).sum(-1) - 2 / v)).sum(-1) - (score**2).sum(-1)
    mean = (r[..., None] * (MEANS - (a * STDS**2 / v)[:, None] * away)).sum(-2)
    return {"log_p": log_p, "score": score, "divergence": laplace, "mean": mean}


class Trainer:
    """A network that is off by a known field, or an energy that is off by a constant."""

    shown_step = 40

    def __init__(self, target: GaussianMixture, sde: Any, energy: bool = False) -> None:
        self._target, self._sde, self._energy = target, sde, energy

    def score_fn(self) -> Any:
        def score(x: torch.Tensor, t: float) -> torch.Tensor:
            off = torch.tensor(PUSH) + TURN * torch.stack([-x[:, 1], x[:, 0]], 1)
            return self._target.score(x, self._sde, t) + off.to(x)

        return score

    def source(self, _sde: Any = None) -> Any:
        return lambda _label: self.score_fn()

    def log_prob_fn(self, _sde: Any = None) -> Any:
        return (lambda x, t: self._target.log_prob(x, self._sde, t) + 3.7) if self._energy else None


def world(scene: Scene | None = None, energy: bool = False) -> World:
    scene = scene or Scene()
    target = GaussianMixture(torch.tensor(WEIGHTS), torch.tensor(MEANS), torch.tensor(STDS))
    sde = build_sde(scene.noise, 5.0)
    return World(scene, {}, target, sde, Trainer(target, sde, energy), None)  # type: ignore[arg-type]


def answer(question: AskMaps, of: World) -> Maps:
    parts = list(answering(question)(question, of))  # type: ignore[arg-type]
    told = [part for part in parts if part is not None]
    assert told[-1][0] == 1.0 and all(share < 1.0 for share, _ in told[:-1])
    last = told[-1][1]
    assert isinstance(last, Maps)
    return last


def values(found: LevelMap) -> np.ndarray:
    return found.values.numpy().astype(float)


def level(world_: World, sigma: float) -> tuple[float, float]:
    """a and std, from the definition of each noise: sigma = std/a, and a^2 + std^2 = 1 for VP."""
    if isinstance(world_.scene.noise, VP):
        return 1 / math.sqrt(1 + sigma**2), sigma / math.sqrt(1 + sigma**2)
    return 1.0, sigma


@pytest.mark.parametrize("noise", [VE(), VP()])
@pytest.mark.parametrize("sigma", [0.05, 0.4, 2.0])
def test_errors_are_those_of_the_known_wrong_score(noise: Any, sigma: float) -> None:
    here = world(Scene(noise=noise))
    a, std = level(here, sigma)
    at = points()
    exact = law(a, std, at)
    off = PUSH + TURN * np.stack([-at[..., 1], at[..., 0]], -1)
    size = np.linalg.norm(off, axis=-1)
    wrong = exact["score"] + off
    turn = wrong[..., 0] * exact["score"][..., 1] - wrong[..., 1] * exact["score"][..., 0]
    expected = {
        "error": std * size,
        "relative": size / np.linalg.norm(exact["score"], axis=-1),
        "angle": np.degrees(np.arctan2(np.abs(turn), (wrong * exact["score"]).sum(-1))),
        "weighted": np.exp(exact["log_p"]) * size**2,
        "curl": np.full(SHAPE, std**2 * 2 * TURN),
    }
    for kind, values_ in expected.items():
        (found,) = answer(AskMaps(kind=kind, sigmas=(sigma,), bounds=BOUNDS, shape=SHAPE), here).maps  # type: ignore[arg-type]
        assert found.sigma == sigma and found.share == 1.0
        known = np.linalg.norm(exact["score"], axis=-1) > 1e-3  # where s vanishes its direction is anyone's
        got, true = (1 / values(found), 1 / values_) if kind == "relative" else (values(found), values_)
        assert np.allclose(got[known], true[known], rtol=2e-3, atol=2e-3 if kind != "angle" else 0.2), kind
        if kind == "error":
            weight = np.exp(exact["log_p"])
            assert found.figure == pytest.approx(math.sqrt((weight * values_**2).sum() / weight.sum()), rel=1e-3)


def test_the_weighted_map_integrates_to_the_fisher_divergence() -> None:
    """E_p |PUSH + TURN (-y, x)|^2 from the mixture's moments, and the sum over a picture that holds all of it."""
    sigma, wide = 0.3, (-6.0, 6.0, -6.0, 6.0)
    question = AskMaps(kind="weighted", sigmas=(sigma,), bounds=wide, shape=(240, 240))
    (found,) = answer(question, world()).maps
    mean = WEIGHTS @ MEANS
    square = WEIGHTS @ ((MEANS**2).sum(1) + 2 * (STDS**2 + sigma**2))
    expected = PUSH @ PUSH + 2 * TURN * (PUSH @ np.array([-mean[1], mean[0]])) + TURN**2 * square
    assert found.figure == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("source", ["exact", "network", "data"])
def test_divergence_and_posterior_mean_are_those_of_the_score_asked_for(source: Any) -> None:
    here = world(Scene(score=Score(source=source), data=DataSet(size=2)))
    at, sigma = points(), 0.5
    exact = law(1.0, sigma, at)
    (div,) = answer(AskMaps(kind="divergence", sigmas=(sigma,), bounds=BOUNDS, shape=SHAPE), here).maps
    (mean,) = answer(AskMaps(kind="posterior_mean", sigmas=(sigma,), bounds=BOUNDS, shape=SHAPE, source=source), here).maps
    if source == "data":
        assert np.abs(values(mean)).max() < 2.5, "it leads to one of two points"
        stored = torch.tensor(values(mean).reshape(-1, 2))
        assert torch.linalg.matrix_rank(stored - stored.mean(0), atol=1e-4) == 1, "all on the line between the two"
        return
    off = TURN * np.stack([-at[..., 1], at[..., 0]], -1) + PUSH if source == "network" else 0.0  # its divergence is zero
    assert np.abs(values(div) - sigma**2 * exact["divergence"]).max() < 3e-3
    assert np.allclose(values(mean), exact["mean"] + sigma**2 * off, atol=1e-3)


def test_an_exact_score_has_no_curl_and_the_network_has_the_one_it_was_given() -> None:
    here = world()
    maps = answer(AskMaps(kind="curl", sigmas=(0.1, 1.0), bounds=BOUNDS, shape=SHAPE), here)
    assert [m.sigma for m in maps.maps] == [0.1, 1.0] and maps.step == 40
    for found in maps.maps:
        assert np.allclose(values(found), found.sigma**2 * 2 * TURN, atol=2e-3)


@pytest.mark.parametrize("sigma", [0.02, 0.3, 3.0])
def test_an_energys_constant_does_not_matter(sigma: float) -> None:
    here = world(energy=True)
    (found,) = answer(AskMaps(kind="log_network", sigmas=(sigma,), bounds=BOUNDS, shape=SHAPE), here).maps
    assert np.allclose(values(found), law(1.0, sigma, points())["log_p"], atol=2e-3)
    assert found.figure is not None and found.figure < 2e-3


def test_a_free_field_has_no_density() -> None:
    with pytest.raises(SceneError, match="free field, it has no log-density"):
        answer(AskMaps(kind="log_network", sigmas=(0.3,), bounds=BOUNDS, shape=SHAPE), world())


@pytest.mark.parametrize("sigma", [0.05, 0.5, 20.0])
def test_the_ode_of_the_exact_score_finds_the_density(sigma: float) -> None:
    here = world(Scene(noise=VE(sigma_max=50.0)))
    question = AskMaps(kind="log_ode", sigmas=(sigma,), bounds=BOUNDS, shape=SHAPE)
    parts = [part for part in answering(question)(question, here) if part is not None]  # type: ignore[arg-type, union-attr]
    shares = [part[1].maps[0].share for part in parts]  # type: ignore[attr-defined]
    assert len(shares) > 1 and shares == sorted(shares) and shares[-1] == 1.0, "it fills as one watches"
    first, last = parts[0][1].maps[0], parts[-1][1].maps[0]  # type: ignore[attr-defined]
    known = np.isfinite(values(first))
    assert 0 < known.sum() < known.size and first.figure is None
    expected = law(1.0, sigma, points())["log_p"]
    assert np.abs(values(last) - expected).max() < 0.02
    assert np.abs(values(first) - expected)[known].max() < 0.02
    assert last.figure is not None and last.figure < 0.02


def test_levels_of_another_noise_are_left_out_and_space_is_a_sentence() -> None:
    here = world(Scene(noise=VE(sigma_min=0.1, sigma_max=3.0)))
    asked = AskMaps(kind="error", sigmas=(0.01, 0.5, 40.0), bounds=BOUNDS, shape=(4, 5))
    assert [m.sigma for m in answer(asked, here).maps] == [0.5]
    none = AskMaps(kind="error", sigmas=(40.0,), bounds=BOUNDS, shape=(4, 5))
    assert answer(none, here).maps == ()
    space = GaussianMixture(torch.ones(1), torch.zeros(1, 3), torch.ones(1))
    with pytest.raises(SceneError, match="in the plane"):
        answer(asked, World(here.scene, {}, space, here.sde, here.trainer, here.player))


def test_the_weighted_mean_square_leaves_out_what_is_not_finite() -> None:
    log_p = torch.tensor([0.0, math.log(3.0), 5.0])
    assert weighted_rms(torch.tensor([2.0, 4.0, math.nan]), log_p) == pytest.approx(math.sqrt((4 + 3 * 16) / 4))
    assert weighted_rms(torch.full((2,), math.nan), torch.zeros(2)) is None


# ---- through the real engine


@pytest.fixture
def ask(engine: Driver) -> Iterator[Any]:
    numbers = iter(range(1, 1000))

    def send(**settings: Any) -> Answered | Refused:
        number, mark = next(numbers), engine.mark()
        question = AskMaps(**{"bounds": BOUNDS, "shape": SHAPE, **settings})
        engine.send(Ask(asker="test_map", number=number, question=question))
        found = engine.wait(Answered | Refused, lambda m: m.number == number and getattr(m, "share", 1.0) == 1.0, since=mark)  # type: ignore[arg-type]
        assert isinstance(found, Answered | Refused)
        return found

    yield send


def test_the_error_at_step_0_is_the_difference_of_the_arrows(engine: Driver, ask: Any) -> None:
    """The network's own weights at step 0: what the arrows of both scores say, from messages that know nothing of maps."""
    found = ask(kind="error", sigmas=(0.3, 1.0))
    assert (found.answer.step, found.answer.kind) == (0, "error")
    for got in found.answer.maps:
        mark = engine.mark()
        engine.send(look(arrows=(got.sigma,), arrows_kind="network", arrows_shape=SHAPE, bounds=BOUNDS))
        arrows = engine.wait(Arrows, lambda m, s=got.sigma: m.sigma == s and m.kind == "network", since=mark)
        theirs = arrows.vectors.numpy().astype(float) / got.sigma
        ours = law(1.0, got.sigma, points())["score"]
        assert np.allclose(values(got), got.sigma * np.linalg.norm(theirs - ours, axis=-1), atol=1e-4)
        assert values(got).max() > 0.05, "an untrained network is wrong"


def train_a_little(engine: Driver, steps: int = 100) -> int:
    """Its weights are no longer the first ones; the step at which it rests."""
    mark = engine.mark()
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step >= steps, since=mark)
    mark = engine.mark()
    engine.send(Train(running=False))
    return engine.wait(Trained, lambda m: not m.running, since=mark).step


def test_the_networks_curl_is_that_of_its_arrows(engine: Driver, ask: Any) -> None:
    """Central differences of the arrows of a finer grid."""
    step = train_a_little(engine)
    sigma, cells = 0.8, (160, 200)
    found = ask(kind="curl", sigmas=(sigma,), shape=cells).answer
    assert found.step == step
    (got,) = found.maps
    mark = engine.mark()
    engine.send(look(arrows=(sigma,), arrows_kind="network", arrows_shape=cells, bounds=BOUNDS))
    arrows = engine.wait(Arrows, lambda m: m.kind == "network" and m.vectors.shape[0] == cells[0], since=mark).vectors.numpy() / sigma
    h = (BOUNDS[1] - BOUNDS[0]) / cells[1]
    turn = (arrows[1:-1, 2:, 1] - arrows[1:-1, :-2, 1] - arrows[2:, 1:-1, 0] + arrows[:-2, 1:-1, 0]) / (2 * h)
    assert np.allclose(values(got)[1:-1, 1:-1], sigma**2 * turn, atol=0.02)
    assert np.abs(turn).max() > 0.01


def test_an_energy_network_has_a_density_of_mass_one(engine: Driver, ask: Any, small: Scene) -> None:
    refused = ask(kind="log_network", sigmas=(0.5,))
    assert isinstance(refused, Refused) and "free field" in refused.template and not refused.details
    network = MLP(width=16, depth=2, features=4, energy=True)
    engine.update({"network": network})
    (got,) = ask(kind="log_network", sigmas=(0.5,), bounds=(-8.0, 8.0, -8.0, 8.0), shape=(160, 160)).answer.maps
    assert np.exp(values(got)).sum() * 0.01 == pytest.approx(1.0, abs=0.02)
    engine.update({"network": small.network})


def test_looking_at_maps_never_touches_a_run(engine: Driver, small: Scene) -> None:
    """The same run, with every kind of map asked for while it is sampled, is the same bytes."""
    seeds = [Particles(count=2000, seed=seed) for seed in (5, 6, 5)]
    _, quiet, _ = engine.run_of({"particles": seeds[0]})
    engine.run_of({"particles": seeds[1]})
    mark = engine.mark()
    revision = engine.post({"particles": seeds[2]})
    kinds = ("error", "curl", "divergence", "log_ode", "posterior_mean")
    for number, kind in enumerate(kinds):
        engine.send(Ask(asker=kind, number=number, question=AskMaps(kind=kind, sigmas=(0.3,), bounds=BOUNDS, shape=(8, 10))))
    for number, kind in enumerate(kinds):
        engine.wait(Answered, lambda m, n=number, k=kind: m.asker == k and m.number == n and m.share == 1.0, since=mark)
    run = engine.wait(RunStarted, lambda m: m.revision == revision, since=mark).run
    engine.wait(RunDone, lambda m: m.run == run, since=mark)
    assert np.array_equal(quiet, engine.frames(run))
