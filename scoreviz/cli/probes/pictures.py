"""What a substep of the Images tab costs over the bare forward of its network: a U-Net of a few million weights, random ones."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import torch

from scoreviz.engine.image_player import PictureRun
from scoreviz.maths.sde import VESDE, Time
from scoreviz.models.model import Model
from scoreviz.protocol.framing import encode
from scoreviz.protocol.messages import Card
from scoreviz.scene.images import Images
from scoreviz.scene.samplers import PredictorCorrector

SHAPE, PICTURES, SUBSTEPS = (3, 32, 32), 4, 24


def network() -> torch.nn.Module:
    """Half the width of the CIFAR-10 network of DDPM."""
    from diffusers import UNet2DModel

    net: Any = UNet2DModel(
        sample_size=SHAPE[1], in_channels=3, out_channels=3, block_out_channels=(64, 128, 128), layers_per_block=2,
        down_block_types=("DownBlock2D", "AttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "AttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    module: torch.nn.Module = net.eval().requires_grad_(False)
    return module


def main() -> None:
    """Alternate a bare forward and a substep of the player with its message encoded; print the median of each."""
    torch.set_num_threads(1)
    net = network()
    bare, inside = [], []

    def score_fn(x: torch.Tensor, t: Time) -> torch.Tensor:
        with torch.no_grad():
            score: torch.Tensor = net(x, torch.tensor(10.0)).sample
        return score

    sde = VESDE(0.01, 50.0)
    card = Card(name="bench", family="bench", summary="", shape=SHAPE, low=0.0, high=1.0, sigma_max=50.0, clip=False)
    model = Model(card, sde, score_fn, SHAPE, 0.0, 1.0, (0.0, 1.0))
    run = PictureRun(1, Images(sampler=PredictorCorrector(steps=SUBSTEPS), count=PICTURES), model)
    x = torch.randn(PICTURES, *SHAPE, generator=torch.Generator().manual_seed(0))
    score_fn(x, 0.5)
    for k in range(1, SUBSTEPS + 1):
        began = time.perf_counter()
        score_fn(x, 0.5)
        middle = time.perf_counter()
        frame = run.towards(k)
        assert frame is not None
        encode(frame)
        bare.append(middle - began)
        inside.append(time.perf_counter() - middle)
    weights = sum(p.numel() for p in net.parameters())
    print(json.dumps({"seconds": statistics.median(inside), "bare": statistics.median(bare), "weights": weights, "pictures": PICTURES}))


if __name__ == "__main__":
    main()
