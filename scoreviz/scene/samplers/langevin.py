"""Langevin dynamics at one noise level: unadjusted, corrected by Metropolis, with a velocity; and annealed over many."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.family import CONVENTION, RUN, SamplerSpec, langevin_rule
from scoreviz.scene.text import QT_TRANSLATE_NOOP

ITERATIONS = param(
    QT_TRANSLATE_NOOP("scene", "iterations"), QT_TRANSLATE_NOOP("scene", "Number of Langevin steps."),
    invalidates=RUN, ge=1, le=5000, scale="log",
)  # fmt: skip
SIGMA = param(
    QT_TRANSLATE_NOOP("scene", "noise level σ"),
    QT_TRANSLATE_NOOP("scene", "The level whose score is climbed; held within the range that the network is trained on."),
    invalidates=RUN, ge=0.001, le=50.0, scale="log",
)  # fmt: skip
ACCEPT = r"\mathrm{accept}\ y\ \mathrm{with}\ \min\left(1, \frac{p_\sigma(y)\, q(x|y)}{p_\sigma(x)\, q(y|x)}\right)"


class Langevin(Spec, SamplerSpec, tag="langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "At one noise level, for ever.")
    RULE = QT_TRANSLATE_NOOP("scene", "x' = x + ε s + √(2ε) z, or in papers x + α s/2 + √α z")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song & Ermon 2019, eq. 4; Roberts & Tweedie 1996 (ULA).")
    AXIS = "iterations"
    SEEING = QT_TRANSLATE_NOOP(
        "scene",
        "Each point climbs the score of one fixed noise level and is shaken. "
        "Where modes lie far apart hardly a point crosses: each mode keeps the share that fell to it at the start.",
    )
    steps: Annotated[int, ITERATIONS] = 300
    step_size: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "step size ε"),
            QT_TRANSLATE_NOOP("scene", "Too small and nothing mixes; above twice the narrowest variance the points fly off."),
            invalidates=RUN, gt=0, le=1.0, scale="log",
        ),
    ] = 0.002  # fmt: skip
    sigma: Annotated[float, SIGMA] = 0.1
    noise: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "noise"),
            QT_TRANSLATE_NOOP("scene", "Without it every point climbs to a mode and stays there."),
            invalidates=RUN,
        ),
    ] = True  # fmt: skip
    convention: Annotated[Literal["code", "paper"], CONVENTION] = "code"

    def seeing(self) -> str:
        """Without noise there is no shaking, and no law to find."""
        if self.noise:
            return self.SEEING
        return QT_TRANSLATE_NOOP("scene", "Each point climbs the score of one fixed noise level and is not shaken: it ends on a mode.")

    def formula(self) -> str:
        """With or without its noise, as code or papers write it."""
        step = r"\varepsilon" if self.convention == "code" else r"\alpha"
        return langevin_rule(step, r"\nabla_x \log p_\sigma(x)", self.convention, self.noise)


class MALA(Spec, SamplerSpec, tag="mala", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "MALA")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin steps as proposals, accepted so often that the density stays as it is. Needs a density.")
    RULE = QT_TRANSLATE_NOOP("scene", "y = x + ε s + √(2ε) z, accepted with min(1, p(y) q(x|y)/(p(x) q(y|x)))")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Roberts & Tweedie 1996.")
    AXIS = "iterations"
    RARE = True
    NEEDS_DENSITY = True
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Each point proposes a Langevin step and goes or stays: no step size biases the law, a large one only makes points stay."
    )
    steps: Annotated[int, ITERATIONS] = 300
    step_size: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "step size ε"),
            QT_TRANSLATE_NOOP("scene", "Too small and nothing mixes, too large and hardly a step is accepted; best where about 57 % are."),
            invalidates=RUN, gt=0, le=10.0, scale="log",
        ),
    ] = 0.01  # fmt: skip
    sigma: Annotated[float, SIGMA] = 0.1
    convention: Annotated[Literal["code", "paper"], CONVENTION] = "code"

    def formula(self) -> str:
        """Langevin's rule as the proposal y, and the probability of going there."""
        rule = langevin_rule(r"\varepsilon" if self.convention == "code" else r"\alpha", r"\nabla_x \log p_\sigma(x)", self.convention)
        return rule.replace(r"x \leftarrow", "y =") + r", \quad " + ACCEPT


class HMC(Spec, SamplerSpec, tag="hmc", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "Hamiltonian Monte Carlo")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "Each point is kicked and rolls over the landscape −log p; where it ends is accepted or not. Needs a density."
    )
    RULE = QT_TRANSLATE_NOOP("scene", "dx = v dt, dv = s dt, accepted with min(1, p(y) e^(−|v'|²/2)/(p(x) e^(−|v|²/2)))")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Duane et al. 1987; Neal 2011.")
    AXIS = "iterations"
    RARE = True
    NEEDS_DENSITY = True
    FORMULA = r"\dot{x} = v, \quad \dot{v} = \nabla_x \log p_\sigma(x), \quad v \sim \mathcal{N}(0, I)"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Each iteration is a whole roll over the landscape, so points go far; a roll whose energy is not kept is taken back."
    )
    steps: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "iterations"), QT_TRANSLATE_NOOP("scene", "Number of trajectories, each with a new velocity."),
            invalidates=RUN, ge=1, le=5000, scale="log",
        ),
    ] = 100  # fmt: skip
    leapfrog_steps: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "leapfrog steps"),
            QT_TRANSLATE_NOOP("scene", "Steps of each trajectory; with one it is MALA with ε = h²/2."),
            invalidates=RUN, ge=1, le=200, scale="log",
        ),
    ] = 10  # fmt: skip
    step_size: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "leapfrog step h"),
            QT_TRANSLATE_NOOP("scene", "In data units; above twice the narrowest width the trajectories fly off and are taken back."),
            invalidates=RUN, gt=0, le=10.0, scale="log",
        ),
    ] = 0.1  # fmt: skip
    jitter: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "spread of h"),
            QT_TRANSLATE_NOOP("scene", "Each trajectory's own step lies within this share of h; at 0 points may swing for ever."),
            invalidates=RUN, ge=0, le=0.9, advanced=True,
        ),
    ] = 0.2  # fmt: skip
    sigma: Annotated[float, SIGMA] = 0.1


class Underdamped(Spec, SamplerSpec, tag="underdamped", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "underdamped Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "Points have a velocity, pushed by the score, slowed by friction and shaken.")
    RULE = "dx = v dt, dv = s dt − γ v dt + √(2γ) dw"
    SOURCE = QT_TRANSLATE_NOOP("scene", "BAOAB: Leimkuhler & Matthews 2013.")
    AXIS = "iterations"
    RARE = True
    FORMULA = (
        r"\mathrm{d}x = v\,\mathrm{d}t, \quad "
        r"\mathrm{d}v = \nabla_x \log p_\sigma(x)\,\mathrm{d}t - \gamma v\,\mathrm{d}t + \sqrt{2\gamma}\,\mathrm{d}w"
    )
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Each point rolls on with a velocity of its own, so it crosses flat places faster than Langevin's jitter does."
    )
    steps: Annotated[int, ITERATIONS] = 300
    step_size: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "step h"),
            QT_TRANSLATE_NOOP("scene", "In data units; above twice the narrowest width the points fly off."),
            invalidates=RUN, gt=0, le=10.0, scale="log",
        ),
    ] = 0.05  # fmt: skip
    friction: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "friction γ"),
            QT_TRANSLATE_NOOP("scene", "Small and the points orbit, large and they jitter as in Langevin dynamics."),
            invalidates=RUN, gt=0, le=1000.0, scale="log",
        ),
    ] = 1.0  # fmt: skip
    sigma: Annotated[float, SIGMA] = 0.1


class AnnealedLangevin(Spec, SamplerSpec, tag="annealed_langevin", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "annealed Langevin")
    HELP = QT_TRANSLATE_NOOP("scene", "Langevin at a ladder of falling noise levels, with steps that shrink with the level.")
    RULE = QT_TRANSLATE_NOOP("scene", "x' = x + α_i s + √(2α_i) z, or in the paper x + α_i s/2 + √α_i z;  α_i = ε σ_i²/σ_L²")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song & Ermon 2019, algorithm 1.")
    AXIS = "levels"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Langevin steps at one noise level after another, large to small: the large levels carry points between modes."
    )
    levels: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "levels"),
            QT_TRANSLATE_NOOP("scene", "Number of noise levels, geometric from σ max to σ min. Neighbours must overlap."),
            invalidates=RUN, ge=1, le=500, scale="log",
        ),
    ] = 12  # fmt: skip
    steps_per_level: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "steps a level"), QT_TRANSLATE_NOOP("scene", "Langevin steps at each noise level."),
            invalidates=RUN, ge=1, le=1000, scale="log",
        ),
    ] = 20  # fmt: skip
    epsilon: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "ε"),
            QT_TRANSLATE_NOOP("scene", "Step size at the smallest level; 2e-5 in NCSN with σ_L = 0.01."),
            invalidates=RUN, gt=0, le=0.1, scale="log",
        ),
    ] = 2e-5  # fmt: skip
    convention: Annotated[Literal["code", "paper"], CONVENTION] = "code"
    denoise: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "denoise"),
            QT_TRANSLATE_NOOP("scene", "One more step, x + σ² s at the smallest level without noise (Tweedie; Song & Ermon 2020)."),
            invalidates=RUN, advanced=True,
        ),
    ] = False  # fmt: skip

    def formula(self) -> str:
        """Its steps shrink with the level."""
        rule = langevin_rule(r"\alpha_i", r"\nabla_x \log p_{\sigma_i}(x)", self.convention)
        return rule + r", \quad \alpha_i = \varepsilon\, \sigma_i^2 / \sigma_L^2"
