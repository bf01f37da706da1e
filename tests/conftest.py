"""What every test stands on: a display that nobody sees, and folders of its own instead of the user's."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)  # pytest-xvfb has then started its display, where Xvfb is installed
def pytest_configure(config: pytest.Config) -> None:
    """Choose Qt's platform and isolate the user's folders, for this process and every process that a test starts."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        return  # it only hands out tests: what it set would be inherited by its workers, which have displays of their own
    if hasattr(config, "workerinput"):
        os.environ["OMP_NUM_THREADS"] = "1"  # two workers with two threads each wait for one another by spinning: one second took minutes
    home = Path(tempfile.mkdtemp(prefix="scoreviz-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())
    if "XDG_RUNTIME_DIR" not in os.environ:  # Qt warns without it, and warnings fail tests
        (home / "runtime").mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(home / "runtime")
    if sys.platform.startswith("linux"):
        os.environ.pop("WAYLAND_DISPLAY", None)  # windows belong on the display of pytest-xvfb, not on the desktop
        os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
