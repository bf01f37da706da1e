"""What a card tells of a pretrained model, whichever family it is of. Labels are templates, values are as they are."""

from __future__ import annotations

from torch import nn

from scoreviz.models.devices import device_of, in_words
from scoreviz.models.folders import Folder
from scoreviz.models.weights import Weights
from scoreviz.scene.text import QT_TRANSLATE_NOOP

Facts = tuple[tuple[str, str], ...]


def facts_of(folder: Folder, network: nn.Module, weights: Weights, shape: tuple[int, int, int]) -> Facts:
    """Where it is from and what was loaded."""
    channels, height, width = shape
    return (
        (QT_TRANSLATE_NOOP("models", "pictures"), f"{width} × {height} px, {channels} channels"),
        (QT_TRANSLATE_NOOP("models", "parameters"), f"{sum(p.numel() for p in network.parameters()):,}"),
        (QT_TRANSLATE_NOOP("models", "computes on"), in_words(device_of(network))),
        (QT_TRANSLATE_NOOP("models", "pipeline"), folder.pipeline),
        (QT_TRANSLATE_NOOP("models", "diffusers version"), folder.version or "not said"),
        (QT_TRANSLATE_NOOP("models", "licence"), folder.licence or "not said"),
        (QT_TRANSLATE_NOOP("models", "file"), str(weights.path)),
        (QT_TRANSLATE_NOOP("models", "size"), f"{weights.size:,} bytes"),
        (QT_TRANSLATE_NOOP("models", "SHA-256"), weights.sha256),
    )
