"""A network trained from random weights reaches the drawing."""

import pytest
import torch

from scoreviz.maths import bench
from scoreviz.scene.density import PRESET_LABELS


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_two_moons():
    run = bench.train_until("two_moons", 0.05, seeds=range(3))
    assert run.distance <= 0.05
    assert run.steps <= 600
    assert run.seconds < 3.0  # twice the bound, as in CI


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESET_LABELS)
def test_every_preset(name):
    run = bench.train_until(name, 0.04, limit=1500)
    assert run.distance <= 0.04, run


@pytest.mark.slow
@pytest.mark.quiet
def test_forty_heun_steps_of_two_thousand_particles():
    run, bare = bench.heun_seconds()
    assert run < 0.4
    assert run < 1.1 * bare
