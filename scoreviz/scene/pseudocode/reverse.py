"""The reverse SDE, with and without correctors, and its beginning, which every sampler from noise shares."""

from __future__ import annotations

from typing import Any

from scoreviz.scene.pseudocode.listing import CORRECT, DENOISE, PREDICT, START, Ink, Line, lit, writes
from scoreviz.scene.samplers import (
    Ancestral,
    AnnealedLangevinCorrector,
    EulerMaruyama,
    NoCorrector,
    NoPredictor,
    PredictorCorrector,
    ReverseDiffusion,
    ReverseSDE,
)
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PRIOR = QT_TRANSLATE_NOOP(
    "scene", "The prior is centred where p₁ is: μ is the drawing's mean. For data that were centred beforehand μ = 0, as published."
)
UNIFORM = QT_TRANSLATE_NOOP(
    "scene", "A normal law about the drawing's mean μ, near p_σ at σ₁. Song & Ermon 2019, algorithm 1, begin with uniform noise instead."
)
GRID = QT_TRANSLATE_NOOP("scene", "Noise levels from the noisiest to the least, as the step grid lays them.")
ALGORITHM_PC = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, algorithm 1: predictor–corrector sampling.")
ALGORITHM_PC_CODE = QT_TRANSLATE_NOOP("scene", "As in the published code (score_sde): correct, then predict, at one t.")
REVERSED = QT_TRANSLATE_NOOP("scene", "Reverse diffusion sampler: Song et al. 2021, appendix E, eq. 46.")
EULER = QT_TRANSLATE_NOOP("scene", "Euler–Maruyama step of the reverse SDE: Song et al. 2021, eq. 6; Anderson 1982.")
ANCESTRAL = QT_TRANSLATE_NOOP("scene", "Ancestral sampling: Ho et al. 2020, algorithm 2, line 4; for VE Song et al. 2021, appendix F.")
POSTERIOR = QT_TRANSLATE_NOOP("scene", "The variance of q(x_{k−1} | x_k, x_0): Ho et al. 2020, eq. 7.")
CORRECTOR = QT_TRANSLATE_NOOP("scene", "Langevin corrector: Song et al. 2021, algorithms 4 and 5.")
ALD = QT_TRANSLATE_NOOP("scene", "The “ald” corrector of score_sde (published code); not NCSN's own sampler.")
TWEEDIE = QT_TRANSLATE_NOOP("scene", "Tweedie's formula: E[x₀ | x] = (x + std² s)/a. Robbins 1956; Efron 2011.")
NO_NOISE = QT_TRANSLATE_NOOP("scene", "A common mistake: without the noise the ODE takes g²/2, not g². The points contract.")
MEAN = QT_TRANSLATE_NOOP("scene", "The last step without its noise: Song et al. 2021, algorithms 2 and 3; Jolicoeur-Martineau et al. 2021.")


def start(ink: Ink) -> Line:
    """The first points, drawn from the prior."""
    text = ink(
        f"x ← {'a(1) ' if ink.shrinks else ''}μ + std z,  z ∼ N(0, I)", "x̃ ← μ + σ_1 z,  z ∼ N(0, I)", "x_T ← √ᾱ_T μ + z,  z ∼ N(0, I)"
    )
    return Line(text, 0, lit(START), ("prior",), ink(PRIOR, UNIFORM, PRIOR))


def loop(ink: Ink, last: str = "1", source: str = GRID) -> Line:
    """From the noisiest level to the one called `last`."""
    ncsn = "L" if last == "1" else "L − 1"
    text = ink(f"for t = t_n, …, t_{last}:", f"for i = 1, …, {ncsn}:", f"for k = T, …, {last}:")
    return Line(text, 0, frozenset(), ink.place, source, standing=True)


def tweedie_line(ink: Ink, parts: frozenset[str], depth: int = 0) -> Line:
    """The end: the estimate of the data."""
    text = ink(
        "return (x + std² s_θ(x, t))/a" if ink.shrinks else "return x + σ² s_θ(x, t)",
        "return x̃ + σ_L² s_θ(x̃, σ_L)",
        "return (x_1 − √(1 − ᾱ_1) ε_θ(x_1, 1))/√ᾱ_1",
    )
    return Line(text, depth, parts, ("std", "a", "|x0|") if ink.shrinks else ("sigma", "|x0|"), TWEEDIE)


def _predictor(spec: Any, ink: Ink, depth: int) -> list[Line]:
    here = lit(PREDICT)
    c = "c" if ink.shrinks else ""
    match spec:
        case ReverseDiffusion():
            mean = ink(
                ("m ← (2 − c) x" if c else "m ← x") + " + G² s_θ(x, t)",
                "m ← x̃ + (σ_i² − σ_{i+1}²) s_θ(x̃, σ_i)",
                "m ← (2 − √α_k) x_k − β_k ε_θ(x_k, k)/√(1 − ᾱ_k)",
            )
            noise = ink("x ← m + G z", "x̃ ← m + √(σ_i² − σ_{i+1}²) z", "x_{k−1} ← m + √β_k z")
            values: tuple[str, ...] = (*(("c",) if c else ()), "G2", "|s|")
            return [Line(mean, depth, here, _unshrunk(ink, values), REVERSED), Line(noise, depth, here, ("|drift|", "|noise|"), REVERSED)]
        case EulerMaruyama():
            mean = ink(
                "m ← x − [f(x, t) − g(t)² s_θ(x, t)] Δt" if ink.shrinks else "m ← x + g(t)² s_θ(x, t) Δt",
                "m ← x̃ + g(σ_i)² s_θ(x̃, σ_i) Δt",
                "m ← (1 + ½β(t) Δt) x_k − β(t) Δt ε_θ(x_k, k)/√(1 − ᾱ_k)",
            )
            noise = ink("x ← m + g(t) √Δt z", "x̃ ← m + g(σ_i) √Δt z", "x_{k−1} ← m + √(β(t) Δt) z")
            values = ("f", "g2", "dt") if ink.shrinks and ink.notation == "sde" else ("g2", "dt")
            return [Line(mean, depth, here, values, EULER), Line(noise, depth, here, ("|drift|", "|noise|"), EULER)]
        case Ancestral():
            small = spec.variance == "posterior"
            mean = ink(
                "m ← (x + G² s_θ(x, t))/c" if c else "m ← x + G² s_θ(x, t)",
                "m ← x̃ + (σ_i² − σ_{i+1}²) s_θ(x̃, σ_i)",
                "m ← (x_k − β_k ε_θ(x_k, k)/√(1 − ᾱ_k))/√α_k",
            )
            noise = ink(
                "x ← m + G (std′/std) z" if small else "x ← m + G z",
                "x̃ ← m + √(σ_i² − σ_{i+1}²)" + (" (σ_{i+1}/σ_i) z" if small else " z"),
                "x_{k−1} ← m + " + ("√β̃_k z" if small else "√β_k z"),
            )
            values = (*(("c",) if c else ()), "G2", "|s|")
            shaken = ("shake", "|drift|", "|noise|") if small else ("|drift|", "|noise|")
            between = [Line("β̃_k ← β_k (1 − ᾱ_{k−1})/(1 − ᾱ_k)", depth, here, (), POSTERIOR)] if small and ink.notation == "ddpm" else []
            return [Line(mean, depth, here, _unshrunk(ink, values), ANCESTRAL), *between, Line(noise, depth, here, shaken, ANCESTRAL)]
        case _:
            return []


def _unshrunk(ink: Ink, values: tuple[str, ...]) -> tuple[str, ...]:
    """Where G² is a difference of two σ², those are shown too; in DDPM's symbols ᾱ is."""
    extra = {"sde": () if ink.shrinks else ("sigma", "sigma1"), "ncsn": ("sigma", "sigma1"), "ddpm": ("abar",)}[ink.notation]
    return (*extra, *values)


def _corrector(spec: Any, ink: Ink, depth: int, below: bool) -> list[Line]:
    """below: it corrects at the level to which the predictor has gone."""
    here, corrector = lit(CORRECT), spec.corrector
    mark = "′" if below else ""
    sigma = "σ_{i+1}" if below else "σ_i"
    k = "k−1" if below else "k"
    point = ink("x", "x̃", f"x_{{{k}}}")
    score = ink(f"s_θ(x, t{mark})", f"s_θ(x̃, {sigma})", f"−ε_θ(x_{{{k}}}, {k})/√(1 − ᾱ_{{{k}}})")
    alpha = ink("α " if ink.shrinks else "", "", f"α_{{{k}}} ")
    known: tuple[str, ...] = ("alpha",) if ink.shrinks else ()
    lines = [] if spec.corrector_steps == 1 else [Line(f"repeat {spec.corrector_steps} times:", depth, source=ALGORITHM_PC)]
    depth += bool(lines)
    if isinstance(corrector, AnnealedLangevinCorrector):
        std = ink(f"std{mark}" if ink.shrinks else f"σ{mark}", sigma, f"√(1 − ᾱ_{{{k}}})")
        size = Line(f"ε ← 2 {alpha}(r {std})²", depth, here, ("r", "std", *known, "eps"), ALD)
    else:
        norm = "√d" if corrector.norms == "dimension" else "|z|"
        length = () if corrector.norms == "dimension" else ("|z|",)
        size = Line(f"ε ← 2 {alpha}(r {norm}/|g|)²", depth, here, ("r", *length, "|s|", *known, "eps"), CORRECTOR)
    return [
        *lines,
        Line(f"g ← {score},  z ∼ N(0, I)", depth, here, ("sigma",), CORRECTOR),
        size,
        Line(f"{point} ← {point} + ε g + √(2ε) z", depth, here, ("|drift|", "|noise|"), CORRECTOR),
    ]


def _end(spec: Any, ink: Ink) -> Line:
    if spec.denoise == "tweedie":
        return tweedie_line(ink, lit(DENOISE))
    if spec.denoise == "mean":
        return Line(ink("return m", "return m", "return m"), 0, lit(DENOISE), ("|drift|",), MEAN)
    return Line(ink("return x", "return x̃", "return x_0"), 0)


@writes(
    ReverseSDE,
    ncsn=QT_TRANSLATE_NOOP("scene", "NCSN's paper has no reverse SDE (Song et al. 2021 found it); its steps are written in NCSN's σ_i."),
)
def reverse_sde(spec: ReverseSDE, ink: Ink) -> list[Line]:
    """The predictor alone."""
    last = "2" if spec.denoise == "tweedie" else "1"
    lines = _predictor(spec.predictor, ink, 1)
    if not spec.noise and lines:
        text = ink("x ← m", "x̃ ← m", "x_{k−1} ← m")
        lines[-1] = Line(f"{text}  (its noise is left out)", 1, lit(PREDICT), ("|drift|",), NO_NOISE)
    return [start(ink), loop(ink, last, EULER), *lines, _end(spec, ink)]


@writes(
    PredictorCorrector,
    ncsn=QT_TRANSLATE_NOOP("scene", "NCSN's paper has the corrector's Langevin steps and no predictor; both are written in its σ_i."),
    ddpm=QT_TRANSLATE_NOOP("scene", "DDPM's paper has no corrector; it is written with its ε_θ and ᾱ_k."),
)
def predictor_corrector(spec: PredictorCorrector, ink: Ink) -> list[Line]:
    """Both, in the order that the spec says; what is left out is not listed."""
    predicts = not isinstance(spec.predictor, NoPredictor)
    corrects = spec.corrector_steps > 0 and not isinstance(spec.corrector, NoCorrector)
    first, tweedie = spec.order == "corrector_first", spec.denoise == "tweedie"
    source = ALGORITHM_PC_CODE if first else ALGORITHM_PC
    not_last = Line(ink("if t > t_1:", "if i < L:", "if k > 1:"), 1, source=source)
    if not first:  # at the last level there is a prediction only where nothing else ends the run, and nothing to correct after it
        whole = predicts and not tweedie
        predict = _predictor(spec.predictor, ink, 1) if predicts else []
        correct = _corrector(spec, ink, 2 if whole else 1, below=True) if corrects else []
        body = [*predict, *([not_last] if whole and corrects else []), *correct]
        return [start(ink), loop(ink, "1" if whole else "2", source), *body, _end(spec, ink)]
    correct = _corrector(spec, ink, 1, below=False) if corrects else []
    guarded = predicts and tweedie and corrects
    predict = _predictor(spec.predictor, ink, 2 if guarded else 1) if predicts else []
    body = [*correct, *([not_last] if guarded else []), *predict]
    return [start(ink), loop(ink, "2" if tweedie and not corrects else "1", source), *body, _end(spec, ink)]
