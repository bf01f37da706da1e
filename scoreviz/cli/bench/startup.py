"""How soon something appears: the light commands, and the first painted window."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence

from scoreviz.cli.bench.display import display
from scoreviz.cli.bench.rows import Figure, Measured, Row, interleaved, seconds

SCOREVIZ = [sys.executable, "-c", "import sys; from scoreviz.__main__ import main; sys.exit(main())"]
"""What the installed script does. `python -m scoreviz` takes 40 ms more to its first paint: ARCHITECTURE."""
BARE_WINDOW = [sys.executable, "-c", "from scoreviz.cli.probes.bare_window import main; main()"]
HEAVY = ("PySide6", "pyqtgraph", "torch", "numpy", "scipy")
LIMIT = 60.0


def _light(option: str) -> Measured:
    """Median wall time of `scoreviz <option>` as a whole process. RuntimeError if it imports anything heavy."""
    report = f"import sys; from scoreviz.__main__ import main\ntry: main([{option!r}])\nfinally: print(*sys.modules, file=sys.stderr)"
    imported = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, timeout=LIMIT).stderr.split()
    if found := sorted({module.partition(".")[0] for module in imported}.intersection(HEAVY)):
        raise RuntimeError(f"scoreviz {option} imports {', '.join(found)}")
    times = [seconds(lambda: subprocess.run([*SCOREVIZ, option], check=True, stdout=subprocess.DEVNULL, timeout=LIMIT)) for _ in range(7)]
    return Measured(statistics.median(times), note="a whole process; neither Qt nor torch nor numpy is imported")


def first_paint(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Seconds from starting the process to its line “first-paint”, by one clock for all: the caller's."""
    shown = " ".join(command[1:])
    with tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        guard = threading.Timer(LIMIT, process.kill)
        guard.start()
        with process:
            assert process.stdout is not None
            painted = next((time.perf_counter() - start for line in process.stdout if line.startswith("first-paint")), None)
        guard.cancel()
        errors.seek(0)
        last = (errors.read().strip().splitlines() or ["nothing on stderr"])[-1]
    if painted is None:
        raise RuntimeError(f"{shown} ended without painting: {last}")
    if process.returncode != 0:
        raise RuntimeError(f"{shown} painted, then ended with {process.returncode}: {last}")
    return painted


def _first_paint() -> Measured:
    """The window against a bare one, both under the same display, the user's own files out of reach."""
    with display() as (where, words), tempfile.TemporaryDirectory() as home:
        own = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), home)
        # compiled modules, as pip leaves them: the first run of each, which does not count, writes them
        compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": os.path.join(home, "compiled")}
        environment = {**where, **own, **compiled, "SCOREVIZ_REPORT_FIRST_PAINT": "1"}
        value, baseline = interleaved(lambda: first_paint(SCOREVIZ, environment), lambda: first_paint(BARE_WINDOW, environment))
    return Measured(value, baseline, note=words)


ROWS = (
    Row("help", "`scoreviz --help`, no Qt, no torch", "s", 0.2, lambda: _light("--help")),
    Row("version", "`scoreviz --version`, no Qt, no torch", "s", 0.2, lambda: _light("--version")),
    Row(
        "first-paint", "first paint of canvas and transport", "s", 1.25, _first_paint,
        figure=Figure.RATIO, baseline="a bare PySide6 and pyqtgraph window in the same run",
    ),
)  # fmt: skip
