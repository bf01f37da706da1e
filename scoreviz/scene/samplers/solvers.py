"""Solvers of the probability-flow ODE."""

from __future__ import annotations

from typing import Annotated

from scoreviz.scene.choice import Spec
from scoreviz.scene.samplers.family import STEPS, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class ProbabilityFlow(Spec, SamplerSpec, tag="heun", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "probability-flow ODE")
    HELP = QT_TRANSLATE_NOOP("scene", "dx = [f − g² s / 2] dt, solved by Heun's second-order rule: the same marginals, no noise.")
    AXIS = "reverse"
    FORMULA = r"\mathrm{d}x = \left[f(x,t) - \tfrac{1}{2}\, g(t)^2\, \nabla_x \log p_t(x)\right]\mathrm{d}t"
    SEEING = QT_TRANSLATE_NOOP("scene", "Each point follows the probability-flow ODE: no noise at all, yet the same density at every t.")
    steps: Annotated[int, STEPS] = 60
