"""Pictures as the canvas makes them, and how far two are apart."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace

SIZE = (320, 180)


def plot(i: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(h, w, 3): a smooth ground and some bright points of two pixels, which move with i."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    ground = 0.5 + 0.5 * np.sin(x / 40 + i / 10) * np.cos(y / 30)
    picture = np.stack([10 + 50 * ground, 20 + 120 * ground, 40 + 110 * ground], axis=-1).astype(np.uint8)
    random = np.random.default_rng(0)
    at = random.integers(0, (height // 2 - 2, width // 2 - 2), (80, 2)) * 2
    for dy, dx in itertools.product((0, 1), repeat=2):
        picture[(at[:, 0] + dy + i) % height, (at[:, 1] + dx + 2 * i) % width] = (245, 201, 122)
    return picture


def decoded(path: Path) -> list[tuple[float, np.ndarray]]:
    """(time, (h, w, 3) RGB) of all frames."""
    with av.open(str(path)) as container:
        yuv = container.streams.video[0].pix_fmt.startswith("yuv")
        colours = {"src_colorspace": Colorspace.ITU709} if yuv else {}
        return [(frame.time, frame.reformat(format="rgb24", **colours).to_ndarray()) for frame in container.decode(video=0)]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal to noise, dB; 99 for equal pictures."""
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))
