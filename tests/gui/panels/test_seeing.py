"""What am I seeing? Each sentence is true of the view on screen, whatever the sampler, noise, notation, control and dimensions."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from scoreviz.gui.dynamics.seeing import sentences
from scoreviz.scene.compare import Compare, Pane
from scoreviz.scene.control import ByClass
from scoreviz.scene.density import Density
from scoreviz.scene.document import Scene
from scoreviz.scene.noise import VE, VP, SubVP
from scoreviz.scene.samplers import (
    Forward,
    Langevin,
    LangevinCorrector,
    NoCorrector,
    NoPredictor,
    PredictorCorrector,
    ReverseDiffusion,
    ReverseSDE,
)
from scoreviz.scene.view import View


def said(scene: Scene, **more: Any) -> str:
    return " ".join(sentences(scene, scene.sampler.seeing(), **more))


def test_a_line_has_no_arrows_no_map_and_no_lines_over_the_ground() -> None:
    line = Density(dimensions="1")
    for field, map_, lines in product(("sampler", "exact", "network"), ("none", "error"), ("none", "contours")):
        text = said(Scene(density=line, view=View(field=field, map=map_, lines=lines)))  # type: ignore[arg-type]
        assert "Arrows" not in text and "error" not in text and "equal log" not in text
        assert "log pₜ(x)" in text and "first 40 particles" in text and "24 quantiles" in text
    none = View(particles=False, density=False, flow_lines=False, reverse_paths=False)
    assert said(Scene(density=line, view=none)).startswith("Every layer is switched off")


def test_paths_along_t_are_spoken_of_only_where_the_run_goes_along_t() -> None:
    scene = Scene(density=Density(dimensions="1"), sampler=Langevin(), view=View(forward_paths=True))
    assert "ODE lines" not in said(scene) and "Forward lines" not in said(scene) and "along the substeps" in said(scene)
    older = said(scene, timed=True)  # the run on screen is still that of another sampler
    assert "ODE lines" in older and "Forward lines" in older and "along t" in older


def test_panes_have_sentences_of_their_own() -> None:
    scene = Scene(compare=Compare(panes=(Pane(),)), view=View(map="error", lines="contours"))
    text = said(scene)
    assert text.startswith("Each pane") and "In pane 1: " + ReverseSDE.SEEING in text
    assert "the score that drives that pane" in text and "The ground is the exact log pₜ of that pane's noise" in text
    assert "error" not in text and "equal log" not in text, "panes draw no maps and no lines"
    one = Scene(compare=Compare(panes=(Pane(),)), density=Density(dimensions="1"))
    assert "pane" not in said(one), "panes are drawn in the plane alone"


def test_a_notation_is_spoken_only_where_it_is_true() -> None:
    for notation, noise, law in (
        ("ddpm", VP(), "q(xₖ)"),
        ("ddpm", VE(), "pₜ"),
        ("ddpm", SubVP(), "pₜ"),
        ("ncsn", VE(), "p_σ"),
        ("ncsn", VP(), "pₜ"),
    ):
        text = said(Scene(noise=noise, view=View(notation=notation, lines="contours")))  # type: ignore[arg-type]
        assert f"The ground is log {law}," in text and f"equal log {law}," in text


def test_what_predicts_and_what_corrects() -> None:
    none, some = NoPredictor(), ReverseDiffusion()
    assert "blue on the time line" in PredictorCorrector(predictor=some, corrector=LangevinCorrector()).seeing()
    for spec in (PredictorCorrector(corrector_steps=0), PredictorCorrector(corrector=NoCorrector())):
        assert spec.seeing() == ReverseSDE.SEEING
    assert "Nothing predicts" in PredictorCorrector(predictor=none).seeing()
    for still in (PredictorCorrector(predictor=none, corrector=NoCorrector()), ReverseSDE(predictor=none)):
        assert "no step moves" in still.seeing()


@pytest.mark.parametrize("dimensions", ["1", "2", "3"])
def test_what_is_asked_of_the_particles(dimensions: Any) -> None:
    scene = Scene(density=Density(dimensions=dimensions), control=ByClass())
    assert "guided to one class" in said(scene) and ("guided score" in said(scene)) == (dimensions != "1")
    assert "nothing guides" in said(Scene(density=Density(dimensions=dimensions), control=ByClass(weight=0.0)))
    begun = said(Scene(density=Density(dimensions=dimensions), control=ByClass(), sampler=Forward()))
    assert "begin as data of one class" in begun and "guided to" not in begun
