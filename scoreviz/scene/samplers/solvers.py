"""Solvers of the probability-flow ODE, and of the reverse SDE between one level and the next."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.grids import GridSpec, KarrasGrid, LogSNRGrid, UniformGrid
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.family import GRID, REVERSE, RUN, STEPS, SamplerSpec
from scoreviz.scene.samplers.reverse import SHAKEN
from scoreviz.scene.text import QT_TRANSLATE_NOOP

FLOW = r"\mathrm{d}x = \left[f(x,t) - \tfrac{1}{2}\, g(t)^2\, \nabla_x \log p_t(x)\right]\mathrm{d}t"
STRAIGHT = r"\frac{\mathrm{d}(x/a)}{\mathrm{d}\sigma} = \varepsilon = -\mathrm{std}\,\nabla_x \log p_t(x), \quad \sigma = \mathrm{std}/a"
FOLLOWS = QT_TRANSLATE_NOOP(
    "scene",
    "Each point follows the probability-flow ODE: no noise at all, yet with an exact score and no control its density is pₜ at every t.",
)

TO_DATA = param(
    QT_TRANSLATE_NOOP("scene", "last step to the data"),
    QT_TRANSLATE_NOOP("scene", "The last step goes to no noise at all (Tweedie's estimate). Otherwise the run ends at t = ε."),
    invalidates=RUN, advanced=True,
)  # fmt: skip
ETA = param(
    QT_TRANSLATE_NOOP("scene", "noise η"),
    QT_TRANSLATE_NOOP("scene", "0 is the ODE without any noise, 1 the reverse SDE."),
    invalidates=RUN, ge=0.0, le=1.0,
)  # fmt: skip
LOWER_ORDER = param(
    QT_TRANSLATE_NOOP("scene", "careful last step"),
    QT_TRANSLATE_NOOP("scene", "Below 15 steps the last one is of first order, which is steadier (diffusers: lower_order_final)."),
    invalidates=RUN, advanced=True,
)  # fmt: skip
RTOL = param(
    QT_TRANSLATE_NOOP("scene", "rtol"),
    QT_TRANSLATE_NOOP("scene", "Error allowed in a step, in units of the point's own size."),
    invalidates=RUN, ge=1e-8, le=1.0, scale="log",
)  # fmt: skip
ATOL = param(
    QT_TRANSLATE_NOOP("scene", "atol"),
    QT_TRANSLATE_NOOP("scene", "Error allowed in a step, in data units."),
    invalidates=RUN, ge=1e-8, le=1.0, scale="log",
)  # fmt: skip
SDE_RTOL = param(
    QT_TRANSLATE_NOOP("scene", "rtol"),
    QT_TRANSLATE_NOOP("scene", "Error allowed in a step, in units of the point's own size. Below 0.01 it gains little."),
    invalidates=RUN, ge=1e-3, le=1.0, scale="log",
)  # fmt: skip
SDE_ATOL = param(
    QT_TRANSLATE_NOOP("scene", "atol"),
    QT_TRANSLATE_NOOP("scene", "Error allowed in a step, in data units: 1/256 of the data's range in the paper."),
    invalidates=RUN, ge=1e-3, le=1.0, scale="log",
)  # fmt: skip


class ProbabilityFlow(Spec, SamplerSpec, tag="heun", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "probability-flow ODE")
    HELP = QT_TRANSLATE_NOOP("scene", "By Heun's second-order rule, two evaluations a step: the SDE's marginals, no noise.")
    RULE = "dx = [f − g² s/2] dt"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 13; Karras et al. 2022, algorithm 1.")
    AXIS = "reverse"
    FORMULA = FLOW
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 60
    grid: Annotated[GridSpec, GRID] = UniformGrid()
    to_data: Annotated[bool, TO_DATA] = False


class Euler(Spec, SamplerSpec, tag="euler", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Euler (ODE)")
    HELP = QT_TRANSLATE_NOOP("scene", "The probability-flow ODE by Euler's rule in t: first order, one evaluation a step.")
    RULE = "x' = x − [f − g² s/2] Δt"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 13.")
    AXIS = "reverse"
    RARE = True
    FORMULA = FLOW
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 100
    grid: Annotated[GridSpec, GRID] = UniformGrid()
    to_data: Annotated[bool, TO_DATA] = False


class RK4(Spec, SamplerSpec, tag="rk4", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "RK4 (ODE)")
    HELP = QT_TRANSLATE_NOOP("scene", "The probability-flow ODE by the classical fourth-order rule in σ: four evaluations a step.")
    RULE = "d(x/a)/dσ = −std s,  y' = y + Δσ (k₁ + 2k₂ + 2k₃ + k₄)/6"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Kutta 1901; the ODE Song et al. 2021, eq. 13.")
    AXIS = "reverse"
    RARE = True
    FORMULA = STRAIGHT
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 30
    grid: Annotated[GridSpec, GRID] = UniformGrid()
    to_data: Annotated[bool, TO_DATA] = False


class RK45(Spec, SamplerSpec, tag="rk45", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "RK45, adaptive (ODE)")
    HELP = QT_TRANSLATE_NOOP("scene", "The probability-flow ODE to a tolerance; steps are as long as the estimated error allows.")
    RULE = "d(x/a)/dσ = −std s,  error ≈ |y₅ − y₄|"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Dormand & Prince 1980; the ODE Song et al. 2021, eq. 13.")
    AXIS = "reverse"
    RARE = True
    ADAPTIVE = True
    FORMULA = STRAIGHT
    SEEING = QT_TRANSLATE_NOOP(
        "scene",
        "Each point follows the probability-flow ODE in steps that are long where the paths are straight; a pause is a rejected step.",
    )
    rtol: Annotated[float, RTOL] = 1e-5
    atol: Annotated[float, ATOL] = 1e-5
    to_data: Annotated[bool, TO_DATA] = False


class DDIM(Spec, SamplerSpec, tag="ddim", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "DDIM")
    HELP = QT_TRANSLATE_NOOP(
        "scene",
        "To the estimate of the data, and from there back to the next level with the same noise; η exchanges a share of it for "
        "fresh noise. η = 0 is DPM-Solver-1.",
    )
    RULE = "x' = a' x̂₀ + √(std'² − v²) ε̂ + v z"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song, Meng & Ermon 2021, eq. 12 and 16.")
    AXIS = "reverse"
    RARE = True
    FORMULA = r"x_s = a_s\, \hat{x}_0 + \sqrt{\mathrm{std}_s^2 - v^2}\;\hat{\varepsilon} + v\, z"
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 50
    eta: Annotated[float, ETA] = 0.0
    grid: Annotated[GridSpec, GRID] = UniformGrid()
    to_data: Annotated[bool, TO_DATA] = True

    def seeing(self) -> str:
        """With noise it is no ODE."""
        return SHAKEN if self.eta > 0 else FOLLOWS


class DPMSolver2(Spec, SamplerSpec, tag="dpm_2", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "DPM-Solver-2")
    HELP = QT_TRANSLATE_NOOP("scene", "The ODE by the midpoint of ln σ: second order, two evaluations a step.")
    RULE = "y_m = y + (σ_m − σ) ε(y),  y' = y + (σ' − σ) ε(y_m),  σ_m = √(σ σ')"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Lu et al. 2022, algorithm 1.")
    AXIS = "reverse"
    RARE = True
    FORMULA = STRAIGHT
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 30
    grid: Annotated[GridSpec, GRID] = LogSNRGrid()
    to_data: Annotated[bool, TO_DATA] = False


class DPMSolver3(Spec, SamplerSpec, tag="dpm_3", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "DPM-Solver-3")
    HELP = QT_TRANSLATE_NOOP("scene", "The ODE by thirds of a step of ln σ: third order, three evaluations a step.")
    RULE = "d(x/a)/dσ = −std s"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Lu et al. 2022, algorithm 2.")
    AXIS = "reverse"
    RARE = True
    FORMULA = STRAIGHT
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 20
    grid: Annotated[GridSpec, GRID] = LogSNRGrid()
    to_data: Annotated[bool, TO_DATA] = False


class DPMSolverPP2M(Spec, SamplerSpec, tag="dpmpp_2m", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "DPM-Solver++(2M)")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "The ODE with the estimate of the data drawn on from the last two: second order for one evaluation a step."
    )
    RULE = "y' = e^(−h) y + (1 − e^(−h)) [D + (h/2h₋)(D − D₋)],  h = ln σ/σ'"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Lu et al. 2022b, algorithm 2.")
    AXIS = "reverse"
    RARE = True
    FORMULA = r"y' = e^{-h} y + (1 - e^{-h})\left[D + \tfrac{h}{2 h_-}(D - D_-)\right], \quad y = x/a, \; h = \ln \sigma/\sigma'"
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 30
    grid: Annotated[GridSpec, GRID] = LogSNRGrid()
    lower_order_final: Annotated[bool, LOWER_ORDER] = True
    to_data: Annotated[bool, TO_DATA] = False


class DPMSolverPP2MSDE(Spec, SamplerSpec, tag="dpmpp_2m_sde", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "DPM-Solver++(2M) SDE")
    HELP = QT_TRANSLATE_NOOP("scene", "The reverse SDE with the estimate of the data drawn on from the last two.")
    RULE = "dx = [f − g² s] dt + g dw"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Lu et al. 2022b, section 5; η after k-diffusion.")
    AXIS = "reverse"
    RARE = True
    FORMULA = REVERSE
    SEEING = SHAKEN
    steps: Annotated[int, STEPS] = 40
    eta: Annotated[float, ETA] = 1.0
    grid: Annotated[GridSpec, GRID] = LogSNRGrid()
    lower_order_final: Annotated[bool, LOWER_ORDER] = True
    to_data: Annotated[bool, TO_DATA] = True

    def seeing(self) -> str:
        """Without noise it is the ODE."""
        return SHAKEN if self.eta > 0 else FOLLOWS


class UniPC(Spec, SamplerSpec, tag="unipc", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "UniPC")
    HELP = QT_TRANSLATE_NOOP("scene", "The ODE by a predictor and a corrector that share each evaluation, of order 2.")
    RULE = "d(x/a)/dσ = −std s"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Zhao et al. 2023, algorithms 5 to 8.")
    AXIS = "reverse"
    RARE = True
    FORMULA = STRAIGHT
    SEEING = FOLLOWS
    steps: Annotated[int, STEPS] = 20
    variant: Annotated[
        Literal["bh1", "bh2"],
        param(
            QT_TRANSLATE_NOOP("scene", "variant"),
            QT_TRANSLATE_NOOP("scene", "The paper's B(h): −h or e^(−h) − 1. They differ at few steps only."),
            invalidates=RUN, advanced=True,
            labels={"bh1": QT_TRANSLATE_NOOP("scene", "B₁(h)"), "bh2": QT_TRANSLATE_NOOP("scene", "B₂(h)")},
        ),
    ] = "bh2"  # fmt: skip
    grid: Annotated[GridSpec, GRID] = LogSNRGrid()
    to_data: Annotated[bool, TO_DATA] = False


class EDMHeun(Spec, SamplerSpec, tag="edm", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "EDM (Heun with churn)")
    HELP = QT_TRANSLATE_NOOP("scene", "Steps of the ODE by Heun's rule, with noise added before each.")
    RULE = "σ̂ = (1 + γ) σ,  ŷ = y + S √(σ̂² − σ²) z,  dy = ε dσ"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, algorithm 2.")
    AXIS = "reverse"
    RARE = True
    FORMULA = (
        r"\hat\sigma = (1 + \gamma)\sigma, \; \hat{y} = y + S\sqrt{\hat\sigma^2 - \sigma^2}\, z, "
        r"\; \mathrm{d}y = \varepsilon\,\mathrm{d}\sigma"
    )
    SEEING = QT_TRANSLATE_NOOP("scene", "Each point follows the probability-flow ODE, is shaken back up a little, and follows it again.")
    steps: Annotated[int, STEPS] = 40
    s_churn: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "S churn"),
            QT_TRANSLATE_NOOP("scene", "Noise added in all: a level rises by S churn / steps of itself, at most by 41%. 0 is the ODE."),
            invalidates=RUN, ge=0.0, le=200.0,
        ),
    ] = 30.0  # fmt: skip
    s_min: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "S min"),
            QT_TRANSLATE_NOOP("scene", "No noise is added below this σ."),
            invalidates=RUN, ge=0.0, le=1000.0, scale="log", advanced=True,
        ),
    ] = 0.01  # fmt: skip
    s_max: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "S max"),
            QT_TRANSLATE_NOOP("scene", "No noise is added above this σ."),
            invalidates=RUN, gt=0.0, le=1000.0, scale="log", advanced=True,
        ),
    ] = 1.0  # fmt: skip
    s_noise: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "S noise"),
            QT_TRANSLATE_NOOP("scene", "Scale of the noise. Slightly above 1 makes up for detail that a network loses; 1 is exact."),
            invalidates=RUN, gt=0.0, le=2.0, advanced=True,
        ),
    ] = 1.0  # fmt: skip
    grid: Annotated[GridSpec, GRID] = KarrasGrid()
    to_data: Annotated[bool, TO_DATA] = True

    def seeing(self) -> str:
        """Without churn it is the ODE."""
        return self.SEEING if self.s_churn > 0 else FOLLOWS


class EulerAncestral(Spec, SamplerSpec, tag="euler_ancestral", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Euler ancestral")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "Along the ODE to below the next level, then noise up to it. The same step as DDIM's, whatever the noise."
    )
    RULE = "y' = y + (σ_d − σ) ε + σ_u z,  σ_u = η σ' √(σ² − σ'²)/σ"
    SOURCE = QT_TRANSLATE_NOOP("scene", "k-diffusion (published code), sample_euler_ancestral.")
    AXIS = "reverse"
    RARE = True
    FORMULA = r"y' = y + (\sigma_d - \sigma)\varepsilon + \sigma_u z, \quad \sigma_u = \eta\,\sigma'\sqrt{\sigma^2 - \sigma'^2}/\sigma"
    SEEING = SHAKEN
    steps: Annotated[int, STEPS] = 60
    eta: Annotated[float, ETA] = 1.0
    grid: Annotated[GridSpec, GRID] = UniformGrid()
    to_data: Annotated[bool, TO_DATA] = True

    def seeing(self) -> str:
        """Without noise it is the ODE."""
        return SHAKEN if self.eta > 0 else FOLLOWS


class AdaptiveSDE(Spec, SamplerSpec, tag="adaptive_sde", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "adaptive SDE")
    HELP = QT_TRANSLATE_NOOP("scene", "The reverse SDE to a tolerance: Euler–Maruyama against its improved form with the same noise.")
    RULE = "dx = [f − g² s] dt + g dw,  error ≈ |x_EM − x_improved|"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Jolicoeur-Martineau et al. 2021 (Gotta Go Fast), algorithm 1.")
    AXIS = "reverse"
    RARE = True
    ADAPTIVE = True
    FORMULA = REVERSE
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Each point follows the reverse SDE in steps as long as the estimated error allows; a pause is a rejected step."
    )
    rtol: Annotated[float, SDE_RTOL] = 0.05
    atol: Annotated[float, SDE_ATOL] = 0.01
    to_data: Annotated[bool, TO_DATA] = True
