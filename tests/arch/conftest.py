"""Reports, after the tests, what has outgrown its ceiling. It never fails: it makes one stop and think."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.arch.ceilings import over_ceiling

PACKAGE = Path(__file__).resolve().parents[2] / "scoreviz"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each file, class or function over its ceiling."""
    found = [line for path in sorted(PACKAGE.rglob("*.py")) for line in over_ceiling(path)]
    if found:
        terminalreporter.section("over a ceiling: stop and think")
        for line in found:
            terminalreporter.line(line)
