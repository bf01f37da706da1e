"""Runs: complete, the maths' own bits, repeatable by seed, measured against their floor, and sentences where they fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from scoreviz.maths.density import compile_density
from scoreviz.maths.sampling import build_sampler, starting_points, trajectory
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Problem, RunDone, RunFrames, RunStarted, Train, Trained
from scoreviz.scene.choice import tag_of
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import Score
from scoreviz.scene.samplers import AnnealedLangevin, Forward, Langevin, PredictorCorrector, ProbabilityFlow, ReverseSDE
from tests.engine.driver import Driver

EVERY: list[Any] = [
    ReverseSDE(steps=30),
    ProbabilityFlow(steps=20),
    Langevin(steps=25),
    Langevin(steps=25, noise=False),
    AnnealedLangevin(levels=5, steps_per_level=4),
    Forward(steps=30),
    PredictorCorrector(steps=15, corrector_steps=2),
]
WILD = Langevin(steps=300, step_size=1.0, sigma=0.05)


@pytest.mark.parametrize("sampler", EVERY, ids=[f"{tag_of(s)}{i}" for i, s in enumerate(EVERY)])
@pytest.mark.usefixtures("same_threads")
@torch.no_grad()
def test_a_run_is_the_maths_bit_for_bit(engine: Driver, small: Scene, sampler: Any) -> None:
    started, frames, done = engine.run_of({"sampler": sampler, "particles": Particles(count=300, seed=21)})
    target = compile_density(small.density, {})
    sde = build_sde(small.noise, target.diameter())
    generator = torch.Generator().manual_seed(21)
    x = starting_points(sampler, sde, target, 300, generator)
    expected, times, stages, nfe = [x], [], [0], 0
    loop = build_sampler(sampler, sde, target.score_fn(sde))
    for substep, state, info in trajectory(loop, loop.init(x, generator.get_state())):
        times.append((substep.t, substep.s))
        stages.append({"predict": 1, "correct": 2, "denoise": 3}[substep.stage.value])
        expected.append(state.x)
        nfe += info.nfe

    assert (started.sampler, started.axis, started.source, started.live) == (tag_of(sampler), sampler.AXIS, "exact", False)
    assert started.total == len(times) and len(frames) == started.total + 1
    assert started.substep.numpy().tolist() == list(range(len(frames)))
    assert started.stage.numpy().tolist() == stages
    t = [times[0][0], *(s for _, s in times)]
    assert started.t.numpy().tolist() == t
    np.testing.assert_allclose(started.sigma.numpy(), [float(sde.sigma(u)) for u in t], rtol=1e-12)
    np.testing.assert_allclose(started.log_snr.numpy(), -2 * np.log(started.sigma.numpy()), rtol=1e-9, atol=1e-9)
    forward = {"forward": 1, "reverse": -1, "levels": -1, "iterations": 0}[sampler.AXIS]
    moves = np.diff(started.t.numpy())
    assert (moves * forward >= 0).all() and bool(np.any(moves)) == bool(forward)
    assert frames.tobytes() == torch.stack(expected).numpy().tobytes()
    assert done.nfe == nfe and done.seconds > 0


def test_one_seed_is_one_run(engine: Driver) -> None:
    first, other = (engine.run_of({"particles": Particles(count=64, seed=seed)})[1] for seed in (5, 6))
    repeated = engine.run_of({"particles": Particles(count=64, seed=5)})[1]
    assert repeated.tobytes() == first.tobytes()
    assert not np.array_equal(other[0], first[0]) and not np.array_equal(other[-1], first[-1])


def test_frames_follow_their_announcement_and_end_with_it(engine: Driver) -> None:
    mark = engine.mark()
    started, frames, done = engine.run_of({"sampler": ReverseSDE(steps=200), "particles": Particles(count=5000, seed=2)})
    kinds = [type(m) for m in engine.said[mark:] if isinstance(m, RunStarted | RunFrames | RunDone) and m.run == started.run]
    assert kinds[0] is RunStarted and kinds[-1] is RunDone and set(kinds[1:-1]) == {RunFrames}
    assert kinds.count(RunFrames) > 5, "they come as they are computed"
    assert frames.shape == (started.total + 1, 5000, 2) and frames.dtype == np.float32 and np.isfinite(frames).all()
    assert done.run == started.run


def test_a_new_run_replaces_the_one_before(engine: Driver) -> None:
    mark = engine.mark()
    engine.post({"sampler": ReverseSDE(steps=2000), "particles": Particles(count=2000, seed=2)})
    long = engine.wait(RunStarted, lambda m: m.total >= 2000, since=mark)
    started, _, _ = engine.run_of({"sampler": ReverseSDE(steps=10)})
    after = engine.said[engine.said.index(started) :]
    assert not any(isinstance(m, RunFrames | RunDone) and m.run == long.run for m in after)
    assert started.run == long.run + 1


@pytest.mark.parametrize("sampler", [ReverseSDE(steps=200), Forward(steps=50), ProbabilityFlow(steps=40)], ids=tag_of)
def test_the_distance_is_near_its_floor(engine: Driver, sampler: Any) -> None:
    _, _, done = engine.run_of({"sampler": sampler, "particles": Particles(count=3000, seed=8)})
    assert done.distance is not None and done.floor is not None
    mean, spread = done.floor
    assert 0.002 < mean < 0.05 and 0 < spread < 0.03
    assert 0 < done.distance < mean + 5 * spread + 0.02, "an exact score, enough steps"
    if sampler == ReverseSDE(steps=200):
        assert done.truth == "exact samples of the drawing"
    else:
        assert "{sigma}" in done.truth and float(done.params["sigma"]) > 0


def test_a_bad_sampler_is_far_from_its_floor(engine: Driver) -> None:
    """So that the distance can be large at all."""
    _, _, done = engine.run_of({"sampler": Langevin(steps=2), "particles": Particles(count=2000, seed=8)})
    assert done.distance is not None and done.floor is not None and done.distance > 10 * done.floor[0]


def test_a_step_far_too_large_is_a_sentence(engine: Driver) -> None:
    mark, applied = engine.update({"sampler": WILD})
    problem = engine.wait(Problem, since=mark)
    text = problem.template.format(**problem.params)
    assert problem.where == "run" and problem.revision == applied.revision
    assert text.startswith("The points flew off to infinity at substep ") and "Make the step smaller" in text
    substep = int(problem.params["step"])
    started = engine.wait(RunStarted, since=mark)
    frames = engine.frames(started.run)
    assert 1 < substep <= 300 and np.isfinite(frames).all() and len(frames) <= substep
    _, frames, _ = engine.run_of({"sampler": Langevin(steps=10)})
    assert len(frames) == 11 and engine.since(mark, Problem) == [problem]


def test_a_network_that_trains_does_not_repeat_the_sentence_without_end(engine: Driver) -> None:
    mark = engine.mark()
    engine.update({"sampler": WILD, "score": Score(source="network")}, Train(running=True))
    engine.wait(Problem, since=mark)
    began, step = engine.mark(), engine.wait(Trained, since=mark).step
    engine.wait(Trained, lambda m: m.step > step + 800, since=began, seconds=20)
    engine.send(Train(running=False))
    engine.wait(Trained, lambda m: not m.running, since=began)
    assert len(engine.since(mark, Problem)) <= 3, "one edit, one sentence"


def test_bounds_of_what_may_be_asked(engine: Driver) -> None:
    _, frames, done = engine.run_of({"sampler": ReverseSDE(steps=1), "particles": Particles(count=2, seed=2**31 - 1)})
    assert frames.shape[1:] == (2, 2) and done.distance is not None


def test_one_particle(engine: Driver) -> None:
    mark = engine.mark()
    revision = engine.post({"particles": Particles(count=1, seed=0)})
    started = engine.wait(RunStarted, lambda m: m.revision == revision, since=mark)
    engine.wait(RunDone, lambda m: m.run == started.run, since=mark, seconds=3)
    assert engine.since(mark, Problem) == []
