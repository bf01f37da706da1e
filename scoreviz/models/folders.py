"""A folder as diffusers saves it, read without diffusers: which pipeline, its settings, its licence.

Only the two pipelines named here are read, and of them only classes that diffusers itself has: a folder that brings its own code, or
names a class of another library, is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

DDPM, SCORE_SDE_VE = "DDPMPipeline", "ScoreSdeVePipeline"
SCHEDULERS = {DDPM: "DDPMScheduler", SCORE_SDE_VE: "ScoreSdeVeScheduler"}
NETWORK = "UNet2DModel"
MAX_CONFIG = 1 << 20
"""Bytes of a settings file: theirs are a few thousand."""


@dataclass(frozen=True)
class Config:
    """One settings file."""

    path: Path
    values: dict[str, Any]

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number; SceneError if it is missing without a default, or is anything else."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
            raise self.wrong(key, value)
        return float(value)

    def whole(self, key: str, default: int | None = None, least: int = 0, most: int = 100_000) -> int:
        """An integer within [least, most]; SceneError otherwise."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, value)
        return value

    def flag(self, key: str, default: bool) -> bool:
        """A truth value; SceneError otherwise."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, value)
        return value

    def word(self, key: str, default: str) -> str:
        """A word; SceneError otherwise."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, value)
        return value

    def wrong(self, key: str, value: object) -> SceneError:
        """The sentence for a setting that cannot be."""
        if value is None:
            return SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” does not say “{key}”: the model needs it."), file=self.path, key=key)
        return SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” says {key} = {value}, which no such model can have."),
            file=self.path, key=key, value=_short(value),
        )  # fmt: skip


@dataclass(frozen=True)
class Folder:
    """A pipeline of one network and its scheduler."""

    path: Path
    pipeline: str
    network: Config
    scheduler: Config
    version: str | None
    licence: str | None

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.resolve().name


def read_folder(given: str) -> Folder:
    """The folder at `given`; SceneError says what is missing, unreadable, unknown or contradictory in it."""
    path = Path(given).expanduser()
    if not given:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "No folder is chosen: choose the one that holds the model's model_index.json."))
    if not path.is_dir():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no folder “{path}”: choose the one with model_index.json."), path=path)
    index = read_config(path / "model_index.json")
    pipeline = index.values.get("_class_name")
    if not isinstance(pipeline, str) or pipeline not in SCHEDULERS:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{path}” holds a {pipeline}; only {first} and {second} can be opened."),
            path=path, pipeline=_short(pipeline), first=DDPM, second=SCORE_SDE_VE,
        )  # fmt: skip
    network = _part(path, index, "unet", NETWORK, "config.json")
    scheduler = _part(path, index, "scheduler", SCHEDULERS[pipeline], "scheduler_config.json")
    version = index.values.get("_diffusers_version")
    return Folder(path, pipeline, network, scheduler, version if isinstance(version, str) else None, _licence(path))


def _part(path: Path, index: Config, name: str, needed: str, file: str) -> Config:
    """The settings of one part of a pipeline, from its own folder or, as the oldest models have it, from the top."""
    entry = index.values.get(name)
    if not (isinstance(entry, list) and len(entry) == 2 and all(isinstance(word, str) for word in entry)):
        raise index.wrong(name, entry)
    library, kind = entry
    if library != "diffusers":
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{path}” takes its {part} from “{library}”: code of others is never run, so it cannot be opened."),
            path=path, part=name, library=_short(library),
        )  # fmt: skip
    config = read_config((path / name if (path / name).is_dir() else path) / file)
    own = config.values.get("_class_name", kind)
    for found, where in ((kind, index.path), (own, config.path)):
        if found != needed:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{file}” says that its {part} is a {found}; a {pipeline} needs a {needed}."),
                file=where, part=name, found=_short(found), pipeline=index.values["_class_name"], needed=needed,
            )  # fmt: skip
    return config


def read_config(path: Path) -> Config:
    """A settings file, which must be one JSON object; SceneError otherwise."""
    try:
        if path.stat().st_size > MAX_CONFIG:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{file}” is {size} bytes long: it cannot be a model's settings."),
                file=path, size=path.stat().st_size,
            )  # fmt: skip
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{folder}” holds no {name}: choose a folder as diffusers saves it."),
            folder=path.parent, name=path.name,
        ) from None  # fmt: skip
    except OSError as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” cannot be read: {reason}."), file=path, reason=error.strerror or error
        ) from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        if isinstance(error, SceneError):
            raise
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” is not valid JSON ({reason}): download it again."), file=path, reason=_short(error)
        ) from error  # fmt: skip
    if not isinstance(values, dict):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” is not an object of settings: download it again."), file=path)
    return Config(path, values)


def _licence(path: Path) -> str | None:
    """`license:` of the front matter of a model card, README.md; None without one."""
    try:
        with (path / "README.md").open(encoding="utf-8", errors="replace") as file:
            lines = file.read(20_000).splitlines()
    except OSError:
        return None
    if not lines or lines[0].strip() != "---":
        return None
    for line in lines[1:]:
        if line.strip() == "---":
            return None
        key, colon, value = line.partition(":")
        if key == "license" and colon:
            return _short(value.strip().strip("\"'")) or None
    return None


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:79] + "…"
