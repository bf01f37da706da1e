"""A picture file as the grey values of a density."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

SIDE = 256
LARGEST_MIB = 256
"""Decoding takes no more than this."""
FLAT = 0.02
"""A picture whose brightness varies by less has nothing to tell."""
LUMA = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Picture:
    """pixels: rows * columns bytes, row 0 at the top, 255 where the density is largest. dense: which parts that are."""

    rows: int
    columns: int
    pixels: bytes
    dense: Literal["dark", "bright", "opaque"]


def is_picture(path: Path) -> bool:
    """By its name, or by how it begins."""
    names = {bytes(name.data()).decode() for name in QImageReader.supportedImageFormats()}
    return path.suffix.lower().removeprefix(".") in names or not QImageReader.imageFormat(str(path)).isEmpty()


def read_picture(path: Path) -> Picture:
    """At most 256 x 256 grey values of a picture file; may be called from any thread. SceneError if there is nothing to see.

    What is transparent is empty. Where the border is bright, dark is dense; where it is dark, bright is. Brightness is stretched to its
    range, unless the picture is cut out: then the ground is what is transparent.
    """
    image = _decoded(path).convertToFormat(QImage.Format.Format_RGBA8888)
    rows, columns = image.height(), image.width()
    rgba = (
        np.frombuffer(image.constBits(), np.uint8).reshape(rows, image.bytesPerLine())[:, : 4 * columns].reshape(rows, columns, 4) / 255.0
    )
    light, opacity = rgba[..., :3] @ LUMA, rgba[..., 3]
    seen = opacity > 0.02
    empty = SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” has one brightness everywhere: no density can be made of it."), name=path.name)
    if not seen.any():
        raise empty
    low, high = float(light[seen].min()), float(light[seen].max())
    cut_out = bool((opacity < 0.5).any())
    if high - low < FLAT:
        if not cut_out:
            raise empty
        return _baked(opacity, "opaque")
    border = np.zeros_like(seen)
    border[[0, -1], :] = border[:, [0, -1]] = True
    bright_ground = float(light[seen].mean()) < 0.5 if cut_out else float(light[border].mean()) > 0.5
    level = high - light if bright_ground else light - low
    if cut_out:
        level = 1.0 - light if bright_ground else light
    return _baked(np.clip(level, 0, 1) * opacity, "dark" if bright_ground else "bright")


def _baked(values: np.ndarray, dense: Literal["dark", "bright", "opaque"]) -> Picture:
    grey = np.round(values * (255.0 / values.max())).astype(np.uint8)
    return Picture(rows=grey.shape[0], columns=grey.shape[1], pixels=grey.tobytes(), dense=dense)


def _decoded(path: Path) -> QImage:
    """The picture upright, at most SIDE high and wide."""
    QImageReader.setAllocationLimit(LARGEST_MIB)
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    size = reader.size()
    drawn = bytes(reader.format().data()) in (b"svg", b"svgz")  # sharp at any size
    if size.isValid() and (drawn or max(size.width(), size.height()) > SIDE):
        reader.setScaledSize(size.scaled(QSize(SIDE, SIDE), Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1)))
    whole = not reader.supportsOption(QImageIOHandler.ImageOption.ScaledSize)  # a JPEG is reduced while it is decoded
    if whole and size.isValid() and size.width() * size.height() * 4 > LARGEST_MIB << 20:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” has {width} × {height} pixels, which is too large. Make it smaller first."),
            name=path.name, width=size.width(), height=size.height(),
        )  # fmt: skip
    image = reader.read()
    if image.isNull():
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” cannot be read as a picture: {reason}."), name=path.name, reason=reader.errorString()
        )
    if max(image.width(), image.height()) > SIDE:
        image = image.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return image
