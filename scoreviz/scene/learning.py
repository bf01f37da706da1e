"""Score, network, objective and training: what is learned and how."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Choice, Section, Spec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class NetworkSpec(Choice):
    __slots__ = ()
    FAMILY = "network"


class ObjectiveSpec(Choice):
    __slots__ = ()
    FAMILY = "objective"


class Score(Section, frozen=True, kw_only=True):
    """Which score drives the sampler."""

    source: Annotated[
        Literal["exact", "network"],
        param(
            QT_TRANSLATE_NOOP("scene", "from"),
            QT_TRANSLATE_NOOP("scene", "exact: the closed form of the drawn density. network: what has been learned so far."),
            invalidates=Invalidates.TRAJECTORY | Invalidates.FIELD,
            labels={"exact": QT_TRANSLATE_NOOP("scene", "exact"), "network": QT_TRANSLATE_NOOP("scene", "network")},
        ),
    ] = "exact"  # fmt: skip


class MLP(Spec, NetworkSpec, tag="mlp", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "multilayer perceptron")
    HELP = QT_TRANSLATE_NOOP(
        "scene", "Fully connected layers with EDM preconditioning, so that inputs and targets have unit variance at every σ."
    )
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


class Denoising(Spec, ObjectiveSpec, tag="denoising", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "denoising score matching")
    HELP = QT_TRANSLATE_NOOP("scene", "Predict the noise that was added; its best answer is the score (Vincent 2011).")
    weighting: Annotated[
        Literal["edm", "sigma2"],
        param(
            QT_TRANSLATE_NOOP("scene", "weighting"),
            QT_TRANSLATE_NOOP("scene", "How errors at different σ count: EDM's λ(σ), or NCSN's σ²."),
            invalidates=Invalidates.TRAINING, advanced=True,
            labels={"edm": QT_TRANSLATE_NOOP("scene", "EDM"), "sigma2": QT_TRANSLATE_NOOP("scene", "σ² (NCSN)")},
        ),
    ] = "edm"  # fmt: skip


class Training(Section, frozen=True, kw_only=True):
    """The optimiser's settings. None of them restarts the network, except its seed."""

    learning_rate: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "learning rate"),
            QT_TRANSLATE_NOOP("scene", "Adam's first step size; it decays to a tenth as training goes on."),
            invalidates=Invalidates.TRAINING, ge=1e-5, le=0.1, scale="log",
        ),
    ] = 0.005  # fmt: skip
    batch: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "batch"), QT_TRANSLATE_NOOP("scene", "Fresh samples of the drawing for each training step."),
            invalidates=Invalidates.TRAINING, ge=8, le=8192, scale="log",
        ),
    ] = 512  # fmt: skip
    ema: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "EMA rate"),
            QT_TRANSLATE_NOOP("scene", "Sampling uses an exponential moving average of the weights, min(rate, (1+n)/(10+n))."),
            invalidates=Invalidates.TRAINING, ge=0.0, le=0.9999, advanced=True,
        ),
    ] = 0.99  # fmt: skip
    seed: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "network seed"),
            QT_TRANSLATE_NOOP("scene", "First weights and the order of the data. A change starts a new network."),
            invalidates=Invalidates.NETWORK, ge=0, le=2**31 - 1, advanced=True,
        ),
    ] = 0  # fmt: skip
