"""How smoothly the window draws while a network trains, and what the window takes from the training."""

from __future__ import annotations

import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from scoreviz.cli.bench.display import display
from scoreviz.cli.bench.rows import Figure, Measured, Row

PROBE = [sys.executable, "-m", "scoreviz.cli.probes.frames"]
ENGINE = [sys.executable, "-m", "scoreviz.engine", "--stdio"]
TURNS = 3
SECONDS = 8.0
SETTLING = 2.0


@functools.cache
def _measured() -> dict[str, Any]:
    """Medians over turns of: a bare window, the window while it trains, the engine alone."""
    turns: dict[str, list[dict[str, float]]] = {"bare": [], "window": [], "headless": []}
    with display() as (where, words), tempfile.TemporaryDirectory() as home:
        own = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), home)
        environment = {**os.environ, **where, **own}
        for _ in range(TURNS):
            for kind in ("bare", "window"):
                done = subprocess.run([*PROBE, kind, str(SECONDS)], env=environment, capture_output=True, text=True, timeout=120)
                if done.returncode != 0:
                    raise RuntimeError(f"the {kind} window failed: {(done.stderr.strip().splitlines() or ['no word of why'])[-1]}")
                turns[kind].append(json.loads(done.stdout.splitlines()[-1]))
            turns["headless"].append({"rate": headless_rate(SECONDS)})
    medians: dict[str, Any] = {kind: {k: statistics.median(t[k] for t in found) for k in found[0]} for kind, found in turns.items()}
    return {**medians, "where": words}


def headless_rate(seconds: float) -> float:
    """Training steps per second of an engine that nobody looks at, on the first scene."""
    from scoreviz.protocol.framing import encode, window_unframer
    from scoreviz.protocol.messages import Hello, Train, Trained, Update
    from scoreviz.scene.document import Scene

    scene, unframer = Scene(), window_unframer()
    parts = {name: getattr(scene, name) for name in Scene.__struct_fields__ if name != "view"}
    with subprocess.Popen(ENGINE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdin is not None and engine.stdout is not None
        for message in (Hello(), Update(revision=1, parts=parts), Train(running=True)):
            engine.stdin.write(encode(message))
        engine.stdin.flush()
        counted: list[tuple[float, int]] = []
        while not counted or counted[-1][0] - counted[0][0] < seconds + SETTLING:
            for reply in unframer.feed(os.read(engine.stdout.fileno(), 1 << 20)):
                if isinstance(reply, Trained) and reply.step:
                    counted.append((time.perf_counter(), reply.step))
        engine.stdin.close()
    settled = [(t, n) for t, n in counted if t - counted[0][0] >= SETTLING]
    return (settled[-1][1] - settled[0][1]) / (settled[-1][0] - settled[0][0])


def _gap() -> Measured:
    found = _measured()
    return Measured(found["window"]["gap_p99"], found["bare"]["gap_p99"], note=f"p99 over {SECONDS:.0f} s, {TURNS} turns; {found['where']}")


def _paint() -> Measured:
    found = _measured()["window"]
    return Measured(found["paint_median"], note=f"canvas of {found['width']:.0f} x {found['height']:.0f}; p99 {found['paint_p99']:.2f} ms")


def _rate() -> Measured:
    found = _measured()
    return Measured(found["window"]["rate"], found["headless"]["rate"], note="live resampling off: the exact score drives the sampler")


_WITH = "2000 particles with trails, arrows, heat map, while a network trains"
ROWS = (
    Row("frame-gap", f"gap between frames, {_WITH}", "ms", 1.5, _gap, figure=Figure.EXCESS, baseline="a bare window's in the same run"),
    Row("paint", f"one frame of the canvas, {_WITH}", "ms", 9.0, _paint),
    Row(
        "training-beside-window", "training steps per second beside the window", "1/s", 0.05, _rate,
        figure=Figure.SHORTFALL, baseline="the engine alone",
    ),
)  # fmt: skip
