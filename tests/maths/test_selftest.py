"""The self-test covers all that is registered, holds, and fails for what is wrong."""

import functools
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import torch

from scoreviz.maths import VESDE, Info, Sampler, Stage, State, Substep, build_sampler, implements
from scoreviz.maths.metrics import sliced_wasserstein
from scoreviz.maths.objectives import DenoisingScoreMatching
from scoreviz.maths.predictors import Affine
from scoreviz.maths.registry import forget, implementations
from scoreviz.maths.selftest import FAMILIES, carry_out, checks, gaussian, learning, measures, missing, reverse, samplers
from scoreviz.maths.selftest.check import Check, Outcome
from scoreviz.scene.choice import Spec
from scoreviz.scene.grids import GridSpec
from scoreviz.scene.learning import NetworkSpec, ObjectiveSpec
from scoreviz.scene.noise import NoiseSpec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.samplers import CorrectorSpec, PredictorSpec, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


def test_everything_registered_is_checked():
    assert missing() == []


def test_the_families_are_all_that_maths_implements():
    assert set(implementations()) == {member for family in FAMILIES for member in family.members()}


def test_sentences_are_apart():
    said = [(check.kind, check.name, check.says) for check in checks()]
    assert len(set(said)) == len(said)


SLOW = ("objective", "network")


@functools.cache
def quick() -> list[Check]:
    """All but training and the samplers' runs, which `scoreviz selftest` and the slow test below do."""
    return [check for check in checks() if check.kind in ("noise", "step grid", "target", "measure", "corrector")]


def test_quick_checks_hold():
    failed = [result for result in map(carry_out, quick()) if not result.passed]
    assert not failed


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sampler", "predictor", "objective", "network"])
def test_checks_hold(kind: str):
    failed = [result for result in map(carry_out, (check for check in checks() if check.kind == kind)) if not result.passed]
    assert not failed


def test_what_raises_and_what_is_no_number_fails():
    def broken() -> Outcome:
        raise ZeroDivisionError("so it goes")

    result = carry_out(Check("measure", "x", "y", broken))
    assert not result.passed and "so it goes" in result.error
    assert not carry_out(Check("measure", "x", "y", lambda: Outcome(float("nan"), 0.0, 1.0))).passed
    assert carry_out(Check("measure", "x", "y", lambda: Outcome(1.0, 0.0, 1.0))).passed
    assert not carry_out(Check("measure", "x", "y", lambda: Outcome(1.1, 0.0, 1.0))).passed


# ---- what is added without a check is found missing


@pytest.mark.parametrize("family", [NoiseSpec, GridSpec, SamplerSpec, PredictorSpec, CorrectorSpec, NetworkSpec, ObjectiveSpec])
def test_an_unchecked_member_is_missing(family: Any, monkeypatch: pytest.MonkeyPatch):
    """As if nothing were written for it: no check of that kind and name."""
    member = family.members()[-1]
    name, kind = member.__struct_config__.tag, family.FAMILY
    others = [check for check in checks() if (check.kind, check.name) != (kind, name)]
    monkeypatch.setattr("scoreviz.maths.selftest.checks", lambda: iter(others))
    assert missing() == [(kind, name)]


@pytest.mark.parametrize("family", [GridSpec, CorrectorSpec])
def test_a_new_grid_or_corrector_needs_a_line(family: Any):
    class Toy(Spec, family, tag="toy_of_this_test", frozen=True, kw_only=True):
        LABEL = HELP = "Toy"

    try:
        assert missing() == [(family.FAMILY, "toy_of_this_test")]
    finally:
        family.forget(Toy)


def test_a_new_measure_needs_a_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measures, "MEASURES", {**measures.MEASURES, "toy": None})
    assert missing() == [("measure", "toy")]


# ---- broken things fail


class ToySampler(Sampler):
    """The probability-flow ODE of VE by Euler's rule, its slope times `factor`."""

    def __init__(self, sde: VESDE, score_fn: Any, factor: float, n: int) -> None:
        self.sde, self.score_fn, self.factor = sde, score_fn, factor
        times = [1 - k / n for k in range(n + 1)]
        self.plan = [Substep(k, Stage.PREDICT, times[k], times[k + 1]) for k in range(n)]

    def step(self, state: State, substep: Substep) -> tuple[State, Info]:
        grown = self.sde.std(substep.t) ** 2 - self.sde.std(substep.s) ** 2
        score = self.score_fn(state.x, substep.t)
        drift = self.factor * 0.5 * grown * score
        return State(state.x + drift, state.x + drift, state.cursor + 1, state.rng), Info(score, drift, nfe=1)


@pytest.fixture
def toy() -> Iterator[Any]:
    class Toy(Spec, SamplerSpec, tag="toy_of_this_test", frozen=True, kw_only=True):
        LABEL = HELP = "Toy"
        AXIS = "reverse"
        steps: Annotated[
            int,
            param(QT_TRANSLATE_NOOP("scene", "steps"), QT_TRANSLATE_NOOP("scene", "Steps."), invalidates=Invalidates.TRAJECTORY, ge=1),
        ] = 10

    factor = {"value": 1.0}

    @implements(Toy)
    def _toy(spec: Any, sde: Any, score_fn: Any) -> Sampler:
        return ToySampler(sde, score_fn, factor["value"], spec.steps)

    yield Toy, factor
    SamplerSpec.forget(Toy)
    forget(Toy)
    samplers._run.cache_clear()


@pytest.mark.parametrize(("factor", "passes"), [(1.0, True), (2.0, False), (0.9, False)])
def test_a_sampler_is_checked_by_being_registered(toy: Any, factor: float, passes: bool):
    """Twice the slope is the reverse SDE's without its noise: the classic mistake."""
    kind, value = toy
    value["value"] = factor
    found = [carry_out(check) for check in samplers.sampler_checks(kind, "ve", VESDE(0.01, gaussian.SIGMA_MAX))]
    assert len(found) == 2
    assert all(not result.error for result in found)
    assert all(result.passed for result in found) == passes


def broken_rule(spec: Any) -> Any:
    def step(levels: Any, k: int) -> Affine:
        keep, pull, shake = implementations()[type(spec)](spec)(levels, k)
        return Affine(keep, pull, 1.1 * shake)

    return step


def test_a_predictor_with_too_much_noise_fails(monkeypatch: pytest.MonkeyPatch):
    chosen = [c for c in reverse.checks() if c.kind == "predictor" and c.name == "reverse_diffusion" and c.says.startswith("ve")]
    samplers._run.cache_clear()
    monkeypatch.setattr("scoreviz.maths.pc.build_predictor", broken_rule)
    result = carry_out(chosen[0])
    samplers._run.cache_clear()
    assert not result.error and not result.passed


@pytest.mark.parametrize("says", ["loss of the exact score", "price of an error"])
def test_an_objective_with_a_wrong_loss_fails(says: str, monkeypatch: pytest.MonkeyPatch):
    check = next(c for c in learning.checks() if c.name == "denoising" and c.says.startswith(says))
    assert carry_out(check).passed
    honest = DenoisingScoreMatching.loss
    monkeypatch.setattr(DenoisingScoreMatching, "loss", lambda *a: 1.1 * honest(*a))
    result = carry_out(check)
    assert not result.error and not result.passed


def test_a_measure_in_other_units_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measures, "sliced_wasserstein", lambda a, b: 1.01 * sliced_wasserstein(a, b))
    result = next(carry_out(check) for check in measures.checks() if check.name == "sliced_wasserstein")
    assert not result.error and not result.passed


def test_starting_points_are_exactly_the_law():
    sde = VESDE(0.01, gaussian.SIGMA_MAX)
    x = gaussian.points(sde, 0.7)
    assert gaussian.spread(x) == pytest.approx(gaussian.law_std(sde, 0.7), rel=1e-6)
    assert gaussian.shift(x, gaussian.law_mean(sde, 0.7), gaussian.law_std(sde, 0.7)) < 1e-6


def test_the_global_generator_is_untouched():
    before = torch.get_rng_state()
    for check in quick():
        carry_out(check)
    sampler = build_sampler(SamplerSpec.named("heun")(steps=2), VESDE(0.01, 5.0), gaussian.target().score_fn(VESDE(0.01, 5.0)))
    assert sampler.plan
    assert torch.equal(torch.get_rng_state(), before)
