"""The network's weights with names."""

from __future__ import annotations

from typing import Any

from scoreviz.engine.answers.registry import World, answers
from scoreviz.engine.trainer import shown_network
from scoreviz.maths.denoiser import EnergyDenoiser
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.weights import AskWeights, Weights
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

RULE = (
    "D(x, sigma) = c_skip x + c_out F(c_in x, ln(sigma)/4); score = (D(x/a, std/a) - x/a) / (a (std/a)^2). "
    "F's input: c_in x, sin and cos of (c_in x) @ frequencies, [c, sin(o c), cos(o c)] with c = ln(sigma)/4 and o = 1, 2, 4, 8, then the "
    "class as one-hot; SiLU after every layer but the last."
)


@answers(AskWeights)
def weights(_question: AskWeights, world: World) -> Weights:
    """Averaged weights (EMA) at the step on screen. SceneError before the first training step: random numbers are nobody's result."""
    step = world.trainer.shown_step
    if step == 0:
        raise SceneError(
            QT_TRANSLATE_NOOP("engine", "The network has not been trained yet, so it has no weights worth keeping. Train it first.")
        )
    network = shown_network(world.trainer)
    tensors = {"frequencies": Array.of(network.frequencies.numpy())}
    for k, (matrix, bias) in enumerate(network.layers):
        tensors[f"layers.{k}.weight"] = Array.of(matrix.T.contiguous().numpy())
        tensors[f"layers.{k}.bias"] = Array.of(bias.contiguous().numpy())
    spec: Any = world.scene.network
    metadata = {
        "step": str(step), "dim": str(network.dim), "sigma_data": repr(network.sigma_data), "predicts": spec.parameterisation,
        "classes": str(network.classes), "energy": str(isinstance(network, EnergyDenoiser)), "rule": RULE,
    }  # fmt: skip
    return Weights(step=step, tensors=tensors, metadata=metadata)
