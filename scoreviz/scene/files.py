"""Scenes on disk: `*.scoreviz.json` (the scene) and `*.scoreviz` (scene, journal and network snapshot).

Every failure is a `SceneError` that names the file and says what to do; nothing is ever half read. Writes are
atomic: a file under its final name is complete.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from scoreviz.scene.choice import decode_choice
from scoreviz.scene.density import Density, Digest, digest_of, digests_in
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP
from scoreviz.scene.validation import validate

VERSION = 3
SCENE_SUFFIX = ".scoreviz.json"
BUNDLE_SUFFIX = ".scoreviz"
LARGEST_FILE = 256 * 2**20


def _endings_have_names(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 2: `denoise` of the reverse SDE and of predictor-corrector was a bool, and is the name of an ending."""
    scene = raw.get("scene")
    for part in (scene, scene.get("images")) if isinstance(scene, dict) else ():
        sampler = part.get("sampler") if isinstance(part, dict) else None
        if isinstance(sampler, dict) and sampler.get("type") in ("pc", "reverse_sde") and isinstance(sampler.get("denoise"), bool):
            sampler["denoise"] = "mean" if sampler["denoise"] else "none"
    return raw | {"scoreviz": 2}


def _only_more(raw: dict[str, Any]) -> dict[str, Any]:
    """Version 3 has more fields (dimensions, layers, classes, control, data, panes, maps), all of them as they were without."""
    return raw | {"scoreviz": 3}


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _endings_have_names, 2: _only_more}
"""From version n, as a plain dict, to version n + 1."""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An edit of what the network learns, and the integer training step at which it landed."""

    step: int
    parts: dict[str, Any]  # top-level scene fields, as builtins


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A scene with its blobs; with a journal and a snapshot it also defines the live network."""

    scene: Scene = Scene()
    blobs: Mapping[str, bytes] = {}
    journal: tuple[JournalEntry, ...] = ()
    snapshot: bytes | None = None  # safetensors


class _Stored(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    scoreviz: int
    scene: Scene
    blobs: dict[str, str] = {}


def load(path: Path) -> Document:
    """Read a scene file. SceneError if it is missing, empty, broken, too large, too new or out of range."""
    name = path.name
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{name}” is {size} MiB; a scene is at most {most} MiB. Is it the right file?"),
                name=name, size=size >> 20, most=LARGEST_FILE >> 20,
            )  # fmt: skip
        data = path.read_bytes()
    except FileNotFoundError:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no file “{name}”. Check its name and folder."), name=str(path)) from None
    except OSError as error:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” cannot be read: {reason}."), name=name, reason=error.strerror) from error
    return decode_bundle(data, name) if data[:2] == b"PK" else decode_scene(data, name)


def save(document: Document, path: Path) -> None:
    """Write atomically; the suffix chooses the form. SceneError if the place cannot be written."""
    bundle = path.name.endswith(BUNDLE_SUFFIX)
    write_atomically(path, encode_bundle(document) if bundle else encode_scene(document))


def write_atomically(path: Path, data: bytes) -> None:
    """All of `data` under `path`, or the old file untouched and a SceneError."""
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” was not saved: {reason}. The file is as it was; choose another place."),
            name=str(path), reason=error.strerror or str(error),
        ) from error  # fmt: skip


def encode_scene(document: Document, beside: frozenset[Digest] = frozenset()) -> bytes:
    """The JSON form: version, scene, and in base64 the blobs that it refers to, and those `beside` them that there are."""
    own = digests_in(document.scene.density)
    wanted = sorted(own | (beside & document.blobs.keys()))
    blobs = {digest: base64.b64encode(document.blobs[digest]).decode() for digest in wanted}
    return msgspec.json.format(msgspec.json.encode(_Stored(scoreviz=VERSION, scene=document.scene, blobs=blobs)), indent=1)


def decode_scene(data: bytes, name: str) -> Document:
    """The reverse of `encode_scene`, strictly; `name` appears in the sentences."""
    if not data.strip():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” is empty. Open another file, or draw a new scene."), name=name)
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        truncated = data.lstrip()[:1] == b"{" and not data.rstrip().endswith(b"}")
        template = (
            QT_TRANSLATE_NOOP("errors", "“{name}” is cut off: it begins as a scene but does not end. Restore it from a copy.")
            if truncated
            else QT_TRANSLATE_NOOP("errors", "“{name}” is not a scene file: {reason}.")
        )
        raise SceneError(template, name=name, reason=error) from error
    stored = _strict(_migrated(raw, name), name)
    validate(stored.scene)
    return Document(scene=stored.scene, blobs=_decoded_blobs(stored, name))


def _migrated(raw: Any, name: str) -> dict[str, Any]:
    if not isinstance(raw, dict) or not isinstance(raw.get("scoreviz"), int):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{name}” is JSON, but not a scoreviz scene."), name=name)
    if raw["scoreviz"] > VERSION or raw["scoreviz"] < 1:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” is of version {found}; this scoreviz reads up to {known}. Update scoreviz to open it."),
            name=name, found=raw["scoreviz"], known=VERSION,
        )  # fmt: skip
    while raw["scoreviz"] < VERSION:
        raw = MIGRATIONS[raw["scoreviz"]](raw)
    found: dict[str, Any] = raw
    return found


def _strict(raw: dict[str, Any], name: str) -> _Stored:
    try:
        return msgspec.convert(raw, _Stored, dec_hook=decode_choice)
    except msgspec.ValidationError as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” has a value that is not allowed: {reason}."), name=name, reason=error
        ) from error


def _decoded_blobs(stored: _Stored, name: str) -> dict[str, bytes]:
    """Every stored blob that is what its digest says. SceneError if one of the scene's own is not among them."""
    blobs = {}
    for digest, text in stored.blobs.items():
        with contextlib.suppress(binascii.Error):
            data = base64.b64decode(text, validate=True)
            if digest_of(data) == digest:
                blobs[digest] = data
    for digest in digests_in(stored.scene.density) - blobs.keys():
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” lacks the points of a stroke ({digest}). Restore it from a copy."),
            name=name,
            digest=digest,
        )
    return blobs


def _digests_of(journal: Iterable[JournalEntry]) -> frozenset[Digest]:
    """The blobs of every drawing that the network learned on its way."""
    drawings = (entry.parts["density"] for entry in journal if "density" in entry.parts)
    return frozenset[Digest]().union(*(digests_in(msgspec.convert(drawing, Density)) for drawing in drawings))


def encode_bundle(document: Document) -> bytes:
    """The zip form: scene.json, journal.json and, where there is one, snapshot.safetensors."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scene.json", encode_scene(document, beside=_digests_of(document.journal)))
        archive.writestr("journal.json", msgspec.json.encode(document.journal))
        if document.snapshot is not None:
            archive.writestr("snapshot.safetensors", document.snapshot, zipfile.ZIP_STORED)
    return buffer.getvalue()


_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, msgspec.DecodeError, OSError)
"""What zipfile raises for archives that are not whole. SceneError is a ValueError, so ValueError is caught apart."""


def decode_bundle(data: bytes, name: str) -> Document:
    """The reverse of `encode_bundle`, with bounded sizes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if sum(sizes.values()) > LARGEST_FILE:
                raise SceneError(
                    QT_TRANSLATE_NOOP("errors", "“{name}” unpacks to more than {most} MiB; it is not opened."),
                    name=name,
                    most=LARGEST_FILE >> 20,
                )
            document = decode_scene(archive.read("scene.json"), name)
            journal = msgspec.json.decode(archive.read("journal.json"), type=tuple[JournalEntry, ...])
            snapshot = archive.read("snapshot.safetensors") if "snapshot.safetensors" in sizes else None
    except _DAMAGED as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” is damaged: {reason}. Restore it from a copy."), name=name, reason=error
        ) from error
    except SceneError:
        raise
    except ValueError as error:  # a negative offset in a damaged directory
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{name}” is damaged: {reason}. Restore it from a copy."), name=name, reason=error
        ) from error
    return msgspec.structs.replace(document, journal=journal, snapshot=snapshot)
