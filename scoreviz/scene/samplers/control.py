"""From data to its latent: the probability-flow ODE upwards."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.grids import GridSpec, UniformGrid
from scoreviz.scene.parameters import param
from scoreviz.scene.samplers.family import GRID, RUN, STEPS, SamplerSpec
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class Encode(Spec, SamplerSpec, tag="encode", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "encode (ODE upwards)")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "From data at t = 0 to noise at t = 1 without any noise: each point goes to its latent, and back on the same path."
    )
    RULE = "dx = [f − g² s/2] dt"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 13 and section 4.3.")
    AXIS = "forward"
    RARE = True
    FORMULA = r"\mathrm{d}x = \left[f(x,t) - \tfrac{1}{2}\, g(t)^2\, \nabla_x \log p_t(x)\right]\mathrm{d}t"
    SEEING = QT_TRANSLATE_NOOP(
        "scene", "Each point is carried to its latent without any noise; the way down from there ends where it began."
    )
    steps: Annotated[int, STEPS] = 60
    method: Annotated[
        Literal["euler", "heun", "rk4"],
        param(
            QT_TRANSLATE_NOOP("scene", "rule"),
            QT_TRANSLATE_NOOP("scene", "Runge–Kutta rule of order 1, 2 or 4; as many evaluations a step."),
            invalidates=RUN,
            labels={
                "euler": QT_TRANSLATE_NOOP("scene", "Euler"),
                "heun": QT_TRANSLATE_NOOP("scene", "Heun"),
                "rk4": QT_TRANSLATE_NOOP("scene", "Runge–Kutta 4"),
            },
        ),
    ] = "rk4"  # fmt: skip
    grid: Annotated[GridSpec, GRID] = UniformGrid()
