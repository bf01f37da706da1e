"""Every choice says its formula and where that comes from: one declaration, read by tooltips, forms and --help."""

from __future__ import annotations

from typing import Any

import pytest

from scoreviz.cli.listing import listing
from scoreviz.scene.choice import Choice, tag_of
from scoreviz.scene.control import ControlSpec
from scoreviz.scene.grids import GridSpec
from scoreviz.scene.images import ModelSpec
from scoreviz.scene.learning import MLP, NetworkSpec, ObjectiveSpec
from scoreviz.scene.learning.objectives import Denoising
from scoreviz.scene.learning.sigmas import SigmaSpec
from scoreviz.scene.noise import NoiseSpec
from scoreviz.scene.parameters import parameters
from scoreviz.scene.samplers import CorrectorSpec, PredictorSpec, SamplerSpec

FAMILIES: tuple[Any, ...] = (
    SamplerSpec, PredictorSpec, CorrectorSpec, NoiseSpec, ObjectiveSpec, SigmaSpec, GridSpec, NetworkSpec, ControlSpec,
)  # fmt: skip
MEMBERS = [member for family in FAMILIES for member in family.members()]
WORK = ("19", "20", "published code")  # a year of a paper, or code that was published


def test_no_family_of_the_scene_is_left_out() -> None:
    declared = {family for family in Choice.__subclasses__() if family.__module__.startswith("scoreviz.scene.")}
    assert declared == {*FAMILIES, ModelSpec}  # which folder an image model lies in is nobody's formula


@pytest.mark.parametrize("member", MEMBERS, ids=lambda m: f"{m.FAMILY}-{tag_of(m)}")
def test_every_member_has_a_source_and_all_but_those_that_do_nothing_a_formula(member: Any) -> None:
    assert any(word in member.SOURCE for word in WORK) and member.SOURCE.endswith(".")
    assert member.RULE or tag_of(member) == "none"
    assert not set(member.RULE) & set("\\{}$"), "plain text, not LaTeX"
    cited = member.SOURCE.rstrip(".").split(";")[0].split(",")[0]
    assert cited not in member.HELP, "said once"


def test_every_weighting_and_what_a_network_predicts_say_theirs() -> None:
    (weighting,) = (p for p in parameters(Denoising) if p.name == "weighting")
    (predicts,) = (p for p in parameters(MLP) if p.name == "parameterisation")
    for parameter in (weighting, predicts):
        assert set(parameter.description.helps) == set(parameter.values)
        for help in parameter.description.helps.values():
            rule, source = help.split("\nSource: ")
            assert "=" in rule and any(word in source for word in WORK)


def test_the_command_line_s_help_prints_them() -> None:
    text = " ".join(listing().split())
    for member in MEMBERS:
        assert f"Source: {' '.join(member.SOURCE.split())}" in text and " ".join(member.RULE.split()) in text
    assert "sigma2: λ(σ) = σ²: the error of the predicted noise. Source: Song & Ermon 2019, section 4.2" in text
