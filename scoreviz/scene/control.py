"""What is asked of the samples: nothing, a class, or a coordinate that is known."""

from __future__ import annotations

from typing import Annotated, Literal

from scoreviz.scene.choice import Choice, Spec
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP

_RUN = Invalidates.TRAJECTORY | Invalidates.FIELD
CLASSES = 8
"""Class colours, 0 to 7."""


class ControlSpec(Choice):
    __slots__ = ()
    FAMILY = "control"


class Unconditional(Spec, ControlSpec, tag="none", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "nothing")
    HELP = QT_TRANSLATE_NOOP("scene", "Samples of the whole drawing.")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 6: p(x), not p(x|y).")


class ByClass(Spec, ControlSpec, tag="class", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "a class")
    HELP = QT_TRANSLATE_NOOP("scene", "Samples of one class colour.")
    RULE = QT_TRANSLATE_NOOP("scene", "s + w ∇ log p(y|x), or s + w (s(x|y) − s(x))")
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, eq. 14; Dhariwal & Nichol 2021; Ho & Salimans 2022.")
    label: Annotated[
        int,
        param(
            QT_TRANSLATE_NOOP("scene", "class"), QT_TRANSLATE_NOOP("scene", "Which colour; 0 is the first."),
            invalidates=_RUN, ge=0, le=CLASSES - 1,
        ),
    ] = 0  # fmt: skip
    weight: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "guidance w"),
            QT_TRANSLATE_NOOP("scene", "0: no guidance. 1: the conditional law. Other values give neither p(x|y) nor p(x) p(y|x)^w."),
            invalidates=_RUN, ge=-2.0, le=20.0,
        ),
    ] = 1.0  # fmt: skip
    rule: Annotated[
        Literal["classifier", "classifier_free"],
        param(
            QT_TRANSLATE_NOOP("scene", "rule"),
            QT_TRANSLATE_NOOP(
                "scene",
                "classifier: s + w ∇ log p(y|x), the classifier being exact. classifier-free: s + w (s(x|y) − s), both of the source.",
            ),
            invalidates=_RUN,
            labels={
                "classifier": QT_TRANSLATE_NOOP("scene", "classifier"),
                "classifier_free": QT_TRANSLATE_NOOP("scene", "classifier-free"),
            },
        ),
    ] = "classifier"  # fmt: skip


class Inpaint(Spec, ControlSpec, tag="inpaint", frozen=True, kw_only=True):
    LABEL = QT_TRANSLATE_NOOP("scene", "a known coordinate")
    HELP = QT_TRANSLATE_NOOP("scene", "One coordinate is known, the others are inpainted: after each substep the known one is replaced.")
    RULE = "known coordinate ← a y + std z"
    SOURCE = QT_TRANSLATE_NOOP("scene", "Song et al. 2021, section 5 and appendix I.2.")
    coordinate: Annotated[
        Literal["x", "y", "z"],
        param(
            QT_TRANSLATE_NOOP("scene", "known"), QT_TRANSLATE_NOOP("scene", "Which coordinate."), invalidates=_RUN,
            labels={"x": "x", "y": "y", "z": "z"},
        ),
    ] = "x"  # fmt: skip
    value: Annotated[
        float,
        param(
            QT_TRANSLATE_NOOP("scene", "its value"), QT_TRANSLATE_NOOP("scene", "What it is known to be."),
            invalidates=_RUN, ge=-20.0, le=20.0,
        ),
    ] = 0.5  # fmt: skip
