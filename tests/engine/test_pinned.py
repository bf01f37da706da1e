"""Going back to the network of an earlier training step: the same runs bit for bit, while training goes on."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from scoreviz.engine.history import BYTES, LEAST_APART, MOST, SHARE_APART, History
from scoreviz.protocol.messages import Arrows, Kept, Pin, Reset, Restore, RunDone, RunStarted, Snapshot, Train, Trained
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import Score
from tests.engine.driver import Driver, look
from tests.engine.test_trainer import network_arrows, pause, start, train_to


def fed(last: int, every: int = 1, size: int = 4) -> History:
    """A history that was offered every step up to `last`; its weights are the step."""
    history = History()
    for step in range(0, last + 1, every):
        if history.due(step):
            history.keep(step, torch.full((size,), float(step)))
    return history


def test_the_first_steps_are_kept_densely_then_every_fiftieth_part() -> None:
    assert fed(400).steps == tuple(range(0, 401, LEAST_APART))
    history, steps = History(), [1000]
    history.keep(1000, torch.zeros(1))
    for step in range(1001, 2000):
        if history.due(step):
            history.keep(step, torch.zeros(1))
            steps.append(step)
    assert np.diff(steps) == pytest.approx(SHARE_APART * np.array(steps[:-1]), abs=1) and history.steps == tuple(steps)


@pytest.mark.parametrize("last", [10_000, 200_000])
def test_a_full_history_stays_even_between_first_and_newest(last: int) -> None:
    history = fed(last, every=7)
    steps = np.array(history.steps)
    assert len(steps) == MOST and steps[0] == 0 and steps[-1] > last / (1 + SHARE_APART) - 8
    assert (np.diff(steps) > 0).all() and np.diff(steps).max() < last / 8, "no large part of training is forgotten"
    assert (steps < last / 20).sum() > MOST / 8, "nor its beginning"
    assert all(bool((history.weights(int(step)) == step).all()) for step in steps)


def test_memory_is_bounded() -> None:
    size = BYTES // 4 // 5  # five fit
    history = History()
    weights = torch.zeros(size)
    for step in range(0, 400, 10):
        history.keep(step, weights)
    assert len(history.steps) == 5 and (history.steps[0], history.steps[-1]) == (0, 390)


def test_what_is_kept_is_a_copy_and_the_pinned_one_is_not_thinned_out() -> None:
    history, weights = fed(500), torch.ones(4)
    history.keep(505, weights)
    weights.zero_()
    assert bool((history.weights(505) == 1).all())
    history.pin(333)
    assert history.pinned == 330
    for step in range(510, 60_000, 10):
        if history.due(step):
            history.keep(step, weights)
    assert 330 in history.steps and len(history.steps) == MOST
    history.cut(1000)
    assert history.steps[-1] <= 1000 and history.pinned == 330
    history.cut(100)
    assert history.pinned is None and history.steps[-1] <= 100
    history.pin(None)
    assert history.pinned is None


# ---- the real engine


def kept(engine: Driver) -> tuple[int, ...]:
    return engine.since(0, Kept)[-1].steps


def pin(engine: Driver, step: int | None) -> tuple[RunStarted, np.ndarray[Any, Any]]:
    mark = engine.mark()
    engine.send(Pin(step=step))
    started = engine.wait(RunStarted, lambda m: not m.live, since=mark)
    engine.wait(RunDone, lambda m: m.run == started.run, since=mark)
    return started, engine.frames(started.run)


@pytest.fixture
def network(engine: Driver) -> Driver:
    """Runs are driven by the network."""
    engine.run_of({"score": Score(source="network")})
    return engine


def test_a_pinned_run_is_the_run_that_was_made_at_that_step(network: Driver) -> None:
    step = train_to(network, 60)
    _, frames, done = network.run_of({"particles": Particles(count=100, seed=11)})
    arrows = network_arrows(network)
    assert done.step == arrows.step == step
    later = train_to(network, step + 300)
    _, moved, _ = network.run_of({"particles": Particles(count=100, seed=12)})
    network.run_of({"particles": Particles(count=100, seed=11)})
    assert step in kept(network) and kept(network)[0] == 0 and kept(network)[-1] == later

    started, again = pin(network, step)
    assert started.step == step and started.source == "network"
    assert np.array_equal(again, frames), "bit for bit"
    assert not np.array_equal(again, moved)
    pinned = network_arrows(network)
    assert (pinned.step, pinned.vectors) == (step, arrows.vectors)

    started, latest = pin(network, None)
    assert started.step == later and not np.array_equal(latest, frames)
    assert network_arrows(network).step == later


def test_edits_while_pinned_are_sampled_with_the_pinned_network(network: Driver) -> None:
    step = train_to(network, 40)
    _, frames, _ = network.run_of({"particles": Particles(count=50, seed=5)})
    train_to(network, step + 100)
    pin(network, step)
    started, again, done = network.run_of({"particles": Particles(count=50, seed=6)})
    assert started.step == done.step == step
    started, again, _ = network.run_of({"particles": Particles(count=50, seed=5)})
    assert started.step == step and np.array_equal(again, frames)


def test_training_goes_on_while_pinned_and_nothing_is_sampled_anew(network: Driver) -> None:
    step = train_to(network, 50)
    pin(network, step)
    mark = start(network)
    network.wait(Trained, lambda m: m.step > step + 400, since=mark, seconds=30)
    assert not network.since(mark, RunStarted), "no live re-runs"
    grew = network.wait(Kept, lambda m: m.steps[-1] > step + 100, since=mark)
    assert step in grew.steps
    mark = network.mark()
    network.send(Pin(step=None))
    network.wait(RunStarted, lambda m: m.live and m.step is not None and m.step > step, since=mark)
    pause(network)


def test_a_step_that_is_not_kept_becomes_the_nearest_and_the_run_says_which(network: Driver) -> None:
    mark = network.mark()
    network.send(Train(running=True))
    network.wait(Kept, lambda m: len(m.steps) > 4, since=mark)  # how many steps apart depends on how fast this machine is
    pause(network)
    steps = kept(network)
    wanted = (steps[2] * 2 + steps[3]) // 3
    assert wanted not in steps
    assert pin(network, wanted)[0].step == steps[2]
    assert pin(network, 10**9)[0].step == steps[-1]


@pytest.mark.parametrize("how", ["reset", "architecture", "restore"])
def test_another_network_has_a_past_of_its_own(network: Driver, small: Scene, how: str) -> None:
    step = train_to(network, 60)
    pin(network, step)
    snapshot = network.since(0, Snapshot)[-1]
    mark = network.mark()
    match how:
        case "reset":
            network.send(Reset())
        case "architecture":
            network.post({"network": msgspec.structs.replace(small.network, width=24)})
        case "restore":
            network.send(Restore(snapshot=snapshot))
    first = step if how == "restore" else 0
    assert network.wait(Kept, since=mark).steps == (first,)
    assert network.wait(RunStarted, since=mark).step == first
    later = train_to(network, first + 20)
    assert network_arrows(network).step == later, "it is pinned no longer"


def test_kept_is_told_at_most_twice_a_second_and_when_training_rests(network: Driver) -> None:
    mark = place = start(network)
    for _ in range(3):
        place = 1 + network.said.index(network.wait(Kept, since=place), place)
    step = pause(network).step
    network.run_of({"particles": Particles(count=20, seed=9)})
    told = [t for m, t in zip(network.said[mark:], network.times[mark:], strict=True) if isinstance(m, Kept)]
    assert kept(network)[-1] == step
    assert all(b - a > 0.4 for a, b in itertools.pairwise(told[:-1]))  # the last is told by the pause


def test_the_exact_score_is_not_touched_by_a_pin(engine: Driver) -> None:
    step = train_to(engine, 30)
    _, frames, _ = engine.run_of({"particles": Particles(count=30, seed=1)})
    mark = engine.mark()
    engine.send(Pin(step=0), look(arrows=(0.3,), arrows_kind="network"))
    assert engine.wait(Arrows, since=mark).step == 0
    assert not engine.since(mark, RunStarted)
    started, again, _ = engine.run_of({"particles": Particles(count=30, seed=2)})
    started, again, _ = engine.run_of({"particles": Particles(count=30, seed=1)})
    assert started.step is None and np.array_equal(again, frames)
    engine.send(Pin(step=None), Train(running=False))
    assert network_arrows(engine).step == step
