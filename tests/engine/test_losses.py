"""Losses at each level and in three forms, and the race, against closed forms: through the real engine and through the functions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.engine.answers import World, answering
from scoreviz.engine.trainer import Trainer
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.maths.theory import floor_curve
from scoreviz.protocol.messages import Answered, Ask, Train, Trained
from scoreviz.protocol.questions import AskLossBySigma, AskObjectives, LossBySigma, Objectives, Question
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Gaussian, Preset
from scoreviz.scene.document import Scene
from scoreviz.scene.learning import Denoising, Explicit, Implicit, OneSigma, SigmaSpec, Sliced
from scoreviz.scene.noise import VE, VP, NoiseSpec
from tests.engine.driver import Driver


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are quickest on one thread, and beside other work by far."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Deaf:
    def send(self, _message: object) -> None:
        pass


def world_of(scene: Scene, steps: int = 0) -> World:
    """A world as the engine has it, its network trained so far."""
    with torch.no_grad():
        target = compile_density(scene.density, {})
        sde = build_sde(scene.noise, target.diameter())
        trainer = Trainer(Deaf())  # type: ignore[arg-type]
        trainer.configure(scene, target, sde, anew=True)
        trainer.train_to(steps)
    return World(scene, {}, target, sde, trainer, None)  # type: ignore[arg-type]


def answer(question: Question, world: World) -> Any:
    """The whole answer."""
    with torch.no_grad():
        found: Any = answering(question)(question, world)
        if not isinstance(found, Iterator):
            return found
        *_, (share, last) = (part for part in found if part is not None)
    assert share == 1.0
    return last


ONE_BLOB = Density(marks=(Gaussian(x=0.7, y=-0.3, std=0.5),))
MOONS = Density(marks=(Preset(name="two_moons"),))


@pytest.mark.parametrize("noise", [VE(sigma_max=4.0), VP()], ids=["VE", "VP"])
def test_loss_floor_and_excess_of_one_gaussian_in_closed_form(noise: NoiseSpec) -> None:
    """At step 0 the network is D = c_skip x, which for x_0 ~ N(m, sd^2) is exact but for the mean that it does not know."""
    world = world_of(Scene(density=ONE_BLOB, noise=noise))
    found: LossBySigma = answer(AskLossBySigma(points=4096), world)
    sigma = found.sigma.numpy()
    assert (np.diff(np.log(sigma)) > 0).all() and np.allclose(np.diff(np.log(sigma)), np.log(sigma[1] / sigma[0]))
    v, weight = 0.5**2, sigma**-2 + 0.5**-2
    floor = weight * 2 * v * sigma**2 / (v + sigma**2)  # w tr Cov(x_0|x) of a Gaussian, which does not depend on x
    assert np.allclose(floor, 2.0), "EDM weights make every floor of a Gaussian the same"
    np.testing.assert_allclose(found.floor.numpy(), floor, rtol=1e-4)
    # D* - D = (sigma^2/(v + sigma^2)) m
    excess = weight * (sigma**2 / (v + sigma**2)) ** 2 * (0.7**2 + 0.3**2)
    np.testing.assert_allclose(found.excess.numpy(), excess, rtol=2e-3)
    np.testing.assert_allclose(found.loss.numpy(), floor + excess, rtol=1e-3)
    assert found.trained.numpy().all()


def test_the_floors_are_those_of_theory(small: Scene) -> None:
    world = world_of(msgspec.structs.replace(small, density=MOONS, noise=VE(sigma_max=5.0), objective=Denoising(weighting="sigma2")))
    found: LossBySigma = answer(AskLossBySigma(points=8192), world)
    times = [world.sde.t_of_sigma(s) for s in found.sigma.numpy().tolist()]
    theory = floor_curve(world.target, world.sde, times, points=8192, seed=5)
    np.testing.assert_allclose(found.floor.numpy(), theory.noise.numpy(), rtol=0.03)


@pytest.mark.parametrize("objective", [Denoising(), Explicit(), Implicit(), Sliced()], ids=lambda o: type(o).__name__)
def test_every_objective_is_as_far_above_its_floor(objective: Any, small: Scene) -> None:
    """The excess is the same for all; the loss of an exact network, so the floor, is the objective's own."""
    world = world_of(msgspec.structs.replace(small, objective=objective), steps=0)
    denoising = world_of(small)
    found, reference = answer(AskLossBySigma(levels=4), world), answer(AskLossBySigma(levels=4), denoising)
    np.testing.assert_allclose(found.excess.numpy(), reference.excess.numpy(), rtol=0.15)
    np.testing.assert_allclose(found.loss.numpy(), found.floor.numpy() + found.excess.numpy())
    sign = {Denoising: 1, Explicit: 0, Implicit: -1, Sliced: -1}[type(objective)]
    assert (np.sign(found.floor.numpy()) == sign).all()


def test_one_sigma_says_which_levels_nobody_trains(small: Scene) -> None:
    world = world_of(msgspec.structs.replace(small, objective=Denoising(sigmas=OneSigma(sigma=0.3))), steps=1)
    found: LossBySigma = answer(AskLossBySigma(), world)
    assert found.trained.numpy().sum() == 1
    assert found.sigma.numpy()[found.trained.numpy() == 1] == pytest.approx(0.3)


@pytest.mark.parametrize("energy", [False, True], ids=["field", "energy"])
def test_three_forms_of_one_network_coincide(energy: bool, small: Scene) -> None:
    """Of a network that has learned a while: within four standard errors, at levels where its error is far from zero."""
    scene = msgspec.structs.replace(small, density=MOONS, network=msgspec.structs.replace(small.network, energy=energy))
    found: Objectives = answer(AskObjectives(levels=5, rounds=12), world_of(scene, steps=60 if energy else 150))
    explicit, error = found.explicit.numpy(), found.explicit_error.numpy()
    assert (explicit > 4 * error).all() and explicit.max() > 0.05
    for other, spread in ((found.implicit, found.implicit_error), (found.denoising, found.denoising_error)):
        apart = np.abs(other.numpy() - explicit) / np.hypot(spread.numpy(), error)
        assert apart.max() < 4.0, (other.numpy(), explicit, spread.numpy())
    told = np.abs(found.denoising.numpy() - explicit) < 4 * found.denoising_error.numpy() + 4 * error
    assert told.all() and found.denoising_error.numpy().max() < 0.3 * explicit.max(), "error bars small enough to tell"
    assert found.points == 12 * 512


def test_the_forms_are_taken_by_themselves(small: Scene) -> None:
    """Against a network that is wrong by a known amount: at step 0 of one blob the three equal the closed form."""
    found: Objectives = answer(AskObjectives(levels=4, rounds=10), world_of(msgspec.structs.replace(small, density=ONE_BLOB)))
    sigma, v = found.sigma.numpy(), 0.5**2
    exact = (sigma**-2 + 1 / v) * (sigma**2 / (v + sigma**2)) ** 2 * (0.7**2 + 0.3**2)
    np.testing.assert_allclose(found.explicit.numpy(), exact, rtol=2e-3)
    for name in ("implicit", "denoising"):
        values, errors = getattr(found, name).numpy(), getattr(found, f"{name}_error").numpy()
        assert (np.abs(values - exact) < 4 * errors + 1e-3).all(), name


def test_through_the_engine_in_parts_and_the_network_is_left_alone(engine: Driver) -> None:
    mark = engine.mark()
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step > 100, since=mark, seconds=30)
    mark = engine.mark()
    engine.send(Train(running=False))
    step = engine.wait(Trained, lambda m: not m.running, since=mark).step
    engine.send(Ask(asker="a", number=1, question=AskObjectives(levels=4, rounds=3)))
    last = engine.wait(Answered, lambda m: m.asker == "a" and m.share == 1.0, since=mark)
    assert last.step == step and isinstance(last.answer, Objectives) and last.answer.points == 1536
    engine.send(Ask(asker="b", number=1, question=AskLossBySigma()))
    found = engine.wait(Answered, lambda m: m.asker == "b", since=mark).answer
    assert isinstance(found, LossBySigma)
    mean_floor = found.floor.numpy().mean()  # log-uniform sigma: the mean over even bins of ln sigma is the floor of the whole
    assert mean_floor == pytest.approx(engine.since(0, Trained)[-1].floor, rel=0.03)
    assert [m.step for m in engine.since(mark, Trained)][-1] == step


def test_of_a_data_set_the_floor_is_that_of_the_points(small: Scene) -> None:
    """With one data point x_0 is known exactly: nothing is left to chance, and the floor is 0 at every level."""
    data = DataSet(size=1, train=True)
    found: LossBySigma = answer(AskLossBySigma(levels=4), world_of(msgspec.structs.replace(small, data=data)))
    np.testing.assert_allclose(found.floor.numpy(), 0.0, atol=1e-9)
    assert (found.excess.numpy() > 0.01).all()


def law_of_two(sigmas: SigmaSpec) -> float:
    """Trained floor of a data set of two points at +-1 on a line through the plane, at one sigma, by quadrature."""
    assert isinstance(sigmas, OneSigma)
    s = sigmas.sigma
    x = np.linspace(-1 - 12 * s, 1 + 12 * s, 40001)
    p = (np.exp(-((x - 1) ** 2) / (2 * s * s)) + np.exp(-((x + 1) ** 2) / (2 * s * s))) / (2 * s * math.sqrt(2 * math.pi))
    variance = 1 - np.tanh(x / s**2) ** 2  # of x_0 = +-1 given x
    return float(np.trapezoid(p * variance, x) if hasattr(np, "trapezoid") else np.trapz(p * variance, x))


def test_floor_of_two_stored_points_by_quadrature() -> None:
    from scoreviz.maths.empirical import Empirical
    from scoreviz.maths.objectives import build_objective, loss_floor

    spec = OneSigma(sigma=0.8)
    law = Empirical(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    sde = build_sde(VE(sigma_max=4.0), 4.0)
    floor = loss_floor(law, build_objective(Denoising(weighting="sigma2", sigmas=spec), sde, 1.0), points=4096)
    assert floor.total == pytest.approx(law_of_two(spec) / 0.8**2, abs=4 * floor.error)
