"""What every image model is, whatever family it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import ScoreFn
from scoreviz.protocol.messages import Card


@dataclass(frozen=True)
class Model:
    """A score of pictures (B, C, H, W), ready to be sampled.

    low, high: the data's range. mean: the prior's centre (C, H, W) in data units, None for 0. nearest: x (B, C, H, W) to the largest
    |difference| (B,) to the nearest stored picture; None without a store. clip: the range that the model's own sampler keeps the
    denoised estimate in where `card.clip`; for nearly all models [low, high].
    """

    card: Card
    sde: SDE
    score_fn: ScoreFn
    shape: tuple[int, int, int]
    low: float
    high: float
    clip: tuple[float, float]
    mean: Tensor | None = None
    nearest: Callable[[Tensor], Tensor] | None = None
