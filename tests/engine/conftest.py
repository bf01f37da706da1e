"""The real engine process: one for all tests that can share it, put back to a small known scene before each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from scoreviz.protocol.messages import Reset, RunDone, RunStarted, Train, Trained, Welcome
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Particles, Scene
from scoreviz.scene.learning import MLP, Training
from scoreviz.scene.samplers import ReverseSDE
from tests.engine.driver import Driver, parts_of

SMALL = Scene(
    density=Density(marks=(Gaussian(x=-1.0, y=0.3, std=0.3), Gaussian(x=1.2, y=-0.4, std=0.2, weight=2.0))),
    network=MLP(width=16, depth=2, features=4),
    training=Training(batch=128),
    sampler=ReverseSDE(steps=20),
    particles=Particles(count=100, seed=3),
)


@pytest.fixture(scope="session")
def shared() -> Iterator[list[Driver]]:
    """The process that lives longest; a test that killed it gets a new one."""
    held: list[Driver] = []
    yield held
    for driver in held:
        driver.close()


@pytest.fixture
def small() -> Scene:
    return SMALL


@pytest.fixture
def engine(shared: list[Driver]) -> Driver:
    """The shared engine, paused at step 0 of SMALL, its run finished, nothing left to do."""
    if shared and shared[0].process.poll() is not None:
        shared.pop().close()
    if not shared:
        shared.append(Driver())
        shared[0].wait(Welcome, seconds=60)
    driver = shared[0]
    mark = driver.mark()
    driver.send(Train(running=False))
    mark, _ = driver.update(parts_of(SMALL))
    driver.send(Reset())
    driver.wait(Trained, lambda m: m.step == 0 and not m.running, since=mark)
    if (driver.since(0, RunStarted)[-1:] or [None])[0] is not None:
        last = driver.since(0, RunStarted)[-1].run
        driver.wait(RunDone, lambda m: m.run == last)
    return driver


@pytest.fixture
def fresh() -> Iterator[Callable[..., Driver]]:
    """fresh(**options) -> a process of the test's own, ended with it."""
    opened: list[Driver] = []

    def start(**options: object) -> Driver:
        opened.append(Driver(**options))  # type: ignore[arg-type]
        return opened[-1]

    yield start
    for driver in opened:
        driver.close()


@pytest.fixture
def same_threads(engine: Driver) -> Iterator[None]:
    """This process computes with the engine's number of threads, so that bits can be compared."""
    before = torch.get_num_threads()
    torch.set_num_threads(engine.wait(Welcome).threads)
    yield
    torch.set_num_threads(before)
