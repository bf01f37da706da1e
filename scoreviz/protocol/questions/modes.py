"""How much of a cloud lies at each mode of the drawing; the points of a data set."""

from __future__ import annotations

from typing import Literal

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec


class ModeMass(Spec, Answer, tag="mode_mass", frozen=True, kw_only=True):
    """Shares of N points at K modes beside the truth, heaviest first; each (K,) float64."""

    kind: Literal["mode", "class", "coordinate"]
    names: tuple[int, ...]  # the class's number, or the mode's, from 1
    centres: Array  # (K, D): mean of each mode in the drawing
    weights: Array  # the truth
    shares: Array
    errors: Array  # standard errors of the shares
    lost: float  # share of points that are not finite
    wrong: float  # total variation: the mass at the wrong mode, or at none
    chance: float  # what it is on average for as many exact samples
    joined: int  # so many connected pieces were joined with their nearest, for there were too many to show
    sigma: float  # of the law that they are weighed under


class AskModeMass(Spec, Question, tag="ask_mode_mass", frozen=True, kw_only=True):
    """Of these points (N, D) float32, the frame at time t of the scene's run; `last`: its last frame."""

    ANSWER = ModeMass
    points: Array
    t: float
    last: bool = False


class DataPoints(Spec, Answer, tag="data_points", frozen=True, kw_only=True):
    """The scene's data set, (size, D) float32."""

    points: Array


class AskData(Spec, Question, tag="ask_data", frozen=True, kw_only=True):
    """Where they lie."""

    ANSWER = DataPoints
