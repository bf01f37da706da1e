"""Points may have one coordinate: every sampler under every noise comes to the law that it aims at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from scoreviz.maths.density import compile_density
from scoreviz.maths.sampling import build_sampler, starting_points, trajectory
from scoreviz.maths.sde import build_sde
from scoreviz.maths.truth import distance_to_truth
from scoreviz.scene.density import Density
from scoreviz.scene.noise import NoiseSpec
from scoreviz.scene.samplers import SamplerSpec
from scoreviz.scene.samplers.family import denoises

N = 200
FLIES = ("edm", "annealed_langevin")
"""The default step of annealed Langevin dynamics is too large for EDM's range of noise, in any number of dimensions."""


@pytest.fixture
def one_thread() -> Iterator[None]:
    """So few points are not worth a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("noise", NoiseSpec.members(), ids=lambda kind: kind.__name__)
def test_every_sampler_samples_three_bumps(noise: type) -> None:
    target = compile_density(Density(dimensions="1"), {})
    sde = build_sde(noise(), target.diameter())
    for kind in SamplerSpec.members():
        spec = kind()
        if (noise.__name__.lower(), spec.__struct_config__.tag) == FLIES:
            continue
        sampler = build_sampler(spec, sde, target.score_fn(sde), target.log_prob_fn(sde))
        generator = torch.Generator().manual_seed(1)
        x = starting_points(spec, sde, target, N, generator)
        state, s = sampler.init(x, generator.get_state()), 1.0
        for substep, state, _info in trajectory(sampler, state):  # noqa: B007, B020 - the last state is what is wanted
            s = substep.s
        assert state.x.shape == (N, 1) and bool(torch.isfinite(state.x).all()), spec
        if spec.AXIS in ("reverse", "forward"):
            law = target if denoises(spec) else target.marginal(sde, s)
            value, (floor, spread) = distance_to_truth(state.x, law)
            assert value < floor + 4 * spread, (spec, value, floor)
