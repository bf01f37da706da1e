"""A network computes on a graphics card where there is one; everything else stays on the CPU. Real cards are not in CI: a stand-in
network that lives on the meta device shows what is moved where."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from scoreviz.models import devices


class Recorded(nn.Module):
    """Says where its inputs were, and answers with as many zeros on the CPU, which meta tensors cannot be copied to."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, device=device))
        self.seen: list[str] = []

    def forward(self, x: Tensor, label: Tensor, return_dict: bool) -> tuple[Tensor]:
        assert not return_dict and not torch.is_grad_enabled()
        self.seen += [x.device.type, label.device.type]
        return (torch.zeros(x.shape),)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_inputs_go_to_the_network_and_its_answer_comes_back(device: str) -> None:
    network = Recorded(device)
    out = devices.evaluate(network, torch.ones(2, 3, 4, 4), torch.tensor([1.0, 2.0]))
    assert network.seen == [device, device]
    assert out.device.type == "cpu" and out.shape == (2, 3, 4, 4)


@pytest.mark.parametrize(("cuda", "mps", "chosen"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_the_fastest_device(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, chosen: str) -> None:
    for setting in ("deterministic", "benchmark"):
        monkeypatch.setattr(torch.backends.cudnn, setting, getattr(torch.backends.cudnn, setting))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert devices.fastest().type == chosen
    assert not cuda or torch.backends.cudnn.deterministic
