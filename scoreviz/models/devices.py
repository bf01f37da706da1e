"""Where a pretrained network computes. Sampling itself stays on the CPU, where one seed is the same noise on every machine."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def fastest() -> torch.device:
    """The first graphics card that torch can use, else the CPU."""
    if torch.cuda.is_available():
        torch.backends.cudnn.deterministic = True  # the same picture again is the same bits
        torch.backends.cudnn.benchmark = False
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def in_words(device: torch.device) -> str:
    """“cpu”, or the card's name."""
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type


def device_of(network: nn.Module) -> torch.device:
    """Where its weights are; one without any is on the CPU."""
    return next((weight.device for weight in network.parameters()), torch.device("cpu"))


def evaluate(network: nn.Module, x: Tensor, label: Tensor) -> Tensor:
    """network(x, label), computed where its weights are, back on x's device. Without a gradient."""
    with torch.no_grad():
        device = device_of(network)
        out: Tensor = network(x.to(device), label.to(device), return_dict=False)[0]
        return out.to(x.device)
