"""A place that a person points at, as a point of the drawing."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

FARTHEST = 1e4
"""In the drawing's units; far beyond, squares no longer fit float32."""


def place(x: tuple[float, ...], dim: int) -> Tensor:
    """x as a point (D,), float64. SceneError where it is none of a drawing with `dim` coordinates."""
    if len(x) != dim:
        raise SceneError(
            QT_TRANSLATE_NOOP("engine", "This point has {given} coordinates, the drawing has {dim}. Point anew."), given=len(x), dim=dim
        )
    if not all(math.isfinite(value) and abs(value) <= FARTHEST for value in x):
        raise SceneError(QT_TRANSLATE_NOOP("engine", "This point lies too far away to compute anything there."))
    return torch.tensor(x, dtype=torch.float64)
