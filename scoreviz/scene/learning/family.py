"""The families of networks and objectives, and which score drives the sampler."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from scoreviz.scene.choice import Choice, Section
from scoreviz.scene.parameters import Invalidates, param
from scoreviz.scene.text import QT_TRANSLATE_NOOP


class NetworkSpec(Choice):
    __slots__ = ()
    FAMILY = "network"


class ObjectiveSpec(Choice):
    """What the network minimises."""

    __slots__ = ()
    FAMILY = "objective"
    RARE: ClassVar[bool] = False  # rare objectives stand under More
    FORMULA: ClassVar[str] = ""  # the loss in LaTeX

    def formula(self) -> str:
        """The loss of just this spec, in LaTeX."""
        return self.FORMULA


class Score(Section, frozen=True, kw_only=True):
    """Which score drives the sampler."""

    source: Annotated[
        Literal["exact", "network", "data"],
        param(
            QT_TRANSLATE_NOOP("scene", "from"),
            QT_TRANSLATE_NOOP(
                "scene",
                "exact: the closed form of the drawn density. network: what has been learned so far. "
                "data: the closed form of the data set's points, which can return nothing but them.",
            ),
            invalidates=Invalidates.TRAJECTORY | Invalidates.FIELD,
            labels={
                "exact": QT_TRANSLATE_NOOP("scene", "exact"),
                "network": QT_TRANSLATE_NOOP("scene", "network"),
                "data": QT_TRANSLATE_NOOP("scene", "data"),
            },
        ),
    ] = "exact"  # fmt: skip
