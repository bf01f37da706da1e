"""Training on a finite data set: the network remembers it; settings change it without a restart; the average can be switched off."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.engine.trainer import shown_network, state_of
from scoreviz.maths import metrics
from scoreviz.maths.density import compile_density
from scoreviz.maths.empirical import Empirical, data_set
from scoreviz.maths.lessons import learn
from scoreviz.maths.sampling import build_sampler, sample, starting_points
from scoreviz.maths.sde import VESDE
from scoreviz.maths.training import init_training, load_state, reconfigure, state_dict, train_step
from scoreviz.protocol.messages import Problem, RunStarted, Train, Trained
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density, Preset
from scoreviz.scene.document import Scene
from scoreviz.scene.learning import MLP, Denoising, Explicit, Implicit, OneSigma, Score, Training
from scoreviz.scene.learning.reach import check_reach, only_sigma, stays_at_one_level
from scoreviz.scene.samplers import Forward, Langevin, ProbabilityFlow, ReverseSDE, SamplerSpec
from tests.engine.driver import Driver
from tests.engine.test_losses import world_of


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks are quickest on one thread, and beside other work by far."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


EIGHT = DataSet(size=8, seed=3, train=True)
MOONS = Density(marks=(Preset(name="two_moons"),))


def test_stored_points_answer_as_a_law_at_every_sigma() -> None:
    """score_at and posterior_at of a VE SDE's own levels, and what uniform numbers stand for."""
    law = Empirical(torch.randn(7, 2, generator=torch.Generator().manual_seed(0)))
    sde, x = VESDE(0.01, 4.0), torch.randn(30, 2, generator=torch.Generator().manual_seed(1))
    t = torch.rand(30, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    sigma = sde.std(t).float()
    torch.testing.assert_close(law.score_at(x, sigma), law.score(x, sde, t), rtol=2e-4, atol=1e-3)
    torch.testing.assert_close(law.posterior_at(x, 0.3).mean, law.posterior(x, sde, sde.t_of_sigma(0.3)).mean)
    u = torch.tensor([0.0, 0.15, 0.5, 0.9999, 1.0])
    assert torch.equal(law.components_at(u), torch.tensor([0, 1, 3, 6, 6]))
    assert torch.equal(law.sample_at(u, torch.randn(5, 2)), law.points[[0, 1, 3, 6, 6]])


@pytest.mark.parametrize("objective", [Denoising(), Explicit(), Implicit()], ids=lambda o: type(o).__name__)
def test_each_objective_learns_stored_points(objective: object) -> None:
    target = compile_density(MOONS, {})
    law = data_set(target, 8, 3)
    with torch.no_grad():
        state = init_training(MLP(width=16, depth=2), Training(batch=64), objective, VESDE(0.01, 5.0), target, law)  # type: ignore[arg-type]
        first = [train_step(state)[1].loss for _ in range(40)]
        rest = [train_step(state)[1].loss for _ in range(160)]
    assert state.target is law and state.network.sigma_data == target.sigma_data
    assert np.isfinite(first + rest).all() and np.mean(rest[-40:]) < np.mean(first)


def test_a_snapshot_of_it_goes_on_bit_for_bit() -> None:
    target, sde = compile_density(MOONS, {}), VESDE(0.01, 5.0)
    law, specs = data_set(target, 8, 3), (MLP(width=16, depth=2), Training(batch=64), Denoising())
    with torch.no_grad():
        state = init_training(*specs, sde, target)
        for _ in range(5):
            train_step(state)
        reconfigure(state, target=law)
        assert state.since == 5, "another law: the learning rate and the average begin anew"
        for _ in range(5):
            train_step(state)
        again = load_state(state_dict(state), *specs, sde, target, law)
        for s in (state, again):
            for _ in range(5):
                train_step(s)
    assert again.since == 5 and torch.equal(state.buffers, again.buffers)


def test_changing_other_settings_does_not_make_the_data_another() -> None:
    world = world_of(Scene(density=MOONS, network=MLP(width=16, depth=2), data=EIGHT), steps=3)
    law, trainer = state_of(world.trainer).target, world.trainer
    assert isinstance(law, Empirical) and len(law) == 8
    scene = msgspec.structs.replace(world.scene, training=Training(learning_rate=0.001))
    trainer.configure(scene, world.target, world.sde, anew=False)
    assert state_of(trainer).target is law and trainer.step == 3
    trainer.configure(msgspec.structs.replace(scene, data=DataSet(size=9, seed=3, train=True)), world.target, world.sde, anew=False)
    assert len(state_of(trainer).target) == 9 and state_of(trainer).since == 3
    trainer.configure(msgspec.structs.replace(scene, data=DataSet()), world.target, world.sde, anew=False)
    assert state_of(trainer).target is world.target and trainer.step == 3


def test_lessons_teach_what_the_engine_teaches() -> None:
    """A journal in which the data set comes and goes gives the engine's own network."""
    fresh = Scene(density=MOONS, network=MLP(width=16, depth=2), training=Training(batch=64))
    stored = msgspec.structs.replace(fresh, data=EIGHT)
    world = world_of(fresh, steps=4)
    with torch.no_grad():
        for scene, step in ((stored, 8), (msgspec.structs.replace(stored, training=Training(batch=32)), 11), (fresh, 15)):
            world.trainer.configure(scene, world.target, world.sde, anew=False)
            world.trainer.train_to(step)
        lessons = [(0, fresh), (4, stored), (8, msgspec.structs.replace(stored, training=Training(batch=32))), (11, fresh)]
        state = learn(lessons, 15, {})
    assert torch.equal(state.buffers, state_of(world.trainer).buffers)


def test_a_network_remembers_eight_points_and_not_the_drawing() -> None:
    """Long training: its samples lie on the points, far nearer than fresh samples of the drawing do; trained on fresh ones they do not."""
    nearest = {}
    for data in (EIGHT, msgspec.structs.replace(EIGHT, train=False)):
        world = world_of(Scene(density=MOONS, network=MLP(width=64, depth=3), data=data, training=Training(batch=256)), steps=2500)
        with torch.no_grad():
            spec = ProbabilityFlow(steps=40)
            generator = torch.Generator().manual_seed(1)
            x = starting_points(spec, world.sde, world.target, 400, generator)
            samples = sample(build_sampler(spec, world.sde, world.trainer.score_fn(), None), x, 1)
        points = data_set(world.target, 8, 3).points
        nearest[data.train] = metrics.nearest_distance(samples, points)
        fresh = metrics.nearest_distance(world.target.sample(400, torch.Generator().manual_seed(2)), points)
    assert nearest[True] < 0.2 * fresh, nearest
    assert nearest[False] > 0.7 * fresh, nearest


def test_the_average_switched_off_is_the_present_weights_at_once(engine: Driver, small: Scene) -> None:
    world = world_of(small, steps=40)
    ema = shown_network(world.trainer).flat
    assert not torch.equal(ema, state_of(world.trainer).buffers[0])
    with torch.no_grad():
        off = msgspec.structs.replace(small, training=msgspec.structs.replace(small.training, ema=0.0))
        world.trainer.configure(off, world.target, world.sde, anew=False)
        assert torch.equal(shown_network(world.trainer).flat, state_of(world.trainer).buffers[0])
        world.trainer.train_to(43)
        assert torch.equal(shown_network(world.trainer).flat, state_of(world.trainer).buffers[0])
        world.trainer.configure(small, world.target, world.sde, anew=False)
        world.trainer.train_to(60)
    assert not torch.equal(shown_network(world.trainer).flat, state_of(world.trainer).buffers[0])
    _, applied = engine.update({"training": off.training})
    assert applied.step == engine.since(0, Trained)[-1].step, "nothing restarts"


def test_the_engine_trains_on_the_data_and_its_floor_is_theirs(engine: Driver, small: Scene) -> None:
    engine.update({"data": DataSet(size=4, seed=1, train=True)})
    mark = engine.mark()
    engine.send(Train(running=True))
    report = engine.wait(Trained, lambda m: m.step > 30, since=mark, seconds=30)
    engine.send(Train(running=False))
    fresh = world_of(small)
    from scoreviz.maths.training import training_floor

    with torch.no_grad():
        own = world_of(msgspec.structs.replace(small, data=DataSet(size=4, seed=1, train=True)))
        expected, other = training_floor(state_of(own.trainer)).total, training_floor(state_of(fresh.trainer)).total
    assert report.floor == pytest.approx(expected, rel=1e-6) and abs(expected - other) > 0.05
    mark = engine.mark()
    engine.update({"data": DataSet()})
    back = engine.wait(Trained, lambda m: m.floor is not None and abs(m.floor - other) < 1e-6 * other, since=_poke(engine, mark))
    assert back.step >= report.step, "the same network goes on"


def _poke(engine: Driver, mark: int) -> int:
    engine.send(Train(running=False))
    return mark


@pytest.mark.parametrize("member", SamplerSpec.members(), ids=lambda member: member.__name__)
def test_which_samplers_one_level_can_drive(member: type[SamplerSpec]) -> None:
    assert stays_at_one_level(member) == (member.AXIS == "iterations" or member is Forward)


def test_one_sigma_drives_langevin_at_that_sigma_alone() -> None:
    from scoreviz.scene.errors import SceneError

    one = Denoising(sigmas=OneSigma(sigma=0.3))
    assert only_sigma(one) == 0.3 and only_sigma(Denoising()) is None
    check_reach(Denoising(), ReverseSDE())
    check_reach(one, Langevin(sigma=0.3))
    check_reach(one, Langevin(sigma=0.33))
    check_reach(one, Forward())
    with pytest.raises(SceneError, match=r"σ 0.3 alone.*reverse SDE.*other levels"):
        check_reach(one, ReverseSDE())
    with pytest.raises(SceneError, match=r"at σ 0.1\. Set"):
        check_reach(one, Langevin(sigma=0.1))


def test_the_engine_refuses_with_that_sentence_and_goes_on(engine: Driver, small: Scene) -> None:
    one = Denoising(sigmas=OneSigma(sigma=0.3))
    mark, _ = engine.update({"score": Score(source="network"), "objective": one})
    problem = engine.wait(Problem, since=mark)
    assert problem.where == "run" and "alone" in problem.template and problem.params["sigma"] == "0.3" and not problem.details
    assert not engine.since(mark, RunStarted)
    started, frames, _ = engine.run_of({"sampler": Langevin(sigma=0.3, steps=10)})
    assert started.source == "network" and np.isfinite(frames).all()
    started, *_ = engine.run_of({"sampler": small.sampler, "objective": Denoising()})
    assert started.axis == "reverse"


def test_a_copied_script_trains_on_the_data_set_too() -> None:
    """Run as it is copied, it ends with the network that the engine has: the same loss of one more step."""
    from scoreviz.scene.files import Document
    from scoreviz.scene.script import script

    scene = Scene(density=MOONS, network=MLP(width=16, depth=2), training=Training(batch=64), data=EIGHT, score=Score(source="network"))
    text = script(Document(scene=scene), training_step=20)
    assert "maths.data_set(target, 8, 3)" in text
    names: dict[str, object] = {}
    with torch.no_grad():
        exec(compile(text[: text.index("score_fn =")], "script", "exec"), names)
        world = world_of(scene, steps=20)
    training = names["training"]
    assert torch.equal(training.buffers, state_of(world.trainer).buffers)  # type: ignore[attr-defined]
