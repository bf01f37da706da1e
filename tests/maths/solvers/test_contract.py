"""What every solver keeps: pure steps, resuming after memory was stored, honest Info, any shape and dtype, counted evaluations."""

import itertools
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from scoreviz.maths import (
    DiscreteVPSDE,
    Stage,
    State,
    build_sampler,
    denoiser_from_score,
    make_sampler,
    preset,
    rng_from_seed,
    sample,
    trajectory,
)
from scoreviz.maths.denoiser import tweedie
from scoreviz.maths.sde import VESDE, VPSDE, SubVPSDE
from scoreviz.maths.solvers import DDIMSampler, DPMSolverPP2MSampler, EDMSampler, HeunSampler, LevelSampler, UniPCSampler, grid_levels
from scoreviz.maths.solvers.levels import DATA, Level
from scoreviz.scene.choice import tag_of
from scoreviz.scene.grids import GridSpec, KarrasGrid, LogSNRGrid, UniformGrid
from scoreviz.scene.samplers import (
    DDIM,
    RK4,
    RK45,
    AdaptiveSDE,
    DPMSolver2,
    DPMSolver3,
    DPMSolverPP2M,
    DPMSolverPP2MSDE,
    EDMHeun,
    Euler,
    EulerAncestral,
    ProbabilityFlow,
    UniPC,
)
from tests.maths.solvers.problems import counted, gaussian_score, lines

TARGET = preset("eight_gaussians")
SDES = {"ve": VESDE(0.01, TARGET.diameter()), "vp": VPSDE(), "sub_vp": SubVPSDE()}
TABLE = DiscreteVPSDE((1 - torch.linspace(1e-4, 0.02, 1000).double()).cumprod(0))
SHORT = [
    Euler(steps=5), Euler(steps=5, to_data=True), ProbabilityFlow(steps=5), ProbabilityFlow(steps=5, to_data=True), RK4(steps=5),
    RK4(steps=5, to_data=True), RK45(rtol=0.01, atol=0.01), RK45(rtol=0.01, atol=0.01, to_data=True), DDIM(steps=5),
    DDIM(steps=5, eta=0.5), DPMSolver2(steps=5), DPMSolver2(steps=5, to_data=True), DPMSolver3(steps=5), DPMSolverPP2M(steps=5),
    DPMSolverPP2M(steps=5, to_data=True), DPMSolverPP2MSDE(steps=5), UniPC(steps=5), UniPC(steps=5, variant="bh1", to_data=True),
    EDMHeun(steps=5), EDMHeun(steps=5, s_churn=0.0, to_data=False), EulerAncestral(steps=5), AdaptiveSDE(rtol=0.5, atol=0.1),
    AdaptiveSDE(rtol=0.5, atol=0.1, to_data=False),
]  # fmt: skip
EVALUATIONS = {"euler": 1, "heun": 2, "rk4": 4, "ddim": 1, "dpm_2": 2, "dpm_3": 3, "dpmpp_2m": 1, "dpmpp_2m_sde": 1, "unipc": 1, "edm": 2,
               "euler_ancestral": 1}  # fmt: skip


def begin(sde: Any, n: int = 12) -> Tensor:
    return sde.prior_sampling((n, 2), torch.Generator().manual_seed(0))


def stored(memory: Any) -> Any:
    """As it comes back from a file: plain tuples, other tensors, and nothing but what may be stored."""
    if isinstance(memory, tuple):
        return tuple(stored(part) for part in memory)
    assert isinstance(memory, Tensor | float | int)
    return memory.clone() if isinstance(memory, Tensor) else memory


@pytest.mark.parametrize("kind", ["ve", "vp"])
@pytest.mark.parametrize("spec", SHORT, ids=repr)
def test_steps_are_pure_and_runs_resume_bitwise(spec: Any, kind: str):
    sde = SDES[kind]
    sampler = build_sampler(spec, sde, TARGET.score_fn(sde))
    state = sampler.init(begin(sde), rng_from_seed(3))
    states = [state, *(s for _, s, _ in trajectory(sampler, state))]
    kept = [State(s.x.clone(), s.x_mean.clone(), s.cursor, s.rng.clone(), stored(s.memory)) for s in states]
    again = [state, *(s for _, s, _ in trajectory(build_sampler(spec, sde, TARGET.score_fn(sde)), state))]
    for one, two, was in zip(states, again, kept, strict=True):
        for other in (two, was):
            assert torch.equal(one.x, other.x)
            assert torch.equal(one.x_mean, other.x_mean)
            assert torch.equal(one.rng, other.rng)
    for place in range(1, len(states) - 1, max(1, len(states) // 4)):
        *_, (_, last, _) = trajectory(sampler, kept[place])
        assert torch.equal(last.x, states[-1].x)
    assert torch.equal(sample(sampler, begin(sde), 3), states[-1].x)


@pytest.mark.parametrize("kind", [*SDES, "table"])
@pytest.mark.parametrize("spec", SHORT, ids=repr)
def test_info_tells_the_truth(spec: Any, kind: str):
    sde = TABLE if kind == "table" else SDES[kind]
    exact = TARGET.score_fn(sde)
    score_fn, calls = counted(exact)
    sampler = build_sampler(spec, sde, score_fn)
    state = sampler.init(begin(sde), rng_from_seed(3))
    t = 1.0
    for substep, new, info in trajectory(sampler, state):
        assert info.nfe == len(calls)
        assert substep.t == (t if state.cursor or kind != "table" else substep.t)  # a table's leading spacing starts below t = 1
        moved = info.drift if info.noise is None else info.drift + info.noise
        assert torch.allclose(new.x, state.x + moved, atol=1e-5)
        if info.noise is not None:
            assert torch.allclose(new.x, new.x_mean + info.noise, atol=1e-5)
        assert torch.equal(info.score, exact(state.x, substep.t))
        assert torch.allclose(info.x0, denoiser_from_score(state.x, info.score, sde, substep.t), atol=1e-4)
        assert new.cursor == state.cursor + 1
        assert substep.stage is Stage.PREDICT or (substep.stage is Stage.DENOISE and sampler.adaptive)
        calls.clear()
        state, t = new, substep.s
    to_data = kind == "table" and getattr(spec, "grid", None) == UniformGrid()
    assert t == (0.0 if spec.to_data or to_data else sde.eps)


@pytest.mark.parametrize("spec", [spec for spec in SHORT if "steps" in spec.__struct_fields__], ids=repr)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_evaluations_are_counted(spec: Any, steps: int):
    """n steps cost n times what the rule asks for; a step to the data costs one."""
    score_fn, calls = counted(TARGET.score_fn(SDES["ve"]))
    sampler = build_sampler(msgspec.structs.replace(spec, steps=steps), SDES["ve"], score_fn)
    total = sum(info.nfe for _, _, info in trajectory(sampler, sampler.init(begin(SDES["ve"]), rng_from_seed(0))))
    each = EVALUATIONS[tag_of(spec)]
    assert total == len(calls) == steps * each - (each - 1 if spec.to_data else 0)
    assert len(sampler.plan) == steps


@pytest.mark.parametrize("spec", SHORT, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 2, 4, 4)], ids=str)
def test_any_shape_and_dtype(spec: Any, dtype: torch.dtype, shape: tuple[int, ...]):
    for sde in SDES.values():
        x = torch.ones(shape, dtype=dtype)
        y = sample(build_sampler(spec, sde, gaussian_score(sde)), x, 0)
        assert y.shape == x.shape
        assert y.dtype == dtype
        assert bool(y.isfinite().all())


@pytest.mark.parametrize("spec", [spec for spec in SHORT if "steps" in spec.__struct_fields__], ids=repr)
def test_one_step_is_legal(spec: Any):
    for sde in (*SDES.values(), TABLE):
        for to_data in (True, False):
            once = msgspec.structs.replace(spec, steps=1, to_data=to_data)
            end = sample(build_sampler(once, sde, TARGET.score_fn(sde)), begin(sde), 0)
            assert bool(end.isfinite().all())
            if to_data:
                t = build_sampler(once, sde, TARGET.score_fn(sde)).plan[0].t
                score = TARGET.score(begin(sde), sde, t)
                assert torch.allclose(end, tweedie(begin(sde), score, sde.mean_coefficient(t), sde.std(t) ** 2), atol=1e-5)


def test_rules_that_are_one_and_the_same():
    """DDIM without noise is Euler's rule in sigma; with it Euler ancestral; DPM++(2M) SDE without noise is the ODE's; EDM is Heun."""
    for sde in SDES.values():
        score, x = TARGET.score_fn(sde), begin(sde)

        def end(name: str, sde: Any = sde, score: Any = score, x: Tensor = x, **fields: Any) -> Tensor:
            return sample(make_sampler(name, sde, score, n_steps=6, **fields), x, 1)

        assert torch.equal(end("ddim", eta=0.7), end("euler_ancestral", eta=0.7))
        assert torch.equal(end("dpmpp_2m", to_data=True), end("dpmpp_2m_sde", eta=0.0))
        assert torch.equal(end("heun", to_data=True, grid="karras"), end("edm", s_churn=0.0))
        levels, y = grid_levels(sde, UniformGrid(), 6), x / sde.mean_coefficient(1.0)
        for here, there in itertools.pairwise(levels):
            y = y - here.std * score(y * here.a, here.t) * (there.sigma - here.sigma)
        assert torch.allclose(end("ddim", to_data=False), y * levels[-1].a, atol=1e-4)
        assert not torch.allclose(end("ddim", eta=0.7), end("ddim"), atol=1e-2)
        assert not torch.allclose(end("edm", s_max=1000.0), end("edm", s_churn=0.0), atol=1e-2)


def test_edm_is_algorithm_2_as_printed():
    """In y = x/a with s(t) = 1, from a level above S_max, with the same noise."""
    sde, n, churn, low, high, scale = VPSDE(), 9, 30.0, 0.05, 20.0, 1.003
    score, x = gaussian_score(sde), lines(sde)
    grid = [sde.sigma(t) for t in [level.t for level in grid_levels(sde, KarrasGrid(), n, True)[:-1]]] + [0.0]

    def noise(y: Tensor, sigma: float) -> Tensor:
        """(y - D)/sigma."""
        t = sde.t_of_sigma(sigma)
        return -sde.std(t) * score(sde.mean_coefficient(t) * y, t)

    generator = torch.Generator().manual_seed(5)
    y = x / sde.mean_coefficient(1.0)
    for i in range(n):
        sigma, following = grid[i], grid[i + 1]
        gamma = min(churn / n, 2**0.5 - 1) if low <= sigma <= high else 0.0
        raised = sigma + gamma * sigma
        if gamma:
            y = y + (raised**2 - sigma**2) ** 0.5 * scale * torch.randn(y.shape, generator=generator, dtype=y.dtype)
        slope = noise(y, raised)
        moved = y + (following - raised) * slope
        if following:
            moved = y + (following - raised) * (slope + noise(moved, following)) / 2
        y = moved
    sampler = make_sampler("edm", sde, score, n_steps=n, s_churn=churn, s_min=low, s_max=high, s_noise=scale)
    assert torch.allclose(sample(sampler, x, 5), y, atol=1e-8)


@pytest.mark.parametrize("spec", [UniformGrid(), KarrasGrid(), LogSNRGrid()], ids=repr)
def test_levels(spec: GridSpec):
    for sde in SDES.values():
        to_eps, to_data = grid_levels(sde, spec, 4), grid_levels(sde, spec, 4, True)
        assert len(to_eps) == len(to_data) == 5
        assert (to_eps[0].t, to_eps[-1].t) == (1.0, sde.eps)
        assert (to_data[-2].t, to_data[-1]) == (sde.eps, DATA)
    table = grid_levels(TABLE, spec, 4)
    if isinstance(spec, UniformGrid):
        assert [level.t * 999 for level in table[:-1]] == pytest.approx([750, 500, 250, 0])
        assert table[-1] == DATA
    else:
        assert (table[0].t, table[-1].t) == (1.0, 0.0)


def test_errors():
    sde, score = SDES["ve"], TARGET.score_fn(SDES["ve"])
    levels = grid_levels(sde, UniformGrid(), 3)
    with pytest.raises(ValueError, match="at least two levels of falling sigma"):
        UniPCSampler(sde, score, levels[:1])
    with pytest.raises(ValueError, match="at least two levels of falling sigma"):
        UniPCSampler(sde, score, levels[::-1])
    with pytest.raises(ValueError, match="at least two levels of falling sigma"):
        HeunSampler(sde, score, [*levels[::-1], levels[0]])
    assert [substep.s for substep in HeunSampler(sde, score, levels[::-1]).plan] == [level.t for level in levels[-2::-1]]
    with pytest.raises(ValueError, match=r"eta in \[0, 1\], got 1.5"):
        DDIMSampler(sde, score, levels, 1.5)
    with pytest.raises(ValueError, match=r"eta in \[0, 1\], got -1"):
        DPMSolverPP2MSampler(sde, score, levels, -1)
    with pytest.raises(ValueError, match="bh1 and bh2, got 'bh3'"):
        UniPCSampler(sde, score, levels, "bh3")
    with pytest.raises(ValueError, match=r"S_min <= S_max, got 1.0, 1.0, 3.0, 2.0"):
        EDMSampler(sde, score, levels, 1.0, 3.0, 2.0)
    for name, fields, message in (("ddim", {"eta": 2.0}, "<= 1"), ("unipc", {"variant": "bh3"}, "bh3"), ("edm", {"s_noise": 0.0}, "> 0"),
                                  ("rk4", {"n_steps": 0}, ">= 1"), ("euler", {"eta": 1.0}, "takes no “eta”")):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            make_sampler(name, sde, score, **fields)


def test_level_samplers_are_abstract_and_levels_are_numbers():
    assert LevelSampler.__abstractmethods__ == {"step"}
    assert all(isinstance(value, float) for level in grid_levels(TABLE, LogSNRGrid(), 3) for value in level)
    assert Level(0.0, 1.0, 0.0, 0.0) == DATA
