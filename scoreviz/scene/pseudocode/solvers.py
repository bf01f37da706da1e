"""Solvers of the probability-flow ODE, and of the reverse SDE in the same variable: y = x/a, dy/dσ = ε(y, σ)."""

from __future__ import annotations

from typing import Any

from scoreviz.scene.pseudocode.listing import ATTEMPT, DATA, DENOISE, PREDICT, START, Ink, Line, lit, writes
from scoreviz.scene.pseudocode.reverse import loop, start, tweedie_line
from scoreviz.scene.samplers import (
    DDIM,
    RK4,
    RK45,
    AdaptiveSDE,
    DPMSolver2,
    DPMSolver3,
    DPMSolverPP2M,
    DPMSolverPP2MSDE,
    EDMHeun,
    Encode,
    Euler,
    EulerAncestral,
    ProbabilityFlow,
    UniPC,
)
from scoreviz.scene.text import QT_TRANSLATE_NOOP

NO_ODE = QT_TRANSLATE_NOOP("scene", "NCSN's paper has no ODE (Song et al. 2021 found it); written in NCSN's σ_i.")
NO_SDE = QT_TRANSLATE_NOOP("scene", "NCSN's paper has no such sampler; written in its σ_i.")
DDPM_ODE = QT_TRANSLATE_NOOP("scene", "DDPM's paper has no ODE; written with its ε_θ, in σ_k² = (1 − ᾱ_k)/ᾱ_k.")
DDPM_SDE = QT_TRANSLATE_NOOP("scene", "DDPM's paper has no such sampler; written with its ε_θ, in σ_k² = (1 − ᾱ_k)/ᾱ_k.")

UNITS = QT_TRANSLATE_NOOP(
    "scene", "In y = x/a and σ = std/a the ODE is dy/dσ = ε(y, σ): Song, Meng & Ermon 2021, eq. 14; Karras et al. 2022, eq. 4."
)
FLOW = QT_TRANSLATE_NOOP("scene", "Euler's rule for the probability-flow ODE: Song et al. 2021, eq. 13.")
HEUN = QT_TRANSLATE_NOOP("scene", "Heun's rule, second order: Karras et al. 2022, algorithm 1.")
KUTTA = QT_TRANSLATE_NOOP("scene", "The classical rule of fourth order (Kutta 1901), in σ.")
PRINCE = QT_TRANSLATE_NOOP("scene", "Orders 5 and 4, seven stages: Dormand & Prince 1980; widths after Hairer, Nørsett & Wanner, II.4.")
IMPLICIT = QT_TRANSLATE_NOOP("scene", "DDIM: Song, Meng & Ermon 2021, eq. 12 and 16.")
UPWARDS = QT_TRANSLATE_NOOP("scene", "Euler ancestral: k-diffusion, sample_euler_ancestral; the same step as DDIM's.")
DPM2 = QT_TRANSLATE_NOOP("scene", "DPM-Solver-2, r₁ = ½: Lu et al. 2022, algorithm 1.")
DPM3 = QT_TRANSLATE_NOOP("scene", "DPM-Solver-3, r₁ = ⅓, r₂ = ⅔: Lu et al. 2022, algorithm 2. φ(u) = (e^u − 1)/u − 1.")
PLUS = QT_TRANSLATE_NOOP("scene", "DPM-Solver++(2M): Lu et al. 2022b, algorithm 2; its SDE form section 5, η after k-diffusion.")
UNIPC = QT_TRANSLATE_NOOP("scene", "UniPC of order 2: Zhao et al. 2023, algorithms 5 to 8.")
CHURN = QT_TRANSLATE_NOOP(
    "scene", "Karras et al. 2022, algorithm 2; the chain is cut after the noise, so that a score is the one at its x."
)
GO_FAST = QT_TRANSLATE_NOOP("scene", "Gotta Go Fast: Jolicoeur-Martineau et al. 2021, algorithm 1; one step size for all particles.")
ENCODED = QT_TRANSLATE_NOOP("scene", "Encoding by the ODE upwards: Song et al. 2021, section 4.3.")

HERE = lit(PREDICT)


def _units(ink: Ink) -> Line:
    """What y and ε stand for."""
    text = ink(
        "with y = x/a,  ε(y, σ) = −std s_θ(a y, t)" if ink.shrinks else "with ε(x, σ) = −σ s_θ(x, t)",
        "with ε(x̃, σ) = −σ s_θ(x̃, σ)",
        "with y = x_k/√ᾱ_k,  ε(y, σ_k) = ε_θ(x_k, k)",
    )
    return Line(text, source=UNITS)


def _slope(ink: Ink) -> Line:
    return Line(f"e ← ε({ink.y}, {ink.sigma})", 1, HERE, ("sigma", "sigma1", "|s|"), UNITS)


def _rule(texts: list[str], source: str, values: tuple[str, ...] = (), last: tuple[str, ...] = ("|drift|",)) -> list[Line]:
    """Lines of one step; `values` stand at the first, `last` at the last of them."""
    shown = [values, *[()] * (len(texts) - 2), last] if len(texts) > 1 else [(*values, *last)]
    return [Line(text, 1, HERE, names, source) for text, names in zip(texts, shown, strict=True)]


def _end(spec: Any, ink: Ink) -> Line:
    if getattr(spec, "to_data", False):
        return tweedie_line(ink, lit(DATA, DENOISE))
    return Line(ink("return x" if not ink.shrinks else "return a y", "return x̃", "return √ᾱ_1 y"), 0)


def _whole(spec: Any, ink: Ink, body: list[Line], *, units: bool = True) -> list[Line]:
    """The rule in its loop, between the start and the end."""
    return [*([_units(ink)] if units else []), start(ink), loop(ink), *body, _end(spec, ink)]


def _heun(ink: Ink, to: str) -> list[str]:
    y, sigma = ink.y, ink.sigma
    return [f"u ← {y} + ({to} − {sigma}) e", f"e′ ← ε(u, {to})", f"{y} ← {y} + ½ ({to} − {sigma})(e + e′)"]


def _rk4(ink: Ink, to: str) -> list[str]:
    y, sigma = ink.y, ink.sigma
    return [
        f"h ← {to} − {sigma}",
        f"e_2 ← ε({y} + ½ h e, {sigma} + ½ h)",
        f"e_3 ← ε({y} + ½ h e_2, {sigma} + ½ h)",
        f"e_4 ← ε({y} + h e_3, {to})",
        f"{y} ← {y} + h (e + 2 e_2 + 2 e_3 + e_4)/6",
    ]


def _euler(ink: Ink) -> list[Line]:
    text = ink(
        "x ← x + [f(x, t) − ½ g(t)² s_θ(x, t)] Δt" if ink.shrinks else "x ← x − ½ g(t)² s_θ(x, t) Δt",
        "x̃ ← x̃ − ½ g(σ_i)² s_θ(x̃, σ_i) Δt",
        "x_{k−1} ← x_k + ½ β(t) [ε_θ(x_k, k)/√(1 − ᾱ_k) − x_k] Δt",
    )
    values = ("f", "g2", "dt", "|s|") if ink.shrinks and ink.notation == "sde" else ("g2", "dt", "|s|")
    return [Line(text, 1, HERE, (*values, "|drift|"), FLOW)]


@writes(Euler, ncsn=NO_ODE, ddpm=DDPM_ODE)
def euler(spec: Euler, ink: Ink) -> list[Line]:
    """Along the tangent, in t."""
    lines = _whole(spec, ink, _euler(ink), units=False)
    if not spec.to_data:
        lines[-1] = Line(ink("return x", "return x̃", "return x_1"), 0)
    return lines


@writes(ProbabilityFlow, ncsn=NO_ODE, ddpm=DDPM_ODE)
def heun(spec: ProbabilityFlow, ink: Ink) -> list[Line]:
    """Two slopes."""
    return _whole(spec, ink, [_slope(ink), *_rule(_heun(ink, ink.sigma_next), HEUN)])


@writes(RK4, ncsn=NO_ODE, ddpm=DDPM_ODE)
def rk4(spec: RK4, ink: Ink) -> list[Line]:
    """Four slopes."""
    return _whole(spec, ink, [_slope(ink), *_rule(_rk4(ink, ink.sigma_next), KUTTA, ("gap",))])


@writes(DPMSolver2, ncsn=NO_ODE, ddpm=DDPM_ODE)
def dpm_2(spec: DPMSolver2, ink: Ink) -> list[Line]:
    """The midpoint of ln sigma."""
    y, here, there = ink.y, ink.sigma, ink.sigma_next
    texts = [f"σ_m ← √({here} {there})", f"u ← {y} + (σ_m − {here}) e", f"{y} ← {y} + ({there} − {here}) ε(u, σ_m)"]
    return _whole(spec, ink, [_slope(ink), *_rule(texts, DPM2, ("sigma_m",))])


@writes(DPMSolver3, ncsn=NO_ODE, ddpm=DDPM_ODE)
def dpm_3(spec: DPMSolver3, ink: Ink) -> list[Line]:
    """Thirds of ln sigma."""
    y, here, there = ink.y, ink.sigma, ink.sigma_next
    texts = [
        f"h ← ln({here}/{there}),  τ_1 ← {here} e^{{−h/3}},  τ_2 ← {here} e^{{−2h/3}}",
        f"d_1 ← ε({y} + (τ_1 − {here}) e, τ_1) − e",
        f"u ← {y} + (τ_2 − {here}) e − 2 τ_2 φ(2h/3) d_1",
        "d_2 ← ε(u, τ_2) − e",
        f"{y} ← {y} + ({there} − {here}) e − 1.5 {there} φ(h) d_2",
    ]
    return _whole(spec, ink, [_slope(ink), *_rule(texts, DPM3, ("h",))])


@writes(DPMSolverPP2M, DPMSolverPP2MSDE, ncsn=NO_ODE, ddpm=DDPM_ODE)
def dpmpp_2m(spec: Any, ink: Ink) -> list[Line]:
    """With the estimate of the step before."""
    y, here, there = ink.y, ink.sigma, ink.sigma_next
    eta = getattr(spec, "eta", 0.0)
    power = "(1+η)h" if eta else "h"
    texts = [
        f"D ← {y} − {here} e,  h ← ln({here}/{there})",
        "D* ← D + (h/2h_−)(D − D_−),  first step D* ← D",
        f"{y} ← e^{{−{power}}} {y} + (1 − e^{{−{power}}}) D*",
    ]
    if eta:
        texts.append(f"{y} ← {y} + {there} √(1 − e^{{−2ηh}}) z")
    return _whole(spec, ink, [_slope(ink), *_rule(texts, PLUS, ("h", *(("eta",) if eta else ())), _moves(eta))])


@writes(UniPC, ncsn=NO_ODE, ddpm=DDPM_ODE)
def unipc(spec: UniPC, ink: Ink) -> list[Line]:
    """Correct the point that was reached, predict the next."""
    y, here, there = ink.y, ink.sigma, ink.sigma_next
    b = "−h" if spec.variant == "bh1" else "e^{−h} − 1"
    texts = [
        f"D ← {y} − {here} e,  h ← ln({here}/{there}),  B ← {b}",
        f"{y} ← the last step again, now that D at its end is known (UniC)",
        f"{y} ← e^{{−h}} {y} + (1 − e^{{−h}}) D",
        f"{y} ← {y} − B (D_− − D)/(2r),  r = −h_−/h;  not at the first step (UniP)",
    ]
    return _whole(spec, ink, [_slope(ink), *_rule(texts, UNIPC, ("h",))])


@writes(DDIM, ncsn=NO_SDE)
def ddim(spec: DDIM, ink: Ink) -> list[Line]:
    """To the estimate of the data, and back to the next level."""
    y, here, there, v = ink.y, ink.sigma, ink.sigma_next, spec.eta > 0
    if ink.notation == "ddpm":
        texts = ["D ← (x_k − √(1 − ᾱ_k) ε_θ(x_k, k))/√ᾱ_k"]
        texts += ["v ← η √((1 − ᾱ_{k−1})/(1 − ᾱ_k)) √(1 − ᾱ_k/ᾱ_{k−1})"] if v else []
        texts.append("x_{k−1} ← √ᾱ_{k−1} D + √(1 − ᾱ_{k−1}" + (" − v²" if v else "") + ") ε_θ(x_k, k)" + (" + v z" if v else ""))
        values = ("abar", "abar1", *(("eta", "v") if v else ()), "|x0|")
        return [*_whole(spec, ink, _rule(texts, IMPLICIT, values, _moves(spec.eta)), units=False)[:-1], _ddim_end(spec, ink)]
    texts = [f"D ← {y} − {here} e"]
    texts += [f"σ_u ← η {there} √({here}² − {there}²)/{here}"] if v else []
    texts.append(f"{y} ← D + √({there}² − σ_u²) e + σ_u z" if v else f"{y} ← D + {there} e")
    return _whole(spec, ink, [_slope(ink), *_rule(texts, IMPLICIT, (*(("eta", "sigma_u") if v else ()), "|x0|"), _moves(spec.eta))])


def _ddim_end(spec: DDIM, ink: Ink) -> Line:
    return _end(spec, ink) if spec.to_data else Line("return x_1", 0)


def _moves(eta: float) -> tuple[str, ...]:
    return ("|drift|", "|noise|") if eta else ("|drift|",)


@writes(EulerAncestral, ncsn=NO_SDE, ddpm=DDPM_SDE)
def euler_ancestral(spec: EulerAncestral, ink: Ink) -> list[Line]:
    """Down below the next level, and up to it."""
    y, here, there = ink.y, ink.sigma, ink.sigma_next
    texts = [f"σ_u ← η {there} √({here}² − {there}²)/{here}", f"σ_d ← √({there}² − σ_u²)", f"{y} ← {y} + (σ_d − {here}) e + σ_u z"]
    if not spec.eta:
        texts = [f"{y} ← {y} + ({there} − {here}) e"]
    values = ("eta", "sigma_u", "sigma_d") if spec.eta else ()
    return _whole(spec, ink, [_slope(ink), *_rule(texts, UPWARDS, values, _moves(spec.eta))])


@writes(EDMHeun, ncsn=NO_SDE, ddpm=DDPM_SDE)
def edm(spec: EDMHeun, ink: Ink) -> list[Line]:
    """Heun, and noise on top."""
    y, there = ink.y, ink.sigma_next
    body = [_slope(ink), *_rule(_heun(ink, there), HEUN)]
    if spec.s_churn > 0:
        limits = f"S_min ≤ {there} ≤ S_max"
        body.append(Line(f"σ_r ← (1 + γ) {there} where {limits}, else {there}", 1, HERE, ("raised",), CHURN))
        body.append(Line(f"{y} ← {y} + S_noise √(σ_r² − {there}²) z", 1, HERE, ("|noise|",), CHURN))
    return _whole(spec, ink, body)


def _adaptive(spec: Any, ink: Ink, move: str, attempt: list[str], source: str, moves: tuple[str, ...]) -> list[Line]:
    """A substep makes the step that was earned, and tries the next; a rejected attempt moves nothing."""
    both = lit(PREDICT, ATTEMPT)
    head = Line(ink("while t > t_1:", "while σ > σ_L:", "while k > 1:"), 0, frozenset(), ("t", "t1"), source, standing=True)
    first = Line(move, 1, HERE, ("sigma", "sigma1", *moves), source)
    return [_units(ink), start(ink), head, first, *(Line(text, 1, both, (), source) for text in attempt), _end(spec, ink)]


@writes(RK45, ncsn=NO_ODE, ddpm=DDPM_ODE)
def rk45(spec: RK45, ink: Ink) -> list[Line]:
    """To a tolerance."""
    y = ink.y
    attempt = [
        f"{y}_5, {y}_4 ← seven stages of dy/d ln σ = σ ε, width h",
        f"q ← max over particles |{y}_5 − {y}_4|/(atol + rtol |{y}|)",
        f"if q ≤ 1: step earned, to {y}_5",
        "h ← 0.9 h q^{−1/5}",
    ]
    return _adaptive(spec, ink, f"{y} ← {y}_5, the step that was earned", attempt, PRINCE, ("|drift|",))


@writes(AdaptiveSDE, ncsn=NO_SDE, ddpm=DDPM_SDE)
def adaptive_sde(spec: AdaptiveSDE, ink: Ink) -> list[Line]:
    """Euler-Maruyama against its improved form."""
    attempt = [
        "x′ ← Euler–Maruyama step of width h, noise z",
        "x″ ← a step with the slopes and g found at x′, the same z",
        "m ← ½ (x′ + x″),  q ← max |x′ − m|/max(atol, rtol |x′|)",
        "if q ≤ 1: step earned, to m",
        "h ← 0.9 h q^{−0.9}",
    ]
    lines = _adaptive(spec, ink, "x ← m, the step that was earned", attempt, GO_FAST, ("|drift|", "|noise|"))
    return lines[1:]  # in x and t, whatever the notation


@writes(Encode, ncsn=NO_ODE, ddpm=DDPM_ODE)
def encode(spec: Encode, ink: Ink) -> list[Line]:
    """The ODE upwards."""
    begin = Line(ink("x ← a point of the data", "x̃ ← a point of the data", "x ← a point of the data"), 0, lit(START), (), ENCODED)
    head = Line(ink("for t = t_1, …, t_n:", "for i = L, …, 1:", "for k = 1, …, T:"), 0, frozenset(), ("t", "t1"), ENCODED, standing=True)
    upward = Ink(ink.notation, ink.shrinks)
    to = ink("σ′", "σ_{i−1}", "σ_{k+1}")
    end = Line(ink("return a y" if ink.shrinks else "return x", "return x̃", "return √ᾱ_T y"), 0)
    if spec.method == "euler":
        return [begin, head, *_euler(upward), Line(ink("return x", "return x̃", "return x_T"), 0)]
    rule = _rule(_heun(ink, to), HEUN) if spec.method == "heun" else _rule(_rk4(ink, to), KUTTA, ("gap",))
    return [_units(ink), begin, head, _slope(ink), *rule, end]
