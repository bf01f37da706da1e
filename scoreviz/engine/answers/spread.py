"""Variance against t, and signal to noise."""

from __future__ import annotations

import torch

from scoreviz.engine.answers.registry import World, answers
from scoreviz.maths.theory import signal_to_noise, total_variance
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.spread import AskSpread, Spread


@answers(AskSpread)
def spread(question: AskSpread, world: World) -> Spread:
    """The exact curves of the scene's SDE on the drawn density."""
    t = torch.linspace(0.0, 1.0, question.points, dtype=torch.float64)
    table = signal_to_noise(world.sde, t.tolist())
    variance = total_variance(world.target, world.sde, t) / world.target.dim
    noise = table.std.square()
    return Spread(
        t=Array.of(t.numpy()), variance=Array.of(variance.numpy()), signal=Array.of((variance - noise).numpy()),
        noise=Array.of(noise.numpy()), sigma=Array.of(table.sigma.numpy()), log_snr=Array.of(table.log_snr.numpy()),
    )  # fmt: skip
