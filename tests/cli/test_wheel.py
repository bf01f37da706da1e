"""The wheel of this very checkout, installed into a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Where the wheel is installed: built from a copy with one asset and one picture more, so that both rules show."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "scoreviz", copy / "scoreviz", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("gallery/probe.json", "media/probe.png", "guide/probe.md"):
        (copy / "assets" / name).parent.mkdir(parents=True)
        (copy / "assets" / name).write_text("{}")
    subprocess.run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(copy)], check=True)
    (wheel,) = folder.glob("scoreviz-*.whl")
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def run(site, *command):
    """Run with the installed package first on the path, away from the checkout."""
    return subprocess.run(
        command, cwd=site.parent, env={**os.environ, "PYTHONPATH": str(site)}, check=True, capture_output=True, text=True
    ).stdout


def test_assets_are_found_and_readme_pictures_left_out(site):
    found = run(site, sys.executable, "-c", "from scoreviz.resources import asset; print(asset('gallery/probe.json'))").strip()
    assert Path(found) == site / "scoreviz" / "assets" / "gallery" / "probe.json"
    assert sorted(path.name for path in (site / "scoreviz" / "assets").iterdir()) == ["gallery"]
    assert not (site / "assets").exists()
    assert not (site / "tests").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="scripts have another name there")
@pytest.mark.parametrize("script", ["scoreviz", "scoreviz-gui"])
def test_the_commands_start(site, script):
    assert run(site, str(site / "bin" / script), "--version").startswith("scoreviz ")
