"""What the network minimises: the four forms of score matching, and the published choices of noise levels and weights."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.learning.family import ObjectiveSpec
from scoreviz.scene.learning.sigmas import P_MEAN, P_STD, LogUniformSigma, SigmaSpec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

WeightingName = Literal["edm", "sigma2", "likelihood", "uniform"]

_NEXT = Invalidates.TRAINING

WEIGHTING = param(
    QT_TRANSLATE_NOOP("scene", "weighting"),
    QT_TRANSLATE_NOOP("scene", "How errors of the score at different σ count: the loss at σ is λ(σ) |error|²."),
    invalidates=_NEXT, advanced=True,
    labels={
        "edm": QT_TRANSLATE_NOOP("scene", "EDM"),
        "sigma2": QT_TRANSLATE_NOOP("scene", "σ² (NCSN)"),
        "likelihood": QT_TRANSLATE_NOOP("scene", "g² (likelihood)"),
        "uniform": QT_TRANSLATE_NOOP("scene", "1 (all alike)"),
    },
    helps={
        "edm": QT_TRANSLATE_NOOP(
            "scene",
            "λ(σ) = σ² (σ² + σ_d²)/σ_d², σ_d the data's spread: each σ begins with the same loss.\nSource: Karras et al. 2022, table 1.",
        ),
        "sigma2": QT_TRANSLATE_NOOP(
            "scene",
            "λ(σ) = σ²: the error of the predicted noise.\nSource: Song & Ermon 2019, section 4.2; Ho et al. 2020, eq. 14.",
        ),
        "likelihood": QT_TRANSLATE_NOOP(
            "scene",
            "λ = g(t)² on the score of x_t: with t uniform half of the explicit loss, "
            "and what the prior is off, bounds KL(p ‖ p_θ).\n"
            "Source: Song et al. 2021b (Maximum likelihood training), theorem 1.",
        ),
        "uniform": QT_TRANSLATE_NOOP(
            "scene", "λ(σ) = 1: the score's own error, ruled by small σ.\nSource: Song & Ermon 2019, eq. 5, unweighted."
        ),
    },
)  # fmt: skip
SIGMAS = param(
    QT_TRANSLATE_NOOP("scene", "noise levels"), QT_TRANSLATE_NOOP("scene", "How often each σ is trained."),
    invalidates=_NEXT, advanced=True,
)  # fmt: skip


class _Levels(Spec, frozen=True, kw_only=True):
    """Fields of an objective at noise levels of one's choice."""

    weighting: Annotated[WeightingName, WEIGHTING] = "edm"
    sigmas: Annotated[SigmaSpec, SIGMAS] = LogUniformSigma()


class Denoising(_Levels, ObjectiveSpec, tag="denoising", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "denoising score matching")
    HELP = QT_TRANSLATE_NOOP("scene", "Predict the noise that was added; its best answer is the score.")
    RULE = "E λ(σ) |s_θ(x̃, σ) − (x − x̃)/σ²|²"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Vincent 2011; Song & Ermon 2019, eq. 5, there with a factor ½.")
    FORMULA = r"\mathbb{E}\;\lambda(\sigma)\left\|s_\theta(\tilde{x},\sigma) - \frac{x-\tilde{x}}{\sigma^2}\right\|^2"


class Ladder(Spec, ObjectiveSpec, tag="ncsn", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "NCSN ladder")
    HELP = QT_TRANSLATE_NOOP("scene", "Denoising at L noise levels in geometric steps, each weighted by σ².")
    RULE = "(1/L) Σ σ_i² E |s_θ(x̃, σ_i) + (x̃ − x)/σ_i²|²"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song & Ermon 2019, eq. 5 and 6, there with a factor ½.")
    FORMULA = (
        r"\frac{1}{L}\sum_{i=1}^{L}\sigma_i^2\;\mathbb{E}\left\|s_\theta(\tilde{x},\sigma_i) + \frac{\tilde{x}-x}{\sigma_i^2}\right\|^2"
    )
    levels: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "levels"), QT_TRANSLATE_NOOP("scene", "From σ max down to σ min."),
            invalidates=_NEXT, ge=2, le=1000, scale="log",
        ),
    ] = 10  # fmt: skip


class DDPMSimple(Spec, ObjectiveSpec, tag="ddpm", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "DDPM simple")
    HELP = QT_TRANSLATE_NOOP("scene", "Predict the noise at T discrete steps of the VP noise, all weighted alike.")
    RULE = "E |ε − ε_θ(√ᾱ_k x_0 + √(1 − ᾱ_k) ε, k)|²"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Ho et al. 2020, eq. 14 and algorithm 1.")
    RARE = True
    FORMULA = (
        r"\mathbb{E}_{k,x_0,\epsilon}\left\|\epsilon - "
        r"\epsilon_\theta(\sqrt{\bar\alpha_k}\,x_0 + \sqrt{1-\bar\alpha_k}\,\epsilon,\,k)\right\|^2"
    )
    steps: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "steps T"), QT_TRANSLATE_NOOP("scene", "Number of discrete noise levels."),
            invalidates=_NEXT, ge=2, le=4000, scale="log",
        ),
    ] = 1000  # fmt: skip
    beta_min: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "β min"), QT_TRANSLATE_NOOP("scene", "First β times T."),
            invalidates=_NEXT, ge=0.001, le=5.0, scale="log", advanced=True,
        ),
    ] = 0.1  # fmt: skip
    beta_max: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "β max"), QT_TRANSLATE_NOOP("scene", "Last β times T."),
            invalidates=_NEXT, ge=5.0, le=50.0, scale="log", advanced=True,
        ),
    ] = 20.0  # fmt: skip


class EDMLoss(Spec, ObjectiveSpec, tag="edm", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "EDM")
    HELP = QT_TRANSLATE_NOOP("scene", "Denoising with log-normal noise levels, weighted so that each counts alike.")
    RULE = "E (σ² + σ_d²)/(σ σ_d)² |D(x_0 + σ z, σ) − x_0|²"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, eq. 2 and table 1.")
    RARE = True
    FORMULA = (
        r"\mathbb{E}_{\ln\sigma\sim\mathcal{N}(P_{\mathrm{mean}},P_{\mathrm{std}}^2)}\;"
        r"\frac{\sigma^2+\sigma_d^2}{(\sigma\,\sigma_d)^2}\left\|D_\theta(x_0+\sigma z,\sigma) - x_0\right\|^2"
    )
    p_mean: Annotated[float, P_MEAN] = -1.2
    p_std: Annotated[float, P_STD] = 1.2


class Explicit(_Levels, ObjectiveSpec, tag="explicit", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "explicit score matching")
    HELP = QT_TRANSLATE_NOOP("scene", "Match the exact score itself: possible only because a drawn density is known in closed form.")
    RULE = "E λ(σ) |s_θ(x, σ) − ∇ log p_σ(x)|²"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Hyvärinen 2005, eq. 2, there with a factor ½.")
    FORMULA = r"\mathbb{E}\;\lambda(\sigma)\left\|s_\theta(x,\sigma) - \nabla_x\log p_\sigma(x)\right\|^2"


class Implicit(_Levels, ObjectiveSpec, tag="implicit", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "implicit score matching")
    HELP = QT_TRANSLATE_NOOP(
        "scene",
        "Needs samples only: the score's divergence takes the place of the unknown score. "
        "It says nothing of places where there are no samples.",
    )
    RULE = "E λ(σ) [2 tr ∇s_θ(x, σ) + |s_θ(x, σ)|²]"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Hyvärinen 2005, theorem 1, there half of it.")
    FORMULA = r"\mathbb{E}\;\lambda(\sigma)\left[2\,\mathrm{tr}\,\nabla_x s_\theta(x,\sigma) + \left\|s_\theta(x,\sigma)\right\|^2\right]"


class Sliced(_Levels, ObjectiveSpec, tag="sliced", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "sliced score matching")
    HELP = QT_TRANSLATE_NOOP("scene", "Implicit score matching along random directions: one derivative for any number of dimensions.")
    RULE = QT_TRANSLATE_NOOP("scene", "E λ(σ) [2 v·∇s_θ v + (v·s_θ)²], or |s_θ|² for the second term")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2019, there half of it.")
    FORMULA = r"\mathbb{E}\;\lambda(\sigma)\left[2\,v^\top\nabla_x s_\theta\, v + (v^\top s_\theta)^2\right]"
    variance_reduced: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "variance reduced"),
            QT_TRANSLATE_NOOP("scene", "Put |s|², which is what the second term is on average, in its place."),
            invalidates=_NEXT,
        ),
    ] = True  # fmt: skip
    projections: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "directions"), QT_TRANSLATE_NOOP("scene", "Random directions v for each sample."),
            invalidates=_NEXT, ge=1, le=16,
        ),
    ] = 1  # fmt: skip
    probe: Annotated[
        Literal["rademacher", "gaussian"],
        param(
            QT_TRANSLATE_NOOP("scene", "law of v"), QT_TRANSLATE_NOOP("scene", "Signs ±1 vary the estimate less than normal numbers."),
            invalidates=_NEXT, advanced=True,
            labels={"rademacher": QT_TRANSLATE_NOOP("scene", "±1 (Rademacher)"), "gaussian": QT_TRANSLATE_NOOP("scene", "normal")},
        ),
    ] = "rademacher"  # fmt: skip

    def formula(self) -> str:
        """With |s|^2 where the variance is reduced."""
        if not self.variance_reduced:
            return self.FORMULA
        return self.FORMULA.replace(r"(v^\top s_\theta)^2", r"\left\|s_\theta\right\|^2")
