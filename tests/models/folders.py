"""Tiny folders as diffusers saves them, for every test that needs a pretrained model. Nothing is downloaded."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from scoreviz.models.network import diffusers


def ncsnpp_folder(path: Path, *, size: int = 16, sigma_max: float = 50.0, gain: float = 1.0, safe: bool = True, **scheduler: Any) -> Path:
    """A Fourier/Skip NCSN++ of 77k parameters with random weights, its output times `gain`. Its group counts divide 32."""
    library = diffusers()
    network = _random(
        library.UNet2DModel(
            sample_size=size, block_out_channels=(16, 16), norm_num_groups=None, norm_eps=1e-6, time_embedding_type="fourier",
            down_block_types=("SkipDownBlock2D", "SkipDownBlock2D"), up_block_types=("SkipUpBlock2D", "SkipUpBlock2D"),
            layers_per_block=1, attention_head_dim=None, mid_block_scale_factor=2**0.5, add_attention=False,
        )
    )  # fmt: skip
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.startswith("conv_out.") or ".skip_conv." in name:
                parameter.mul_(gain)
    scheduler = {"snr": 0.16, "num_train_timesteps": 20, **scheduler}
    return _save(path, library.ScoreSdeVePipeline(network, library.ScoreSdeVeScheduler(sigma_max=sigma_max, **scheduler)), safe)


def ddpm_folder(
    path: Path, *, size: int = 8, steps: int = 50, channels: int = 3, safe: bool = True, seed: int = 0, **scheduler: Any
) -> Path:
    """A DDPM of channels (4, 8) with random weights and a table of `steps` noise levels."""
    library = diffusers()
    network = _random(
        library.UNet2DModel(
            sample_size=size, in_channels=channels, out_channels=channels, block_out_channels=(4, 8), norm_num_groups=2, layers_per_block=1,
            down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"), attention_head_dim=4,
        )
    )  # fmt: skip
    scheduler = {"num_train_timesteps": steps, **scheduler}
    return _save(path, library.DDPMPipeline(network, library.DDPMScheduler(**scheduler)), safe)


def diffusers_pipeline(path: Path) -> Any:
    """The folder as diffusers itself opens it, without its progress bar."""
    library = diffusers()
    library.utils.logging.disable_progress_bar()
    kind = "DDPMPipeline" if "DDPMPipeline" in (path / "model_index.json").read_text() else "ScoreSdeVePipeline"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # accelerate is not installed, torch_dtype is called otherwise: its own affairs
        pipeline = getattr(library, kind).from_pretrained(path, local_files_only=True, low_cpu_mem_usage=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _random(network: Any) -> Any:
    """Weights from a generator of their own, larger than at the start of a training, so that the output depends on the input."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            scale = 1.0 if parameter.ndim == 1 else parameter[0].numel() ** -0.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale * 0.7)
    return network


def _save(path: Path, pipeline: Any, safe: bool) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.save_pretrained(path, safe_serialization=safe)
    return path
