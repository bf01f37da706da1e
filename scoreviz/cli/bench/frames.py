"""How smoothly the window draws while a network trains, and what the window takes from the training."""

from __future__ import annotations

import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scoreviz.cli.bench.display import display
from scoreviz.cli.bench.rows import Figure, Measured, Row

PROBE = [sys.executable, "-m", "scoreviz.cli.probes.frames"]
ENGINE = [sys.executable, "-m", "scoreviz.engine", "--stdio"]
TURNS = 3
INSPECT_TURNS = 1  # of eleven layers
SECONDS = 6.0
SETTLING = 2.0


def _medians(kinds: Sequence[str], turns: int) -> dict[str, Any]:
    """Medians over turns of each kind of window, in turn; "headless" is an engine alone."""
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    with display() as (where, words), tempfile.TemporaryDirectory() as home:
        own = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), home)
        environment = {**os.environ, **where, **own}
        for _ in range(turns):
            for kind in kinds:
                found[kind].append({"rate": headless_rate(SECONDS)} if kind == "headless" else _probe(kind, environment))
    medians: dict[str, Any] = {kind: {k: statistics.median(t[k] for t in of_kind) for k in of_kind[0]} for kind, of_kind in found.items()}
    return {**medians, "where": words}


def _probe(kind: str, environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run([*PROBE, kind, str(SECONDS)], env=environment, capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        raise RuntimeError(f"the {kind} window failed: {(done.stderr.strip().splitlines() or ['no word of why'])[-1]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@functools.cache
def _measured() -> dict[str, Any]:
    """Of a bare window, plain Qt calls and the window while the engine trains, and the engine alone."""
    return _medians(("bare", "plain", "window", "headless"), TURNS)


@functools.cache
def _inspected() -> dict[str, Any]:
    """Of the window with each Inspect layer in turn, beside a bare one and plain Qt calls."""
    return _medians(("bare", "plain", "inspect"), INSPECT_TURNS)


@functools.cache
def _many() -> dict[str, Any]:
    """Of the window with 100,000 particles, beside plain Qt calls."""
    return _medians(("plain", "many"), INSPECT_TURNS)


@contextmanager
def training_engine() -> Iterator[Callable[[], list[tuple[float, int]]]]:
    """An engine that nobody looks at trains the first scene's network; what it yields lists (time in s, step) so far."""
    from scoreviz.protocol.framing import encode, window_unframer
    from scoreviz.protocol.messages import Hello, Train, Trained, Update
    from scoreviz.scene.document import Scene

    scene, unframer = Scene(), window_unframer()
    parts = {name: getattr(scene, name) for name in Scene.__struct_fields__ if name != "view"}
    counted: list[tuple[float, int]] = []
    with subprocess.Popen(ENGINE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdin is not None and engine.stdout is not None
        out = engine.stdout.fileno()

        def listen() -> None:
            while data := os.read(out, 1 << 20):
                for reply in unframer.feed(data):
                    if isinstance(reply, Trained) and reply.step:
                        counted.append((time.perf_counter(), reply.step))

        listener = threading.Thread(target=listen)
        listener.start()
        for message in (Hello(), Update(revision=1, parts=parts), Train(running=True)):
            engine.stdin.write(encode(message))
        engine.stdin.flush()
        try:
            yield lambda: list(counted)
        finally:
            engine.stdin.close()  # it ends with its input
            listener.join()


def headless_rate(seconds: float) -> float:
    """Training steps per second of an engine that nobody looks at, on the first scene."""
    with training_engine() as steps:
        while not (counted := steps()) or counted[-1][0] - counted[0][0] < seconds + SETTLING:
            time.sleep(0.1)
    settled = [(t, n) for t, n in counted if t - counted[0][0] >= SETTLING]
    return (settled[-1][1] - settled[0][1]) / (settled[-1][0] - settled[0][0])


def _gap() -> Measured:
    """Ticks wait for the longest paints, and the machine makes those longer."""
    found = _measured()
    ours, slowdown = found["window"], found["plain"]["slowdown"]
    note = f"p99 over {SECONDS:.0f} s, {TURNS} turns; {_beside(slowdown)}; {found['where']}"
    return Measured(ours["gap_p99"], found["bare"]["gap_p99"], note, machine=_share(ours["paint_p99"], slowdown))


def _inspect_gap() -> Measured:
    """Of the worst layer."""
    found = _inspected()
    gaps = {key.partition(".")[2]: value for key, value in found["inspect"].items() if key.startswith("gap_p99.")}
    worst = max(gaps, key=lambda name: gaps[name])
    slowdown = found["plain"]["slowdown"]
    note = f"worst of {len(gaps)} layers: {worst}; p99 over {SECONDS / 2:.0f} s, {INSPECT_TURNS} turns; {_beside(slowdown)}"
    return Measured(gaps[worst], found["bare"]["gap_p99"], note, machine=_share(found["inspect"][f"paint_p99.{worst}"], slowdown))


def _many_paint() -> Measured:
    found = _many()
    ours, slowdown = found["many"], found["plain"]["slowdown"]
    note = f"p99; median {ours['paint_median']:.2f} ms, gap p99 {ours['gap_p99']:.2f} ms; {_beside(slowdown)}"
    return Measured(ours["paint_p99"], note=note, machine=_share(ours["paint_p99"], slowdown))


def _paint() -> Measured:
    found = _measured()
    ours, slowdown = found["window"], found["plain"]["slowdown"]
    note = f"canvas of {ours['width']:.0f} x {ours['height']:.0f}; p99 {ours['paint_p99']:.2f} ms; {_beside(slowdown)}"
    return Measured(ours["paint_median"], note=note, machine=_share(ours["paint_median"], slowdown))


def _rate() -> Measured:
    found = _measured()
    ours, plain, alone = (found[kind]["rate"] for kind in ("window", "plain", "headless"))
    note = f"live resampling off: the exact score drives the sampler; beside plain Qt calls {plain:.4g} 1/s"
    return Measured(ours, alone, note, machine=max(0.0, 1 - plain / alone))


def _share(milliseconds: float, slowdown: float) -> float:
    """How much of a time is due to a machine on which everything takes `slowdown` times as long."""
    return max(0.0, milliseconds * (1 - 1 / slowdown))


def _beside(slowdown: float) -> str:
    return f"a frame of plain Qt calls takes {slowdown:.2f} times as long beside training as by itself"


_WITH = "2000 particles with trails, arrows, heat map, while a network trains"
ROWS = (
    Row("frame-gap", f"gap between frames, {_WITH}", "ms", 1.5, _gap, figure=Figure.EXCESS, baseline="a bare window's in the same run"),
    Row("paint", f"one frame of the canvas, {_WITH}", "ms", 9.0, _paint),
    Row(
        "training-beside-window", "training steps per second beside the window", "1/s", 0.05, _rate,
        figure=Figure.SHORTFALL, baseline="the engine alone",
    ),
)  # fmt: skip
LAYER_ROWS = (
    Row(
        "frame-gap-inspect", "the same with any one Inspect layer on, its map asked for and drawn anew for every noise level", "ms", 1.5,
        _inspect_gap, figure=Figure.EXCESS, baseline="a bare window's in the same run",
    ),
    Row("density-mode-100k", "one frame of the canvas with 100 000 particles as a density, p99, while a network trains", "ms", 33.0,
        _many_paint),
)  # fmt: skip
"""With a layer of the Inspect menu, and with many particles: they take minutes."""
