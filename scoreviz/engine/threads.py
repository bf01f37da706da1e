"""The number of threads that torch uses, for a while."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch


def usual() -> int:
    """One core is left to whoever watches; a score network of pictures takes ten times as long where threads wait for cores."""
    return max(1, (os.cpu_count() or 2) - 1)


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """What is computed within uses so many: results depend on it to the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
