"""The script in the README runs as it stands, and prints what its comments promise."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_script_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (script,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(script, "README.md", "exec"), {})
    distance, likelihoods = capsys.readouterr().out.splitlines()
    value, floor = re.findall(r"(?:value=|floor=\()([0-9.]+)", distance)
    assert float(floor) < float(value) < 0.08
    numbers = [float(number) for number in re.findall(r"-?[0-9]+\.[0-9]+", likelihoods)]
    assert numbers[:4] == pytest.approx(numbers[4:], abs=0.1)
    assert (tmp_path / "moons.trace.npz").exists()
