"""One run of an image sampler as the window keeps it: the times of all frames, and as many frames as fit a budget."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication

from scoreviz.gui.playback import STAGES, Stage
from scoreviz.protocol.messages import PictureFrame, PicturesDone, PicturesStarted
from scoreviz.scene.images import Images

BUDGET = 512 * 2**20
"""Bytes of frames kept; a frame that had to go is developed again when it is asked for."""

CALM = 0.7
"""Share of the old mean in a running mean of seconds."""


def bytes_of(frame: PictureFrame) -> int:
    """What a frame takes."""
    return sum(len(part.data) for part in (frame.x, frame.x0, frame.score, frame.update) if part is not None)


@dataclass(eq=False)
class PictureRun:
    """Frame 0 is the start; frame k is the state after substep k. `images` are the settings that the run was made from."""

    number: int
    revision: int
    images: Images
    model: str  # its name, as the engine's card has it
    label: str
    axis: Literal["reverse", "forward", "iterations", "levels"]
    noise: str
    shape: tuple[int, int, int, int]  # pictures, channels, height, width
    low: float
    high: float
    stage: np.ndarray  # (F,) uint8 into STAGES; the others (F,) too
    t: np.ndarray
    sigma: np.ndarray
    std: np.ndarray
    mean_coefficient: np.ndarray
    log_snr: np.ndarray
    seeing: str
    file: str = ""  # name of the trace that it was opened from
    budget: int = BUDGET
    total: int = field(init=False)
    substep: np.ndarray = field(init=False)
    frames: dict[int, PictureFrame] = field(init=False, default_factory=dict)
    ready: int = field(init=False, default=0)
    nfe: int | None = field(init=False, default=None)  # of the whole run, once it is complete
    nearest: float | None = field(init=False, default=None)
    evaluation_seconds: float | None = field(init=False, default=None)  # of one evaluation of the score, a running mean
    substep_seconds: float | None = field(init=False, default=None)
    _bytes: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.total = len(self.stage) - 1
        self.substep = np.arange(len(self.stage))

    @classmethod
    def started(cls, m: PicturesStarted, images: Images, model: str, budget: int) -> PictureRun:
        """From the engine's announcement."""
        return cls(
            number=m.run, revision=m.revision, images=images, model=model, label=QCoreApplication.translate("scene", m.label), axis=m.axis,
            noise=m.noise, shape=m.shape, low=m.low, high=m.high, stage=m.stage.numpy(), t=m.t.numpy(), sigma=m.sigma.numpy(),
            std=m.std.numpy(), mean_coefficient=m.mean_coefficient.numpy(), log_snr=m.log_snr.numpy(), seeing=m.seeing, budget=budget,
        )  # fmt: skip

    @property
    def length(self) -> int:
        """Frames there will be."""
        return len(self.stage)

    @property
    def capacity(self) -> int:
        """Frames that fit the budget: x in float32, three others in float16."""
        return max(4, self.budget // (10 * int(np.prod(self.shape))))

    @property
    def is_slow(self) -> bool:
        """Does one evaluation take longer than a person would wait for nothing?"""
        return self.evaluation_seconds is not None and self.evaluation_seconds > 1.0

    def has(self, k: int) -> bool:
        return k in self.frames

    def stage_name(self, k: int) -> Stage:
        """Which kind of substep made frame k."""
        return STAGES[int(self.stage[k])]

    def evaluated(self, k: int) -> int | None:
        """The frame whose score belongs to frame k: itself, or the last one before whose substep evaluated it."""
        while k > 0 and self.stage_name(k) == "denoise":
            k -= 1
        return k or None

    def needs(self, k: int) -> tuple[int, ...]:
        """What must be at hand to show frame k."""
        evaluated = self.evaluated(k)
        return (k,) if evaluated is None or evaluated == k else (evaluated, k)

    def put(self, frame: PictureFrame, wanted: int, shown: int) -> None:
        """Keep a frame. What lies farthest from the one that is wanted goes first when the budget is spent."""
        self._drop(frame.index)
        self.frames[frame.index] = frame
        self._bytes += bytes_of(frame)
        self.ready = max(self.ready, frame.index + 1)
        self._measure(frame)
        keep = {*self.needs(wanted), *self.needs(shown)}
        while self._bytes > self.budget:
            rest = [k for k in self.frames if k not in keep]
            if not rest:
                break
            self._drop(max(rest, key=lambda k: (abs(k - wanted), k < wanted)))

    def finish(self, message: PicturesDone) -> None:
        """The last frame was reached."""
        self.nfe, self.nearest = message.nfe, message.nearest

    def _drop(self, k: int) -> None:
        gone = self.frames.pop(k, None)
        if gone is not None:
            self._bytes -= bytes_of(gone)

    def _measure(self, frame: PictureFrame) -> None:
        if frame.evaluations:
            self.evaluation_seconds = _calm(self.evaluation_seconds, frame.evaluation_seconds / frame.evaluations)
            self.substep_seconds = _calm(self.substep_seconds, frame.seconds)


def _calm(mean: float | None, new: float) -> float:
    return new if mean is None else CALM * mean + (1 - CALM) * new
