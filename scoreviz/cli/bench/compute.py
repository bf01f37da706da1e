"""How fast a network learns and how fast points are sampled, on one core."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import Any

from scoreviz.cli import probes
from scoreviz.cli.bench.rows import Figure, Measured, NotHere, Row

PROBE = [sys.executable, "-m", "scoreviz.cli.probes.learning"]
LIMIT = 600.0


@functools.cache
def _probe(kind: str) -> dict[str, Any]:
    done = subprocess.run([*PROBE, kind], capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise RuntimeError((done.stderr.strip().splitlines() or ["the probe said nothing"])[-1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _moons() -> Measured:
    found = _probe("moons")
    return Measured(found["seconds"], note=f"{found['steps']} steps; mean distance of {found['seeds']} seeds {found['distance']:.3f}")


def _moons_beside_smalldiffusion() -> Measured:
    found = _probe("smalldiffusion")
    if "missing" in found:
        raise NotHere(f"{found['missing']}: pip install smalldiffusion, and what it imports, to compare with its toy loop")
    return Measured(found["seconds"], found["theirs"], note="its README's settings")


def _heun() -> Measured:
    found = _probe("heun")
    return Measured(found["seconds"], found["bare"])


def _pictures() -> Measured:
    found = probes.answer(probes.start("pictures"), seconds=LIMIT)
    note = f"a network of {found['weights'] / 1e6:.1f} million weights, {found['pictures']} pictures of 32x32, one core"
    return Measured(found["seconds"], found["bare"], note=note)


ROWS = (
    Row("train-moons", "two moons from random weights to a distance of 0.05, one core", "s", 1.5, _moons),
    Row(
        "train-moons-ratio", "the same beside smalldiffusion's toy loop", "s", 0.1, _moons_beside_smalldiffusion,
        figure=Figure.RATIO, baseline="smalldiffusion's toy loop in the same process",
    ),
    Row("heun", "2000 particles x 40 Heun steps, one core", "s", 0.2, lambda: Measured(_heun().value)),
    Row(
        "sampling-loop", "what the sampling loop costs over its bare network evaluations", "s", 0.05, _heun,
        figure=Figure.OVERHEAD, baseline="the same evaluations of the network without the loop",
    ),
    Row(
        "image-substep", "a substep of the Images tab, its frame encoded, over the bare network forward", "s", 0.03, _pictures,
        figure=Figure.OVERHEAD, baseline="the network's forward on the same batch, alternating",
    ),
)  # fmt: skip
