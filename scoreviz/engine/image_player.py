"""Develops the frames of a picture run, one substep at a time, as the window asks for them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from scoreviz.engine.player import STAGES
from scoreviz.engine.stdio import Channel
from scoreviz.maths.sampling import Info, Sampler, State, Substep, build_sampler, trajectory
from scoreviz.maths.sde import SDE, Time
from scoreviz.maths.targets import ScoreFn
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Develop, ModelLoading, ModelReady, PictureFrame, PicturesDone, PicturesStarted
from scoreviz.scene.document import invalidated
from scoreviz.scene.errors import SceneError
from scoreviz.scene.images import Images
from scoreviz.scene.parameters import Invalidates
from scoreviz.scene.text import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from scoreviz.models.model import Model

STATE_BYTES = 512 * 2**20
"""States kept of one run; of longer runs every 2nd, 3rd, ... and what lies between is computed again, to the same bits."""

HALF_MOST = 65504.0
"""The largest float16: what is only looked at travels in it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A state that a run can go on from, and the evaluations that it had cost."""

    state: State
    nfe: int


class Timed:
    """A score function and the seconds spent in it."""

    def __init__(self, score_fn: ScoreFn) -> None:
        self._score_fn = score_fn
        self.seconds = 0.0

    def __call__(self, x: Tensor, t: Time) -> Tensor:
        began = time.perf_counter()
        score = self._score_fn(x, t)
        self.seconds += time.perf_counter() - began
        return score


class PictureRun:
    """One run of a model: its plan, the states kept of it, and the place where it stands."""

    def __init__(self, number: int, images: Images, model: Model) -> None:
        from scoreviz.maths.denoiser import clipped
        from scoreviz.maths.sampling import prior_points

        self.number, self.model = number, model
        clip = images.clip == "on" or (images.clip == "model" and model.card.clip)
        self.timed = Timed(model.score_fn)
        self.score_fn: ScoreFn = clipped(self.timed, model.sde, *model.clip) if clip else self.timed
        self.sampler: Sampler = build_sampler(images.sampler, model.sde, self.score_fn)
        generator = torch.Generator().manual_seed(images.seed)
        x = prior_points(model.sde, (images.count, *model.shape), generator, mean=model.mean)
        start = self.sampler.init(x, generator.get_state())  # the noise goes on where the starting points ended
        self.total = len(self.sampler.plan)
        self._stride = max(1, -(-(self.total + 1) * 2 * x.numel() * x.element_size() // STATE_BYTES))
        self._kept = {0: Kept(start, 0)}
        self._state: State = start
        self.seconds = 0.0
        self._index = self._nfe = 0
        self._stand(0)

    def at_start(self) -> PictureFrame:
        """Frame 0."""
        return PictureFrame(run=self.number, index=0, x=_whole(self._kept[0].state.x), nfe=0, seconds=0.0, evaluation_seconds=0.0)

    def towards(self, index: int) -> PictureFrame | None:
        """One substep towards frame `index` >= 1; the frame, once it is that one. FloatingPointError when the pictures are lost."""
        if index <= self._index or any(self._index < k < index for k in self._kept):
            self._stand(max(k for k in self._kept if k < index))
        before, evaluating, began = self._state.x, self.timed.seconds, time.perf_counter()
        _, self._state, info = next(self._loop)
        self._index += 1
        self._nfe += info.nfe
        if not torch.isfinite(self._state.x).all():
            raise FloatingPointError(self._index)
        if self._index % self._stride == 0:
            self._kept[self._index] = Kept(self._state, self._nfe)
        seconds = time.perf_counter() - began
        self.seconds += seconds
        return self._frame(before, info, seconds, self.timed.seconds - evaluating) if self._index == index else None

    @property
    def pictures(self) -> Tensor:
        """The state where the run stands."""
        return self._state.x

    @property
    def nfe(self) -> int:
        return self._nfe

    def _stand(self, index: int) -> None:
        kept = self._kept[index]
        self._index, self._state, self._nfe = index, kept.state, kept.nfe
        self._loop: Iterator[tuple[Substep, State, Info]] = trajectory(self.sampler, kept.state)

    def _frame(self, before: Tensor, info: Info, seconds: float, evaluating: float) -> PictureFrame:
        t = self.sampler.plan[self._index - 1].t
        return PictureFrame(
            run=self.number,
            index=self._index,
            x=_whole(self._state.x),
            x0=_half(info.x0),
            score=None if info.score is None else _half(info.score * self.model.sde.std(t)),
            update=_half(self._state.x - before),
            step_size=None if info.step_size is None else float(info.step_size.mean()),
            snr=_snr(info),
            nfe=self._nfe,
            evaluations=info.nfe,
            seconds=seconds,
            evaluation_seconds=evaluating,
        )

    def announcement(self, revision: int, images: Images) -> PicturesStarted:
        """The times of all frames."""
        plan, sde, spec = self.sampler.plan, self.model.sde, images.sampler
        t = [plan[0].t, *(step.s for step in plan)]
        return PicturesStarted(
            run=self.number, revision=revision, label=spec.LABEL, axis=spec.AXIS, noise=_noise_name(sde),
            shape=(images.count, *self.model.shape), low=self.model.low, high=self.model.high,
            stage=Array.of(np.asarray([0, *(STAGES[step.stage] for step in plan)], np.uint8)), t=Array.of(np.asarray(t)),
            sigma=_of(sde.sigma, t), std=_of(sde.std, t), mean_coefficient=_of(sde.mean_coefficient, t), log_snr=_of(sde.log_snr, t),
            seeing=spec.seeing(),
        )  # fmt: skip


class ImagePlayer:
    """Model and run of the Images tab. A model that cannot be loaded leaves the one before in place."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._images = Images()
        self._revision = self._number = 0
        self._shown = False
        self._owed = Invalidates.MODEL | Invalidates.TRAJECTORY
        self._model: Model | None = None
        self._run: PictureRun | None = None
        self._in_place: Images | None = None  # what model and run were made of
        self._wanted: deque[int] = deque()
        self._told_done = False

    def configure(self, images: Images, what: Invalidates, revision: int) -> None:
        """Another scene: what of it must be done anew. Going back to what is there, after a model that failed, costs nothing."""
        self._images, self._revision = images, revision
        self._owed |= what & (Invalidates.MODEL | Invalidates.TRAJECTORY)
        if self._in_place is not None and self._in_place.model == images.model:
            self._owed &= ~Invalidates.MODEL
            if not invalidated(self._in_place, images) & Invalidates.TRAJECTORY:
                self._owed = Invalidates.NOTHING

    def show(self, on: bool) -> None:
        """Is the tab on screen? Nothing is loaded or computed for one that is not."""
        self._shown = on

    def develop(self, wish: Develop) -> None:
        """The newest wish replaces the one before; a wish for a run that is gone is forgotten."""
        if self._run is not None and wish.run == self._run.number:
            self._wanted = deque(range(max(0, wish.first), min(wish.last, self._run.total) + 1))

    @property
    def pending(self) -> bool:
        """Is there something to do?"""
        return self._shown and bool(self._owed or self._wanted)

    @property
    def doing(self) -> str:
        """What the next `work` does, for the beat."""
        return "loading" if self._owed & Invalidates.MODEL else "pictures"

    def work(self) -> None:
        """Load what is owed, or carry the run on by one substep. SceneError; FloatingPointError when the pictures are lost."""
        if self._owed & Invalidates.MODEL:
            self._owed &= ~Invalidates.MODEL
            self._load()
        elif self._owed:
            self._owed = Invalidates.NOTHING
            self._start()
        elif self._run is not None and self._wanted:
            self._develop(self._run)

    def _load(self) -> None:
        from scoreviz.models.loading import load_model  # Pillow and diffusers: the engine starts without them

        spec: Any = self._images.model
        self._channel.send(ModelLoading(revision=self._revision, name=spec.path))
        try:
            self._model = load_model(spec)
        except SceneError:
            if self._model is not None:
                self._owed = Invalidates.NOTHING  # the model before stays, and its run with it
            raise
        self._channel.send(ModelReady(revision=self._revision, card=self._model.card))

    def _start(self) -> None:
        if self._model is None:
            return
        self._number += 1
        self._wanted.clear()
        self._told_done = False
        self._run, self._in_place = PictureRun(self._number, self._images, self._model), self._images
        self._channel.send(self._run.announcement(self._revision, self._images))

    def _develop(self, run: PictureRun) -> None:
        try:
            frame = run.towards(self._wanted[0]) if self._wanted[0] else run.at_start()
        except Exception:
            self._wanted.clear()  # it would fail again until something is changed
            raise
        if frame is None:
            return
        self._wanted.popleft()
        self._channel.send(frame)
        if frame.index == run.total and not self._told_done:
            self._told_done = True
            nearest = None if run.model.nearest is None else float(run.model.nearest(run.pictures).max())
            self._channel.send(PicturesDone(run=run.number, nfe=run.nfe, seconds=run.seconds, nearest=nearest))


def lost(error: FloatingPointError) -> SceneError:
    """What a person is told when a run is no longer finite."""
    template = QT_TRANSLATE_NOOP("engine", "The pictures flew off to infinity at substep {step}. Take more steps, or a smaller snr.")
    return SceneError(template, step=error.args[0])


def _snr(info: Info) -> float | None:
    """Measured signal to noise of a substep: |drift| / |noise|, norms averaged over the batch."""
    if info.drift is None or info.noise is None:
        return None
    signal, noise = (part.flatten(1).norm(dim=1).mean() for part in (info.drift, info.noise))
    return float(signal / noise) if float(noise) > 0 else None


def _noise_name(sde: SDE) -> str:
    return type(sde).__name__.removesuffix("SDE").removeprefix("Discrete")


def _of(formula: Any, t: list[float]) -> Array:
    return Array.of(np.asarray([float(formula(u)) for u in t]))


def _whole(x: Tensor) -> Array:
    return Array.of(x.float().numpy())


def _half(x: Tensor | None) -> Array | None:
    return None if x is None else Array.of(x.clamp(-HALF_MOST, HALF_MOST).half().numpy())
