"""Picture sets: the bundled emoji32, and any folder of pictures, as the exact score of what is stored. Values in [0, 1], noise VE."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from scoreviz.maths.empirical import Empirical
from scoreviz.maths.sde import VESDE
from scoreviz.models.model import Model
from scoreviz.protocol.messages import Card
from scoreviz.resources import asset
from scoreviz.scene.errors import SceneError
from scoreviz.scene.folders import PICTURE_SUFFIXES
from scoreviz.scene.images import EMOJI, PictureSet
from scoreviz.scene.text import QT_TRANSLATE_NOOP

MAX_PICTURES = 20_000
MAX_BYTES = 2**30
"""Of float32 values held at once."""
MAX_PIXELS = 100_000_000
"""Of one picture as it is stored: more is a mistake or an attack."""


def load_pictures(spec: PictureSet, told: Callable[[str], None]) -> Model:
    """The exact score of a picture set; SceneError for a folder that is missing or holds no picture that can be read."""
    remarks: list[str] = []
    if spec.path == EMOJI:
        name, source, licence = EMOJI, "bundled", "SIL Open Font License 1.1 (Noto Color Emoji)"
        points = _emoji(spec.size)
    else:
        folder = Path(spec.path).expanduser()
        name, source, licence = folder.resolve().name, str(folder), "not said"
        points, remarks = _read_folder(folder, spec.size, told)
    told("measuring the set")
    empirical = Empirical(points)
    sde = _noise(spec, empirical.diameter())
    card = Card(
        name=name,
        family=QT_TRANSLATE_NOOP("models", "exact score of a picture set"),
        summary=QT_TRANSLATE_NOOP("models", "This score is exact for the {n} stored pictures, so it can only ever return one of them."),
        params={"n": len(points)},
        facts=(
            (QT_TRANSLATE_NOOP("models", "pictures"), f"{len(points):,}"),
            (QT_TRANSLATE_NOOP("models", "size"), f"{spec.size} × {spec.size} px, 3 channels"),
            (QT_TRANSLATE_NOOP("models", "data range"), "0 to 1"),
            (QT_TRANSLATE_NOOP("models", "noise"), "VE"),
            (QT_TRANSLATE_NOOP("models", "σ range"), f"{sde.sigma_min:g} to {sde.sigma_max:g}"),
            (QT_TRANSLATE_NOOP("models", "folder"), source),
            (QT_TRANSLATE_NOOP("models", "licence"), licence),
        ),
        warnings=tuple(remarks),
        shape=(3, spec.size, spec.size),
        low=0.0,
        high=1.0,
        sigma_max=sde.sigma_max,
        clip=False,
        stored=len(points),
    )
    score_fn = torch.no_grad()(empirical.score_fn(sde))
    return Model(card, sde, score_fn, card.shape, 0.0, 1.0, (0.0, 1.0), empirical.mean(), empirical.nearest)


def _noise(spec: PictureSet, diameter: float) -> VESDE:
    sigma_max = max(diameter, 2 * spec.sigma_min) if spec.sigma_max is None else spec.sigma_max
    if sigma_max <= spec.sigma_min:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "σ max {high} is not above σ min {low}: choose a larger one, or automatic."),
            high=f"{sigma_max:g}", low=f"{spec.sigma_min:g}",
        )  # fmt: skip
    return VESDE(spec.sigma_min, sigma_max)


def _emoji(size: int) -> Tensor:
    """The bundled pictures, (N, 3, size, size) in the order of `sheet.json`."""
    told = json.loads(asset("emoji32/sheet.json").read_text(encoding="utf-8"))
    edge, columns, count = told["size"], told["columns"], len(told["codepoints"])
    with Image.open(asset("emoji32/sheet.png")) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    tiles = pixels.reshape(-1, edge, columns, edge, 3).swapaxes(1, 2).reshape(-1, edge, edge, 3)[:count]
    if size != edge:
        tiles = np.stack([np.asarray(square(Image.fromarray(tile), size)) for tile in tiles])
    return _values(tiles)


def _read_folder(folder: Path, size: int, told: Callable[[str], None]) -> tuple[Tensor, list[str]]:
    """The pictures of a folder in the order of their names, and what to warn of."""
    paths = _candidates(folder)
    most = min(MAX_PICTURES, MAX_BYTES // (12 * size * size))
    remarks = []
    if len(paths) > most:
        remarks.append(f"The folder holds {len(paths):,} pictures; the first {most:,} by name are used.")
    squares: list[np.ndarray] = []
    sizes: set[tuple[int, int]] = set()
    broken: list[tuple[str, str]] = []
    for i, path in enumerate(paths[:most]):
        if i % 100 == 0:
            told(f"picture {i} of {min(len(paths), most)}")
        try:
            picture, stored = open_square(path, size)
        except Exception as error:  # Pillow's readers raise nearly every kind on a broken file
            broken.append((path.name, _reason(error)))
            continue
        squares.append(np.asarray(picture))
        sizes.add(stored)
    if not squares:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "None of the {n} pictures in “{folder}” can be read; the first is “{name}”: {reason}."),
            n=len(broken), folder=folder, name=broken[0][0], reason=broken[0][1],
        )  # fmt: skip
    return _values(np.stack(squares)), remarks + list(_remarks(sizes, broken, size))


def _candidates(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no folder “{path}”: choose one that holds pictures."), path=folder)
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file())
    except OSError as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” cannot be read: {reason}."), file=folder, reason=error.strerror or error
        ) from error  # fmt: skip
    if not paths:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{folder}” holds no pictures: choose a folder with files of type {types}."),
            folder=folder, types=", ".join(sorted(PICTURE_SUFFIXES)),
        )  # fmt: skip
    return paths


def _remarks(sizes: set[tuple[int, int]], broken: list[tuple[str, str]], size: int) -> Iterator[str]:
    if len(sizes) > 1:
        small, large = min(sizes, key=min), max(sizes, key=min)
        yield (
            f"The pictures have {len(sizes)} sizes, from {small[0]} × {small[1]} to {large[0]} × {large[1]} px: "
            f"each was cut to its central square and resized to {size} px."
        )
    for name, reason in broken[:10]:
        yield f"“{name}” was left out: {reason}."
    if len(broken) > 10:
        yield f"{len(broken) - 10} more pictures were left out, “{broken[10][0]}” the first of them."


def open_square(path: Path, size: int) -> tuple[Image.Image, tuple[int, int]]:
    """The first frame of a picture, upright, as an RGB square, and the size that it is stored with. ValueError if it is far too large."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of formats that are odd but can be read; MAX_PIXELS stands in for the bomb's
        with Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError(f"it has {picture.width:,} × {picture.height:,} px, more than {MAX_PIXELS:,} in all")
            stored = picture.size
            return square(ImageOps.exif_transpose(picture), size), stored


def square(picture: Image.Image, size: int) -> Image.Image:
    """The central square over white, resized to size x size: by LANCZOS, and by BOX first where it shrinks more than eightfold."""
    if picture.has_transparency_data or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        layer = picture.convert("RGBA")
        picture = Image.new("RGBA", layer.size, "white")
        picture.alpha_composite(layer)
    picture = picture.convert("RGB")
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    middle = picture.crop((left, top, left + edge, top + edge))  # resize's own box would let the filter look beyond it
    return middle.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=4.0)


def _values(pixels: np.ndarray) -> Tensor:
    """uint8 (N, H, W, 3) to float32 (N, 3, H, W) in [0, 1]."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float().div_(255)


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is not a picture"
    return (str(error).rstrip(".") or type(error).__name__)[:120]
