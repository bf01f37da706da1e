"""The reverse SDE, with and without correctors."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.grids import GridSpec, UniformGrid
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.correctors import LangevinCorrector, NoCorrector
from scoreviz.scene.samplers.family import GRID, REVERSE, RUN, STEPS, CorrectorSpec, PredictorSpec, SamplerSpec, langevin_rule
from scoreviz.scene.samplers.predictors import NoPredictor, ReverseDiffusion
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_DENOISE = param(
    QT_TRANSLATE_NOOP("scene", "denoise"),
    QT_TRANSLATE_NOOP(
        "scene", "mean: the last step without its noise. Tweedie: E[x_0 | x] at the lowest level instead of that step, for every noise."
    ),
    invalidates=RUN, advanced=True,
    labels={
        "mean": QT_TRANSLATE_NOOP("scene", "mean"),
        "tweedie": QT_TRANSLATE_NOOP("scene", "Tweedie"),
        "none": QT_TRANSLATE_NOOP("scene", "none"),
    },
)  # fmt: skip

SHAKEN = QT_TRANSLATE_NOOP("scene", "Each point follows the reverse SDE: pulled along the score, shaken by fresh noise.")
CORRECTED = QT_TRANSLATE_NOOP(
    "scene",
    "Nothing predicts: the noise level falls by itself, and at each one Langevin steps pull the points along its score and shake them.",
)
UNMOVED = QT_TRANSLATE_NOOP("scene", "Neither predictor nor corrector: no step moves the points.")


class ReverseSDE(Spec, SamplerSpec, tag="reverse_sde", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "reverse SDE")
    HELP = QT_TRANSLATE_NOOP("scene", "From noise at t = 1 back to data at t = 0, with fresh noise in every step.")
    RULE = "dx = [f − g² s] dt + g dw"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 6; Anderson 1982.")
    AXIS = "reverse"
    FORMULA = REVERSE
    SEEING = SHAKEN
    steps: Annotated[int, STEPS] = 100
    predictor: Annotated[
        PredictorSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "predictor"),
            QT_TRANSLATE_NOOP("scene", "How one step of the reverse SDE is discretised."),
            invalidates=RUN, advanced=True,
        ),
    ] = ReverseDiffusion()  # fmt: skip
    grid: Annotated[GridSpec, GRID] = UniformGrid()
    denoise: Annotated[Literal["mean", "tweedie", "none"], _DENOISE] = "mean"
    noise: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "noise"),
            QT_TRANSLATE_NOOP("scene", "Leaving it out and keeping g² whole is a common mistake: the ODE without noise takes g²/2."),
            invalidates=RUN, advanced=True,
        ),
    ] = True  # fmt: skip

    def seeing(self) -> str:
        """Without its noise it is no longer the reverse of anything."""
        if isinstance(self.predictor, NoPredictor):
            return UNMOVED
        if self.noise:
            return self.SEEING
        return QT_TRANSLATE_NOOP(
            "scene", "Each point follows the reverse SDE's drift without its noise: g² is twice the ODE's, and the points contract."
        )

    def formula(self) -> str:
        """With or without its noise."""
        return self.FORMULA if self.noise else self.FORMULA.partition(r" + g(t)")[0]


class PredictorCorrector(Spec, SamplerSpec, tag="pc", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "predictor–corrector")
    HELP = QT_TRANSLATE_NOOP("scene", "A step of the reverse SDE, and Langevin steps at one noise level to repair it.")
    RULE = "dx = [f − g² s] dt + g dw;  x' = x + ε s + √(2ε) z"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, algorithms 1 to 5.")
    AXIS = "reverse"
    SEEING = QT_TRANSLATE_NOOP(
        "scene",
        "Some substeps predict along the reverse SDE, blue on the time line; others, red, correct by Langevin steps at one noise level.",
    )
    steps: Annotated[int, STEPS] = 100
    corrector_steps: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "corrector steps"),
            QT_TRANSLATE_NOOP("scene", "Langevin steps for each predictor step; 0 leaves the predictor alone."),
            invalidates=RUN, ge=0, le=20,
        ),
    ] = 1  # fmt: skip
    predictor: Annotated[
        PredictorSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "predictor"),
            QT_TRANSLATE_NOOP("scene", "How one step of the reverse SDE is discretised."),
            invalidates=RUN, advanced=True,
        ),
    ] = ReverseDiffusion()  # fmt: skip
    corrector: Annotated[
        CorrectorSpec,
        param(
            QT_TRANSLATE_NOOP("scene", "corrector"),
            QT_TRANSLATE_NOOP("scene", "What repairs each predictor step."),
            invalidates=RUN, advanced=True,
        ),
    ] = LangevinCorrector()  # fmt: skip
    order: Annotated[
        Literal["corrector_first", "predictor_first"],
        param(
            QT_TRANSLATE_NOOP("scene", "order"),
            QT_TRANSLATE_NOOP("scene", "The published code corrects first, the paper's algorithm predicts first."),
            invalidates=RUN, advanced=True,
            labels={
                "corrector_first": QT_TRANSLATE_NOOP("scene", "correct, predict (code)"),
                "predictor_first": QT_TRANSLATE_NOOP("scene", "predict, correct (paper)"),
            },
        ),
    ] = "corrector_first"  # fmt: skip
    grid: Annotated[GridSpec, GRID] = UniformGrid()
    denoise: Annotated[Literal["mean", "tweedie", "none"], _DENOISE] = "mean"

    def seeing(self) -> str:
        """Of what there is: either may be left out."""
        corrects = self.corrector_steps > 0 and not isinstance(self.corrector, NoCorrector)
        if isinstance(self.predictor, NoPredictor):
            return CORRECTED if corrects else UNMOVED
        return self.SEEING if corrects else SHAKEN

    def formula(self) -> str:
        """The reverse SDE, which every predictor discretises, and the corrector's Langevin step."""
        predicts = not isinstance(self.predictor, NoPredictor)
        corrects = self.corrector_steps > 0 and not isinstance(self.corrector, NoCorrector)
        correct = langevin_rule(r"\varepsilon", r"\nabla_x \log p_t(x)", "code")
        return r", \quad ".join(([REVERSE] if predicts else []) + ([correct] if corrects else []))
