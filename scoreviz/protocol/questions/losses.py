"""Where the network's loss comes from: at each noise level with its floor, and the three forms of score matching side by side.

w(sigma) is the weight of the scene's objective on |D - x_0|^2, so lambda = w sigma^4 on errors of the score.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec


class LossBySigma(Spec, Answer, tag="loss_by_sigma", frozen=True, kw_only=True):
    """Each (L,) float64, sigma ascending, geometric."""

    sigma: Array  # in data units
    loss: Array  # the objective's loss of the averaged network at this sigma: floor + excess
    floor: Array  # what the exact score would leave
    excess: Array  # lambda E|s - s*|^2, by which every objective's loss is above its floor
    error: Array  # its standard error
    trained: Array  # uint8: does the objective train this level at all?
    points: int  # draws at each level


class AskLossBySigma(Spec, Question, tag="ask_loss_by_sigma", frozen=True, kw_only=True):
    """Of the network that samples, on the law that it is trained on."""

    ANSWER = LossBySigma
    levels: Annotated[int, msgspec.Meta(ge=2, le=64)] = 12
    points: Annotated[int, msgspec.Meta(ge=2, le=65536)] = 1024


class Objectives(Spec, Answer, tag="objectives", frozen=True, kw_only=True):
    """One network under three losses that are one up to constants, each with its standard error, (L,) float64.

    Each is what the network's loss is above the exact score's own on the same draws, whose mean is the known constant (0, the floor
    w E tr Cov(x_0|x), and -lambda E|s*|^2): explicit w E|D - D*|^2, denoising w E[|D - x_0|^2 - |D* - x_0|^2], and implicit
    lambda E[2 tr grad s + |s|^2 - 2 tr grad s* - |s*|^2], with the network's own derivatives.
    """

    sigma: Array
    explicit: Array
    implicit: Array
    denoising: Array
    explicit_error: Array
    implicit_error: Array
    denoising_error: Array
    points: int  # draws at each level so far


class AskObjectives(Spec, Question, tag="ask_objectives", frozen=True, kw_only=True):
    """In rounds of 512 draws at each level: the error bars shrink as the answer grows."""

    ANSWER = Objectives
    levels: Annotated[int, msgspec.Meta(ge=2, le=32)] = 8
    rounds: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8
