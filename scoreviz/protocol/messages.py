"""Every message, as a tagged Struct. `ToEngine` goes to the engine, `FromEngine` comes back."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from scoreviz.protocol.arrays import Array

PROTOCOL = 1

Bounds = tuple[float, float, float, float]
"""x0, x1, y0, y1 in the drawing's units."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages."""


# ---- to the engine


class Hello(Message, tag="hello", frozen=True, kw_only=True):
    """The window's first word."""

    protocol: int = PROTOCOL


class Blob(Message, tag="blob", frozen=True, kw_only=True):
    """Bulk bytes under their digest, sent once."""

    digest: str
    data: bytes


class Update(Message, tag="update", frozen=True, kw_only=True):
    """The scene's top-level parts that changed since the last update (all of them at first). Acknowledged by `Applied`.

    `revision` grows by one with each. Only one is in flight; the engine answers with the first visible result before
    it acknowledges, so that a slider that moves all the time still shows something.
    """

    revision: int
    parts: dict[str, Any]


class Look(Message, tag="look", frozen=True, kw_only=True):
    """What is on screen and not yet known there: noise levels whose density and arrows are wanted, most urgent first.

    The newest Look replaces the ones before it.
    """

    bounds: Bounds
    density_shape: tuple[int, int]  # rows, columns
    arrows_shape: tuple[int, int]
    density: tuple[float, ...] = ()  # sigmas
    arrows: tuple[float, ...] = ()
    arrows_kind: Literal["exact", "network", "difference"] = "exact"
    position: float = 0.0  # share of the run on screen, 0 to 1: an update is acknowledged once its run is that far


class Train(Message, tag="train", frozen=True, kw_only=True):
    """Train, or pause."""

    running: bool


class Reset(Message, tag="reset", frozen=True, kw_only=True):
    """A new network from the scene's seed."""


class Restore(Message, tag="restore", frozen=True, kw_only=True):
    """Continue from a snapshot (after a crash, or from a file)."""

    snapshot: Snapshot


# ---- from the engine


class Welcome(Message, tag="welcome", frozen=True, kw_only=True):
    """The engine's answer to Hello: its protocol, and what it runs on."""

    protocol: int
    device: str
    threads: int
    torch: str
    pid: int


class Applied(Message, tag="applied", frozen=True, kw_only=True):
    """Update `revision` is in force since training step `step`. Resolved values of what the scene leaves automatic."""

    revision: int
    step: int
    sigma_max: float | None = None
    components: int = 0


class Density(Message, tag="density", frozen=True, kw_only=True):
    """log p_t on a grid; row 0 is at the bottom, cells are sampled at their centres."""

    revision: int
    sigma: float
    bounds: Bounds
    log_p: Array


class Arrows(Message, tag="arrows", frozen=True, kw_only=True):
    """sigma times a score (rows, columns, 2); for the network, of its EMA at training step `step`."""

    revision: int
    sigma: float
    bounds: Bounds
    kind: Literal["exact", "network", "difference"]
    step: int | None
    vectors: Array


class RunStarted(Message, tag="run_started", frozen=True, kw_only=True):
    """A run begins: its kept frames' times. Frame 0 is the start."""

    run: int
    revision: int
    sampler: str
    label: str
    axis: Literal["reverse", "forward", "iterations", "levels"]
    source: Literal["exact", "network"]
    step: int | None
    noise: str
    total: int
    substep: Array
    stage: Array
    t: Array
    sigma: Array
    log_snr: Array
    seeing: str  # one sentence: what its points do
    live: bool  # a re-run while the network trains


class RunFrames(Message, tag="run_frames", frozen=True, kw_only=True):
    """Frames `first`, `first + 1`, ... (m, n, 2)."""

    run: int
    first: int
    frames: Array


class RunDone(Message, tag="run_done", frozen=True, kw_only=True):
    """The run is complete: evaluations of the score, seconds, and its last frame's distance to the truth."""

    run: int
    step: int | None  # of the network that drove it
    nfe: int
    seconds: float
    distance: float | None
    floor: tuple[float, float] | None
    truth: str
    params: dict[str, Any] = {}  # of the template `truth`


class Trained(Message, tag="trained", frozen=True, kw_only=True):
    """Progress: steps so far, steps per second, mean loss of the steps since the last message, and its floor."""

    running: bool
    step: int
    rate: float
    loss: float | None
    floor: float | None


class Snapshot(Message, tag="snapshot", frozen=True, kw_only=True):
    """Everything that training needs to go on: weights, optimiser, EMA, generators, step."""

    step: int
    tensors: dict[str, Array]


class Problem(Message, tag="problem", frozen=True, kw_only=True):
    """Something went wrong: a sentence as template and parameters, so that it translates, and details to copy."""

    where: Literal["scene", "training", "run", "look", "message"]
    template: str
    params: dict[str, str] = {}
    details: str = ""
    revision: int | None = None


class Beat(Message, tag="beat", frozen=True, kw_only=True):
    """Twice a second from a thread of its own: how long the present slice of work has lasted."""

    busy: float
    doing: str


ToEngine = Hello | Blob | Update | Look | Train | Reset | Restore
FromEngine = Welcome | Applied | Density | Arrows | RunStarted | RunFrames | RunDone | Trained | Snapshot | Problem | Beat
