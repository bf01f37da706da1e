"""SDEdit: its limits, and the law that it keeps."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from scoreviz.maths import (
    VESDE,
    GaussianMixture,
    Sampler,
    Stage,
    State,
    build_sampler,
    make_sampler,
    rng_from_seed,
    sample,
    trajectory,
)  # fmt: skip
from scoreviz.maths.editing import sdedit
from scoreviz.maths.inpainting import Resampling
from scoreviz.maths.sde import VPSDE
from scoreviz.scene.choice import tag_of
from scoreviz.scene.samplers import SamplerSpec

SDE = VESDE(0.01, 20.0)
VP = VPSDE()
TARGET = GaussianMixture(
    torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([[-1.5, 0.0], [1.0, 0.5]], dtype=torch.float64),
    torch.tensor([0.3, 0.5], dtype=torch.float64),
)  # fmt: skip


def finish(sampler: Sampler, state: State) -> Tensor:
    for _, state, _ in trajectory(sampler, state):  # noqa: B007, B020 - the last state is what is wanted
        pass
    return state.x


def edited(x: Tensor, t0: float, name: str = "reverse_sde", sde: Any = SDE, seed: int = 1, **settings: Any) -> Tensor:
    sampler = make_sampler(name, sde, TARGET.score_fn(sde), **settings)
    return finish(sampler, sdedit(sampler, sde, x, t0, seed))


def data(n: int) -> Tensor:
    return TARGET.sample(n, torch.Generator().manual_seed(0))


def reverse_specs() -> list[Any]:
    specs = [
        kind(**{name: 4 for name in ("steps",) if name in kind.__struct_fields__})
        for kind in SamplerSpec.members()
        if kind.AXIS == "reverse"
    ]
    return [spec for spec in specs if not build_sampler(spec, SDE, TARGET.score_fn(SDE), TARGET.log_prob_fn(SDE)).adaptive]


@pytest.mark.parametrize("sde", [SDE, VP], ids=["ve", "vp"])
@pytest.mark.parametrize("spec", reverse_specs(), ids=tag_of)
def test_every_reverse_sampler_starts_in_the_middle(spec: Any, sde: Any):
    """At the first substep at or below t0, at the noise of just that time; the rest of the plan runs as in a whole run."""
    sampler = build_sampler(spec, sde, TARGET.score_fn(sde))
    x = data(5)
    for t0 in (1.0, 0.6, 0.3):
        state = sdedit(sampler, sde, x, t0, 3)
        first = sampler.plan[state.cursor]
        assert first.t <= t0
        assert all(substep.t > t0 for substep in sampler.plan[: state.cursor])
        assert torch.allclose(state.x_mean, x * sde.mean_coefficient(first.t))
        z = torch.randn(x.shape, generator=torch.Generator().manual_seed(3), dtype=x.dtype)
        assert torch.allclose(state.x, x * sde.mean_coefficient(first.t) + sde.std(first.t) * z)
        walked = [substep for substep, _, _ in trajectory(sampler, state)]
        assert walked == list(sampler.plan[state.cursor :])
        assert torch.equal(finish(sampler, state), finish(sampler, sdedit(sampler, sde, x, t0, 3)))
        assert bool(finish(sampler, state).isfinite().all())


@pytest.mark.parametrize("name", ["reverse_sde", "heun"])
@pytest.mark.parametrize("sde", [SDE, VP], ids=["ve", "vp"])
def test_no_time_at_all_returns_the_input(name: str, sde: Any):
    """What changes is no more than the noise put in, and the noise that the sampler takes out: 2 std/a at t0, and falls with it."""
    x = data(50)
    assert torch.allclose(edited(x, 0.0, name, sde, n_steps=20), x, atol=1e-12), "the substep at t = 0 drops what noise there was"
    times = (0.4, 0.2, 0.02)
    errors = [float((edited(x, t0, name, sde, n_steps=100) - x).square().mean().sqrt()) for t0 in times]
    assert errors == sorted(errors, reverse=True)
    assert all(error < 2 * sde.sigma(t0) for error, t0 in zip(errors, times, strict=True))


def test_below_the_plan_nothing_is_done():
    sampler = make_sampler("heun", SDE, TARGET.score_fn(SDE), n_steps=5)
    state = sdedit(sampler, SDE, data(5), 0.0, 0)
    assert state.cursor == len(sampler.plan) and torch.equal(state.x, data(5)) and sampler.next(state) is None


def test_all_time_forgets_the_input():
    """t0 = 1: from one point or from another, the law is the data's, and what is left of the shift is std(data)^2/sigma_max^2 of it."""
    n = 20_000
    for origin in (-3.0, 3.0):
        y = edited(torch.full((n, 2), origin, dtype=torch.float64), 1.0, n_steps=100)
        assert torch.allclose(y.mean(0), TARGET.mean(), atol=5 * math.sqrt(float(TARGET.cov().max()) / n) + 3.0 * 2 / 20**2)
    sampler = make_sampler("reverse_sde", SDE, TARGET.score_fn(SDE), n_steps=20)
    state = sdedit(sampler, SDE, torch.zeros(4, 2), 1.0, 5)
    assert state.cursor == 0
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(5))
    assert torch.equal(finish(sampler, state), finish(sampler, State(z * SDE.std(1.0), z, 0, state.rng)))


@pytest.mark.parametrize("sde", [SDE, VP], ids=["ve", "vp"])
@pytest.mark.parametrize("t0", [0.3, 0.6])
def test_data_keep_their_law(sde: Any, t0: float):
    """Points of the data's law come back with it: mean, covariance and the masses of both modes."""
    n = 20_000
    y = edited(data(n), t0, "reverse_sde" if sde is VP else "heun", sde, n_steps=60 if sde is VP else 100)
    within = 5 / math.sqrt(n)
    spread = math.sqrt(float(TARGET.cov().max()))
    assert torch.allclose(y.mean(0), TARGET.mean(), atol=within * spread + 0.01)
    assert torch.allclose(torch.cov(y.T), TARGET.cov(), atol=2 * within * spread**2 + 0.02)
    assert float((y[:, 0] < -0.4).double().mean()) == pytest.approx(float((data(400_000)[:, 0] < -0.4).double().mean()), abs=within + 0.01)


def test_more_noise_keeps_less():
    """The correlation of input and output falls with t0."""
    x = data(4000)
    kept = [float(torch.corrcoef(torch.stack([x[:, 0], edited(x, t0, n_steps=100)[:, 0]]))[0, 1]) for t0 in (0.2, 0.5, 0.7, 1.0)]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > 0.95 and abs(kept[-1]) < 5 / math.sqrt(4000)


def test_pictures():
    sampler = make_sampler("pc", SDE, lambda x, t: -x / (1 + SDE.std(t) ** 2), n_steps=10)
    x = torch.ones(3, 1, 4, 4)
    y = finish(sampler, sdedit(sampler, SDE, x, 0.4, 0))
    assert y.shape == x.shape and y.dtype == x.dtype
    before = torch.random.get_rng_state()
    sdedit(sampler, SDE, x, 0.4, 0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_bad_input():
    sampler = make_sampler("heun", SDE, TARGET.score_fn(SDE), n_steps=3)
    for t0 in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"t0 must lie in \[0, 1\]"):
            sdedit(sampler, SDE, data(3), t0, 0)
    forward, langevin = (make_sampler(name, SDE, TARGET.score_fn(SDE), n_steps=3) for name in ("forward", "langevin"))
    for other in (forward, langevin, Resampling(sampler, SDE, 1, 2)):
        with pytest.raises(ValueError, match="SDEdit starts in the middle of a plan"):
            sdedit(other, SDE, data(3), 0.5, 0)
    assert sampler.plan[0].stage is Stage.PREDICT
    assert torch.equal(sample(sampler, data(3), 0), sample(sampler, data(3), 0))
    assert sdedit(sampler, SDE, data(3), 1.0, 2).rng.shape == rng_from_seed(2).shape
