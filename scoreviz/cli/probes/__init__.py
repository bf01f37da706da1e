"""Small programs that answer one question about Qt or torch, each in a process of its own, as one JSON object on stdout.

A probe may crash: that is an answer too. They are the only code outside `gui` that names Qt.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


class ProbeFailed(Exception):
    """A probe did not answer; the message says how it ended."""


def start(name: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start the probe `scoreviz.cli.probes.<name>`; several may run at once."""
    command = [sys.executable, "-m", f"{__name__}.{name}"]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def answer(process: subprocess.Popen[str], seconds: float = 60.0) -> dict[str, Any]:
    """What the probe found. ProbeFailed if it crashed, raised, or took longer than `seconds`."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise ProbeFailed(f"no answer within {seconds:g} s") from None
    lines = errors.strip().splitlines() or [""]
    if process.returncode < 0:
        fatal = next((line for line in lines if line.startswith("Fatal Python error")), lines[0])
        raise ProbeFailed(f"killed by {signal.Signals(-process.returncode).name}. {fatal}".rstrip())
    try:
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        raise ProbeFailed(lines[-1] or f"exit code {process.returncode}") from None
    return found
