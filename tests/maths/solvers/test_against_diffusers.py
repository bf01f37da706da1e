"""Our steps and those of diffusers' schedulers, for the same network, the same table of levels and the same noise."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import DiscreteVPSDE, make_sampler, trajectory
from scoreviz.models.network import diffusers

SHAPE = (2, 3, 4, 4)
old_numpy = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers 0.42 with numpy 2


def eps(x: Tensor, step: int) -> Tensor:
    """A network in closed form that depends on the pictures and on the step; the first part alone keeps pictures of size 1 as they are."""
    return x * (1 - math.exp(-1e-5 * step**2 - 1e-4 * step)) ** 0.5 + 0.2 * torch.sin(2 * x + 0.01 * step)


def ours(scheduler: Any, name: str, n: int, dtype: torch.dtype, **fields: Any) -> list[Tensor]:
    """Every state of our sampler on the scheduler's table."""
    config = scheduler.config
    sde = DiscreteVPSDE(scheduler.alphas_cumprod, config.timestep_spacing, config.steps_offset)

    def score(x: Tensor, t: float) -> Tensor:
        return eps(x, round(t * (sde.size - 1))) / -sde.std(t)

    generator = torch.Generator().manual_seed(5)
    x = torch.randn(SHAPE, generator=generator, dtype=dtype)
    sampler = make_sampler(name, sde, score, n_steps=n, grid="uniform", **fields)
    return [state.x for _, state, _ in trajectory(sampler, sampler.init(x, generator.get_state()))]


def theirs(scheduler: Any, n: int, dtype: torch.dtype, **arguments: Any) -> list[Tensor]:
    """Every state of the scheduler's own loop."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(SHAPE, generator=generator, dtype=dtype)
    scheduler.set_timesteps(n)
    states = []
    for t in scheduler.timesteps:
        x = scheduler.step(eps(x, int(t)), t, x, **(arguments | ({"generator": generator} if arguments else {}))).prev_sample
        states.append(x)
    return states


def check(found: list[Tensor], wanted: list[Tensor], tolerance: float = 1e-5) -> None:
    """At every step, in units of the states' own size where that is above 1 (a single step from the noisy end leaves them at 30)."""
    assert len(found) == len(wanted)
    for one, two in zip(found, wanted, strict=True):
        assert float((one - two).abs().max()) <= tolerance * max(1.0, float(two.abs().max()))


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n", [1, 10, 50])
@pytest.mark.parametrize("offset", [0, 1])
def test_ddim(eta: float, n: int, offset: int):
    scheduler = diffusers().DDIMScheduler(clip_sample=False, steps_offset=offset)
    check(ours(scheduler, "ddim", n, torch.float32, eta=eta), theirs(scheduler, n, torch.float32, eta=eta))


def test_ddim_in_double_precision():
    scheduler = diffusers().DDIMScheduler(clip_sample=False, timestep_spacing="trailing")
    scheduler.alphas_cumprod, scheduler.final_alpha_cumprod = scheduler.alphas_cumprod.double(), torch.ones((), dtype=torch.float64)
    check(ours(scheduler, "ddim", 20, torch.float64, eta=1.0), theirs(scheduler, 20, torch.float64, eta=1.0), 1e-10)


@old_numpy
@pytest.mark.parametrize("n", [1, 2, 10, 14, 15, 25])
def test_dpmpp_2m(n: int):
    scheduler = diffusers().DPMSolverMultistepScheduler(timestep_spacing="trailing")
    check(ours(scheduler, "dpmpp_2m", n, torch.float32), theirs(scheduler, n, torch.float32))


@old_numpy
@pytest.mark.parametrize("n", [10, 25])
def test_unipc(n: int):
    for variant in ("bh1", "bh2"):
        scheduler = diffusers().UniPCMultistepScheduler(timestep_spacing="trailing", solver_order=2, solver_type=variant)
        found, wanted = ours(scheduler, "unipc", n, torch.float32, variant=variant), theirs(scheduler, n, torch.float32)
        last = n if variant == "bh2" else n - 1  # theirs of variant bh1 ends with 0 times infinity
        check(found[:last], wanted[:last])


def test_the_settings_matter():
    """Or the equivalences above would show nothing."""
    scheduler = diffusers().DPMSolverMultistepScheduler(timestep_spacing="trailing")
    ends = [ours(scheduler, name, 10, torch.float32)[-1] for name in ("ddim", "dpmpp_2m", "unipc", "heun")]
    for i, one in enumerate(ends):
        for two in ends[:i]:
            assert float((one - two).abs().max()) > 1e-3
