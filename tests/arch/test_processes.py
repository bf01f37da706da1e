"""Which process knows what: all modules of each side are imported in a process of their own, and `sys.modules` is read."""

import subprocess
import sys

import pytest

DRIVER = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", []), name + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print("MODULES", *sys.modules)
"""


def top_level_after_importing(*packages):
    result = subprocess.run([sys.executable, "-c", DRIVER, *packages], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return {name.partition(".")[0] for name in result.stdout.rpartition("MODULES ")[2].split()}


@pytest.mark.parametrize(
    ("packages", "strangers"),
    [
        (["scoreviz.resources", "scoreviz.scene"], {"torch", "numpy", "PySide6", "pyqtgraph"}),
        (["scoreviz.protocol"], {"torch", "PySide6", "pyqtgraph"}),
        (["scoreviz.record"], {"torch", "diffusers", "PySide6", "pyqtgraph"}),
        (["scoreviz.models"], {"PySide6", "pyqtgraph"}),
        (["scoreviz.gui"], {"torch", "diffusers"}),
        (["scoreviz.engine", "scoreviz.maths"], {"PySide6", "pyqtgraph", "OpenGL"}),
    ],
    ids=lambda value: "-".join(sorted(value)),
)
def test_a_side_knows_no_strangers(packages, strangers):
    assert not top_level_after_importing(*packages).intersection(strangers)
