"""Still pictures as PNG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from scoreviz.scene.files import write_atomically


def write_png(path: Path, rgb: np.ndarray) -> None:
    """(h, w, 3 or 4) uint8, RGB or RGBA, whole or not at all. SceneError if the place cannot be written."""
    from PIL import Image

    if rgb.ndim != 3 or rgb.shape[2] not in (3, 4) or rgb.dtype != np.uint8:
        raise ValueError(f"a picture of (h, w, 3 or 4) uint8 was expected, not {rgb.dtype} {rgb.shape}")
    data = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(data, "PNG")
    write_atomically(path, data.getvalue())
