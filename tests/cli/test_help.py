"""`--help` is generated from the specs, `--version` from the package."""

from typing import Annotated

import pytest

import scoreviz
from scoreviz.__main__ import main
from scoreviz.cli.listing import listing
from scoreviz.scene.choice import Choice, Spec, tag_of
from scoreviz.scene.density import PRESET_LABELS
from scoreviz.scene.parameters import Invalidates, param, parameters
from scoreviz.scene.samplers import SamplerSpec


def words(text):
    return " ".join(text.split())


def help_text(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    return words(capsys.readouterr().out)


def test_help_lists_every_choice_with_label_help_and_parameters(capsys):
    text = help_text(capsys)
    for name, label in PRESET_LABELS.items():
        assert f"{name} {label}" in text
    for family in (f for f in Choice.__subclasses__() if f.__module__.startswith("scoreviz.scene.")):  # others are said between processes
        for spec in family.members():
            assert f"{tag_of(spec)}: {spec.LABEL} {words(spec.HELP)}" in text
            for parameter in parameters(spec):
                assert words(parameter.help) in text
    assert "snr 0.001 to 1; default 0.16." in text
    assert "order corrector_first | predictor_first; default corrector_first." in text
    assert "sigma_max 0.05 to 50; default automatic." in text


def test_a_new_sampler_appears_by_existing():
    try:

        class Toy(Spec, SamplerSpec, tag="toy", frozen=True, kw_only=True):
            LABEL = "toy sampler"
            HELP = "Moves nothing."
            AXIS = "iterations"
            zeal: Annotated[float, param("zeal", "How eagerly.", invalidates=Invalidates.TRAJECTORY, ge=0.0, le=11.0)] = 3.0

        assert "toy: toy sampler Moves nothing. zeal 0 to 11; default 3. How eagerly." in words(listing())
    finally:
        SamplerSpec.forget(Toy)
    assert "toy sampler" not in listing()


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"scoreviz {scoreviz.__version__}\n"
