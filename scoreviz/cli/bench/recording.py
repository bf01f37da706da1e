"""Whether a live recording keeps up while a network trains, and what it takes from the training."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from typing import Any

from scoreviz.cli.bench.display import display
from scoreviz.cli.bench.rows import Figure, Measured, Row

PROBE = [sys.executable, "-m", "scoreviz.cli.probes.recording"]
SECONDS = 60.0
LIMIT = 300.0


@functools.cache
def found(seconds: float = SECONDS) -> dict[str, Any]:
    """One recording of so many seconds, in a process of its own."""
    with display() as (where, words), tempfile.TemporaryDirectory() as home:
        own = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), home)
        environment = {**os.environ, **where, **own}
        done = subprocess.run([*PROBE, str(seconds)], env=environment, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["the probe said nothing"])[-1])
    return {**json.loads(done.stdout.splitlines()[-1]), "where": words}


def _recording() -> Measured:
    """Time that each picture of the film stands for: at 30 per second and none dropped 33.3 ms, with every other one dropped 66.7."""
    f = found()
    pictures = f["written"] + f["dropped"]
    note = (
        f"{f['dropped']:.0f} of {pictures:.0f} frames dropped, {f['width']} x {f['height']} in {f['seconds']:.0f} s; "
        f"drawing one takes {f['draw_median']:.1f} ms (p99 {f['draw_p99']:.1f}), encoding {f['encode_cpu_ms']:.1f} ms of CPU; "
        f"the window's frame gap p99 {f['gap_p99_with']:.1f} ms, "
        f"at most {f['gap_max_with']:.0f} (without {f['gap_p99_without']:.1f}, {f['gap_max_without']:.0f}); {f['where']}"
    )
    return Measured(1000 / 30 * pictures / max(f["written"], 1), note=note)


def _rate() -> Measured:
    return Measured(found()["rate_with"], found()["rate_without"], note="live resampling off: the exact score drives the sampler")


ROWS = (
    Row("recording", "time of each picture in 60 s of 720p, recorded at 30 per second while a network trains", "ms", 33.34, _recording),
    Row(
        "training-beside-recording", "training steps per second beside a recording", "1/s", 0.5, _rate,
        figure=Figure.SHORTFALL, baseline="the same window before the recording",
    ),
)  # fmt: skip
