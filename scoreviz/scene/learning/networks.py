"""What learns the score."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Spec
from scoreviz.scene.learning.family import NetworkSpec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

ParameterisationName = Literal["edm", "score", "eps", "x0", "v"]


class MLP(Spec, NetworkSpec, tag="mlp", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "multilayer perceptron")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "Fully connected layers, of inputs with unit variance at every σ. What the last one stands for: “predicts”."
    )
    RULE = "D(x, σ) = c_skip x + c_out F(c_in x, ln σ/4),  s = (D − x)/σ²"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Karras et al. 2022, eq. 7; Fourier features Tancik et al. 2020.")
    width: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "width"), QT_TRANSLATE_NOOP("scene", "Units in each hidden layer. A change starts a new network."),
            invalidates=Invalidates.NETWORK, ge=4, le=1024, scale="log",
        ),
    ] = 64  # fmt: skip
    depth: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "hidden layers"), QT_TRANSLATE_NOOP("scene", "How many. A change starts a new network."),
            invalidates=Invalidates.NETWORK, ge=1, le=8,
        ),
    ] = 3  # fmt: skip
    features: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "Fourier features"),
            QT_TRANSLATE_NOOP("scene", "Random sines and cosines of x: fine detail is learned sooner. A change starts a new network."),
            invalidates=Invalidates.NETWORK, ge=0, le=256, advanced=True,
        ),
    ] = 32  # fmt: skip
    parameterisation: Annotated[
        ParameterisationName,
        param(
            QT_TRANSLATE_NOOP("scene", "predicts"),
            QT_TRANSLATE_NOOP("scene", "One field in other units: what the last layer stands for. A change starts a new network."),
            invalidates=Invalidates.NETWORK, advanced=True,
            labels={
                "edm": QT_TRANSLATE_NOOP("scene", "EDM (noise and data)"),
                "score": QT_TRANSLATE_NOOP("scene", "σ × score (NCSN)"),
                "eps": QT_TRANSLATE_NOOP("scene", "the noise ε (DDPM)"),
                "x0": QT_TRANSLATE_NOOP("scene", "the data x₀"),
                "v": QT_TRANSLATE_NOOP("scene", "v = a ε − std x₀"),
            },
            helps={
                "edm": QT_TRANSLATE_NOOP(
                    "scene",
                    "F in D = c_skip x + c_out F, with c_skip = σ_d²/(σ² + σ_d²), c_out = σ σ_d/√(σ² + σ_d²).\n"
                    "Source: Karras et al. 2022, eq. 7 and table 1.",
                ),
                "score": QT_TRANSLATE_NOOP("scene", "s_θ = F/σ.\nSource: Song & Ermon 2020, NCSNv2."),
                "eps": QT_TRANSLATE_NOOP("scene", "s_θ = −ε_θ/std.\nSource: Ho et al. 2020, section 3.2."),
                "x0": QT_TRANSLATE_NOOP("scene", "s_θ = (a x̂₀ − x)/std².\nSource: Ho et al. 2020, section 3.2; Salimans & Ho 2022."),
                "v": QT_TRANSLATE_NOOP("scene", "ε_θ = a v + std x, for a² + std² = 1.\nSource: Salimans & Ho 2022, section 4."),
            },
        ),
    ] = "edm"  # fmt: skip
    energy: Annotated[
        bool,
        param(
            QT_TRANSLATE_NOOP("scene", "gradient of an energy"),
            QT_TRANSLATE_NOOP(
                "scene",
                "The network is a scalar energy and the score its gradient: a field without curl, and a density for MALA and HMC. "
                "Slower to train. A change starts a new network.",
            ),
            invalidates=Invalidates.NETWORK, advanced=True,
        ),
    ] = False  # fmt: skip
    classes: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "classes"),
            QT_TRANSLATE_NOOP("scene", "How many classes the network is told of; 0: none. A change starts a new network."),
            invalidates=Invalidates.NETWORK, ge=0, le=32, advanced=True,
        ),
    ] = 0  # fmt: skip
