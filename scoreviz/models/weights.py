"""Weight files: found, sniffed, read and held against the network, in that order, so that each fault has a sentence of its own.

safetensors first, else a `.bin` through `torch.load(weights_only=True)`, which executes nothing; there is no other way in. Shapes are
compared with a network on the meta device, which holds no memory, before anything as large as a claim is allocated.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

SAFE, BIN = "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"
MAX_HEADER = 100_000_000
"""Bytes of a safetensors header, its own limit."""


@dataclass(frozen=True)
class Weights:
    """A file of weights as it was read: tensors by name, float32, on the CPU."""

    path: Path
    size: int
    sha256: str
    tensors: dict[str, Tensor]


def find_weights(folder: Path) -> Path:
    """The file that is read from `folder`; SceneError if there is none, or only pickles."""
    for name in (SAFE, BIN):
        if (folder / name).is_file():
            return folder / name
    others = sorted(path.name for path in folder.iterdir() if path.suffix in (".pkl", ".pickle", ".pt", ".pth", ".ckpt"))
    if others:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” is a pickle, which can run code as it loads: it is not opened. {safe} or {bin} is."),
            file=folder / others[0], safe=SAFE, bin=BIN,
        )  # fmt: skip
    found = sorted(path.name for path in folder.iterdir() if path.name.startswith("diffusion_pytorch_model"))
    raise SceneError(
        QT_TRANSLATE_NOOP("errors", "“{folder}” holds neither {safe} nor {bin}{found}: download the model again, weights included."),
        folder=folder, safe=SAFE, bin=BIN, found=f" (but {', '.join(found[:3])})" if found else "",
    )  # fmt: skip


def read_weights(path: Path, network: nn.Module) -> Weights:
    """Read `path` and hold it against `network` (on the meta device); SceneError names the first thing that is wrong."""
    size = sniff(path)
    tensors = _read_safetensors(path, network) if path.suffix == ".safetensors" else _read_bin(path, size, network)
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise SceneError(QT_TRANSLATE_NOOP("errors", "“{file}”: “{name}” holds numbers that are not finite."), file=path, name=name)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Weights(path, size, digest, tensors)


def sniff(path: Path) -> int:
    """The size of a file that looks like weights; SceneError for an empty one, a web page, an LFS pointer, or one cut short."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(512)
    start = head.lstrip().lower()
    if size == 0:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” is empty: download it again."), file=path)
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” is a web page, not weights: download the file itself."), file=path)
    if head.startswith(b"version https://git-lfs"):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” is a git-LFS pointer, not the weights: run “git lfs pull” in its folder."), file=path
        )
    _sniff_safetensors(path, size, head) if path.suffix == ".safetensors" else _sniff_bin(path, size, head)
    return size


def _cut(path: Path, size: int) -> SceneError:
    return SceneError(
        QT_TRANSLATE_NOOP("errors", "“{file}” was cut short at {size} bytes: download it again."), file=path, size=f"{size:,}"
    )


def _sniff_safetensors(path: Path, size: int, head: bytes) -> None:
    length = int.from_bytes(head[:8], "little")
    if head[8:9] != b"{" or length > MAX_HEADER:
        if size < 9:
            raise _cut(path, size)
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” is not a safetensors file: download it again."), file=path)
    if 8 + length > size:
        raise _cut(path, size)
    with path.open("rb") as file:
        text = file.read(8 + length)[8:]
    try:
        entries = [entry for name, entry in json.loads(text).items() if name != "__metadata__"]
        end = max((entry["data_offsets"][1] for entry in entries), default=0)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” is not a safetensors file: download it again."), file=path) from error
    if 8 + length + end > size:
        raise _cut(path, size)


def _sniff_bin(path: Path, size: int, head: bytes) -> None:
    if head.startswith(b"PK\x03\x04"):
        if not zipfile.is_zipfile(path):
            raise _cut(path, size)
        with zipfile.ZipFile(path) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
        if claimed > size:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{file}” unpacks from {size} to {claimed} bytes, as no file of torch does: it is refused."),
                file=path, claimed=f"{claimed:,}", size=f"{size:,}",
            )  # fmt: skip
    elif not head.startswith(b"\x80"):
        raise SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” is not a file that torch wrote: download it again."), file=path)


def _read_safetensors(path: Path, network: nn.Module) -> dict[str, Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - not a mapping
            renamed = fitted(path, shapes, network)
            return {new: file.get_tensor(old).float() for old, new in renamed.items()}
    except SafetensorError as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” is damaged ({reason}): download it again."), file=path, reason=str(error)[:120]
        ) from error


def _read_bin(path: Path, size: int, network: nn.Module) -> dict[str, Tensor]:
    saved = _unpickle(path, size)
    if not isinstance(saved, Mapping) or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in saved.items()):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” holds something other than a plain table of tensors: it is not a network's weights."),
            file=path,
        )  # fmt: skip
    for name, tensor in saved.items():
        if tensor.numel() * tensor.element_size() > size:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{file}”: “{name}” claims {claimed} bytes in a file of {size}: it is refused."),
                file=path, name=name, claimed=f"{tensor.numel() * tensor.element_size():,}", size=f"{size:,}",
            )  # fmt: skip
    renamed = fitted(path, {name: tuple(tensor.shape) for name, tensor in saved.items()}, network)
    return {new: saved[old].float().clone(memory_format=torch.contiguous_format) for old, new in renamed.items()}


def _unpickle(path: Path, size: int) -> Any:
    zipped = zipfile.is_zipfile(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        names = _forbidden(path, zipped, str(error))
        if names:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{file}” is refused: loading it would run {names}, and weights need no such thing."),
                file=path, names=", ".join(names),
            ) from error  # fmt: skip
        raise _damaged(path, error) from error
    except Exception as error:  # torch raises many kinds on broken files
        if isinstance(error, EOFError) or "EOF" in str(error):
            raise _cut(path, size) from error
        raise _damaged(path, error) from error


def _forbidden(path: Path, zipped: bool, message: str) -> list[str]:
    """The functions and classes that the file would call: all of them where it can be asked, of a legacy file the first."""
    if zipped:
        try:
            return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
        except Exception:  # a file that is broken besides
            pass
    return re.findall(r"(?:GLOBAL|global:?|instruction) ([\w.]+\.[\w.]+)", message)[:1]


def _damaged(path: Path, error: Exception) -> SceneError:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    return SceneError(QT_TRANSLATE_NOOP("errors", "“{file}” is damaged ({reason}): download it again."), file=path, reason=reason)


def fitted(path: Path, shapes: Mapping[str, tuple[int, ...]], network: nn.Module) -> dict[str, str]:
    """File's name to network's name of each tensor; SceneError if the file is not of this very network."""
    renamed = _modern_names(shapes, network)
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    missing, unknown = sorted(expected.keys() - set(renamed.values())), sorted(set(renamed.values()) - expected.keys())
    if missing or unknown:
        parts = [f"{len(names)} {word} ({', '.join(names[:3])})" for names, word in ((missing, "missing"), (unknown, "unknown")) if names]
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "“{file}” is of another network than config.json says: of its tensors {what}."),
            file=path, what=", ".join(parts),
        )  # fmt: skip
    for old, new in renamed.items():
        if shapes[old] != expected[new]:
            raise SceneError(
                QT_TRANSLATE_NOOP("errors", "“{file}” is of another network than config.json says: “{name}” is {found}, not {needed}."),
                file=path, name=old, found=_times(shapes[old]), needed=_times(expected[new]),
            )  # fmt: skip
    return renamed


def _modern_names(shapes: Mapping[str, tuple[int, ...]], network: nn.Module) -> dict[str, str]:
    """Models of 2022 call the parts of an attention block query, key, value and proj_attn."""
    blocks = tuple(name for name, module in network.named_modules() if getattr(module, "_from_deprecated_attn_block", False))
    words = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
    renamed = {}
    for name in shapes:
        block, _, rest = name.rpartition(".")
        block, _, part = block.rpartition(".")
        modern = f"{block}.{words[part]}.{rest}" if block in blocks and part in words else name
        renamed[name] = name if modern in shapes else modern
    return renamed


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{n}" for n in shape) or "a single number"
