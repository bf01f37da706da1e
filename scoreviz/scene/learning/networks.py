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
        "scene", "Fully connected layers with EDM preconditioning, so that inputs and targets have unit variance at every σ."
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
            QT_TRANSLATE_NOOP("scene", "How many classes the network can be told apart; 0: none. A change starts a new network."),
            invalidates=Invalidates.NETWORK, ge=0, le=32, advanced=True,
        ),
    ] = 0  # fmt: skip
