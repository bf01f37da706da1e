"""What recording costs those who do not record, and what the recorder's process does not need."""

import subprocess
import sys

import pytest

DRIVER = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\nprint(*sys.modules)"
RECORD = [
    f"scoreviz.record.{name}"
    for name in ("gif", "messages", "parts", "picture", "recorder", "slots", "stdio", "stream", "transcode", "video", "whole")
]


@pytest.mark.parametrize(
    ("modules", "strangers"),
    [(RECORD, {"PySide6", "pyqtgraph", "torch"}), (["scoreviz.gui.topbar", "scoreviz.gui.recording"], {"av", "PIL", "torch"})],
    ids=["recorder", "window"],
)
def test_strangers(modules, strangers):
    done = subprocess.run([sys.executable, "-c", DRIVER, *modules], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not {name.partition(".")[0] for name in done.stdout.split()} & strangers
