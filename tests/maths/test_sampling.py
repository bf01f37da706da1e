"""Samplers as pure steps: plans, purity, resuming, what Info says, and the registry."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from scoreviz.maths import (
    VESDE,
    Info,
    Sampler,
    Stage,
    State,
    build_predictor,
    build_sampler,
    denoiser_from_score,
    implementations,
    implements,
    make_sampler,
    preset,
    rng_from_seed,
    sample,
    starting_points,
    trajectory,
)  # fmt: skip
from scoreviz.maths.registry import forget
from scoreviz.scene.choice import tag_of
from scoreviz.scene.errors import SceneError
from scoreviz.scene.grids import GridSpec
from scoreviz.scene.learning import NetworkSpec, ObjectiveSpec, SigmaSpec
from scoreviz.scene.noise import NoiseSpec
from scoreviz.scene.samplers import (
    DDIM,
    HMC,
    MALA,
    RK4,
    RK45,
    AdaptiveSDE,
    Ancestral,
    AnnealedLangevin,
    CorrectorSpec,
    DPMSolver2,
    DPMSolver3,
    DPMSolverPP2M,
    DPMSolverPP2MSDE,
    EDMHeun,
    Encode,
    Euler,
    EulerAncestral,
    EulerMaruyama,
    Forward,
    Langevin,
    NoCorrector,
    NoPredictor,
    PredictorCorrector,
    PredictorSpec,
    ProbabilityFlow,
    ReverseDiffusion,
    ReverseSDE,
    SamplerSpec,
    Underdamped,
    UniPC,
)  # fmt: skip

TARGET = preset("eight_gaussians")
SDE = VESDE(0.01, TARGET.diameter())
SCORE = TARGET.score_fn(SDE)
SHORT = [
    ReverseSDE(steps=6), ReverseSDE(steps=6, denoise="none"), ProbabilityFlow(steps=6), Langevin(steps=6), Langevin(steps=6, noise=False),
    AnnealedLangevin(levels=3, steps_per_level=2), Forward(steps=6), PredictorCorrector(steps=4, corrector_steps=2),
    PredictorCorrector(steps=4, order="predictor_first"), ReverseSDE(steps=4, denoise="tweedie"),
    MALA(steps=6), HMC(steps=4, leapfrog_steps=3), Underdamped(steps=6), Encode(steps=6),
    Euler(steps=6), RK4(steps=4), RK45(rtol=0.01, atol=0.01), DDIM(steps=6), DDIM(steps=6, eta=1.0),
    DPMSolver2(steps=4), DPMSolver3(steps=4), DPMSolverPP2M(steps=6), DPMSolverPP2MSDE(steps=6),
    UniPC(steps=6), EDMHeun(steps=6, s_churn=3.0), EulerAncestral(steps=6),
    AdaptiveSDE(rtol=0.1, atol=0.1),
]  # fmt: skip


def built(spec: Any, score_fn: Any = SCORE) -> Sampler:
    return build_sampler(spec, SDE, score_fn, TARGET.log_prob_fn(SDE))


def start(n: int = 12) -> Tensor:
    return SDE.prior_sampling((n, 2), torch.Generator().manual_seed(0))


def counted(score: Callable[..., Tensor]) -> tuple[Callable[..., Tensor], list[Any]]:
    calls: list[Any] = []

    def score_fn(x: Tensor, t: Any) -> Tensor:
        calls.append(t)
        return score(x, t)

    return score_fn, calls


@pytest.mark.parametrize("family", [SamplerSpec, PredictorSpec, CorrectorSpec, GridSpec, NoiseSpec, NetworkSpec, ObjectiveSpec, SigmaSpec])
def test_specs_and_implementations_are_a_bijection(family: Any):
    members = set(family.members())
    assert members
    assert members <= set(implementations())


def test_nothing_is_implemented_that_has_no_spec():
    families = (SamplerSpec, PredictorSpec, CorrectorSpec, GridSpec, NoiseSpec, NetworkSpec, ObjectiveSpec, SigmaSpec)
    assert set(implementations()) == {member for family in families for member in family.members()}
    factories = list(implementations().values())
    assert len(set(factories)) == len(factories)


def test_short_list_covers_every_sampler():
    assert {type(spec) for spec in SHORT} == set(SamplerSpec.members())


@pytest.mark.parametrize("spec", SHORT, ids=repr)
def test_steps_are_pure_and_runs_resume_bitwise(spec: Any):
    sampler = built(spec)
    state = sampler.init(start(), rng_from_seed(3))
    states = [state, *(s for _, s, _ in trajectory(sampler, state))]
    kept = [(s.x.clone(), s.rng.clone()) for s in states]
    again = [state, *(s for _, s, _ in trajectory(built(spec), state))]
    for one, two, (x, rng) in zip(states, again, kept, strict=True):
        assert torch.equal(one.x, two.x)
        assert torch.equal(one.x_mean, two.x_mean)
        assert torch.equal(one.rng, two.rng)
        assert torch.equal(one.x, x) and torch.equal(one.rng, rng), "a later step wrote into an earlier state"
    middle = states[len(states) // 2]
    sent = State(middle.x.clone(), middle.x_mean.clone(), middle.cursor, middle.rng.clone(), middle.memory)
    *_, (_, last, _) = trajectory(sampler, sent)
    assert torch.equal(last.x, states[-1].x)
    assert torch.equal(sample(sampler, start(), 3), states[-1].x)


@pytest.mark.parametrize("spec", SHORT, ids=repr)
def test_info_tells_the_truth(spec: Any):
    score_fn, calls = counted(SCORE)
    sampler = built(spec, score_fn)
    state = sampler.init(start(), rng_from_seed(3))
    for substep, new, info in trajectory(sampler, state):
        assert info.nfe == len(calls)
        assert info.drift is not None
        moved = info.drift if info.noise is None else info.drift + info.noise
        assert torch.allclose(new.x, state.x + moved, atol=1e-5)
        if info.score is not None:
            assert torch.equal(info.score, SCORE(state.x, substep.t))
            assert info.x0 is not None
            assert torch.allclose(info.x0, denoiser_from_score(state.x, info.score, SDE, substep.t), atol=1e-5)
        if info.step_size is not None:
            went = slice(None) if info.accepted is None else info.accepted
            assert torch.allclose((info.drift)[went], (info.step_size * info.score)[went], atol=1e-6)
        assert new.cursor == state.cursor + 1
        calls.clear()
        state = new


def test_the_seed_decides():
    sampler = build_sampler(ReverseSDE(steps=5), SDE, SCORE)
    assert torch.equal(sample(sampler, start(), 1), sample(sampler, start(), 1))
    assert not torch.equal(sample(sampler, start(), 1), sample(sampler, start(), 2))


@pytest.mark.parametrize("spec", SHORT, ids=repr)
def test_plans_run_in_time(spec: Any):
    sampler = built(spec)
    plan = [substep for substep, _, _ in trajectory(sampler, sampler.init(start(), rng_from_seed(0)))]
    assert sampler.adaptive == spec.ADAPTIVE and list(sampler.plan) == ([] if spec.ADAPTIVE else plan)
    assert [substep.index for substep in plan] == list(range(len(plan)))
    times = [substep.t for substep in plan]
    if spec.AXIS == "forward":
        assert times == sorted(times)
        assert (plan[0].t, plan[-1].s) == (SDE.eps if isinstance(spec, Encode) else 0.0, 1.0)
    elif spec.AXIS in ("reverse", "levels"):
        assert times == sorted(times, reverse=True)
        assert plan[0].t == 1.0
        assert plan[-1].s == (0.0 if getattr(spec, "to_data", True) else SDE.eps)
    for one, two in itertools.pairwise(plan):
        assert one.s == two.t or spec.AXIS == "levels"
    for substep in plan:
        corrects = substep.stage is Stage.CORRECT
        assert (substep.t == substep.s) if corrects else abs(substep.t - substep.s) <= 1


def test_predictor_corrector_plans():
    def stages(**fields: Any) -> str:
        plan = build_sampler(PredictorCorrector(steps=3, **fields), SDE, SCORE).plan
        return "".join(substep.stage.value[0] for substep in plan)

    assert stages(corrector_steps=2) == "ccpccpccpd"
    assert stages(corrector_steps=1, order="predictor_first") == "pcpcpd"
    assert stages(corrector_steps=0) == "pppd"
    assert stages(corrector_steps=1, denoise="none") == "cpcpcp"
    assert stages(corrector=NoCorrector()) == "pppd"
    assert stages(predictor=NoPredictor()) == "cccd"
    with pytest.raises(SceneError, match="Neither"):
        stages(predictor=NoPredictor(), corrector_steps=0)


@pytest.mark.parametrize("predictor", [ReverseDiffusion(), EulerMaruyama(), Ancestral()], ids=repr)
@pytest.mark.parametrize("order", ["corrector_first", "predictor_first"])
def test_the_score_is_evaluated_at_the_published_times(predictor: Any, order: str):
    """linspace(T, eps, N), eps = 1e-5 for VE; the levels of the discretisation lie at k/(N-1). Tweedie's x0 is of the score's own time."""
    score_fn, calls = counted(SCORE)
    sampler = build_sampler(PredictorCorrector(steps=5, predictor=predictor, order=order), SDE, score_fn)
    state = sampler.init(start(), rng_from_seed(0))
    steps = list(trajectory(sampler, state))
    expected = torch.linspace(1, 1e-5, 5, dtype=torch.float64).tolist()
    twice = [t for t in expected for _ in range(2)]
    assert calls == pytest.approx(twice if order == "corrector_first" else twice[:1] + twice[2:], rel=1e-12)
    predicted = [substep for substep, _, _ in steps if substep.stage is Stage.PREDICT]
    assert [substep.t for substep in predicted] == pytest.approx(expected)
    assert [substep.s for substep in predicted] == pytest.approx([*expected[1:], 0.0])
    if isinstance(predictor, ReverseDiffusion):
        sigmas = [0.0, *(SDE.std(k / 4) for k in range(5))]
        growth = [math.sqrt(high**2 - low**2) for low, high in itertools.pairwise(sigmas)]
        assert [build_predictor(predictor)(SDE.discretise(5), k).shake for k in range(5)] == pytest.approx(growth)


def test_the_denoising_substep_is_at_no_noise_or_where_the_corrector_was():
    assert build_sampler(PredictorCorrector(steps=3), SDE, SCORE).plan[-1].t == 0.0
    assert build_sampler(PredictorCorrector(steps=3, predictor=NoPredictor()), SDE, SCORE).plan[-1].t == SDE.eps


def test_without_corrector_steps_pc_is_the_reverse_sde():
    one = sample(build_sampler(PredictorCorrector(steps=5, corrector_steps=0), SDE, SCORE), start(), 1)
    assert torch.equal(one, sample(build_sampler(ReverseSDE(steps=5), SDE, SCORE), start(), 1))


def test_evaluations_are_counted():
    for spec, expected in ((ReverseSDE(steps=7), 7), (ProbabilityFlow(steps=7), 14), (PredictorCorrector(steps=7, corrector_steps=2), 21),
                           (Langevin(steps=7), 7), (AnnealedLangevin(levels=3, steps_per_level=4), 12), (Forward(steps=7), 0)):  # fmt: skip
        score_fn, calls = counted(SCORE)
        sampler = built(spec, score_fn)
        total = sum(info.nfe for _, _, info in trajectory(sampler, sampler.init(start(), rng_from_seed(0))))
        assert total == len(calls) == expected, spec


@pytest.mark.parametrize("spec", [spec for spec in SHORT if not isinstance(spec, Langevin)], ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_shape_and_dtype(spec: Any, dtype: torch.dtype):
    x = torch.ones(3, 1, 4, 4, dtype=dtype)

    def log_prob(x: Tensor, t: Any) -> Tensor:
        return -0.5 * x.flatten(1).square().sum(1) / (1 + SDE.std(t) ** 2)

    y = sample(build_sampler(spec, SDE, lambda x, t: -x / (1 + SDE.std(t) ** 2), log_prob), x, 0)
    assert y.shape == x.shape
    assert y.dtype == dtype
    assert bool(y.isfinite().all())


@pytest.mark.parametrize("spec", SHORT, ids=repr)
def test_one_step_is_legal(spec: Any):
    fields = {name: 1 for name in ("steps", "levels", "steps_per_level") if name in spec.__struct_fields__}
    assert bool(sample(built(msgspec.structs.replace(spec, **fields)), start(), 0).isfinite().all())


def test_starting_points():
    g = torch.Generator().manual_seed(0)
    prior = starting_points(ReverseSDE(), SDE, TARGET, 20_000, g)
    assert float(prior.std()) == pytest.approx(SDE.std(1.0), rel=0.02)
    data = starting_points(Forward(), SDE, TARGET, 20_000, g)
    assert float(data.std(0).mean()) == pytest.approx(TARGET.sigma_data, rel=0.02)
    blurred = VESDE(0.5, 5.0)
    data = starting_points(Forward(), blurred, TARGET, 50_000, g)
    assert float(data.var(0).mean()) == pytest.approx(TARGET.sigma_data**2 + 0.25, rel=0.02)


def test_make_sampler_by_name():
    log_prob = TARGET.log_prob_fn(SDE)
    for kind in SamplerSpec.members():
        count = next((name for name in ("steps", "levels") if name in kind.__struct_fields__), None)
        assert (count is None) == kind.ADAPTIVE
        sampler = make_sampler(tag_of(kind), SDE, SCORE, n_steps=None if count is None else 3, log_prob_fn=log_prob)
        assert torch.equal(sample(sampler, start(), 0), sample(built(kind(**({} if count is None else {count: 3}))), start(), 0))
    sampler = make_sampler("pc", SDE, SCORE, n_steps=3, predictor="ancestral", corrector="ald", snr=0.1, n_corrector_steps=2)
    assert len(sampler.plan) == 10
    infos = [info for _, _, info in trajectory(sampler, sampler.init(start(), rng_from_seed(0)))]
    assert float(infos[0].step_size) == pytest.approx(2 * (0.1 * SDE.std(1.0)) ** 2)
    sampler = make_sampler("langevin", SDE, SCORE, n_steps=3, step_size=0.5, sigma=1.0, convention="paper")
    assert SDE.std(sampler.plan[0].t) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("huen", {}, "no sampler called “huen”. Did you mean “heun”"),
        ("pc", {"predictor": "euler_maruyam"}, "no predictor called .* “euler_maruyama”"),
        ("pc", {"corrector": "langevni"}, "no corrector called .* “langevin”"),
        ("heun", {"predictor": "none"}, "heun takes no “predictor”"),
        ("heun", {"n_steps": 0}, ">= 1"),
        ("pc", {"n_corrector_steps": -1}, ">= 0"),
        ("pc", {"snr": -0.1}, ">= 0.001"),
        ("heun", {"snr": 0.1}, "no corrector that takes an snr"),
        ("langevin", {"step_size": float("nan")}, "step_size"),
        ("pc", {"order": "sideways"}, "sideways"),
    ],
)
def test_bad_arguments(name: str, arguments: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        make_sampler(name, SDE, SCORE, **arguments)


def test_a_toy_sampler_needs_its_spec_and_one_decorator():
    from scoreviz.maths.sampling import Substep
    from scoreviz.scene.choice import Spec

    class Still(Spec, SamplerSpec, tag="still", frozen=True, kw_only=True):
        AXIS = "reverse"

    class StillSampler(Sampler):
        plan = (Substep(0, Stage.PREDICT, 1.0, 0.0),)

        def step(self, state: State, substep: Substep) -> tuple[State, Info]:
            return State(state.x, state.x, state.cursor + 1, state.rng), Info()

    try:
        with pytest.raises(ValueError, match="implements no Still"):
            build_sampler(Still(), SDE, SCORE)
        implements(Still)(lambda spec, sde, score_fn: StillSampler())
        assert torch.equal(sample(make_sampler("still", SDE, SCORE), start(), 0), start())
        with pytest.raises(ValueError, match="implemented twice"):
            implements(Still)(lambda spec, sde, score_fn: StillSampler())
    finally:
        forget(Still)
        SamplerSpec.forget(Still)
