"""Updates: acknowledged after what they change is seen, partial, refused with a sentence, and with blobs that travel once."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from scoreviz.protocol.messages import (
    Applied,
    Arrows,
    Blob,
    Density,
    Problem,
    RunDone,
    RunFrames,
    RunStarted,
    Train,
    Trained,
    Update,
)
from scoreviz.scene.data import DataSet
from scoreviz.scene.density import Density as Drawing
from scoreviz.scene.density import Erase, Gaussian, Preset, Stroke, digest_of
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import MLP, Score
from scoreviz.scene.noise import VE, SubVP
from scoreviz.scene.samplers import MALA, Ancestral, Forward, Langevin, ReverseSDE
from tests.engine.driver import Driver, look, parts_of


def place(driver: Driver, message: Any) -> int:
    return next(i for i, m in enumerate(driver.said) if m is message)


def sentence(problem: Problem) -> str:
    return problem.template.format(**problem.params)


def path(*points: tuple[float, float]) -> Blob:
    data = np.asarray(points, "<f4").tobytes()
    return Blob(digest=digest_of(data), data=data)


def test_frames_come_before_the_acknowledgement(engine: Driver) -> None:
    mark, applied = engine.update({"particles": Particles(count=150, seed=5)})
    started = engine.wait(RunStarted, since=mark)
    frames = engine.wait(RunFrames, lambda m: m.run == started.run, since=mark)
    assert started.revision == applied.revision and frames.frames.shape[1:] == (150, 2)
    assert place(engine, started) < place(engine, frames) < place(engine, applied)


def test_fields_come_before_the_acknowledgement(engine: Driver) -> None:
    mark, applied = engine.update({"density": Drawing(marks=(Preset(name="rings"),))}, look(density=(0.5, 0.2), arrows=(0.5,)))
    fields = [*engine.since(mark, Density), *engine.since(mark, Arrows)]
    assert len(fields) == 3
    assert all(m.revision == applied.revision and place(engine, m) < place(engine, applied) for m in fields)


def test_it_waits_for_the_frame_on_screen_and_no_longer(engine: Driver) -> None:
    engine.send(look(position=0.5))
    long = {"sampler": ReverseSDE(steps=500), "particles": Particles(count=1000, seed=5)}
    mark, applied = engine.update(long)
    started = engine.wait(RunStarted, since=mark)
    before = engine.said[mark : place(engine, applied)]
    sent = sum(m.frames.shape[0] for m in before if isinstance(m, RunFrames) and m.run == started.run)
    assert sent > 0.5 * (started.total + 1), "half of the run was on screen"
    mark, applied = engine.update({"particles": Particles(count=1000, seed=6)}, look(position=0.0))
    done = engine.wait(RunDone, since=mark, seconds=60)
    assert place(engine, applied) < place(engine, done)


def test_a_slow_run_does_not_hold_back_the_next_edit(engine: Driver) -> None:
    """From a data set of 4096 points the run takes tens of seconds; whoever looks at its end can still go back to the exact score."""
    slow = {"score": Score(source="data"), "data": DataSet(size=4096), "particles": Particles(count=5000, seed=5)}
    engine.send(look(position=0.99))
    mark, applied = engine.update(slow | {"sampler": ReverseSDE(steps=1000)})
    started = engine.wait(RunStarted, since=mark)
    assert not [m for m in engine.since(mark, RunDone) if m.run == started.run], "it is acknowledged before its end"
    mark, applied = engine.update({"score": Score(), "sampler": ReverseSDE(steps=10)})
    fresh = engine.wait(RunStarted, lambda m: m.revision == applied.revision, since=mark)
    engine.wait(RunDone, lambda m: m.run == fresh.run, since=mark)
    assert not [m for m in engine.since(0, RunDone) if m.run == started.run], "the slow run was given up"
    engine.send(look(position=0.0))


def test_the_acknowledgement_resolves_what_is_automatic(engine: Driver) -> None:
    _, applied = engine.update({"noise": VE(sigma_max=None)})
    assert applied.components == 2 and applied.sigma_max is not None and 3.0 < applied.sigma_max < 5.0
    _, applied = engine.update({"noise": VE(sigma_max=7.0)})
    assert applied.sigma_max == pytest.approx(7.0)


def test_revisions_are_acknowledged_in_order_and_once(engine: Driver) -> None:
    mark = engine.mark()
    for seed in range(40):
        engine.update({"particles": Particles(count=50, seed=seed)})
    revisions = [m.revision for m in engine.since(mark, Applied)]
    assert revisions == list(range(engine.revision - 39, engine.revision + 1))


def test_a_slider_that_moves_all_the_time_is_seen(engine: Driver) -> None:
    mark = engine.mark()
    for k in range(30):  # each sent the moment that the one before is acknowledged
        engine.update({"noise": VE(sigma_max=5.0 + 0.1 * k)})
    runs = engine.since(mark, RunStarted)
    framed = {m.run for m in engine.since(mark, RunFrames)}
    assert len(runs) == 30 and all(m.run in framed for m in runs)


def test_parts_that_are_not_sent_are_kept(engine: Driver, small: Scene) -> None:
    started, frames, _ = engine.run_of({"sampler": Forward(steps=7)})
    assert (started.sampler, started.axis, started.total) == ("forward", "forward", 7)
    assert frames.shape == (8, small.particles.count, 2)
    started, frames, _ = engine.run_of({"particles": Particles(count=33)})
    assert started.sampler == "forward" and frames.shape == (8, 33, 2)


def test_what_changes_nothing_that_runs_starts_nothing(engine: Driver, small: Scene) -> None:
    mark, _ = engine.update({**parts_of(small), "view": small.view})
    engine.update({"training": msgspec.structs.replace(small.training, learning_rate=0.001)})
    assert engine.since(mark, RunStarted) == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sampler": {"type": "reverse_sdee"}}, "There is no sampler called “reverse_sdee”. Did you mean “reverse_sde”?"),
    ({"sampler": {"steps": 3}}, "A sampler is an object with a “type”."),
    ({"sampler": {"type": "reverse_sde", "steps": 0}}, "steps"),
    ({"sampler": {"type": "langevin", "step_size": math.nan}}, "step_size"),
    ({"sampler": {"type": "langevin", "step_size": math.inf}}, "step_size"),
    ({"sampler": {"type": "langevin", "step_size": -1.0}}, "step_size"),
    ({"noise": {"type": "ve", "sigma_min": math.nan}}, "sigma_min"),
    ({"noise": {"type": "ve", "sigma_min": 0.5, "sigma_max": 0.2}}, "σ min (0.5) must be smaller than σ max (0.2)."),
    ({"noise": {"type": "ve", "sigma": 0.5}}, "sigma"),
    ({"particles": {"count": 10**9, "seed": 0}}, "count"),
    ({"particles": {"count": 2.5, "seed": 0}}, "count"),
    ({"network": {"type": "mlp", "width": "wide"}}, "width"),
    ({"density": {"marks": [{"type": "preset", "name": "three_moons"}]}}, "three_moons"),
    ({"density": {"marks": [{"type": "gaussian", "x": math.nan, "y": 0.0, "std": 1.0}]}}, "marks[0].x"),
    ({"density": 5}, "object"),
    ({"colour": {"red": 1}}, "colour"),
]


@pytest.mark.parametrize(("parts", "named"), REFUSED, ids=[str(p) for p, _ in REFUSED])
def test_an_invalid_part_is_a_sentence_and_the_last_good_scene_stays(
    engine: Driver, small: Scene, parts: dict[str, Any], named: str
) -> None:
    mark = engine.mark()
    _, frames, _ = engine.run_of({"particles": Particles(count=10, seed=1)})
    mark, applied = engine.update(parts)
    (problem,) = engine.since(mark, Problem)
    assert problem.where == "scene" and problem.revision == applied.revision
    assert named in sentence(problem)
    assert "engine met an error" not in sentence(problem), "a sentence for a person, not for a developer"
    assert place(engine, problem) < place(engine, applied)
    assert applied.components == 2 and applied.sigma_max is not None, "the last good scene is in force"
    engine.run_of({"particles": Particles(count=10, seed=2)})
    _, again, _ = engine.run_of({"particles": Particles(count=10, seed=1)})
    assert again.tobytes() == frames.tobytes()


def test_an_empty_drawing_is_a_sentence_and_a_later_one_works(engine: Driver) -> None:
    mark, applied = engine.update({"density": Drawing()}, look(density=(0.5,), arrows=(0.5,), arrows_kind="network"))
    (problem,) = engine.since(mark, Problem)
    assert problem.where == "scene" and sentence(problem).startswith("The drawing is empty.") and problem.details == ""
    assert applied.components == 0 and applied.sigma_max is None
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.running, since=mark)
    engine.send(Train(running=False))
    assert engine.since(mark, RunStarted) == engine.since(mark, Density) == engine.since(mark, Arrows) == []
    started, frames, _ = engine.run_of({"density": Drawing(marks=(Gaussian(x=0.0, y=0.0, std=0.4),))})
    assert len(frames) == started.total + 1
    assert len(engine.since(mark, Problem)) == 1


def test_an_empty_drawing_keeps_the_network(engine: Driver, small: Scene) -> None:
    mark = engine.mark()
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step > 20, since=mark)
    engine.send(Train(running=False))
    step = engine.wait(Trained, lambda m: not m.running, since=mark).step
    engine.update({"density": Drawing()})
    _, applied = engine.update({"density": small.density})  # the eraser's stroke was undone
    assert applied.step == step


def test_what_changed_while_nothing_was_drawn_is_in_force_afterwards(engine: Driver, small: Scene) -> None:
    mark = engine.mark()
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.step > 20, since=mark)
    engine.send(Train(running=False))
    engine.wait(Trained, lambda m: not m.running, since=mark)
    engine.update({"density": Drawing()})
    engine.update({"network": msgspec.structs.replace(small.network, width=24), "noise": VE(sigma_max=9.0)})
    _, applied = engine.update({"density": small.density, "sampler": Forward(steps=5)})
    assert applied.step == 0 and applied.sigma_max == pytest.approx(9.0), "another width is another network"


def test_a_missing_blob_is_a_sentence_and_mends(engine: Driver) -> None:
    blob = path((-1, -1), (1, 1))
    drawing = {"density": Drawing(marks=(Stroke(points=blob.digest, width=0.1),))}
    mark, _ = engine.update(drawing)
    (problem,) = engine.since(mark, Problem)
    assert problem.where == "scene" and blob.digest in sentence(problem) and "missing" in sentence(problem)
    engine.send(blob)
    _, applied = engine.update(drawing)
    assert applied.components > 10 and len(engine.since(mark, Problem)) == 1


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "not pairs of numbers"),
        (b"12345", "not pairs of numbers"),
        (np.asarray([[0, np.nan]], "<f4").tobytes(), "not finite"),
        (np.asarray([[0, 1e9]], "<f4").tobytes(), "far away"),
    ],
)
def test_a_damaged_blob_is_a_sentence(engine: Driver, data: bytes, named: str) -> None:
    blob = Blob(digest=digest_of(data), data=data)
    engine.send(blob)
    mark, _ = engine.update({"density": Drawing(marks=(Stroke(points=blob.digest, width=0.1),))})
    (problem,) = engine.since(mark, Problem)
    assert problem.where == "scene" and named in sentence(problem)


def test_a_blob_is_sent_once_and_used_by_its_digest(engine: Driver) -> None:
    one, two = path((-1.5, 0), (-0.5, 0)), path((0.5, 1), (1.5, 1))
    engine.send(one, two)
    marks = (Stroke(points=one.digest, width=0.1), Stroke(points=two.digest, width=0.1))
    counts = []
    mark = engine.mark()
    for drawing in (marks, marks[:1], marks, (*marks, Erase(points=one.digest, width=0.3)), marks[1:]):
        counts.append(engine.update({"density": Drawing(marks=drawing)})[1].components)
    assert engine.since(mark, Problem) == []
    assert counts[0] == counts[2] == 2 * counts[1], "two strokes of one length"
    assert counts[3] == counts[4], "erased with the other's path"


def test_ten_thousand_strokes(engine: Driver) -> None:
    generator = np.random.default_rng(0)
    starts = generator.uniform(-2, 2, (10_000, 1, 2))
    strokes = (starts + generator.normal(0, 0.03, (10_000, 40, 2)).cumsum(1)).astype("<f4")
    blobs = [Blob(digest=digest_of(s.tobytes()), data=s.tobytes()) for s in strokes]
    marks = tuple(Stroke(points=b.digest, width=0.05) for b in blobs)
    mark = engine.mark()
    engine.send(*blobs)
    revision = engine.post({"density": Drawing(marks=marks)})
    applied = engine.wait(Applied, lambda m: m.revision == revision, since=mark, seconds=5)
    assert 1000 < applied.components <= 4096 and engine.since(mark, Problem) == []
    engine.wait(RunDone, since=mark)


def test_the_newest_of_many_updates_wins(engine: Driver) -> None:
    """The window keeps one in flight; an engine that is sent many all the same ends with the last."""
    mark = engine.mark()
    engine.send(*(Update(revision=engine.revision + k, parts={"sampler": Langevin(steps=k)}) for k in range(1, 30)))
    engine.revision += 29
    engine.wait(Applied, lambda m: m.revision == engine.revision, since=mark)
    last = engine.since(mark, RunStarted)[-1]
    assert last.revision == engine.revision and last.total == 29


def test_source_and_step_are_named(engine: Driver) -> None:
    started, _, done = engine.run_of({"score": Score(source="network")})
    assert started.source == "network" and started.step == done.step == 0
    started, _, done = engine.run_of({"score": Score(source="exact")})
    assert started.source == "exact" and started.step is None and done.step is None


def test_a_sampler_that_needs_a_density_says_so_and_takes_an_energy(engine: Driver) -> None:
    parts = {"score": Score(source="network"), "sampler": MALA(steps=5)}
    mark = engine.mark()
    engine.post(parts)
    problem = engine.wait(Problem, since=mark)
    assert problem.where == "run" and "accepts or rejects by the density" in problem.template and problem.params == {"sampler": "MALA"}
    started, frames, _ = engine.run_of({**parts, "network": MLP(width=8, depth=1, features=2, energy=True)})
    assert started.sampler == "mala" and np.isfinite(frames).all()


def test_a_sampler_without_a_rule_for_this_noise_says_so(engine: Driver) -> None:
    mark = engine.mark()
    engine.post({"noise": SubVP(), "sampler": ReverseSDE(predictor=Ancestral())})
    problem = engine.wait(Problem, since=mark)
    assert problem.where == "run" and "ncestral" in problem.template
    engine.run_of({"sampler": ReverseSDE(steps=5)})
