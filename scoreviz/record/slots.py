"""A ring of picture buffers in a memory-mapped file that window and recorder share: the pixels are written once and read once."""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

MOST, LEAST = 8, 3
MEMORY = 128 * 2**20


class Slots:
    """`count` pictures of (height, width, 4) uint8."""

    def __init__(self, path: Path, size: tuple[int, int], count: int) -> None:
        self.path, self.count, self.size = path, count, size
        self._bytes = size[0] * size[1] * 4
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), count * self._bytes)

    @classmethod
    def make(cls, size: tuple[int, int]) -> Slots:
        """A new ring in a private folder. OSError if there is no room for it."""
        each = size[0] * size[1] * 4
        count = min(MOST, max(LEAST, MEMORY // each))
        reason = OSError()
        for place in (Path("/dev/shm"), Path(tempfile.gettempdir())):  # memory if it may be had: pages of a disk's file are written back
            if not place.is_dir() or not os.access(place, os.W_OK):
                continue
            folder = Path(tempfile.mkdtemp(prefix="scoreviz-record-", dir=place))
            try:
                _allocate(folder / "slots", count * each)
                return cls(folder / "slots", size, count)
            except OSError as error:
                shutil.rmtree(folder, ignore_errors=True)
                reason = error
        raise reason

    def view(self, slot: int) -> memoryview:
        """The memory of one slot, for a QImage to lie over."""
        return memoryview(self._memory)[slot * self._bytes : (slot + 1) * self._bytes]

    def picture(self, slot: int) -> np.ndarray:
        """(height, width, 4) uint8, the same memory."""
        return np.frombuffer(self.view(slot), np.uint8).reshape(self.size[1], self.size[0], 4)

    def remove(self) -> None:
        """Take the file away as soon as both sides have mapped it: then no way of ending leaves it behind."""
        with contextlib.suppress(OSError):  # Windows keeps what is mapped: the last one removes it
            self.path.unlink(missing_ok=True)
            self.path.parent.rmdir()


def _allocate(path: Path, size: int) -> None:
    """Claim the memory now: a page that cannot be had later ends the process with SIGBUS."""
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
