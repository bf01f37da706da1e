"""Every field declares itself once, and what it invalidates; edits that are not allowed change nothing."""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec
import pytest

from scoreviz.scene.choice import Choice, Section, Spec, decode_choice, tag_of
from scoreviz.scene.density import Density, Gaussian
from scoreviz.scene.document import Scene, invalidated, replace_at, value_at, walk
from scoreviz.scene.errors import SceneError
from scoreviz.scene.learning import NetworkSpec, ObjectiveSpec
from scoreviz.scene.noise import NoiseSpec
from scoreviz.scene.parameters import Invalidates, param, parameters
from scoreviz.scene.samplers import CorrectorSpec, Langevin, PredictorSpec, SamplerSpec
from scoreviz.scene.validation import validate

FAMILIES = (NoiseSpec, NetworkSpec, ObjectiveSpec, SamplerSpec, PredictorSpec, CorrectorSpec)


def another(value: Any, parameter: Any) -> Any:
    """A different allowed value of a parameter."""
    match parameter.kind:
        case "bool":
            return not value
        case "enum":
            return next(v for v in parameter.values if v != value)
        case "int":
            return int(parameter.low) if value != parameter.low else int(parameter.low) + 1
        case "float":
            return (
                (parameter.low + parameter.high) / 2 if value is None or value != (parameter.low + parameter.high) / 2 else parameter.high
            )
        case _:
            return None


def scenes() -> list[Scene]:
    """The first scene, and one with each member of each family in its place."""
    places = {NoiseSpec: ("noise",), NetworkSpec: ("network",), ObjectiveSpec: ("objective",), SamplerSpec: ("sampler",)}
    found = [replace_at(Scene(), path, member()) for family, path in places.items() for member in family.members()]
    pc = next(m for m in SamplerSpec.members() if tag_of(m) == "pc")
    found += [replace_at(Scene(), ("sampler",), pc(predictor=p())) for p in PredictorSpec.members()]
    return found + [replace_at(Scene(), ("sampler",), pc(corrector=c())) for c in CorrectorSpec.members()]


@pytest.mark.parametrize("scene", scenes(), ids=lambda s: tag_of(s.sampler))
def test_every_field_says_what_it_invalidates(scene: Scene) -> None:
    for path, parameter, value in walk(scene):
        assert parameter.label and parameter.help, path
        changed = Density(marks=(Gaussian(x=0.0, y=0.0, std=1.0),)).marks if path[-1] == "marks" else another(value, parameter)
        if changed is None:
            continue  # a section or a choice: its own fields are walked
        after = replace_at(scene, path, changed)
        before, now = (scene, after)
        if path[0] == "images" and len(path) > 1:  # another tab's world
            assert invalidated(scene, after) == Invalidates.PICTURES, path
            before, now = scene.images, after.images
        assert invalidated(before, now) == parameter.description.invalidates != Invalidates.NOTHING, path
        assert value_at(after, path) == changed
        validate(after, before=scene)


def test_nothing_changed_invalidates_nothing_and_a_choice_its_own() -> None:
    assert invalidated(Scene(), Scene()) == Invalidates.NOTHING
    for member in SamplerSpec.members()[1:]:
        assert invalidated(Scene(), replace_at(Scene(), ("sampler",), member())) == Invalidates.TRAJECTORY


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.FAMILY)
def test_members_are_documented_frozen_and_come_back(family: type[Choice]) -> None:
    assert family.members()
    for member in family.members():
        spec = member()
        assert member.LABEL and member.HELP and issubclass(member, Spec)
        assert decode_choice(family, msgspec.to_builtins(spec)) == spec
        with pytest.raises(AttributeError):
            spec.anything = 1
        parameters(member)  # each declares itself with param(...)


def test_numbers_out_of_range_are_sentences() -> None:
    cases = [
        (("sampler", "steps"), 0),
        (("noise", "sigma_max"), math.nan),
        (("training", "learning_rate"), math.inf),
        (("particles", "seed"), -1),
    ]
    for path, value in cases:
        with pytest.raises(SceneError, match="must lie between"):
            validate(replace_at(Scene(), path, value))
    with pytest.raises(SceneError, match="must be smaller"):
        validate(replace_at(replace_at(Scene(), ("noise", "sigma_min"), 0.5), ("noise", "sigma_max"), 0.2))
    with pytest.raises(SceneError, match="finite"):
        validate(Scene(density=Density(marks=(Gaussian(x=math.nan, y=0.0, std=1.0),))))
    with pytest.raises(SceneError):
        validate(replace_at(Scene(), ("score", "source"), "guess"))
    with pytest.raises(SceneError):
        validate(replace_at(Scene(), ("sampler", "steps"), 2.5))


def test_unknown_names_offer_the_nearest() -> None:
    with pytest.raises(SceneError, match=r"no sampler called “langevn”\. Did you mean “langevin”"):
        SamplerSpec.named("langevn")
    with pytest.raises(SceneError, match="Known: "):
        PredictorSpec.named("zzz")


def test_a_field_without_param_is_refused() -> None:
    class Careless(Section, frozen=True, kw_only=True):
        width: int = 3

    with pytest.raises(TypeError, match=r"Careless\.width"):
        parameters(Careless)


def test_optional_numbers_are_declared_like_others() -> None:
    class WithAuto(Section, frozen=True, kw_only=True):
        size: Annotated[float, param("size", "help", invalidates=Invalidates.VIEW, ge=1.0, le=2.0)] | None = None

    (size,) = parameters(WithAuto)
    assert size.optional and (size.low, size.high, size.kind) == (1.0, 2.0, "float")


def test_langevin_without_noise_does_not_speak_of_shaking() -> None:
    assert "is shaken" in Langevin().seeing() and "not shaken" in Langevin(noise=False).seeing()
    for member in SamplerSpec.members():
        assert member().seeing() == member.SEEING != ""
