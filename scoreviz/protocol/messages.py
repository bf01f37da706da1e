"""Every message, as a tagged Struct. `ToEngine` goes to the engine, `FromEngine` comes back."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions import Answer, Question

PROTOCOL = 3

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
    arrows_kind: Literal["exact", "network", "data", "guided", "difference"] = "exact"
    position: float = 0.0  # share of the run on screen, 0 to 1: an update is acknowledged once its run is that far


class Train(Message, tag="train", frozen=True, kw_only=True):
    """Train, or pause."""

    running: bool


class Reset(Message, tag="reset", frozen=True, kw_only=True):
    """A new network from the scene's seed."""


class Restore(Message, tag="restore", frozen=True, kw_only=True):
    """Continue from a snapshot (after a crash, or from a file)."""

    snapshot: Snapshot


class Pin(Message, tag="pin", frozen=True, kw_only=True):
    """Sample and draw with the network as it was at this training step (one of `Kept`); None follows the latest."""

    step: int | None


class Show(Message, tag="show", frozen=True, kw_only=True):
    """Which tab is on screen: an image model is loaded when first looked at, and nothing is sampled anew out of sight."""

    tab: Literal["dynamics", "images"]


class Develop(Message, tag="develop", frozen=True, kw_only=True):
    """Frames first..last of the picture run are wanted, in order; the window lacks them. The newest replaces the ones before.

    A frame that was computed before and is not kept is computed again from the nearest kept state: the same bits.
    """

    run: int
    first: int
    last: int


class Shoot(Message, tag="shoot", frozen=True, kw_only=True):
    """For offline rendering: train to exactly `step`, run the sampler from its start to share `position`, evaluate the fields there.

    Answered by RunStarted, RunFrames, Density and Arrows as the newest Look wants them, Trained, and then Shot.
    """

    number: int
    step: int
    position: float


class Ask(Message, tag="ask", frozen=True, kw_only=True):
    """A view wants to know something of the scene as it is now. The newest question of an asker replaces the one before.

    Answered by `Answered`, once or in parts, or by `Refused`.
    """

    asker: str
    number: int
    question: Question


class Withdraw(Message, tag="withdraw", frozen=True, kw_only=True):
    """Its last question needs no answer any more."""

    asker: str


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
    kind: Literal["exact", "network", "data", "guided", "difference"]
    step: int | None
    vectors: Array


class RunStarted(Message, tag="run_started", frozen=True, kw_only=True):
    """A run begins: its kept frames' times. Frame 0 is the start."""

    run: int
    revision: int
    sampler: str
    label: str
    axis: Literal["reverse", "forward", "iterations", "levels"]
    source: Literal["exact", "network", "data"]
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


class Kept(Message, tag="kept", frozen=True, kw_only=True):
    """Training steps whose networks the engine still has, ascending: what the training scrubber can go back to."""

    steps: tuple[int, ...]


class Shot(Message, tag="shot", frozen=True, kw_only=True):
    """Everything that `Shoot` number `number` asked for has been sent."""

    number: int
    step: int


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is told of an image model. Templates are translated by the window."""

    name: str
    family: str
    summary: str  # one sentence, a template
    params: dict[str, Any] = {}
    facts: tuple[tuple[str, str], ...] = ()  # label (a template) and value
    warnings: tuple[str, ...] = ()  # sentences
    shape: tuple[int, int, int]  # channels, height, width
    low: float  # the data's range
    high: float
    sigma_max: float  # resolved
    clip: bool  # does the model's own sampler clip the denoised estimate?
    stored: int | None = None  # pictures that an exact score can return


class ModelLoading(Message, tag="model_loading", frozen=True, kw_only=True):
    """A model is being read and checked."""

    revision: int
    name: str


class ModelReady(Message, tag="model_ready", frozen=True, kw_only=True):
    """A model is loaded."""

    revision: int
    card: Card


class PicturesStarted(Message, tag="pictures_started", frozen=True, kw_only=True):
    """A run of pictures can be developed: the time of each of its frames. Frame 0 is the start, frame k follows substep k."""

    run: int
    revision: int
    label: str
    axis: Literal["reverse", "forward", "iterations", "levels"]
    noise: str
    shape: tuple[int, int, int, int]  # pictures, channels, height, width
    low: float
    high: float
    stage: Array  # uint8: start 0, predict 1, correct 2, denoise 3
    t: Array
    sigma: Array
    std: Array
    mean_coefficient: Array
    log_snr: Array
    seeing: str


class PictureFrame(Message, tag="picture_frame", frozen=True, kw_only=True):
    """The state after substep `index`, and what that substep did.

    x float32, the others float16, all (B, C, H, W). The score is that of the state before the substep, times std.
    """

    run: int
    index: int
    x: Array
    x0: Array | None = None  # denoised estimate E[x_0 | state before]
    score: Array | None = None
    update: Array | None = None  # state after minus state before
    step_size: float | None = None  # Langevin's e
    snr: float | None = None  # measured: |drift| / |noise|, norms averaged over the batch
    nfe: int  # evaluations of the score so far
    evaluations: int = 0  # in this substep
    seconds: float  # the whole substep
    evaluation_seconds: float  # of them in the score


class PicturesDone(Message, tag="pictures_done", frozen=True, kw_only=True):
    """The last frame is reached. nearest: largest |difference| of a final picture to its nearest stored one; None without a store."""

    run: int
    nfe: int
    seconds: float
    nearest: float | None


class Answered(Message, tag="answered", frozen=True, kw_only=True):
    """An answer, or a part of a long one: `share` of the work is done, 1 with the last part.

    revision: of the scene that it is of; step: of the network at the time (the pinned one, if one is), whether it was asked or not.
    """

    asker: str
    number: int
    revision: int
    step: int
    share: float
    answer: Answer


class Refused(Message, tag="refused", frozen=True, kw_only=True):
    """There is no answer: a sentence why, as template and parameters. `details` where it is an error of the program."""

    asker: str
    number: int
    revision: int
    template: str
    params: dict[str, str] = {}
    details: str = ""


class Problem(Message, tag="problem", frozen=True, kw_only=True):
    """Something went wrong: a sentence as template and parameters, so that it translates, and details to copy."""

    where: Literal["scene", "training", "run", "look", "message", "pictures"]
    template: str
    params: dict[str, str] = {}
    details: str = ""
    revision: int | None = None


class Beat(Message, tag="beat", frozen=True, kw_only=True):
    """Twice a second from a thread of its own: how long the present slice of work has lasted."""

    busy: float
    doing: str


ToEngine = Hello | Blob | Update | Look | Train | Reset | Restore | Pin | Show | Develop | Shoot | Ask | Withdraw
FromEngine = (
    Welcome | Applied | Density | Arrows | RunStarted | RunFrames | RunDone | Trained | Snapshot | Problem | Beat
    | Kept | Shot | ModelLoading | ModelReady | PicturesStarted | PictureFrame | PicturesDone | Answered | Refused
)  # fmt: skip
