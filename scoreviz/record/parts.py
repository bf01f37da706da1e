"""Recordings that are not films yet: `NAME.mp4.part.mkv` beside the `NAME.mp4` (or .gif) to be. Nothing heavy: the window asks too."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PART = ".part.mkv"
QUIET_SECONDS = 5.0


def part_of(target: Path) -> Path:
    """Where the live recording of `target` is kept: visible, for it is a film by itself."""
    return target.with_name(target.name + PART)


def target_of(part: Path) -> Path:
    """The reverse, under a name that nobody has yet."""
    name = part.name.removesuffix(PART)
    return _numbered(part.with_name(name if name.endswith((".mp4", ".gif")) else name + ".mp4"), Path.exists)


def free_name(path: Path) -> Path:
    """`path`, or `path` with 2, 3, ... where there is already such a film or a recording of it."""
    return _numbered(path, lambda tried: tried.exists() or part_of(tried).exists())


def _numbered(path: Path, taken: Callable[[Path], bool]) -> Path:
    tried, number = path, 1
    while taken(tried):
        number += 1
        tried = path.with_name(f"{path.stem} {number}{path.suffix}")
    return tried


def leftovers(folder: Path) -> list[Path]:
    """Recordings that nobody is working on any more: window and recorder were both ended. Newest first."""
    found = [path for path in folder.glob(f"*{PART}") if path.is_file() and not _is_in_use(path)] if folder.is_dir() else []
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


@contextlib.contextmanager
def in_use(part: Path) -> Iterator[None]:
    """While a process records or converts `part`, it is not a leftover. The lock goes with the process, however that ends."""
    try:
        file = part.open("rb")
    except OSError as error:
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "There is no recording “{name}”. Check its name and folder."), name=str(part)
        ) from error
    with file:
        _lock(file)
        yield


def _lock(file: BinaryIO, *, wait: bool = True) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows, where how old the file is has to do
        return time.time() - os.fstat(file.fileno()).st_mtime > QUIET_SECONDS
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return time.time() - os.fstat(file.fileno()).st_mtime > QUIET_SECONDS
    return True


def _is_in_use(part: Path) -> bool:
    try:
        with part.open("rb") as file:
            return not _lock(file, wait=False)
    except OSError:
        return True
