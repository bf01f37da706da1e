"""One training step, by the objective: the batch, its noise, the loss, Adam, the average of the weights."""

from __future__ import annotations

import dataclasses
from typing import Any

from scoreviz.scene.data import DataSet
from scoreviz.scene.learning import (
    DDPMSimple,
    Denoising,
    EDMLoss,
    Explicit,
    Implicit,
    Ladder,
    LogNormalSigma,
    OneSigma,
    Sliced,
    Training,
    UniformTimeSigma,
)
from scoreviz.scene.pseudocode.listing import Ink, Line, lines_of, writes
from scoreviz.scene.text import QT_TRANSLATE_NOOP

DSM = QT_TRANSLATE_NOOP("scene", "Denoising score matching: Vincent 2011; at many levels Song & Ermon 2019, eq. 5, there with a factor ½.")
NCSN = QT_TRANSLATE_NOOP("scene", "Song & Ermon 2019, eq. 5 and 6, with λ(σ) = σ², there with a factor ½.")
HO = QT_TRANSLATE_NOOP("scene", "Ho et al. 2020, algorithm 1 and eq. 14.")
KARRAS = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, eq. 2 and table 1.")
ESM = QT_TRANSLATE_NOOP(
    "scene", "Explicit score matching, possible where the score is known: Hyvärinen 2005, eq. 2, there with a factor ½."
)
ISM = QT_TRANSLATE_NOOP("scene", "Implicit score matching: Hyvärinen 2005, theorem 1, there half of it.")
SSM = QT_TRANSLATE_NOOP("scene", "Sliced score matching: Song et al. 2019, there half of it.")
BATCH = QT_TRANSLATE_NOOP(
    "scene",
    "Sobol points under a random shift: each sample has exactly its law, together they are spread evenly (Cranley & Patterson 1976).",
)
LAW = QT_TRANSLATE_NOOP("scene", "How often each σ is trained; “noise levels” of the objective.")
ADAM = QT_TRANSLATE_NOOP(
    "scene", "Adam: Kingma & Ba 2015; the rate decays to a tenth, lr (0.1 + 0.9/(1 + (n/500)²)), n steps since the last stroke."
)
CLIP = QT_TRANSLATE_NOOP("scene", "Gradient clipping: Pascanu et al. 2013.")
AVERAGE = QT_TRANSLATE_NOOP("scene", "Average of the weights, from which everything is sampled; rate min(ema, (1 + n)/(10 + n)).")
NO_SIGMA = QT_TRANSLATE_NOOP("scene", "This paper has no such objective; the lines are the SDE's.")


def _law(sigmas: Any) -> str:
    match sigmas:
        case OneSigma():
            return f"σ ← {sigmas.sigma:g}"
        case LogNormalSigma():
            return f"ln σ ∼ N({sigmas.p_mean:g}, {sigmas.p_std:g}²)".replace("-", "−")
        case UniformTimeSigma():
            return "t ∼ U(t_{min}, 1),  σ ← σ(t)"
        case _:
            return "ln σ ∼ U(ln σ_{min}, ln σ_{max})"


WEIGHTS = {"sigma2": "σ²", "likelihood": "g²/a²", "uniform": ""}
"""λ(σ) on the score of x/a, where it is short enough to stand in the loss."""
LONG_WEIGHT = Line("λ ← σ² (σ² + σ_d²)/σ_d²,  σ_d the spread of the data", 1, source=KARRAS)


def _weight(name: str, ink: Ink) -> str:
    """What stands before the squared error. g²/a² is g² where the noise does not shrink the data."""
    weight = WEIGHTS.get(name, "λ")
    return "g²" if name == "likelihood" and not ink.shrinks else weight


def _weighted(name: str, ink: Ink, error: str) -> str:
    """mean weight error."""
    return " ".join(part for part in ("ℓ ← mean", _weight(name, ink), error) if part)


def _step(law: str, noise: list[str], loss: str, source: str, *, weighting: str = "", z: str = "z") -> list[Line]:
    return [
        Line(f"x_0 ∼ p,  {z} ∼ N(0, I)", 1, values=("batch",), source=BATCH, standing=True),
        Line(law, 1, values=("sigma_low", "sigma_high"), source=LAW, standing=True),
        *(Line(text, 1, source=source) for text in noise),
        *([LONG_WEIGHT] if weighting == "edm" else []),
        Line(loss, 1, values=("loss", "floor"), source=source, standing=True),
    ]


@writes(Denoising)
def denoising(spec: Denoising, ink: Ink) -> list[Line]:
    """At levels of one's choice."""
    noise = ink("x̃ ← x_0 + σ z", "x̃ ← x_0 + σ z", "x̃ ← x_0 + σ z")
    loss = ink(
        _weighted(spec.weighting, ink, "|s_θ(x̃, σ) + z/σ|²"),
        _weighted(spec.weighting, ink, "|s_θ(x̃, σ) + (x̃ − x_0)/σ²|²"),
        "ℓ ← mean |z − ε_θ(x̃, σ)|²" if spec.weighting == "sigma2" else _weighted(spec.weighting, ink, "|z − ε_θ(x̃, σ)|²/σ²"),
    )
    return _step(_law(spec.sigmas), [noise], loss, DSM, weighting=spec.weighting)


@writes(Ladder)
def ladder(spec: Ladder, ink: Ink) -> list[Line]:
    """NCSN's."""
    loss = ink("ℓ ← mean σ² |s_θ(x̃, σ) + z/σ|²", "ℓ ← mean σ_i² |s_θ(x̃, σ_i) + (x̃ − x_0)/σ_i²|²", "ℓ ← mean |z − ε_θ(x̃, σ_i)|²")
    return _step(f"i ∼ U{{1, …, {spec.levels}}},  σ ← σ_i", [ink("x̃ ← x_0 + σ z", "x̃ ← x_0 + σ_i z", "x̃ ← x_0 + σ_i z")], loss, NCSN)


@writes(DDPMSimple)
def ddpm_simple(spec: DDPMSimple, ink: Ink) -> list[Line]:
    """DDPM's."""
    noise = ink("x̃ ← x_0 + σ_k z", "x̃ ← x_0 + σ_k z", "x_k ← √ᾱ_k x_0 + √(1 − ᾱ_k) ε")
    loss = ink("ℓ ← mean σ_k² |s_θ(x̃, σ_k) + z/σ_k|²", "ℓ ← mean σ_k² |s_θ(x̃, σ_k) + (x̃ − x_0)/σ_k²|²", "ℓ ← mean |ε − ε_θ(x_k, k)|²")
    return _step(f"k ∼ U{{1, …, {spec.steps}}},  σ_k² = (1 − ᾱ_k)/ᾱ_k", [noise], loss, HO, z=ink("z", "z", "ε"))


@writes(EDMLoss)
def edm_loss(spec: EDMLoss, ink: Ink) -> list[Line]:
    """EDM's."""
    law = f"ln σ ∼ N({spec.p_mean:g}, {spec.p_std:g}²)".replace("-", "−")
    denoiser = "D ← x̃ + σ² s_θ(x̃, σ)"
    return _step(law, ["x̃ ← x_0 + σ z", denoiser], "ℓ ← mean (σ² + σ_d²)/(σ σ_d)² |D − x_0|²", KARRAS)


@writes(Explicit)
def explicit(spec: Explicit, ink: Ink) -> list[Line]:
    """Against the exact score."""
    return _step(
        _law(spec.sigmas), ["x ← x_0 + σ z"], _weighted(spec.weighting, ink, "|s_θ(x, σ) − ∇ log p_σ(x)|²"), ESM, weighting=spec.weighting
    )


@writes(Implicit)
def implicit(spec: Implicit, ink: Ink) -> list[Line]:
    """With the divergence."""
    return _step(
        _law(spec.sigmas),
        ["x ← x_0 + σ z"],
        _weighted(spec.weighting, ink, "[2 tr ∇s_θ(x, σ) + |s_θ(x, σ)|²]"),
        ISM,
        weighting=spec.weighting,
    )


@writes(Sliced)
def sliced(spec: Sliced, ink: Ink) -> list[Line]:
    """Along random directions."""
    count = "" if spec.projections == 1 else f"{spec.projections} directions "
    law = "v_j = ±1" if spec.probe == "rademacher" else "v ∼ N(0, I)"
    second = "|s_θ|²" if spec.variance_reduced else "(v·s_θ)²"
    loss = _weighted(spec.weighting, ink, f"[2 v·∇s_θ v + {second}]")
    return _step(_law(spec.sigmas), ["x ← x_0 + σ z", f"{count}{law}"], loss, SSM, weighting=spec.weighting)


def training_lines(objective: Any, training: Training, data: DataSet, ink: Ink) -> tuple[list[Line], list[str]]:
    """One training step with its loop, and what must be said of it. Points are of the drawing, or of the data set alone."""
    inner, notes = lines_of(objective, ink)
    if data.train:
        inner = [dataclasses.replace(line, text=line.text.replace("x_0 ∼ p,", f"x_0 ∼ {data.size} stored points,")) for line in inner]
    clip = [Line(f"g ← g min(1, {training.clip:g}/|g|)", 1, source=CLIP)] if training.clip > 0 else []
    return [
        Line("for n = 1, 2, …:", 0, values=("step",), standing=True, source=ADAM),
        *inner,
        Line("g ← ∇_θ ℓ", 1, source=ADAM),
        *clip,
        Line("θ ← Adam(θ, g)", 1, values=("rate",), source=ADAM, standing=True),
        Line("θ_{ema} ← μ θ_{ema} + (1 − μ) θ", 1, values=("ema",), source=AVERAGE, standing=True),
    ], notes
