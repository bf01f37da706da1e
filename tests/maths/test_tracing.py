"""A run as a file: our samplers' and anybody's own loop."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scoreviz.maths import VESDE, Info, Sampler, Stage, State, Substep, make_sampler, preset, rng_from_seed, trajectory
from scoreviz.maths.tracing import Trace, trace
from scoreviz.scene.errors import SceneError
from scoreviz.scene.samplers import PredictorCorrector
from scoreviz.scene.traces import STAGES, TraceFile

TARGET = preset("two_moons")
SDE = VESDE(0.01, TARGET.diameter())
RUNS: list[tuple[str, dict[str, Any], str]] = [
    ("pc", {"n_steps": 4, "n_corrector_steps": 2}, "reverse"), ("heun", {"n_steps": 5}, "reverse"), ("forward", {"n_steps": 5}, "forward"),
    ("langevin", {"n_steps": 5}, "iterations"), ("annealed_langevin", {"n_steps": 3, "n_corrector_steps": 4}, "levels"),
]  # fmt: skip


def run(name: str, settings: dict[str, Any], dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    sampler = make_sampler(name, SDE, TARGET.score_fn(SDE), **settings)
    x = SDE.prior_sampling((6, 2), torch.Generator().manual_seed(0), dtype)
    return sampler, sampler.init(x, rng_from_seed(3))


@pytest.mark.parametrize(("name", "settings", "axis"), RUNS)
def test_every_substep_is_in_the_file(name: str, settings: dict[str, Any], axis: str, tmp_path: Path):
    path = tmp_path / "a.trace.npz"
    sampler, state = run(name, settings)
    last = trace(sampler, state, path, SDE)
    with TraceFile(path) as file:
        assert file.header.axis == axis
        assert len(file) == len(sampler.plan) + 1
        assert np.array_equal(file.frame(0), state.x.numpy())
        for k, (substep, new, info) in enumerate(trajectory(sampler, state), 1):
            assert np.array_equal(file.frame(k), new.x.numpy())
            assert (file.columns["t"][k], file.columns["s"][k]) == (substep.t, substep.s)
            assert STAGES[file.columns["stage"][k]] == substep.stage.value
            assert file.columns["nfe"][k] == info.nfe
            assert file.columns["sigma"][k] == SDE.sigma(substep.s)
            for field in ("x0", "score", "noise"):
                value = getattr(info, field)
                assert file.has(k, field) == (value is not None)
                if value is not None:
                    assert np.array_equal(file.frame(k, field), value.numpy())
            size = file.columns["step_size"][k]
            assert math.isnan(size) if info.step_size is None else size == float(info.step_size)
        assert np.array_equal(file.frame(len(file) - 1), last.x.numpy())


def test_tracing_changes_nothing_and_resumes(tmp_path: Path):
    sampler, state = run("pc", {"n_steps": 4})
    states = [s for _, s, _ in trajectory(sampler, state)]
    assert torch.equal(trace(sampler, state, tmp_path / "a.trace.npz").x, states[-1].x)
    assert torch.equal(trace(sampler, states[3], tmp_path / "b.trace.npz").x, states[-1].x)
    with TraceFile(tmp_path / "b.trace.npz") as file:
        assert len(file) == len(states) - 3
        assert (file.header.sampler, file.header.noise) == (PredictorCorrector.LABEL, "VE")
        assert file.columns["sigma"].tolist() == [SDE.sigma(s) for s in file.columns["s"].tolist()]


def test_a_sampler_of_ones_own_says_its_class_and_no_sigma(tmp_path: Path):
    class Still(Sampler):
        plan = (Substep(0, Stage.PREDICT, 1.0, 0.0),)

        def step(self, state: State, substep: Substep) -> tuple[State, Info]:
            return State(state.x, state.x, 1, state.rng), Info()

    sampler = Still()
    trace(sampler, sampler.init(torch.ones(2, 2), rng_from_seed(0)), tmp_path / "still.trace.npz")
    with TraceFile(tmp_path / "still.trace.npz") as file:
        assert file.header.sampler == "Still" and "sigma" not in file.columns


def test_a_finished_run_is_one_frame(tmp_path: Path):
    sampler, state = run("heun", {"n_steps": 2})
    *_, (_, last, _) = trajectory(sampler, state)
    assert trace(sampler, last, tmp_path / "a.trace.npz") is last
    with TraceFile(tmp_path / "a.trace.npz") as file:
        assert len(file) == 1


@pytest.mark.parametrize("shape", [(3, 1), (3, 3), (2, 3, 8, 8)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_shape(shape: tuple[int, ...], dtype: torch.dtype, tmp_path: Path):
    sampler = make_sampler("pc", SDE, lambda x, t: -x / (1 + SDE.sigma(float(t)) ** 2), n_steps=3)
    x = SDE.prior_sampling(shape, torch.Generator().manual_seed(0), dtype)
    trace(sampler, sampler.init(x, rng_from_seed(1)), tmp_path / "a.trace.npz", SDE, data_range=(-1, 1))
    with TraceFile(tmp_path / "a.trace.npz") as file:
        assert file.header.shape == shape and file.header.dtype == str(dtype).removeprefix("torch.")
        file.check()


@pytest.mark.parametrize("kind", ["torch", "numpy", "half"])
def test_the_readers_own_loop(kind: str, tmp_path: Path):
    """Without our Sampler: x and t alone, with anything else where there is something."""
    x = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    given = {"torch": lambda v: v.requires_grad_(), "numpy": lambda v: v.numpy(), "half": lambda v: v.bfloat16()}[kind]
    with Trace(tmp_path / "own.trace.npz", sampler="my loop") as file:
        file.add(t=1.0, x=given(x.clone()))
        file.add(t=1.0, s=0.5, x=given(x.clone() / 2), x0=given(-x), step_size=torch.tensor(0.1), nfe=1)
        file.add(t=0.5, s=0.0, x=given(x.clone() / 4))
    with TraceFile(tmp_path / "own.trace.npz") as read:
        assert (read.header.sampler, read.header.noise, len(read)) == ("my loop", "", 3)
        assert np.allclose(read.frame(2), x.numpy() / 4, atol=0.0 if kind != "half" else 0.01)
        assert read.has(1, "x0") and not read.has(2, "x0")


def test_a_run_that_flies_off_leaves_no_file(tmp_path: Path):
    sampler = make_sampler("langevin", SDE, lambda x, t: x * 1e30, n_steps=50, step_size=1.0)
    with pytest.raises(ValueError, match="not finite"):
        trace(sampler, sampler.init(torch.ones(2, 2), rng_from_seed(0)), tmp_path / "a.trace.npz")
    assert not list(tmp_path.iterdir())


def test_bad_names(tmp_path: Path):
    sampler, state = run("heun", {"n_steps": 2})
    with pytest.raises(SceneError, match=r"\.trace\.npz"):
        trace(sampler, state, tmp_path / "a.pt")
    with pytest.raises(SceneError, match="cannot be written"):
        Trace(tmp_path / "no" / "a.trace.npz")


def test_memory_is_a_frame_not_the_run(tmp_path: Path):
    """600 frames of 0.8 MB take a few frames' memory, on writing and on reading."""
    import tracemalloc

    x = np.zeros((50_000, 2), np.float64)
    tracemalloc.start()
    with Trace(tmp_path / "a.trace.npz") as file:
        for _ in range(60):
            file.add(t=0.5, x=x)
    with TraceFile(tmp_path / "a.trace.npz") as read:
        read.check()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * x.nbytes
