"""The algorithms as data: every sampler and objective has lines, choices change them, and a notation is used only where it is true."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from scoreviz.scene.choice import Spec
from scoreviz.scene.control import ByClass, Inpaint, Unconditional
from scoreviz.scene.data import DataSet
from scoreviz.scene.document import Scene
from scoreviz.scene.learning import DDPMSimple, Denoising, ObjectiveSpec, Sliced, Training
from scoreviz.scene.noise import EDM, VE, VP, Custom, NoiseSpec, SubVP
from scoreviz.scene.notation import NOTATIONS, after, written_in
from scoreviz.scene.pseudocode import FIGURES, Listing, formula, sampler_listing, training_listing, written
from scoreviz.scene.samplers import (
    DDIM,
    MALA,
    Ancestral,
    AnnealedLangevin,
    AnnealedLangevinCorrector,
    EDMHeun,
    EulerMaruyama,
    Forward,
    Langevin,
    LangevinCorrector,
    NoCorrector,
    NoPredictor,
    PredictorCorrector,
    ProbabilityFlow,
    ReverseSDE,
    SamplerSpec,
)


def lines(sampler: Any, noise: Any = None, notation: Any = "sde", source: str = "network", control: Any = None) -> list[str]:
    return [line.text for line in sampler_listing(sampler, noise or VE(), control or Unconditional(), source, notation).lines]


def checked(listing: Listing) -> None:
    assert len(listing.lines) > 3
    for line in listing.lines:
        assert line.text and line.text.count("{") == line.text.count("}") and line.text.count("(") == line.text.count(")"), line.text
        assert set(line.values) <= set(FIGURES)
        assert line.source or not line.values, f"“{line.text}” has figures and no source"
        assert line.depth <= 3


@pytest.mark.parametrize("kind", SamplerSpec.members())
@pytest.mark.parametrize("noise", [kind() for kind in NoiseSpec.members()], ids=lambda n: type(n).__name__)
def test_every_sampler_has_its_lines_in_every_notation(kind: type[Any], noise: Any) -> None:
    assert kind in written(), f"write {kind.__name__} out in scene/pseudocode"
    for notation in NOTATIONS:
        listing = sampler_listing(kind(), noise, Unconditional(), "network", notation)
        checked(listing)
        assert {"start"} < listing.parts()
        if listing.notation != notation:
            assert listing.notes and "{noise}" in listing.notes[0], "a fallback is said"
        text = " ".join(line.text for line in listing.lines)
        assert ("ᾱ" in text or "√β" in text) <= (listing.notation == "ddpm") and ("x̃" in text) <= (listing.notation == "ncsn")


@pytest.mark.parametrize("kind", ObjectiveSpec.members())
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_objective_has_its_lines(kind: type[Any], notation: Any) -> None:
    scene = Scene(objective=kind(), training=Training(clip=2.5))
    listing = training_listing(scene, notation)
    checked(listing)
    texts = [line.text for line in listing.lines]
    assert any("2.5" in text for text in texts) and any(text.startswith("ℓ ←") for text in texts)
    assert "2.5" not in " ".join(
        line.text for line in training_listing(msgspec.structs.replace(scene, training=Training()), notation).lines
    )


def test_where_each_notation_is_true() -> None:
    assert [written_in("ncsn", noise)[0] for noise in (VE(), EDM(), VP(), SubVP())] == ["ncsn", "ncsn", "sde", "sde"]
    assert [written_in("ddpm", noise)[0] for noise in (VE(), VP(), SubVP())] == ["sde", "ddpm", "sde"]
    assert written_in("ddpm", Custom(scale="preserving"))[0] == "ddpm" and written_in("ddpm", Custom())[0] == "sde"
    assert "less noise" in written_in("ddpm", SubVP())[1] and all(written_in("sde", noise) == ("sde", "") for noise in (VE(), VP()))
    assert [after(name) for name in NOTATIONS] == ["ncsn", "ddpm", "sde"]


def test_the_choices_of_predictor_and_corrector_change_the_lines() -> None:
    both = lines(PredictorCorrector())
    assert both.index("ε ← 2 (r |z|/|g|)²") < both.index("m ← x + G² s_θ(x, t)"), "the code corrects first"
    paper = lines(PredictorCorrector(order="predictor_first"))
    assert paper.index("m ← x + G² s_θ(x, t)") < paper.index("ε ← 2 (r |z|/|g|)²") and "g ← s_θ(x, t′),  z ∼ N(0, I)" in paper
    assert "if t > t_1:" in paper, "after the last prediction no level is left to correct at"
    assert lines(PredictorCorrector(corrector_steps=0)) == lines(PredictorCorrector(corrector=NoCorrector())) == lines(ReverseSDE())
    assert "repeat 3 times:" in lines(PredictorCorrector(corrector_steps=3))
    assert not [text for text in lines(PredictorCorrector(predictor=NoPredictor())) if text.startswith("m ←")]
    assert "ε ← 2 (r σ)²" in lines(PredictorCorrector(corrector=AnnealedLangevinCorrector()))
    assert "ε ← 2 (r √d/|g|)²" in lines(PredictorCorrector(corrector=LangevinCorrector(norms="dimension")))
    assert "ε ← 2 α (r |z|/|g|)²" in lines(PredictorCorrector(), VP())
    assert any("Δt" in text for text in lines(ReverseSDE(predictor=EulerMaruyama())))


def test_endings() -> None:
    assert [lines(ReverseSDE(denoise=end))[-1] for end in ("mean", "tweedie", "none")] == [  # type: ignore[arg-type]
        "return m", "return x + σ² s_θ(x, t)", "return x",
    ]  # fmt: skip
    assert "if t > t_1:" in lines(PredictorCorrector(denoise="tweedie")), "Tweedie's estimate takes the place of the last prediction"
    assert "for t = t_n, …, t_2:" in lines(ReverseSDE(denoise="tweedie"))
    noiseless = lines(ReverseSDE(noise=False))
    assert not any(text.endswith("G z") for text in noiseless) and any("left out" in text for text in noiseless)


def test_ddpms_own_algorithm() -> None:
    """Ho et al. 2020, algorithm 2, with both variances."""
    small = lines(ReverseSDE(predictor=Ancestral()), VP(), "ddpm")
    assert "m ← (x_k − β_k ε_θ(x_k, k)/√(1 − ᾱ_k))/√α_k" in small
    assert small[-4:-1] == [
        "m ← (x_k − β_k ε_θ(x_k, k)/√(1 − ᾱ_k))/√α_k",
        "β̃_k ← β_k (1 − ᾱ_{k−1})/(1 − ᾱ_k)",
        "x_{k−1} ← m + √β̃_k z",
    ]
    assert "x_{k−1} ← m + √β_k z" in lines(ReverseSDE(predictor=Ancestral(variance="forward")), VP(), "ddpm")
    assert "x_{k−1} ← √ᾱ_{k−1} D + √(1 − ᾱ_{k−1}) ε_θ(x_k, k)" in lines(DDIM(), VP(), "ddpm")
    assert "x_k ← √(1 − β_k) x_{k−1} + √β_k z" in lines(Forward(), VP(), "ddpm")


def test_ddpms_training() -> None:
    """Ho et al. 2020, algorithm 1: the noise that is drawn is the one that is predicted."""
    training = [line.text for line in training_listing(Scene(objective=DDPMSimple(), noise=VP()), "ddpm").lines]
    assert training[1:5] == [
        "x_0 ∼ p,  ε ∼ N(0, I)",
        "k ∼ U{1, …, 1000},  σ_k² = (1 − ᾱ_k)/ᾱ_k",
        "x_k ← √ᾱ_k x_0 + √(1 − ᾱ_k) ε",
        "ℓ ← mean |ε − ε_θ(x_k, k)|²",
    ]


def test_what_a_metropolis_step_accepts_by_is_in_the_symbols_of_its_rule() -> None:
    for convention, drift, spread in (("code", "ε", "2ε"), ("paper", "½ α", "α")):
        text = "\n".join(lines(MALA(convention=convention)))  # type: ignore[arg-type]
        assert f"N(x; y + {drift} s(y), {spread})" in text and f"y ← x + {drift} g + √" in text
        assert ("ε" in text) == (convention == "code") and ("α" in text) == (convention == "paper")


def test_ncsns_own_algorithm() -> None:
    """Song & Ermon 2019, algorithm 1, as the paper and as its code write it."""
    paper = lines(AnnealedLangevin(convention="paper"), VE(), "ncsn")
    assert "α_i ← ε (σ_i/σ_L)²" in paper and "x̃ ← x̃ + ½ α_i g + √α_i z" in paper and "g ← s_θ(x̃, σ_i),  z ∼ N(0, I)" in paper
    assert paper == [
        "x̃ ← μ + σ_1 z,  z ∼ N(0, I)",
        "for i = 1, …, L:",
        "α_i ← ε (σ_i/σ_L)²",
        "for j = 1, …, 20:",
        "g ← s_θ(x̃, σ_i),  z ∼ N(0, I)",
        "x̃ ← x̃ + ½ α_i g + √α_i z",
        "return x̃",
    ]
    assert "x̃ ← x̃ + α_i g + √(2α_i) z" in lines(AnnealedLangevin(), VE(), "ncsn")
    assert "x ← x + ε g" in lines(Langevin(noise=False))
    listing = sampler_listing(ProbabilityFlow(), VE(), Unconditional(), "network", "ncsn")
    assert listing.notation == "ncsn" and "no ODE" in listing.notes[0]


def test_a_score_that_is_not_learned_has_no_theta() -> None:
    assert any("s_θ" in text for text in lines(PredictorCorrector()))
    for noise, notation in ((VE(), "sde"), (VE(), "ncsn"), (VP(), "ddpm")):
        assert not any("_θ" in text for text in lines(PredictorCorrector(), noise, notation, source="exact"))


def test_control_has_lines_of_its_own() -> None:
    assert any("w ∇ log p_t(y|x)" in text for text in lines(ReverseSDE(), control=ByClass()))
    assert any("s_θ(x, t | y)" in text for text in lines(ReverseSDE(), control=ByClass(rule="classifier_free")))
    for spec in (ReverseSDE(), PredictorCorrector(), DDIM(to_data=True), Langevin()):
        listing = sampler_listing(spec, VE(), Inpaint(coordinate="y"), "network", "sde")
        checked(listing)
        assert sum(line.text.startswith("y of x ←") for line in listing.lines) == 1


def test_parts_of_a_run() -> None:
    ddim = sampler_listing(DDIM(), VE(), Unconditional(), "network", "sde")
    assert ddim.part("predict", 0.5, 0.4) == "predict" and ddim.part("predict", 0.1, 0.0) == "data"
    pc = sampler_listing(PredictorCorrector(), VE(), Unconditional(), "network", "sde")
    assert pc.part("predict", 0.1, 0.0) == "predict" and pc.part("correct", 0.1, 0.1) == "correct"
    adaptive = SamplerSpec.named("rk45")()
    assert sampler_listing(adaptive, VE(), Unconditional(), "network", "sde").part("predict", 0.3, 0.3) == "attempt"


def test_settings_of_the_objective_change_its_lines() -> None:
    def of(objective: Any) -> str:
        return " ".join(line.text for line in training_listing(Scene(objective=objective), "sde").lines)

    assert "λ ← σ² (σ² + σ_d²)/σ_d²" in of(Denoising()) and "mean λ |s_θ" in of(Denoising()), "the weight is written out"
    assert "σ_d" not in of(Denoising(weighting="sigma2")) and "mean σ² |s_θ" in of(Denoising(weighting="sigma2"))
    shrinking = training_listing(Scene(objective=Denoising(weighting="likelihood"), noise=VP()), "sde").lines
    assert any("mean g²/a² |s_θ(x̃" in line.text for line in shrinking), "g² on the score of x is g²/a² on that of x/a"
    assert "g²" in of(Denoising(weighting="likelihood"))
    assert "|s_θ|²" in of(Sliced()) and "(v·s_θ)²" in of(Sliced(variance_reduced=False))


def test_points_of_a_data_set_are_said_to_be_so() -> None:
    first = training_listing(Scene(data=DataSet(train=True, size=17)), "sde").lines[1].text
    assert first == "x_0 ∼ 17 stored points,  z ∼ N(0, I)" and training_listing(Scene(), "sde").lines[1].text.startswith("x_0 ∼ p,")


def test_churn_is_listed_where_there_is_some() -> None:
    assert any("S_noise" in text for text in lines(EDMHeun())) and not any("S_noise" in text for text in lines(EDMHeun(s_churn=0.0)))


def test_a_sampler_without_lines_says_so() -> None:
    class Toy(Spec, SamplerSpec, tag="toy_unwritten", frozen=True, kw_only=True):
        LABEL = "toy"
        HELP = "Does nothing much."

    SamplerSpec.forget(Toy)
    listing = sampler_listing(Toy(), VE(), Unconditional(), "exact", "sde")
    assert listing.lines[0].text == "Does nothing much." and "Nobody has written" in listing.notes[0]


@pytest.mark.parametrize("kind", SamplerSpec.members())
def test_the_formula_follows_the_notation_where_it_has_one(kind: type[Any]) -> None:
    spec = kind()
    assert formula(spec, VE(), "sde") == spec.formula() == formula(spec, VE(), "ddpm") == formula(spec, VP(), "ncsn")
    ncsn, ddpm = formula(spec, VE(), "ncsn"), formula(spec, VP(), "ddpm")
    assert ncsn and ddpm
    if kind in (ReverseSDE, AnnealedLangevin, Langevin, Forward):
        assert ncsn != spec.formula() and r"\tilde{x}" in ncsn
    if kind in (ReverseSDE, DDIM, Forward):
        assert ddpm != spec.formula() and "x_{k-1}" in ddpm
