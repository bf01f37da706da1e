"""The families of samplers, predictors and correctors, and what their specs share."""

from __future__ import annotations

from typing import ClassVar, Literal

from scoreviz.scene.choice import Choice
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

RUN = Invalidates.TRAJECTORY


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
    NEEDS_DENSITY: ClassVar[bool] = False  # it accepts or rejects by log p, which a score alone does not know
    SCORELESS: ClassVar[bool] = False  # it never asks for a score
    ADAPTIVE: ClassVar[bool] = False  # it chooses its own steps: how many there are is known at the end
    SEEING: ClassVar[str] = ""  # one sentence for "What am I seeing?"
    FORMULA: ClassVar[str] = ""  # its rule in LaTeX, where it does not depend on the settings

    def seeing(self) -> str:
        """What the points of a run of just this spec do."""
        return self.SEEING

    def formula(self) -> str:
        """The rule of just this spec, in LaTeX."""
        return self.FORMULA


def denoises(spec: SamplerSpec) -> bool:
    """Does its last substep take the noise away, so that its points have the law of the data and not that of the last noise level?"""
    return getattr(spec, "denoise", False) not in (False, "none") or bool(getattr(spec, "to_data", False))


REVERSE = r"\mathrm{d}x = \left[f(x,t) - g(t)^2\, \nabla_x \log p_t(x)\right]\mathrm{d}t + g(t)\,\mathrm{d}\bar{w}"


def langevin_rule(step: str, score: str, convention: str, noise: bool = True) -> str:
    """x <- x + step score + noise, as the code writes it or as the papers do."""
    drift, shake = (step, rf"\sqrt{{2{step}}}\, z") if convention == "code" else (rf"\tfrac{{{step}}}{{2}}", rf"\sqrt{{{step}}}\, z")
    return rf"x \leftarrow x + {drift}\, {score}" + (f" + {shake}" if noise else "")


STEPS = param(
    QT_TRANSLATE_NOOP("scene", "steps"),
    QT_TRANSLATE_NOOP("scene", "Number of steps from t = 1 to t = 0."),
    invalidates=RUN, ge=1, le=2000, scale="log",
)  # fmt: skip
CONVENTION = param(
    QT_TRANSLATE_NOOP("scene", "step rule"),
    QT_TRANSLATE_NOOP("scene", "Papers write a step as α/2 and √α, code as α and √(2α). Same rule, another α."),
    invalidates=RUN, advanced=True,
    labels={"code": QT_TRANSLATE_NOOP("scene", "α, √(2α) (code)"), "paper": QT_TRANSLATE_NOOP("scene", "α/2, √α (paper)")},
)  # fmt: skip
GRID = param(
    QT_TRANSLATE_NOOP("scene", "step grid"),
    QT_TRANSLATE_NOOP("scene", "Where the steps lie between t = 1 and t = 0."),
    invalidates=RUN, advanced=True,
)  # fmt: skip
