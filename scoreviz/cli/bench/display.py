"""Where the windows of a benchmark are shown, and in which words that is reported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def display() -> Iterator[tuple[dict[str, str], str]]:
    """Environment for child processes and its name: the present display, else an Xvfb of our own, else Qt's offscreen platform."""
    chosen = os.environ.get("QT_QPA_PLATFORM")
    if chosen or not sys.platform.startswith("linux") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield {}, f"QT_QPA_PLATFORM={chosen}" if chosen else "present display"
    elif shutil.which("Xvfb") is None:
        yield {"QT_QPA_PLATFORM": "offscreen"}, "offscreen, for there is no display and no Xvfb"
    else:
        read, write = os.pipe()  # Xvfb picks a free number and writes it there once it listens
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"],
            pass_fds=[write], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        try:
            with os.fdopen(read) as numbers:
                number = numbers.readline().strip()
            if not number:
                raise RuntimeError("Xvfb did not start")
            yield {"DISPLAY": f":{number}"}, "Xvfb of its own, software rendering"
        finally:
            server.terminate()
            server.wait()
