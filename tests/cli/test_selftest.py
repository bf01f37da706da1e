"""`scoreviz selftest`: its table, its JSON lines, its exit codes."""

import json
from collections.abc import Iterator

import pytest

from scoreviz.cli.selftest import run
from scoreviz.maths import selftest
from scoreviz.maths.selftest import Check, Outcome


def good() -> Outcome:
    return Outcome(1.0, 1.0, 0.1)


def broken() -> Outcome:
    raise RuntimeError("so it goes")


def few() -> Iterator[Check]:
    yield Check("sampler", "heun", "one", good)
    yield Check("sampler", "heun", "two", lambda: Outcome(1.3, 1.0, 0.1))
    yield Check("measure", "curl", "three", broken)
    yield Check("measure", "entropy", "four", lambda: Outcome(float("nan"), 1.0, 0.1))


@pytest.fixture
def only_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "checks", few)
    monkeypatch.setattr(selftest, "missing", lambda: [("measure", "toy")])


def test_one_thing_of_the_real_ones(capsys: pytest.CaptureFixture[str]):
    assert run(["--only", "karras"]) == 0
    out = capsys.readouterr().out
    assert "step grid" in out and "karras" in out and "All 1 checks hold" in out


def test_the_table_says_what_failed(only_few: None, capsys: pytest.CaptureFixture[str]):
    assert run([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["kind", "name", "what", "measured", "expected", "tolerance"]
    assert lines[1].endswith("ok") and lines[1].split()[3:6] == ["1", "1", "0.1"]
    assert lines[2].endswith("FAILED") and "1.3" in lines[2]
    assert "RuntimeError: so it goes" in lines[3] and lines[3].endswith("FAILED")
    assert lines[4].endswith("FAILED")
    assert "no check is of it" in lines[5] and "toy" in lines[5]
    assert lines[-1].startswith("4 of 5 failed")


def test_json_is_a_line_a_check(only_few: None, capsys: pytest.CaptureFixture[str]):
    assert run(["--json"]) == 1
    first, *rows, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"total": 4}
    assert [row["passed"] for row in rows] == [True, False, False, False]
    assert rows[0] | {"seconds": 0} == {
        "kind": "sampler", "name": "heun", "says": "one", "measured": 1.0, "expected": 1.0, "tolerance": 0.1, "passed": True, "seconds": 0,
        "error": "",
    }  # fmt: skip
    assert rows[2]["measured"] is None and rows[2]["error"] == "RuntimeError: so it goes"
    assert rows[3]["measured"] is None
    assert (last["passed"], last["failed"], last["missing"]) == (1, 4, ["measure toy"])


def test_only_chooses_a_name_or_a_kind(only_few: None, capsys: pytest.CaptureFixture[str]):
    assert run(["--only", "heun", "--json"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert run(["--only", "measure", "--json"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_an_unknown_name_is_a_sentence(only_few: None, capsys: pytest.CaptureFixture[str]):
    assert run(["--only", "huen"]) == 2
    assert "Did you mean “heun”?" in capsys.readouterr().err


def test_progress_is_on_stderr(only_few: None, capsys: pytest.CaptureFixture[str]):
    run(["--progress", "--json"])
    found = capsys.readouterr()
    assert "checking" in found.err and "checking" not in found.out
