"""Style, types and the direction of imports, as `pyproject.toml` states them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.arch.ceilings import over_ceiling

ROOT = Path(__file__).resolve().parents[2]

LINTERS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy", "--num-workers", "2"],  # a fresh checkout has no cache
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
}


@pytest.mark.parametrize("linter", LINTERS)
def test_linter_is_content(linter):
    result = subprocess.run([sys.executable, *LINTERS[linter]], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"


def test_ceilings_are_seen(tmp_path):
    long_function = "def f():\n" + "    pass\n" * 41
    wide_class = "class C:\n" + "".join(f"    def m{i}(self): ...\n" for i in range(16))
    path = tmp_path / "toy.py"
    path.write_text(long_function + wide_class + "#\n" * 400)
    assert [line.split(" ", 1)[1] for line in over_ceiling(path)] == ["459 lines", "f: 42 lines", "C: 16 public methods"]
