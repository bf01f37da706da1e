"""Samplers, predictors and correctors that a person can choose."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from scoreviz.scene.choice import Choice, Spec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_RUN = Invalidates.TRAJECTORY


class PredictorSpec(Choice):
    __slots__ = ()
    FAMILY = "predictor"


class CorrectorSpec(Choice):
    __slots__ = ()
    FAMILY = "corrector"


class SamplerSpec(Choice):
    """A sampler. `AXIS` names its own time: "reverse" t 1 to 0, "forward" t 0 to 1, "iterations", "levels"."""

    __slots__ = ()
    FAMILY = "sampler"
    AXIS: ClassVar[Literal["reverse", "forward", "iterations", "levels"]]
    RARE: ClassVar[bool] = False  # rare samplers stand under More
    SEEING: ClassVar[str] = ""  # one sentence for "What am I seeing?"
    FORMULA: ClassVar[str] = ""  # its rule in LaTeX, where it does not depend on the settings

    def seeing(self) -> str:
        """What the points of a run of just this spec do."""
        return self.SEEING

    def formula(self) -> str:
        """The rule of just this spec, in LaTeX."""
        return self.FORMULA


_REVERSE = r"\mathrm{d}x = \left[f(x,t) - g(t)^2\, \nabla_x \log p_t(x)\right]\mathrm{d}t + g(t)\,\mathrm{d}\bar{w}"


def _langevin_rule(step: str, score: str, convention: str, noise: bool = True) -> str:
    """x <- x + step score + noise, as the code writes it or as the papers do."""
    drift, shake = (step, rf"\sqrt{{2{step}}}\, z") if convention == "code" else (rf"\tfrac{{{step}}}{{2}}", rf"\sqrt{{{step}}}\, z")
    return rf"x \leftarrow x + {drift}\, {score}" + (f" + {shake}" if noise else "")


class ReverseDiffusion(Spec, PredictorSpec, tag="reverse_diffusion", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "reverse diffusion")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "x + (σ² − σ'²) s + √(σ² − σ'²) z: the forward step's own discretisation, reversed (Song et al. 2021, eq. 46)."
    )


class EulerMaruyama(Spec, PredictorSpec, tag="euler_maruyama", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Euler–Maruyama")
    HELP = QT_TRANSLATE_NOOP("scene", "x + [f − g² s] dt + g √|dt| z.")


class Ancestral(Spec, PredictorSpec, tag="ancestral", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "ancestral")
    HELP = QT_TRANSLATE_NOOP("scene", "DDPM's step: the posterior of the level below, given the estimate of the data (Ho et al. 2020).")
    variance: Annotated[
        Literal["posterior", "forward"],
        param(
            QT_TRANSLATE_NOOP("scene", "variance"),
            QT_TRANSLATE_NOOP(
                "scene", "β̃: the variance given the data (diffusers: fixed_small). β: that of the forward step (fixed_large)."
            ),
            invalidates=_RUN, advanced=True,
            labels={"posterior": QT_TRANSLATE_NOOP("scene", "β̃ (small)"), "forward": QT_TRANSLATE_NOOP("scene", "β (large)")},
        ),
    ] = "posterior"  # fmt: skip


class NoPredictor(Spec, PredictorSpec, tag="none", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "none")
    HELP = QT_TRANSLATE_NOOP("scene", "Only the corrector moves the particles.")


class LangevinCorrector(Spec, CorrectorSpec, tag="langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin steps of size 2 (r |z| / |s|)² at the present noise level.")
    snr: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "snr r"),
            QT_TRANSLATE_NOOP("scene", "Ratio of the step's signal to its noise. 0.16 for VE; larger steps mix faster and bias more."),
            invalidates=_RUN, ge=0.001, le=1.0, scale="log",
        ),
    ] = 0.16  # fmt: skip


class AnnealedLangevinCorrector(Spec, CorrectorSpec, tag="ald", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "annealed (ald)")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin steps of size 2 (r σ)²: the ald corrector of score_sde, not NCSN's sampler.")
    snr: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "snr r"),
            QT_TRANSLATE_NOOP("scene", "Step size in units of the noise level."),
            invalidates=_RUN, ge=0.001, le=1.0, scale="log",
        ),
    ] = 0.16  # fmt: skip


class NoCorrector(Spec, CorrectorSpec, tag="none", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "none")
    HELP = QT_TRANSLATE_NOOP("scene", "Only the predictor moves the particles.")


_STEPS = param(
    QT_TRANSLATE_NOOP("scene", "steps"),
    QT_TRANSLATE_NOOP("scene", "Number of steps from t = 1 to t = 0."),
    invalidates=_RUN, ge=1, le=2000, scale="log",
)  # fmt: skip
_DENOISE = param(
    QT_TRANSLATE_NOOP("scene", "denoise at the end"),
    QT_TRANSLATE_NOOP("scene", "Return the mean of the last step, without its noise."),
    invalidates=_RUN, advanced=True,
)  # fmt: skip
_CONVENTION = param(
    QT_TRANSLATE_NOOP("scene", "step rule"),
    QT_TRANSLATE_NOOP("scene", "Papers write a step as α/2 and √α, code as α and √(2α). Same rule, another α."),
    invalidates=_RUN, advanced=True,
    labels={"code": QT_TRANSLATE_NOOP("scene", "α, √(2α) (code)"), "paper": QT_TRANSLATE_NOOP("scene", "α/2, √α (paper)")},
)  # fmt: skip


class ReverseSDE(Spec, SamplerSpec, tag="reverse_sde", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "reverse SDE")
    HELP = QT_TRANSLATE_NOOP("scene", "dx = [f − g² s] dt + g dw, from noise at t = 1 back to data at t = 0.")
    AXIS = "reverse"
    FORMULA = _REVERSE
    SEEING = QT_TRANSLATE_NOOP("scene", "Each point follows the reverse SDE: pulled along the score, shaken by fresh noise.")
    steps: Annotated[int, _STEPS] = 100
    predictor: Annotated[
        PredictorSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "predictor"),
            QT_TRANSLATE_NOOP("scene", "How one step of the reverse SDE is discretised."),
            invalidates=_RUN, advanced=True,
        ),
    ] = ReverseDiffusion()  # fmt: skip
    denoise: Annotated[bool, _DENOISE] = True


class ProbabilityFlow(Spec, SamplerSpec, tag="heun", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "probability-flow ODE")
    HELP = QT_TRANSLATE_NOOP("scene", "dx = [f − g² s / 2] dt, solved by Heun's second-order rule: the same marginals, no noise.")
    AXIS = "reverse"
    FORMULA = r"\mathrm{d}x = \left[f(x,t) - \tfrac{1}{2}\, g(t)^2\, \nabla_x \log p_t(x)\right]\mathrm{d}t"
    SEEING = QT_TRANSLATE_NOOP("scene", "Each point follows the probability-flow ODE: no noise at all, yet the same density at every t.")
    steps: Annotated[int, _STEPS] = 60


class Langevin(Spec, SamplerSpec, tag="langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "x ← x + ε s + √(2ε) z at one noise level, for ever.")
    AXIS = "iterations"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Each point climbs the score of one fixed noise level and is shaken. Far modes are found, but with the wrong shares."
    )
    steps: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "iterations"), QT_TRANSLATE_NOOP("scene", "Number of Langevin steps."),
            invalidates=_RUN, ge=1, le=5000, scale="log",
        ),
    ] = 300  # fmt: skip
    step_size: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "step size ε"),
            QT_TRANSLATE_NOOP("scene", "Too small and nothing mixes; above twice the narrowest variance the points fly off."),
            invalidates=_RUN, gt=0, le=1.0, scale="log",
        ),
    ] = 0.002  # fmt: skip
    sigma: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "noise level σ"),
            QT_TRANSLATE_NOOP("scene", "The level whose score is climbed; held within the range that the network is trained on."),
            invalidates=_RUN, ge=0.001, le=50.0, scale="log",
        ),
    ] = 0.1  # fmt: skip
    noise: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "noise"),
            QT_TRANSLATE_NOOP("scene", "Without it every point climbs to a mode and stays there."),
            invalidates=_RUN,
        ),
    ] = True  # fmt: skip
    convention: Annotated[Literal["code", "paper"], _CONVENTION] = "code"

    def seeing(self) -> str:
        """Without noise there is no shaking, and no law to find."""
        if self.noise:
            return self.SEEING
        return QT_TRANSLATE_NOOP("scene", "Each point climbs the score of one fixed noise level and is not shaken: it ends on a mode.")

    def formula(self) -> str:
        """With or without its noise, as code or papers write it."""
        step = r"\varepsilon" if self.convention == "code" else r"\alpha"
        return _langevin_rule(step, r"\nabla_x \log p_\sigma(x)", self.convention, self.noise)


class AnnealedLangevin(Spec, SamplerSpec, tag="annealed_langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "annealed Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin at a ladder of falling noise levels, step ε σ²/σ_L² (Song & Ermon 2019, algorithm 1).")
    AXIS = "levels"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Langevin steps at one noise level after another, large to small: the large levels carry points between modes."
    )
    levels: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "levels"),
            QT_TRANSLATE_NOOP("scene", "Number of noise levels, geometric from σ max to σ min. Neighbours must overlap."),
            invalidates=_RUN, ge=1, le=500, scale="log",
        ),
    ] = 12  # fmt: skip
    steps_per_level: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "steps a level"), QT_TRANSLATE_NOOP("scene", "Langevin steps at each noise level."),
            invalidates=_RUN, ge=1, le=1000, scale="log",
        ),
    ] = 20  # fmt: skip
    epsilon: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "ε"),
            QT_TRANSLATE_NOOP("scene", "Step size at the smallest level; 2e-5 in NCSN with σ_L = 0.01."),
            invalidates=_RUN, gt=0, le=0.1, scale="log",
        ),
    ] = 2e-5  # fmt: skip
    convention: Annotated[Literal["code", "paper"], _CONVENTION] = "code"

    def formula(self) -> str:
        """Its steps shrink with the level."""
        rule = _langevin_rule(r"\alpha_i", r"\nabla_x \log p_{\sigma_i}(x)", self.convention)
        return rule + r", \quad \alpha_i = \varepsilon\, \sigma_i^2 / \sigma_L^2"


class Forward(Spec, SamplerSpec, tag="forward", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "forward SDE")
    HELP = QT_TRANSLATE_NOOP("scene", "dx = f dt + g dw, from data at t = 0 to noise at t = 1.")
    AXIS = "forward"
    FORMULA = r"\mathrm{d}x = f(x,t)\,\mathrm{d}t + g(t)\,\mathrm{d}w"
    SEEING = QT_TRANSLATE_NOOP("scene", "Data dissolves into noise. No score is used: this is the process that sampling must undo.")
    steps: Annotated[int, _STEPS] = 100


class PredictorCorrector(Spec, SamplerSpec, tag="pc", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "predictor–corrector")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "A step of the reverse SDE, and Langevin steps at the same level to repair it (Song et al. 2021, algorithm 1)."
    )
    AXIS = "reverse"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Blue substeps predict along the reverse SDE, red ones correct by Langevin at the same noise level."
    )
    steps: Annotated[int, _STEPS] = 100
    corrector_steps: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "corrector steps"),
            QT_TRANSLATE_NOOP("scene", "Langevin steps for each predictor step; 0 leaves the predictor alone."),
            invalidates=_RUN, ge=0, le=20,
        ),
    ] = 1  # fmt: skip
    predictor: Annotated[
        PredictorSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "predictor"),
            QT_TRANSLATE_NOOP("scene", "How one step of the reverse SDE is discretised."),
            invalidates=_RUN, advanced=True,
        ),
    ] = ReverseDiffusion()  # fmt: skip
    corrector: Annotated[
        CorrectorSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "corrector"),
            QT_TRANSLATE_NOOP("scene", "What repairs each predictor step."),
            invalidates=_RUN, advanced=True,
        ),
    ] = LangevinCorrector()  # fmt: skip
    order: Annotated[
        Literal["corrector_first", "predictor_first"],
        param(
            QT_TRANSLATE_NOOP("scene", "order"),
            QT_TRANSLATE_NOOP("scene", "The published code corrects first, the paper's algorithm predicts first."),
            invalidates=_RUN, advanced=True,
            labels={
                "corrector_first": QT_TRANSLATE_NOOP("scene", "correct, predict (code)"),
                "predictor_first": QT_TRANSLATE_NOOP("scene", "predict, correct (paper)"),
            },
        ),
    ] = "corrector_first"  # fmt: skip
    denoise: Annotated[bool, _DENOISE] = True

    def formula(self) -> str:
        """The reverse SDE, which every predictor discretises, and the corrector's Langevin step."""
        predicts = not isinstance(self.predictor, NoPredictor)
        corrects = self.corrector_steps > 0 and not isinstance(self.corrector, NoCorrector)
        correct = _langevin_rule(r"\varepsilon", r"\nabla_x \log p_t(x)", "code")
        return r", \quad ".join(([_REVERSE] if predicts else []) + ([correct] if corrects else []))
