"""Every registered sampler on every kind of SDE: replay, resume from a saved state, and fork, bit for bit."""

from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from scoreviz.maths import VESDE, State, build_sampler, preset, rng_from_seed, starting_points, trajectory
from scoreviz.maths.sampling import Sampler
from scoreviz.maths.sde import SDE, VPSDE, SubVPSDE
from scoreviz.maths.states import fork, state_bytes, state_from_bytes
from scoreviz.scene.choice import tag_of
from scoreviz.scene.errors import SceneError
from scoreviz.scene.parameters import parameters
from scoreviz.scene.samplers import SamplerSpec

TARGET = preset("eight_gaussians")
SDES: list[SDE] = [VESDE(0.01, TARGET.diameter()), VPSDE(), SubVPSDE()]
FEW = {"steps": 6, "levels": 3, "steps_per_level": 2, "leapfrog_steps": 3, "corrector_steps": 1, "rtol": 0.1, "atol": 0.1}


def short(kind: type[Any]) -> list[Any]:
    """The spec with few steps (or a loose tolerance), once as it is and once for each other value of its switches and choices."""
    base = kind(**{name: few for name, few in FEW.items() if name in kind.__struct_fields__})
    changes: list[dict[str, Any]] = [{}]
    for field in parameters(kind):
        if field.kind == "bool":
            changes.append({field.name: not field.default})
        elif field.kind == "enum":
            changes += [{field.name: value} for value in field.values if value != field.default]
        elif field.kind == "choice" and field.family is not None:
            changes += [{field.name: member()} for member in field.family.members() if member is not type(field.default)]
    return [msgspec.structs.replace(base, **change) for change in changes]


CASES = [(spec, sde) for kind in SamplerSpec.members() for i, spec in enumerate(short(kind)) for sde in SDES[: 1 if i else None]]


def built(spec: Any, sde: SDE) -> tuple[Sampler, State]:
    """The sampler and its first state."""
    x = starting_points(spec, sde, TARGET, 10, torch.Generator().manual_seed(0))
    sampler = build_sampler(spec, sde, TARGET.score_fn(sde), TARGET.log_prob_fn(sde))
    return sampler, sampler.init(x, rng_from_seed(3))


def run(sampler: Sampler, state: State) -> tuple[list[State], bool]:
    """The states of a run, the first one included, and whether noise moved the points."""
    with torch.no_grad():
        seen = list(trajectory(sampler, state))
    return [state, *(after for _, after, _ in seen)], any(info.noise is not None and bool(info.noise.any()) for _, _, info in seen)


def same(one: Any, two: Any) -> bool:
    if isinstance(one, Tensor):
        return one.dtype == two.dtype and torch.equal(one.nan_to_num(1.5), two.nan_to_num(1.5))
    if isinstance(one, tuple):
        return len(one) == len(two) and all(same(a, b) for a, b in zip(one, two, strict=True))
    return bool(one == two) or (one != one and two != two)


def whole(state: State) -> tuple[Any, ...]:
    return state.x, state.x_mean, state.cursor, state.rng, state.memory


def check(spec: Any, sde: SDE) -> None:
    sampler, first = built(spec, sde)
    states, _ = run(sampler, first)
    assert len(states) > 2 and bool(states[-1].x.isfinite().all())
    saved = [state_bytes(state) for state in states]
    assert all(same(whole(one), whole(two)) for one, two in zip(states, run(*built(spec, sde))[0], strict=True)), "replay"
    assert saved == [state_bytes(state) for state in states], "saving or replaying wrote into a state"
    for at in {1, len(states) // 2, len(states) - 2}:
        loaded = state_from_bytes(saved[at])
        assert same(whole(loaded), whole(states[at]))
        resumed, _ = run(built(spec, sde)[0], loaded)
        assert all(same(whole(one), whole(two)) for one, two in zip(resumed, states[at:], strict=True)), f"resumed after {at}"
    middle = len(states) // 2
    forked, drew = run(sampler, fork(states[middle], 99))
    again, _ = run(sampler, fork(state_from_bytes(saved[middle]), 99))
    assert same(whole(forked[-1]), whole(again[-1])), "a fork is a run like any other"
    assert torch.equal(forked[0].x, states[middle].x), "it differs only after the fork"
    assert torch.equal(forked[-1].x, states[-1].x) is not drew
    assert saved == [state_bytes(state) for state in states], "a fork wrote into a state"


@pytest.mark.parametrize(("spec", "sde"), CASES, ids=[f"{tag_of(spec)}-{i}-{type(sde).__name__}" for i, (spec, sde) in enumerate(CASES)])
def test_replay_resume_and_fork_are_bitwise(spec: Any, sde: SDE):
    """A sampler that this SDE cannot serve says so, and is passed over for that reason alone."""
    try:
        built(spec, sde)
    except SceneError as error:
        assert serves_not(spec, sde), error
        return
    check(spec, sde)


def serves_not(spec: Any, sde: SDE) -> bool:
    """The two combinations that have a sentence: no ancestral step for sub-VP, and nothing at all that moves the points."""
    predictor = tag_of(spec.predictor) if hasattr(spec, "predictor") else ""
    nothing = predictor == "none" and not (hasattr(spec, "corrector") and tag_of(spec.corrector) != "none")
    return nothing or (isinstance(sde, SubVPSDE) and predictor == "ancestral")


def test_every_registered_sampler_is_tried():
    assert {type(spec) for spec, _ in CASES} == set(SamplerSpec.members())
