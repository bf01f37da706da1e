"""Langevin's family, and the forward SDE."""

from __future__ import annotations

from typing import Any

from scoreviz.scene.pseudocode.listing import CORRECT, DENOISE, PREDICT, START, Ink, Line, lit, writes
from scoreviz.scene.pseudocode.reverse import start, tweedie_line
from scoreviz.scene.samplers import HMC, MALA, AnnealedLangevin, Forward, Langevin, Underdamped
from scoreviz.scene.text import QT_TRANSLATE_NOOP

NO_LANGEVIN = QT_TRANSLATE_NOOP("scene", "DDPM's paper has no Langevin dynamics; written with its ε_θ at one k.")
NO_DENSITY = QT_TRANSLATE_NOOP("scene", "DDPM's paper has no such dynamics; written with its ε_θ at one k.")
NO_FORWARD = QT_TRANSLATE_NOOP("scene", "NCSN's paper adds the noise of a level at once; step by step it is this, in its σ_i.")
ALGORITHM_1 = QT_TRANSLATE_NOOP(
    "scene", "Annealed Langevin dynamics: Song & Ermon 2019, algorithm 1. The paper writes α/2 and √α, its code α and √(2α)."
)
ULA = QT_TRANSLATE_NOOP("scene", "Langevin dynamics: Song & Ermon 2019, eq. 4; Roberts & Tweedie 1996 (ULA).")
ACCEPT = QT_TRANSLATE_NOOP("scene", "Metropolis–Hastings: Roberts & Tweedie 1996 (MALA).")
LEAPFROG = QT_TRANSLATE_NOOP(
    "scene", "Hamiltonian Monte Carlo: Duane et al. 1987; Neal 2011, figure 2; spread of h after its section 5.4.2.2."
)
BAOAB = QT_TRANSLATE_NOOP(
    "scene", "BAOAB: Leimkuhler & Matthews 2013. The half kicks of two steps are one, since they take the same score."
)
TRANSITION = QT_TRANSLATE_NOOP("scene", "The exact transition of a linear SDE: Song et al. 2021, appendix B.")
CHAIN = QT_TRANSLATE_NOOP("scene", "The forward chain q(x_k | x_{k−1}): Ho et al. 2020, eq. 2.")

HERE = lit(CORRECT)


def _rule(x: str, step: str, g: str, convention: str, noise: bool = True) -> str:
    """x + e g + sqrt(2 e) z as code writes it, or with halves as papers do."""
    drift, shake = (f"{step} {g}", f"√(2{step}) z") if convention == "code" else (f"½ {step} {g}", f"√{step} z")
    return f"{x} ← {x} + {drift}" + (f" + {shake}" if noise else "")


def _size(spec: Langevin | MALA) -> str:
    """The figure of the step's size, as its rule writes it."""
    return "eps" if spec.convention == "code" else "alpha_step"


def _iterate(steps: str, source: str) -> Line:
    return Line(f"for m = 1, …, {steps}:", 0, frozenset(), ("m",), source, standing=True)


def _score(ink: Ink) -> str:
    return ink("s_θ(x, t)", "s_θ(x̃, σ)", "−ε_θ(x, k)/√(1 − ᾱ_k)")


def _x(ink: Ink) -> str:
    return ink("x", "x̃", "x")


@writes(Langevin, ddpm=NO_LANGEVIN)
def langevin(spec: Langevin, ink: Ink) -> list[Line]:
    """At one level."""
    step = "ε" if spec.convention == "code" else "α"
    moves = ("|drift|", "|noise|") if spec.noise else ("|drift|",)
    return [
        start(ink),
        _iterate("M", ULA),
        Line(f"g ← {_score(ink)}" + (",  z ∼ N(0, I)" if spec.noise else ""), 1, HERE, ("sigma", "|s|"), ULA),
        Line(_rule(_x(ink), step, "g", spec.convention, spec.noise), 1, HERE, (_size(spec), *moves), ULA),
        Line(f"return {_x(ink)}"),
    ]


@writes(AnnealedLangevin, ddpm=NO_LANGEVIN)
def annealed(spec: AnnealedLangevin, ink: Ink) -> list[Line]:
    """Down a ladder of levels."""
    std = "std_i" if ink.notation == "sde" and ink.shrinks else "σ_i"
    level = "√(1 − ᾱ_i)" if ink.notation == "ddpm" else std
    last = {"√(1 − ᾱ_i)": "√(1 − ᾱ_L)", "std_i": "std_L", "σ_i": "σ_L"}[level]
    score = ink("s_θ(x, t_i)", "s_θ(x̃, σ_i)", "−ε_θ(x, i)/√(1 − ᾱ_i)")
    x = _x(ink)
    end = tweedie_line(ink, lit(DENOISE)) if spec.denoise else Line(f"return {x}")
    return [
        start(ink),
        Line("for i = 1, …, L:", 0, frozenset(), ("i", "L"), ALGORITHM_1, standing=True),
        Line(f"α_i ← ε ({level}/{last})²", 1, HERE, ("std", "alpha_i"), ALGORITHM_1),
        Line(f"for j = 1, …, {spec.steps_per_level}:", 1, frozenset(), ("j",), ALGORITHM_1, standing=True),
        Line(f"g ← {score},  z ∼ N(0, I)", 2, HERE, ("|s|",), ALGORITHM_1),
        Line(_rule(x, "α_i", "g", spec.convention), 2, HERE, ("|drift|", "|noise|"), ALGORITHM_1),
        end,
    ]


@writes(MALA, ddpm=NO_DENSITY)
def mala(spec: MALA, ink: Ink) -> list[Line]:
    """A Langevin step as a proposal."""
    step, x = "ε" if spec.convention == "code" else "α", _x(ink)
    drift, spread = ("ε", "2ε") if spec.convention == "code" else ("½ α", "α")
    proposal = _rule(x, step, "g", spec.convention).replace(f"{x} ←", "y ←")
    return [
        start(ink),
        _iterate("M", ACCEPT),
        Line(f"g ← {_score(ink)},  z ∼ N(0, I)", 1, HERE, ("sigma", "|s|"), ULA),
        Line(proposal, 1, HERE, (_size(spec),), ULA),
        Line(f"q ← p(y) N({x}; y + {drift} s(y), {spread})/(p({x}) N(y; {x} + {drift} g, {spread}))", 1, HERE, (), ACCEPT),
        Line(f"with probability min(1, q): {x} ← y", 1, HERE, ("accepted", "|drift|", "|noise|"), ACCEPT),
        Line(f"return {x}"),
    ]


@writes(HMC, ddpm=NO_DENSITY)
def hmc(spec: HMC, ink: Ink) -> list[Line]:
    """A roll over the landscape."""
    x, score = _x(ink), _score(ink).replace("(x,", "(y,").replace("(x̃,", "(y,")
    spread = f" (1 ± {spec.jitter:g})" if spec.jitter else ""
    return [
        start(ink),
        _iterate("M", LEAPFROG),
        Line(f"y ← {x},  v ← z ∼ N(0, I)", 1, HERE, ("sigma",), LEAPFROG),
        Line(f"repeat {spec.leapfrog_steps} times, h{spread}:", 1, HERE, ("step_h",), LEAPFROG),
        Line(f"v ← v + ½ h {score}", 2, HERE, ("|s|",), LEAPFROG),
        Line("y ← y + h v", 2, HERE, (), LEAPFROG),
        Line(f"v ← v + ½ h {score}", 2, HERE, (), LEAPFROG),
        Line(f"q ← p(y) e^{{−|v|²/2}}/(p({x}) e^{{−|z|²/2}})", 1, HERE, (), LEAPFROG),
        Line(f"with probability min(1, q): {x} ← y", 1, HERE, ("accepted", "|drift|", "|noise|"), LEAPFROG),
        Line(f"return {x}"),
    ]


@writes(Underdamped, ddpm=NO_DENSITY)
def underdamped(spec: Underdamped, ink: Ink) -> list[Line]:
    """With a velocity."""
    x = _x(ink)
    return [
        start(ink),
        Line("v ∼ N(0, I)", 0, lit(START), (), BAOAB),
        _iterate("M", BAOAB),
        Line(f"v ← v + h {_score(ink)};  the first time ½ h", 1, HERE, ("sigma", "step_h", "|s|"), BAOAB),
        Line(f"{x} ← {x} + ½ h v", 1, HERE, ("|drift|",), BAOAB),
        Line("v ← e^{−γh} v + √(1 − e^{−2γh}) z", 1, HERE, ("gamma",), BAOAB),
        Line(f"{x} ← {x} + ½ h v", 1, HERE, ("|noise|",), BAOAB),
        Line(f"return {x}"),
    ]


@writes(Forward, ncsn=NO_FORWARD)
def forward(spec: Any, ink: Ink) -> list[Line]:
    """From data to noise."""
    source = CHAIN if ink.notation == "ddpm" else TRANSITION
    begin = ink(
        "x ← a(0) x_0 + std(0) z,  x_0 a point of the data", "x̃ ← x_0 + σ_0 z,  x_0 a point of the data", "x_0 ← a point of the data"
    )
    text = ink(
        "x ← c x + G z,  c = a′/a,  G² = std′² − c² std²" if ink.shrinks else "x ← x + G z,  G² = σ′² − σ²",
        "x̃ ← x̃ + √(σ_{i+1}² − σ_i²) z",
        "x_k ← √(1 − β_k) x_{k−1} + √β_k z",
    )
    head = Line(
        ink("for t = 0, …, 1 − Δt:", "for i = 0, …, n − 1:", "for k = 1, …, T:"), 0, frozenset(), ("t", "t1"), source, standing=True
    )
    values = (*(("c",) if ink.shrinks else ()), "G2", "|drift|", "|noise|") if ink.shrinks else ("G2", "|noise|")
    return [
        Line(begin, 0, lit(START), (), source),
        head,
        Line(text, 1, lit(PREDICT), values, source),
        Line(ink("return x", "return x̃", "return x_T")),
    ]
