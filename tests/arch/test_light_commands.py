"""The light commands stay light. Linters do not see string imports and count lazy ones: so the real processes are asked."""

import subprocess
import sys

import pytest

from scoreviz.cli.bench import measured, rows
from scoreviz.cli.bench.startup import HEAVY

DRIVER = """
import sys
from scoreviz.__main__ import main
try:
    main(sys.argv[1:])
finally:
    sys.stderr.write("\\nMODULES " + " ".join(sys.modules))
"""


def modules_after(*arguments):
    result = subprocess.run([sys.executable, "-c", DRIVER, *arguments], capture_output=True, text=True, timeout=60)
    return {name.partition(".")[0] for name in result.stderr.rpartition("MODULES ")[2].split()}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"], ["--version"], ["no-such-file.scoreviz.json"], ["doctr"], ["bench", "--help"], ["doctor", "-h"],
        ["render", "--help"], ["render", "a.scoreviz.json", "-o", "a.avi"], ["render", "a.scoreviz.json", "-o", "a.mp4"],
        ["sample", "--help"], ["sample", "-o", "a.npz"], ["sample", "a.scoreviz.json", "-o", "a.npz", "--n", "0"],
    ],
)  # fmt: skip
def test_nothing_heavy_is_imported(arguments):
    modules = modules_after(*arguments)
    assert "scoreviz" in modules
    assert not modules.intersection(HEAVY)


def test_a_broken_scene_is_refused_before_qt_is_loaded(tmp_path):
    path = tmp_path / "broken.scoreviz.json"
    path.write_text("{")
    assert not modules_after(str(path)).intersection(HEAVY)


@pytest.mark.parametrize("name", ["help", "version"])
def test_light_commands_are_quick(name):
    (row,) = (row for row in rows() if row.name == name)
    result = measured(row)
    assert result.get("within_twice"), result
