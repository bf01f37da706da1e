"""The network itself, to be taken elsewhere."""

from __future__ import annotations

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.family import Answer, Question
from scoreviz.scene.choice import Spec


class Weights(Spec, Answer, tag="weights", frozen=True, kw_only=True):
    """Tensors by name, in torch's convention (outputs, inputs), and what one must know to compute with them."""

    step: int
    tensors: dict[str, Array]
    metadata: dict[str, str]


class AskWeights(Spec, Question, tag="ask_weights", frozen=True, kw_only=True):
    """Of the network on screen: averaged, and pinned if one is."""

    ANSWER = Weights
