"""The top level, the README's promises, and the pins."""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "assets", "constraints.txt", "pyproject.toml", "scoreviz", "tests",
}  # fmt: skip
RUN = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt . && .venv/bin/scoreviz"
TEST = 'python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e ".[test]" && .venv/bin/pytest'


def test_top_level_is_as_designed():
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line]
    names = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert {name for name in names if not any(fnmatch(name, pattern) for pattern in ignored)} == TOP_LEVEL


def test_readme_has_both_commands_and_their_windows_forms():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for command in (RUN, TEST):
        assert lines.count(command) == 1
        windows = command.replace("python3", "py -3").replace(".venv/bin/", ".venv\\Scripts\\")
        assert lines.count(windows) == 1


def test_ci_runs_the_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()
    (extraction,) = re.findall(r"^test_command=\$\((.*)\)$", script, re.MULTILINE)
    extracted = subprocess.run(["bash", "-c", extraction], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert extracted == TEST
    assert 'bash -c "$test_command"' in script


def test_ci_installs_what_the_readme_names():
    (line,) = re.findall(r"^sudo apt install (.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(line.split()) <= set((ROOT / ".ci" / "run").read_text().split())


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"]["test"]]]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_dependency_is_pinned_within_its_range(requirement):
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines if line[:1] != "#")}
    assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])
