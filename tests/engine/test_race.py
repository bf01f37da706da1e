"""The race: the same start, gradients in their order, networks that can be sampled with, and edits that do not disturb it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.engine.answers import World, answering
from scoreviz.engine.racing import Racers, marks
from scoreviz.maths.fields import fisher_divergence
from scoreviz.maths.training import init_training, train_step
from scoreviz.protocol.messages import Answered, Ask, Withdraw
from scoreviz.protocol.questions import AskRace, Race, Racer
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import MLP, Denoising, Explicit, Implicit, LogUniformSigma, OneSigma, SigmaSpec, Sliced, Training
from tests.engine.driver import Driver
from tests.engine.test_losses import answer, world_of


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are quickest on one thread, and beside other work by far."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


NET = MLP(width=24, depth=2, features=8)
MOONS = Density(marks=(Preset(name="two_moons"),))


def four(sigmas: SigmaSpec, steps: int, number: int = 1, network: MLP = NET) -> AskRace:
    objectives = (Explicit(sigmas=sigmas), Denoising(sigmas=sigmas), Implicit(sigmas=sigmas), Sliced(sigmas=sigmas))
    return AskRace(number=number, steps=steps, racers=tuple(Racer(objective=o, network=network) for o in objectives))


@pytest.fixture
def world() -> World:
    return world_of(Scene(density=MOONS, network=NET, training=Training(batch=128)))


def test_marks_begin_at_nothing_and_end_with_the_race() -> None:
    assert marks(1) == [0, 1]
    assert marks(100)[:4] == [0, 1, 2, 3] and marks(100)[-1] == 100 and marks(130)[-1] == 130
    assert all(b > a for a, b in zip(marks(1000), marks(1000)[1:], strict=False))


@pytest.mark.parametrize("sigmas", [LogUniformSigma(), OneSigma(sigma=0.3)], ids=["all", "one"])
def test_one_start_and_the_order_of_gradient_noise(sigmas: SigmaSpec, world: World) -> None:
    race: Race = answer(four(sigmas, 100, network=MLP()), world)
    lanes = race.lanes
    assert race.sigmas == (pytest.approx(0.3),) if isinstance(sigmas, OneSigma) else len(race.sigmas) == 3
    first = [lane.divergence.numpy()[0] for lane in lanes]
    assert len(set(first)) == 1 and all(lane.step.numpy().tolist() == marks(100) for lane in lanes), "the same network at the same marks"
    assert all(lane.done == 100 and lane.shared and not lane.diverged for lane in lanes)
    noise = np.stack([lane.noise.numpy() for lane in lanes])
    assert lanes[0].noise_step.numpy().tolist() == [0, 30, 100]
    learned = noise[:, 1:]  # at step 0 only the last layer has a gradient, and at one sigma two of them are as noisy
    assert (np.diff(learned, axis=0) > 0).all(), "explicit < denoising < implicit < sliced, at the same weights"
    assert all(lane.divergence.numpy()[-1] < 0.5 * first[0] for lane in lanes[:2]), "explicit and denoising matching learn at once"
    times = np.stack([lane.time.numpy() for lane in lanes])
    assert (np.diff(times, axis=1) > 0).all() and times[0, 0] == 0.0
    assert lanes[0].floor == 0.0 and lanes[1].floor > 0 > lanes[2].floor == pytest.approx(lanes[3].floor)
    assert math.isnan(lanes[0].loss.numpy()[0]) and np.isfinite(lanes[0].loss.numpy()[1:]).all()


def test_a_lane_is_what_training_alone_gives(world: World) -> None:
    """Denoising for 60 steps by hand, bit for bit; its divergence by the measure itself."""
    race: Race = answer(four(LogUniformSigma(), 60), world)
    scene = world.scene
    with torch.no_grad():
        state = init_training(NET, scene.training, Denoising(), world.sde, world.target)
        for _ in range(60):
            train_step(state)
        x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
        by_hand = world.racers.score_fn(1, world.sde)(x, 0.5)
        assert torch.equal(by_hand, _score(state, world, x))
        generator = torch.Generator().manual_seed(0)
        found = [
            fisher_divergence(world.racers[1], world.target, world.sde, world.sde.t_of_sigma(s), 1024, generator).relative.value
            for s in race.sigmas
        ]
    assert race.lanes[1].divergence.numpy()[-1] == pytest.approx(np.mean(found), rel=1e-9)
    assert len(world.racers) == 4


def _score(state: object, world: World, x: torch.Tensor) -> torch.Tensor:
    from scoreviz.maths.denoiser import score_fn_of

    return score_fn_of(state.ema, world.sde)(x, 0.5)  # type: ignore[attr-defined]


def test_other_networks_race_at_their_own_weights(world: World) -> None:
    energy = msgspec.structs.replace(NET, energy=True)
    question = AskRace(number=1, steps=3, racers=(Racer(network=NET), Racer(network=energy)))
    race: Race = answer(question, world)
    assert [lane.shared for lane in race.lanes] == [True, False]
    assert len(race.lanes[1].noise.numpy()) == len(race.lanes[0].noise.numpy()) == 1


def test_without_a_race_there_are_no_racers() -> None:
    racers = Racers()
    assert len(racers) == 0
    with pytest.raises(IndexError):
        racers[0]
    with pytest.raises(IndexError):
        racers.score_fn(1, None)  # type: ignore[arg-type]


def test_a_race_goes_on_where_its_answer_was_broken_off(world: World) -> None:
    question = four(LogUniformSigma(), 40)
    parts = answering(question)(question, world)
    with torch.no_grad():
        for _ in range(250):
            next(parts)  # type: ignore[arg-type]
        done = [runner.state.step for runner in world.racers._race.runners]  # type: ignore[union-attr]
        assert 0 < min(done) < 40
        parts.close()  # type: ignore[union-attr]
        rest = [part for part in answering(question)(question, world) if part is not None]  # type: ignore[union-attr]
    assert all(lane.done >= before for lane, before in zip(rest[0][1].lanes, done, strict=True)), "not from the start again"
    whole: Race = answer(msgspec.structs.replace(question, number=2), world)
    for a, b in zip(rest[-1][1].lanes, whole.lanes, strict=True):
        assert np.array_equal(a.divergence.numpy(), b.divergence.numpy()) and np.array_equal(a.noise.numpy(), b.noise.numpy())


def test_through_the_engine_an_edit_of_the_sampler_does_not_begin_it_again(engine: Driver) -> None:
    mark = engine.mark()
    question = AskRace(number=7, steps=400, racers=(Racer(network=NET), Racer(objective=Implicit(), network=NET)))
    engine.send(Ask(asker="race", number=1, question=question))
    early = engine.wait(Answered, lambda m: m.share > 0, since=mark, seconds=60)
    engine.update({"particles": Particles(count=50, seed=77)})
    last = engine.wait(Answered, lambda m: m.share == 1.0, since=mark, seconds=60)
    race = last.answer
    assert isinstance(race, Race) and isinstance(early.answer, Race) and race.left == 0.0
    shares = [m.share for m in engine.since(mark, Answered)]
    assert shares == sorted(shares), "it never went back"
    assert [lane.done for lane in race.lanes] == [400, 400] and race.number == 7
    assert race.lanes[0].time.numpy()[-1] == pytest.approx(race.lanes[0].seconds, rel=1e-6)


def test_withdrawn_it_stops(engine: Driver) -> None:
    mark = engine.mark()
    engine.send(Ask(asker="race", number=1, question=AskRace(number=8, steps=200_000, racers=(Racer(network=NET),))))
    engine.wait(Answered, lambda m: m.share > 0, since=mark, seconds=60)
    engine.send(Withdraw(asker="race"))
    after, _ = engine.update({"particles": Particles(count=20, seed=1)})
    late, _ = engine.update({"particles": Particles(count=20, seed=2)})
    assert not engine.since(after, Answered) or not engine.since(late, Answered)
