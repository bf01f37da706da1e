"""Records what the engine computes for the window to show before the engine is up: the first scene's run, and the
presets' samples for their thumbnails.

A test holds that the recordings are what the engine computes. Make them anew with
`python -m scoreviz.engine --record assets` when the first scene, a preset or the mathematics changes.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from scoreviz.engine.fields import arrows, density
from scoreviz.engine.plan import Plan
from scoreviz.engine.player import Player
from scoreviz.maths.density import compile_density, preset
from scoreviz.maths.sde import build_sde
from scoreviz.maths.solid import solid_preset
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.framing import encode
from scoreviz.protocol.messages import Arrows, Density, Look, Message, RunFrames, RunStarted
from scoreviz.scene.density import PRESET_LABELS
from scoreviz.scene.document import Scene
from scoreviz.scene.solid import SOLID_LABELS

FIRST, LAST = 20, 60
"""Frames recorded: from where the cloud fits the picture to where any engine has started."""

LOOK = Look(bounds=(-6.24, 6.24, -2.6, 2.6), density_shape=(64, 154), arrows_shape=(26, 62), arrows_kind="exact")
GRID = 2.0**-10
"""Positions are rounded to this (a fortieth of a pixel): the file is half the size."""


POINTS = 320


class _Collected(list[Message]):
    """Stands where the pipe would be."""

    def send(self, message: Message) -> None:
        self.append(message)


def first_sight() -> list[Message]:
    """The run of the first scene to frame LAST, and each frame's fields, in the order in which they are wanted."""
    scene = Scene()
    target = compile_density(scene.density, {})
    sde = build_sde(scene.noise, target.diameter())
    score_fn = target.score_fn(sde)
    sent: Any = _Collected()
    player = Player(sent)
    player.start(Plan(0, scene, sde, target, score_fn, None, None, live=False))
    while not player.unmeasured:
        player.slice(1.0)
    (started,) = (m for m in sent if isinstance(m, RunStarted))
    frames = np.concatenate([m.frames.numpy() for m in sent if isinstance(m, RunFrames)])[: LAST + 1]
    recorded: list[Message] = [started, RunFrames(run=started.run, first=0, frames=_rounded(frames[: FIRST + 1]))]
    for k, sigma in enumerate(started.sigma.numpy()[FIRST : LAST + 1].tolist(), FIRST):
        grid = density(target, sde, sigma, LOOK, 0)
        field = arrows(score_fn, None, None, sde, sigma, LOOK, 0)
        log_p = np.maximum(grid.log_p.numpy(), -64.0)  # far below what is drawn
        recorded.append(Density(revision=0, sigma=sigma, bounds=LOOK.bounds, log_p=_rounded(log_p, 2.0**-5)))
        vectors = _rounded(field.vectors.numpy(), 2.0**-7)
        recorded.append(Arrows(revision=0, sigma=sigma, bounds=LOOK.bounds, kind="exact", step=None, vectors=vectors))
        if k < LAST:
            recorded.append(RunFrames(run=started.run, first=k + 1, frames=_rounded(frames[k + 1 : k + 2])))
    return recorded


def preset_points() -> dict[str, Array]:
    """A few exact samples of each preset."""
    generator = torch.Generator().manual_seed(3)
    return {name: _rounded(preset(name).sample(POINTS, generator).numpy()) for name in PRESET_LABELS}


def solid_points() -> dict[str, Array]:
    """A few exact samples of each shape in space, x y z."""
    generator = torch.Generator().manual_seed(3)
    return {name: _rounded(solid_preset(name).sample(POINTS, generator).numpy()) for name in SOLID_LABELS}


def record(folder: Path) -> None:
    """Write all the files."""
    (folder / "first_sight.bin").write_bytes(zlib.compress(b"".join(encode(m) for m in first_sight()), 9))
    (folder / "presets.bin").write_bytes(msgspec.msgpack.encode(preset_points()))
    (folder / "solid_presets.bin").write_bytes(msgspec.msgpack.encode(solid_points()))


def _rounded(values: np.ndarray[Any, Any], grid: float = GRID) -> Array:
    return Array.of((np.round(values / grid) * grid).astype(np.float32))
