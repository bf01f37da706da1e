"""Shots: everything at an integer step, bit for bit what the mathematics gives for that step, whatever was done before."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.maths.denoiser import score_fn_of
from scoreviz.maths.density import compile_density
from scoreviz.maths.sampling import build_sampler, starting_points, trajectory
from scoreviz.maths.sde import build_sde
from scoreviz.maths.training import init_training, reconfigure, train_step
from scoreviz.protocol.messages import Arrows, Density, Problem, Reset, RunDone, RunFrames, RunStarted, Shoot, Shot, Trained, Welcome
from scoreviz.protocol.shots import frame_of
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Gaussian
from scoreviz.scene.document import Score, replace_at
from scoreviz.scene.samplers import Langevin
from scoreviz.scene.view import View
from tests.engine.driver import Driver, look, parts_of

NOTHING = {"density_shape": (0, 0), "arrows_shape": (0, 0)}


@pytest.fixture(scope="module")
def process():
    """Of its own: shots leave runs unfinished."""
    driver = Driver()
    driver.wait(Welcome, seconds=60)
    yield driver
    driver.close()


@pytest.fixture
def engine(process, small):
    """At step 0 of SMALL."""
    process.update(parts_of(small))
    process.send(Reset())
    return process


@pytest.fixture
def one_thread():
    """As many as shots use."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def learned(small):
    return msgspec.structs.replace(small, score=Score(source="network"))


def shoot(driver, *wishes, since=None):
    """Send the wishes at once; what was said up to the last one's Shot, and the mark before."""
    mark = driver.mark() if since is None else since
    driver.send(*wishes)
    driver.wait(Shot, lambda m: m.number == wishes[-1].number, since=mark, seconds=30)
    return mark


def frames_after(driver, mark):
    """Frames of the newest run since the mark."""
    start = max(i for i, m in enumerate(driver.said) if i >= mark and isinstance(m, RunStarted))
    return np.concatenate([m.frames.numpy() for m in driver.said[start:] if isinstance(m, RunFrames)])


def trained(scene, steps, edits=()):
    """The network after `steps`, with the edits (step, scene) in between, by hand."""
    target = compile_density(scene.density, {})
    sde = build_sde(scene.noise, target.diameter())
    state = init_training(scene.network, scene.training, scene.objective, sde, target)
    for step, other in (*edits, (steps, None)):
        while state.step < step:
            state, _ = train_step(state)
        if other is not None:
            target = compile_density(other.density, {})
            sde = build_sde(other.noise, target.diameter())
            reconfigure(state, other.training, other.objective, sde, target)
    return score_fn_of(state.ema, sde), sde, target


def run_by_hand(scene, score_fn, sde, target):
    generator = torch.Generator().manual_seed(scene.particles.seed)
    x = starting_points(scene.sampler, sde, target, scene.particles.count, generator)
    sampler = build_sampler(scene.sampler, sde, score_fn)
    return np.stack([x.numpy(), *(s.x.numpy() for _, s, _ in trajectory(sampler, sampler.init(x, generator.get_state())))])


@pytest.mark.parametrize("length", [1, 2, 21, 101, 5001])
def test_every_frame_is_hit_by_its_own_share(length):
    for k in range(0, length, max(1, length // 97)):
        assert frame_of(k / max(1, length - 1), length) == (k if length > 1 else 0)
    assert frame_of(-0.1, length) == 0
    assert frame_of(1.5, length) == length - 1
    assert frame_of(0.9999, 3) == 1


def test_a_shot_is_the_run_of_the_network_at_exactly_that_step(engine, learned, one_thread):
    engine.update(parts_of(learned), look(**NOTHING))
    mark = shoot(engine, Shoot(number=1, step=7, position=0.0), Shoot(number=2, step=23, position=0.5))
    assert [(m.number, m.step) for m in engine.since(mark, Shot)] == [(1, 7), (2, 23)]
    assert engine.since(mark, RunStarted)[-1].step == 23
    frames = frames_after(engine, mark)
    assert len(frames) == frame_of(0.5, 21 + 1) + 1  # 20 steps, one to denoise: only as far as the frame
    assert np.array_equal(frames, run_by_hand(learned, *trained(learned, 23))[: len(frames)])
    assert not engine.since(mark, Density)
    assert not engine.since(mark, Arrows)


def test_shots_do_not_depend_on_the_shots_before(engine, fresh, learned):
    wishes = [Shoot(number=k, step=5 * k, position=k / 8) for k in range(1, 9)]
    engine.update(parts_of(learned), look(arrows_kind="network"))
    mark = shoot(engine, *wishes)
    other = fresh()
    other.update(parts_of(learned), look(arrows_kind="network"))
    there = shoot(other, wishes[-1])
    assert np.array_equal(frames_after(engine, mark), frames_after(other, there))
    for kind in (Density, Arrows):
        here, alone = engine.since(mark, kind)[-1], other.since(there, kind)[-1]
        assert msgspec.structs.replace(here, revision=0) == msgspec.structs.replace(alone, revision=0)
    assert engine.since(mark, Arrows)[-1].step == 40
    assert engine.since(mark, RunDone)[-1].distance == other.since(there, RunDone)[-1].distance
    assert engine.since(mark, Trained)[-1].step == 40


def test_an_edit_between_two_shots_lands_at_its_step(engine, learned, one_thread):
    edited = msgspec.structs.replace(
        learned, density=msgspec.structs.replace(learned.density, marks=(*learned.density.marks, Gaussian(x=0.0, y=1.5, std=0.2)))
    )
    engine.update(parts_of(learned), look(**NOTHING))
    mark = engine.mark()
    engine.send(Shoot(number=1, step=11, position=0.0))
    engine.post({"density": edited.density}, Shoot(number=2, step=30, position=1.0))
    engine.wait(Shot, lambda m: m.number == 2, since=mark)
    expected = run_by_hand(edited, *trained(learned, 30, [(11, edited)]))
    assert np.array_equal(frames_after(engine, mark), expected)


def test_the_exact_run_is_computed_once_and_carried_on(engine, small, one_thread):
    engine.update(parts_of(small), look(**NOTHING))
    mark = shoot(engine, *(Shoot(number=k, step=0, position=k / 10) for k in range(11)), Shoot(number=11, step=0, position=0.2))
    (started,) = (m for m in engine.since(mark, RunStarted) if m.step is None and not m.live)
    frames = frames_after(engine, mark)
    target = compile_density(small.density, {})
    sde = build_sde(small.noise, target.diameter())
    assert np.array_equal(frames, run_by_hand(small, target.score_fn(sde), sde, target))
    assert len(frames) == started.substep.shape[0]
    (done,) = engine.since(mark, RunDone)  # at the first shot of the last frame
    assert done.distance is not None


def test_fields_are_of_the_frame_s_own_sigma(engine, small):
    engine.update(parts_of(small), look())
    mark = shoot(engine, Shoot(number=1, step=0, position=0.4))
    sigma = engine.since(mark, RunStarted)[-1].sigma.numpy()[frame_of(0.4, 22)]
    assert [m.sigma for m in engine.since(mark, Density)] == [sigma]
    assert [(m.sigma, m.kind) for m in engine.since(mark, Arrows)] == [(sigma, "exact")]


def test_nothing_else_is_sampled_between_shots(engine, learned):
    engine.update(parts_of(learned), look(**NOTHING))
    mark = shoot(engine, Shoot(number=1, step=3, position=1.0))
    shoot(engine, Shoot(number=2, step=3, position=0.0), since=mark)
    engine.send(Shoot(number=3, step=4, position=0.0))
    engine.wait(Shot, lambda m: m.number == 3, since=mark)
    assert [m.step for m in engine.since(mark, RunStarted)] == [3, 4]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda s: replace_at(s, ("sampler",), Langevin(step_size=1.0, steps=400)), "flew off to infinity at substep"),
        (lambda s: replace_at(s, ("training", "learning_rate"), 0.1), None),
    ],
)
def test_a_run_that_fails_is_a_problem(engine, small, broken, said):
    if said is None:
        engine.update(parts_of(small))
        shoot(engine, Shoot(number=1, step=5, position=0.0))
        mark = engine.mark()
        engine.send(Shoot(number=2, step=2, position=0.0))  # back in time
        problem = engine.wait(Problem, since=mark)
        assert "step 5 and cannot go to step 2" in problem.params["reason"]
        return
    engine.update(parts_of(broken(msgspec.structs.replace(small, view=View()))))
    mark = engine.mark()
    engine.send(Shoot(number=1, step=0, position=1.0))
    problem = engine.wait(Problem, since=mark)
    assert (problem.where, said in problem.template) == ("run", True)


def test_arrows_of_the_data_pull_towards_the_data(engine, small):
    """One point: x + sigma^2 s is that point, wherever x is."""
    scene = msgspec.structs.replace(small, score=Score(source="data"), data=DataSet(size=1, seed=5))
    engine.update(parts_of(scene))
    engine.send(look(density_shape=(0, 0), arrows_shape=(6, 8), arrows_kind="data"))
    mark = shoot(engine, Shoot(number=1, step=0, position=0.5))
    (sent,) = engine.since(mark, Arrows)
    x0, x1, y0, y1 = sent.bounds
    xs, ys = np.meshgrid(x0 + (np.arange(8) + 0.5) * (x1 - x0) / 8, y0 + (np.arange(6) + 0.5) * (y1 - y0) / 6)
    meets = np.stack([xs, ys], -1) + sent.sigma * sent.vectors.numpy()
    assert sent.kind == "data" and sent.step is None
    assert np.abs(meets - meets[0, 0]).max() < 1e-4
