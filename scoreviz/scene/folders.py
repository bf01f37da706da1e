"""What a folder holds: pictures or a pretrained model. Only names and small JSON files are read, so that the window can ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, load
from scoreviz.scene.images import Images, ModelSpec, PictureSet, Pretrained
from scoreviz.scene.samplers import Ancestral, PredictorCorrector, ReverseSDE
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
WEIGHT_SUFFIXES = frozenset({".safetensors", ".ckpt", ".pkl", ".pt", ".pth", ".bin"})
INDEX = "model_index.json"
PRETRAINED_COUNT = 4  # pictures at once: a network takes seconds for each evaluation on a CPU
ANCESTRAL_STEPS = 100


def recognise(path: Path) -> ModelSpec:
    """The model in a folder. SceneError says what the folder must hold, or what to open instead."""
    if path.is_file():
        raise _no_folder(path)
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except FileNotFoundError as error:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "The folder “{path}” does not exist. Open another one."), path=path) from error
    except OSError as error:
        template = QT_TRANSLATE_NOOP("errors", "The folder “{path}” cannot be read: {reason}. Allow reading it, or open another one.")
        raise SceneError(template, path=path, reason=error.strerror or error) from error
    if INDEX in names:
        return Pretrained(path=str(path))
    if any(Path(name).suffix.lower() in PICTURE_SUFFIXES for name in names):
        return PictureSet(path=str(path))
    raise _nothing_in(path, names)


def document_of(path: Path) -> Document:
    """A scene file's document; for a folder the first scene, with the Images tab on what the folder holds. SceneError as they say."""
    if not path.is_dir():
        return load(path)
    first = Scene()
    view = msgspec.structs.replace(first.view, tab="images")
    return Document(scene=msgspec.structs.replace(first, images=opened(first.images, path.absolute()), view=view))


def opened(images: Images, path: Path) -> Images:
    """`images` with the model in a folder, and with the sampler that suits it where the one before belonged to another kind."""
    model = recognise(path)
    if isinstance(model, Pretrained):
        return _sampled(msgspec.structs.replace(images, model=model), path)
    return with_pictures(images, model)


def with_pictures(images: Images, model: ModelSpec) -> Images:
    """`images` with a picture set; coming back from a network also brings back the sampler for pictures."""
    if isinstance(images.model, PictureSet):
        return msgspec.structs.replace(images, model=model)
    first = Images()
    return msgspec.structs.replace(images, model=model, sampler=first.sampler, count=first.count)


def _sampled(images: Images, path: Path) -> Images:
    """With the sampler that the model's own pipeline names, and few pictures; another pipeline keeps what there is."""
    match _read(path / INDEX).get("_class_name"):
        case "DDPMPipeline":
            config = _read(path / "scheduler" / "scheduler_config.json")
            predictor = Ancestral(variance="forward" if config.get("variance_type") == "fixed_large" else "posterior")
            levels = config.get("num_train_timesteps")
            steps = min(ANCESTRAL_STEPS, levels) if isinstance(levels, int) and levels > 0 else ANCESTRAL_STEPS
            sampler: Any = ReverseSDE(steps=steps, predictor=predictor)
        case "ScoreSdeVePipeline":
            sampler = PredictorCorrector(steps=200)
        case _:
            return images
    return msgspec.structs.replace(images, sampler=sampler, count=PRETRAINED_COUNT)


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; an empty one where there is none: the engine says what is wrong with a model."""
    try:
        read = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _no_folder(path: Path) -> SceneError:
    if path.suffix.lower() in WEIGHT_SUFFIXES:
        return SceneError(
            QT_TRANSLATE_NOOP(
                "errors",
                "“{name}” holds only weights. Open the folder of a whole diffusers model instead: the one with model_index.json in it.",
            ),
            name=path.name,
        )
    return SceneError(
        QT_TRANSLATE_NOOP("errors", "“{name}” is a file. Open a folder of pictures, or one with model_index.json in it."), name=path.name
    )


def _nothing_in(path: Path, names: list[str]) -> SceneError:
    name = path.name or str(path)
    if not names:
        template = QT_TRANSLATE_NOOP("errors", "The folder “{name}” is empty. Open one with pictures, or with model_index.json in it.")
        return SceneError(template, name=name)
    weights = next((n for n in names if Path(n).suffix.lower() in WEIGHT_SUFFIXES), None)
    if weights is not None:
        template = QT_TRANSLATE_NOOP(
            "errors",
            "The folder “{name}” holds weights ({file}) but no model_index.json. Open the folder above it, or save the whole pipeline.",
        )
        return SceneError(template, name=name, file=weights)
    inner = next((n for n in names if (path / n).is_dir()), None)
    if inner is not None:
        template = QT_TRANSLATE_NOOP("errors", "The folder “{name}” holds no pictures itself. Open one of its folders, such as “{inner}”.")
        return SceneError(template, name=name, inner=inner)
    return SceneError(
        QT_TRANSLATE_NOOP("errors", "The folder “{name}” holds neither pictures nor model_index.json. Open one that does."), name=name
    )
