"""The UNet2DModel of a folder: its settings checked, built without memory, filled with weights that fit it, and frozen."""

from __future__ import annotations

import inspect
import os
import warnings
from typing import Any

import torch
from torch import nn

from scoreviz.models.devices import fastest
from scoreviz.models.folders import Config, Folder
from scoreviz.models.weights import Weights, find_weights, read_weights
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

MAX_SIZE, MAX_CHANNELS, MAX_LAYERS, MAX_BLOCKS = 1024, 8192, 16, 10


def load_network(folder: Folder) -> tuple[nn.Module, Weights, list[str]]:
    """The network in evaluation, without gradients, its file, and warnings. SceneError for settings or weights that cannot be."""
    _check(folder.network)
    settings, ignored = _known(folder.network)
    with torch.device("meta"):
        network = _build(folder.network, settings)
    weights = read_weights(find_weights(folder.network.path.parent), network)
    network.load_state_dict(weights.tensors, strict=True, assign=True)
    if any(tensor.is_meta for tensor in network.buffers()):  # constants that no file holds: they come with a network in memory
        network = _build(folder.network, settings)
        network.load_state_dict(weights.tensors, strict=True)
    network.eval().requires_grad_(False).to(fastest())
    return (
        network,
        weights,
        [f"Settings of config.json that diffusers does not know were left out: {', '.join(ignored)}."] if ignored else [],
    )


def picture_shape(config: Config) -> tuple[int, int, int]:
    """(C, H, W) of what the network takes and gives; SceneError if that is not said."""
    size = config.values.get("sample_size")
    sides = [n for n in (size if isinstance(size, list) else [size, size]) if isinstance(n, int) and 1 <= n <= MAX_SIZE]
    if len(sides) != 2 or isinstance(size, bool):
        raise config.wrong("sample_size", size)
    halvings = len(config.values["block_out_channels"]) - 1
    if any(n % 2**halvings for n in sides):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}”: its blocks halve a picture {times} times, which sample_size {size} does not allow."),
            file=config.path, times=halvings, size=size,
        )  # fmt: skip
    return config.whole("in_channels", 3, least=1, most=MAX_CHANNELS), sides[0], sides[1]


def diffusers() -> Any:
    """The library, imported at the first need, with its notices for programmers off and code of others forbidden."""
    os.environ["DIFFUSERS_DISABLE_REMOTE_CODE"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations of its own imports
        import diffusers as library
    library.utils.logging.set_verbosity_error()
    return library


def _check(config: Config) -> None:
    """Settings that decide how much is built, or that call for an input which pictures out of noise do not have."""
    channels = config.values.get("block_out_channels", [224, 448, 672, 896])
    numbers = isinstance(channels, list) and all(
        isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= MAX_CHANNELS for n in channels
    )
    if not numbers or not 1 <= len(channels) <= MAX_BLOCKS:
        raise config.wrong("block_out_channels", channels)
    config.values.setdefault("block_out_channels", channels)
    config.whole("layers_per_block", 2, least=1, most=MAX_LAYERS)
    config.whole("out_channels", 3, least=1, most=MAX_CHANNELS)
    if config.values.get("time_embedding_type") == "learned":
        config.whole("num_train_timesteps", None, least=1)
    picture_shape(config)
    for key in ("class_embed_type", "num_class_embeds"):
        if config.values.get(key) is not None:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{file}” has {key}: networks that need a class to be told cannot be opened yet."),
                file=config.path, key=key,
            )  # fmt: skip


def _known(config: Config) -> tuple[dict[str, Any], list[str]]:
    """The settings that the network takes, and the names of the others."""
    taken = inspect.signature(diffusers().UNet2DModel.__init__).parameters
    public = {key: value for key, value in config.values.items() if not key.startswith("_")}
    return {key: value for key, value in public.items() if key in taken}, sorted(public.keys() - taken.keys())


def _build(config: Config, settings: dict[str, Any]) -> nn.Module:
    try:
        network: nn.Module = diffusers().UNet2DModel(**settings)
    except Exception as error:  # whatever a constructor says of settings that contradict each other
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” does not describe a network that can be built: {reason}"), file=config.path, reason=reason
        ) from error
    return network
