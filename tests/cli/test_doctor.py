"""`scoreviz doctor`: a report for people and for programs, and a remedy for what is broken."""

import json
import subprocess
import sys

import pytest

from scoreviz.__main__ import main
from scoreviz.cli import doctor, probes


def test_this_machine_is_sound(capsys):
    assert main(["doctor", "--json"]) == 0, capsys.readouterr().out
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    values = {finding["name"]: finding["value"] for finding in report["findings"]}
    for name in ("scoreviz", "Python", "PySide6", "torch", "msgspec", "numpy", "pyqtgraph", "OpenGL", "None references", "log"):
        assert values[name]


def references(**changes):
    return doctor.none_references({"frames": 2000, "before": 5000, "after": 5000, "immortal": False} | changes)


def test_lost_references_are_broken():
    assert references().state == "ok"
    assert references(after=5003).state == "ok"
    assert references(before=30000, after=12000).state == "broken"
    assert "3.12" in references(immortal=True, after=0).value
    crashed = doctor.none_references(probes.ProbeFailed("killed by SIGABRT"))
    assert crashed.state == "broken"
    assert "<6.12" in crashed.remedy


def test_table_shows_the_remedy_under_what_it_mends():
    found = [doctor.Finding("a", "fine"), doctor.Finding("bb", "gone", "broken", "Mend it.")]
    assert doctor.table(found).splitlines() == ["  a   fine", "! bb  gone", "      -> Mend it.", "", "Broken: bb."]


def process(code):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_probe_may_crash_raise_or_hang():
    assert probes.answer(process("print('{\"a\": 1}')")) == {"a": 1}
    with pytest.raises(probes.ProbeFailed, match="ImportError: no such"):
        probes.answer(process("raise ImportError('no such')"))
    with pytest.raises(probes.ProbeFailed, match="no answer within"):
        probes.answer(process("while True: pass"), seconds=0.2)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_probe_that_aborts_names_the_signal():
    with pytest.raises(probes.ProbeFailed, match="killed by SIGABRT"):
        probes.answer(process("import os; os.abort()"))
