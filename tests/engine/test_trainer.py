"""Training: it advances, pauses, keeps or restarts its network, goes on from a snapshot, and shares the time with live runs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.maths.training import load_state, state_dict, train_step
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Arrows, Problem, Reset, Restore, RunDone, RunStarted, Snapshot, Train, Trained, Welcome
from scoreviz.scene.density import Density as Drawing
from scoreviz.scene.density import Preset
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import MLP, Score, Training
from scoreviz.scene.samplers import ProbabilityFlow
from tests.engine.driver import Driver, look, parts_of


def start(engine: Driver) -> int:
    mark = engine.mark()
    engine.send(Train(running=True))
    engine.wait(Trained, lambda m: m.running, since=mark)
    return mark


def pause(engine: Driver) -> Trained:
    mark = engine.mark()
    engine.send(Train(running=False))
    return engine.wait(Trained, lambda m: not m.running, since=mark)


def train_to(engine: Driver, step: int) -> int:
    """Train at least so far, and pause. Returns the step."""
    mark = start(engine)
    engine.wait(Trained, lambda m: m.step >= step, since=mark, seconds=30)
    return pause(engine).step


def snapshot_of(engine: Driver) -> Snapshot:
    """The one that a pause leaves."""
    return engine.since(0, Snapshot)[-1]


def network_arrows(engine: Driver, sigma: float = 0.3) -> Arrows:
    mark, _ = engine.update({})  # what was sent before is forgotten
    engine.send(look(arrows=(sigma,), arrows_kind="network"))
    return engine.wait(Arrows, lambda m: m.kind == "network" and m.sigma == sigma, since=mark)


def test_it_advances_and_the_loss_falls_towards_its_floor(engine: Driver) -> None:
    mark = start(engine)
    engine.wait(Trained, lambda m: m.step > 1500, since=mark, seconds=30)
    pause(engine)
    reports = [m for m in engine.since(mark, Trained) if m.loss is not None]
    steps = [m.step for m in reports]
    assert steps == sorted(steps) and len(set(steps)) > 3
    assert all(m.rate > 0 for m in reports if m.running)
    floors = {m.floor for m in reports}
    assert len(floors) == 1 and None not in floors
    (floor,) = floors
    losses = [m.loss for m in reports if m.loss is not None]
    assert floor is not None and 0 < floor < min(losses) * 1.1, "no network is better than the floor"
    assert losses[-1] - floor < 0.6 * (losses[0] - floor)


def test_the_rate_is_steps_a_second(engine: Driver) -> None:
    mark = start(engine)
    reports: list[tuple[float, Trained]] = []
    while len(reports) < 8:
        message = engine.wait(Trained, lambda m: m.step > 0, since=mark)
        mark = 1 + engine.said.index(message, mark)
        reports.append((engine.times[mark - 1], message))
    pause(engine)
    (began, first), (ended, last) = reports[0], reports[-1]
    measured = (last.step - first.step) / (ended - began)
    said = np.mean([m.rate for _, m in reports[1:]])
    assert 0.5 < said / measured < 2.0


def test_a_pause_stops_it(engine: Driver) -> None:
    step = train_to(engine, 50)
    mark = engine.mark()
    for seed in range(3):
        engine.run_of({"particles": Particles(count=20, seed=seed)})
    assert all(m.step == step for m in engine.since(mark, Trained))
    paused = pause(engine)
    assert (paused.step, paused.rate, paused.running) == (step, 0.0, False)
    assert snapshot_of(engine).step == step
    assert train_to(engine, step + 1) > step


def test_settings_keep_the_network_and_an_architecture_starts_a_new_one(engine: Driver, small: Scene) -> None:
    step = train_to(engine, 50)
    kept = network_arrows(engine)
    settings = msgspec.structs.replace(small.training, learning_rate=0.001, batch=64, ema=0.9)
    _, applied = engine.update({"training": settings})
    assert applied.step == step
    assert network_arrows(engine).vectors == kept.vectors
    _, applied = engine.update({"density": Drawing(marks=(Preset(name="rings"),))})
    assert applied.step == step, "a stroke more is learned by the same network"
    mark, applied = engine.update({"network": msgspec.structs.replace(small.network, width=24)})
    assert applied.step == 0
    assert engine.since(mark, Trained)[-1].step == 0
    assert network_arrows(engine).step == 0
    train_to(engine, 20)
    _, applied = engine.update({"training": msgspec.structs.replace(settings, seed=99)})
    assert applied.step == 0, "another seed is another network"


def test_a_reset_is_the_network_of_the_seed(engine: Driver) -> None:
    first = network_arrows(engine)
    train_to(engine, 50)
    assert network_arrows(engine).vectors != first.vectors
    mark = engine.mark()
    engine.send(Reset())
    assert engine.wait(Trained, since=mark).step == 0
    assert network_arrows(engine).vectors == first.vectors


@pytest.mark.usefixtures("same_threads")
def test_a_snapshot_goes_on_in_another_process(engine: Driver, fresh: Callable[..., Driver], small: Scene) -> None:
    other = fresh()
    step = train_to(engine, 120)
    before, snapshot = network_arrows(engine), snapshot_of(engine)
    assert snapshot.step == step
    other.wait(Welcome, seconds=60)
    other.update(parts_of(small))
    mark = other.mark()
    other.send(Restore(snapshot=snapshot))
    restored = other.wait(Trained, since=mark)
    assert restored.step == step and not restored.running
    after = network_arrows(other)
    assert (after.step, after.vectors) == (step, before.vectors)
    further = train_to(other, step + 20)
    end = snapshot_of(other)
    assert end.step == further > step

    target = compile_density(small.density, {})
    sde = build_sde(small.noise, target.diameter())
    tensors = {name: torch.from_numpy(array.numpy().copy()) for name, array in snapshot.tensors.items()}
    state = load_state(tensors, small.network, small.training, small.objective, sde, target)
    while state.step < further:
        state, _ = train_step(state)
    assert {name: Array.of(tensor.numpy()) for name, tensor in state_dict(state).items()} == end.tensors, "bit for bit"


def test_a_snapshot_of_another_network_is_refused(engine: Driver, small: Scene) -> None:
    train_to(engine, 20)
    snapshot = snapshot_of(engine)
    engine.update({"network": MLP(width=24, depth=1)})
    step = train_to(engine, 10)
    kept = network_arrows(engine)
    damaged = {
        "another architecture": snapshot,
        "an entry missing": Snapshot(step=5, tensors={}),
        "a shape that lies": Snapshot(step=5, tensors={**snapshot.tensors, "good": Array(dtype="float32", shape=(2**40,), data=b"1234")}),
        "no array": Snapshot(step=5, tensors={**snapshot.tensors, "buffers": Array(dtype="object", shape=(1,), data=b"12345678")}),
        "another generator": Snapshot(
            step=5, tensors={**snapshot_of(engine).tensors, "generator": Array.of(np.zeros(5056, np.uint8))}
        ),
    }  # fmt: skip
    for name, wrong in damaged.items():
        mark = engine.mark()
        engine.send(Restore(snapshot=wrong))
        problem = engine.wait(Problem, since=mark)
        assert problem.where in ("message", "training") and problem.template.format(**problem.params), name
        after = network_arrows(engine)
        assert (after.step, after.vectors) == (step, kept.vectors), f"{name}: the network stays"
    assert train_to(engine, step + 1) > step


def test_a_diverging_training_pauses_with_a_sentence(engine: Driver, small: Scene) -> None:
    """A snapshot whose weights are not finite is what a divergence looks like."""
    train_to(engine, 20)
    good = snapshot_of(engine)
    buffers = good.tensors["buffers"].numpy().copy()
    buffers[0, :50] = np.nan
    mark = engine.mark()
    engine.send(Restore(snapshot=Snapshot(step=good.step, tensors={**good.tensors, "buffers": Array.of(buffers)})), Train(running=True))
    problem = engine.wait(Problem, since=mark)
    assert problem.where == "training" and "Lower the learning rate" in problem.template
    assert problem.template.format(**problem.params)
    assert not engine.since(mark, Trained)[-1].running, "it says that it paused"
    assert np.isfinite(network_arrows(engine).vectors.numpy()).all()


@pytest.fixture
def two_spirals() -> Scene:
    scene = Scene(sampler=ProbabilityFlow(steps=30), particles=Particles(count=1000), training=Training(), score=Score(source="exact"))
    return msgspec.structs.replace(scene, network=MLP(width=64))


def rate(engine: Driver, seconds: float = 1.5, enough: Callable[[], bool] = lambda: True) -> float:
    """Steps per second over so much of training, by this clock; longer, if it takes longer until there is `enough`."""
    mark = start(engine)
    first = engine.wait(Trained, lambda m: m.rate > 0, since=mark)
    began = engine.times[engine.said.index(first, mark)]
    place = mark
    while True:
        message = engine.wait(Trained, lambda m: m.step > first.step, since=place)
        place = 1 + engine.said.index(message, place)
        if (spent := engine.times[place - 1] - began) >= seconds and (enough() or spent > 15.0):
            pause(engine)
            return (message.step - first.step) / spent


def test_live_runs_appear_and_leave_most_of_the_time_to_training(engine: Driver, two_spirals: Scene) -> None:
    engine.run_of(parts_of(two_spirals))
    mark = engine.mark()
    alone = [rate(engine)]
    assert not engine.since(mark, RunStarted), "an exact run does not depend on the training"
    engine.run_of({"score": Score(source="network")})
    mark = engine.mark()

    def live_runs() -> list[RunStarted]:
        return [m for m in engine.since(mark, RunStarted) if m.live]

    beside = rate(engine, enough=lambda: len(live_runs()) >= 3)  # a fifth of a busy machine may be one run a second
    live = live_runs()
    assert len(live) >= 3 and all(m.source == "network" for m in live)
    steps = [m.step for m in live if m.step is not None]
    assert len(set(steps)) == len(live) and steps == sorted(steps)
    done = [m for m in engine.since(mark, RunDone) if m.run in {s.run for s in live}]
    assert done and all(m.step == {s.run: s.step for s in live}[m.run] for m in done)
    engine.run_of({"score": Score(source="exact")})
    alone.append(rate(engine))

    assert beside >= 0.55 * np.mean(alone)


def test_after_a_pause_the_run_is_of_the_last_network(engine: Driver) -> None:
    engine.update({"score": Score(source="network")})
    mark = engine.mark()
    step = train_to(engine, 50)
    started = engine.wait(RunStarted, lambda m: m.step == step, since=mark)
    engine.wait(RunDone, lambda m: m.run == started.run and m.step == step, since=mark)


def test_a_restored_network_shows_its_run(engine: Driver) -> None:
    engine.update({"score": Score(source="network")})
    step = train_to(engine, 50)
    snapshot = snapshot_of(engine)
    engine.send(Reset())
    mark = engine.mark()
    engine.send(Restore(snapshot=snapshot))
    engine.wait(RunStarted, lambda m: m.step == step, since=mark)


def test_a_snapshot_restored_while_nothing_is_drawn_is_not_lost(engine: Driver, small: Scene) -> None:
    """A window whose engine died after the last stroke was erased sends both, and the stroke may come back by undo."""
    step = train_to(engine, 50)
    snapshot = snapshot_of(engine)
    engine.send(Reset())
    engine.update({"density": Drawing()})
    engine.send(Restore(snapshot=snapshot))
    _, applied = engine.update({"density": small.density})
    assert applied.step == step


def test_a_reset_while_nothing_is_drawn_is_not_lost(engine: Driver, small: Scene) -> None:
    train_to(engine, 50)
    engine.update({"density": Drawing()})
    engine.send(Reset())
    _, applied = engine.update({"density": small.density})
    assert applied.step == 0
