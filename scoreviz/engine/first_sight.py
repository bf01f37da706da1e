"""Records what the engine computes for the first scene, so that the window can show it before the engine is up.

The file is the engine's own messages, in order; a test holds that it is what the engine computes. Make it anew with
`python -m scoreviz.engine --record-first-sight assets/first_sight.bin` when the first scene or the mathematics changes.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from scoreviz.engine.fields import arrows, density
from scoreviz.engine.player import Plan, Player
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.framing import encode
from scoreviz.protocol.messages import Arrows, Density, Look, Message, RunFrames, RunStarted
from scoreviz.scene.document import Scene

FIRST, LAST = 20, 60
"""Frames recorded: from where the cloud fits the picture to where any engine has started."""

LOOK = Look(bounds=(-6.24, 6.24, -2.6, 2.6), density_shape=(64, 154), arrows_shape=(26, 62), arrows_kind="exact")
GRID = 2.0**-10
"""Positions are rounded to this (a fortieth of a pixel): the file is half the size."""


class _Collected(list[Message]):
    """Stands where the pipe would be."""

    def send(self, message: Message) -> None:
        self.append(message)


def messages() -> list[Message]:
    """The run of the first scene to frame LAST, and each frame's fields, in the order in which they are wanted."""
    scene = Scene()
    target = compile_density(scene.density, {})
    sde = build_sde(scene.noise, target.diameter())
    score_fn = target.score_fn(sde)
    sent: Any = _Collected()
    player = Player(sent)
    player.start(Plan(0, scene, sde, target, score_fn, None, live=False))
    while not player.unmeasured:
        player.slice(1.0)
    (started,) = (m for m in sent if isinstance(m, RunStarted))
    frames = np.concatenate([m.frames.numpy() for m in sent if isinstance(m, RunFrames)])[: LAST + 1]
    recorded: list[Message] = [started, RunFrames(run=started.run, first=0, frames=_rounded(frames))]
    for sigma in started.sigma.numpy()[FIRST : LAST + 1].tolist():
        grid = density(target, sde, sigma, LOOK, 0)
        field = arrows(score_fn, None, None, sde, sigma, LOOK, 0)
        log_p = np.maximum(grid.log_p.numpy(), -64.0)  # far below what is drawn
        recorded.append(Density(revision=0, sigma=sigma, bounds=LOOK.bounds, log_p=_rounded(log_p, 2.0**-5)))
        recorded.append(
            Arrows(revision=0, sigma=sigma, bounds=LOOK.bounds, kind="exact", step=None, vectors=_rounded(field.vectors.numpy(), 2.0**-7))
        )  # fmt: skip
    return recorded


def record(path: Path) -> None:
    """Write the file."""
    path.write_bytes(zlib.compress(b"".join(encode(m) for m in messages()), 9))


def _rounded(values: np.ndarray[Any, Any], grid: float = GRID) -> Array:
    return Array.of((np.round(values / grid) * grid).astype(np.float32))
