"""Runs the chosen sampler in slices and sends its frames as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scoreviz.engine.measured import Truths, measured
from scoreviz.engine.plan import Plan
from scoreviz.engine.stdio import Channel
from scoreviz.engine.tapes import Tapes
from scoreviz.maths.sampling import Info, Stage, State, Substep, trajectory
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import RunDone, RunFrames, RunStarted
from scoreviz.scene.choice import tag_of

CACHE_BYTES = 512 * 2**20
"""What the window keeps of one run; longer runs keep every 2nd, 3rd, ... substep and say so."""

CHUNK_BYTES = 1 << 20
FLUSH_SECONDS = 0.04
STAGES = {Stage.PREDICT: 1, Stage.CORRECT: 2, Stage.DENOISE: 3}


class Player:
    """One run at a time. `start` replaces the present one; `slice` carries it on."""

    def __init__(self, channel: Channel, cache_bytes: int | None = None) -> None:
        """cache_bytes: what the frames of one run may take; by default CACHE_BYTES."""
        self._channel, self._cache_bytes = channel, cache_bytes
        self._number = 0
        self.awaited = 0.0  # share of the run at which the screen is: the frame there is sent at once
        self.tapes = Tapes()  # what the newest runs passed through
        self._plan: Plan | None = None
        self._loop: Iterator[tuple[Substep, State, Info]] | None = None
        self._truths = Truths()

    @property
    def active(self) -> bool:
        """Is there a run to carry on?"""
        return self._plan is not None

    @property
    def live(self) -> bool:
        """Is it a re-run while the network trains?"""
        return self._plan is not None and self._plan.live

    @property
    def unmeasured(self) -> bool:
        """Are all frames sent, and only the measurement is missing?"""
        return self._plan is not None and self._loop is None

    @property
    def position(self) -> float:
        """Share of the present run whose frames have been sent; 1 when there is none."""
        return 1.0 if self._plan is None else self._sent / max(1, len(self._kept))

    @property
    def sigmas(self) -> list[float]:
        """Noise level of each kept frame of the newest run, frame 0 being its start; empty while its plan is unknown."""
        return self._sigmas

    def stop(self) -> None:
        """Drop the present run."""
        self._plan = self._loop = None

    def start(self, plan: Plan) -> None:
        """Begin a run: its points, its plan, and the first frame."""
        self._number += 1
        self._plan = plan
        self._began, self._seconds = time.monotonic(), 0.0
        self._nfe = self._done = self._sent = 0
        self._chunk: list[Tensor] = []
        self._flushed = time.monotonic()
        x, rng = plan.start()
        sampler = plan.sampler()
        self._state = sampler.init(x, rng)  # the noise goes on where the starting points ended
        self._tape = self.tapes.begin(self._number, plan, sampler, self._state)
        self._loop = trajectory(sampler, self._state)
        self._found: list[Substep] = []  # of a sampler that chooses its own steps
        self._states: dict[int, Tensor] = {}  # after every n-th of them
        self._most = max(2, (self._cache_bytes or CACHE_BYTES) // max(1, self._state.x.nbytes))  # frames that fit the cache
        self._start = self._state.x  # a known coordinate is in it already
        self._sigmas: list[float] = []
        self._kept: list[int] = []
        self._foreseen = not sampler.adaptive
        self._stride = 1  # of the substeps whose states are kept
        if self._foreseen:
            self._stride = max(1, -(-len(sampler.plan) // (self._most - 1)))
            self._announce(plan, sampler.plan)

    def slice(self, seconds: float) -> None:
        """Work for about `seconds`."""
        end = time.monotonic() + seconds
        while self._loop is not None and time.monotonic() < end:
            self._carry_on(self._loop)

    def foresee(self) -> None:
        """Work until the frames' times are known, however long it takes: a sampler that chooses its own steps must run to its end."""
        while self._loop is not None and not self._foreseen:
            self._carry_on(self._loop)

    def advance(self, frames: int) -> None:
        """Work until `frames` of the kept frames are sent, however long it takes; all of them where there are fewer."""
        while self._loop is not None and self._sent + len(self._chunk) < frames:
            self._carry_on(self._loop)
        self._flush()

    def _carry_on(self, loop: Iterator[tuple[Substep, State, Info]]) -> None:
        step = next(loop, None)
        if step is None:
            self._seconds = time.monotonic() - self._began
            self._loop = None
            if not self._foreseen:
                self._announce_found()
            self._flush()
            return
        substep, self._state, info = step
        self._nfe += info.nfe
        self._done += 1
        self._tape.keep(self._done, self._state)
        if not torch.isfinite(self._state.x).all():
            self.stop()
            raise FloatingPointError(self._done)
        if not self._foreseen:
            self._find(substep)
        elif self._done in self._kept_set:
            self._keep(self._state.x)

    def _find(self, substep: Substep) -> None:
        """One step more of nobody knows how many: where they become too many to keep, every second is let go."""
        self._found.append(substep)
        if self._done % self._stride == 0:
            self._states[self._done] = self._state.x
        if len(self._states) > self._most - 1:
            self._stride *= 2
            self._states = {k: x for k, x in self._states.items() if k % self._stride == 0}

    def _announce_found(self) -> None:
        """The sampler has chosen all its steps: now the run can be told and its frames sent."""
        assert self._plan is not None
        self._foreseen = True
        while -(-len(self._found) // self._stride) > self._most - 1:  # the last one is kept besides
            self._stride *= 2
        self._announce(self._plan, self._found)
        for index in self._kept[1:-1]:
            self._keep(self._states[index])
        self._keep(self._state.x)
        self._states = {}

    def _announce(self, plan: Plan, steps: Sequence[Substep]) -> None:
        """Say what the run is made of, and send its start."""
        self._kept = [*range(0, len(steps), self._stride), len(steps)]  # the start, every n-th, and the last
        self._channel.send(self._announcement(plan, steps))
        self._keep(self._start)

    def _announcement(self, plan: Plan, steps: Sequence[Substep]) -> RunStarted:
        kept = self._kept
        self._kept_set = frozenset(kept)
        spec: Any = plan.scene.sampler
        t = [steps[0].t, *(steps[k - 1].s for k in kept[1:])]
        self._sigmas = [float(plan.sde.sigma(u)) for u in t]
        self._last_t = t[-1]
        stage = [0, *(STAGES[steps[k - 1].stage] for k in kept[1:])]
        return RunStarted(
            run=self._number, revision=plan.revision, sampler=tag_of(spec), label=spec.LABEL, axis=spec.AXIS,
            source=plan.scene.score.source, step=plan.step, noise=plan.scene.noise.LABEL, total=len(steps),
            substep=Array.of(np.asarray(kept, np.int32)), stage=Array.of(np.asarray(stage, np.uint8)), t=Array.of(np.asarray(t)),
            sigma=Array.of(np.asarray(self._sigmas)),
            log_snr=Array.of(np.asarray([float(plan.sde.log_snr(u)) for u in t])), seeing=spec.seeing(), live=plan.live,
        )  # fmt: skip

    def _keep(self, x: Tensor) -> None:
        self._chunk.append(x)
        size = len(self._chunk) * x.numel() * x.element_size()
        awaited = self._sent <= self.awaited * (len(self._kept) - 1) < self._sent + len(self._chunk)
        if awaited or size >= CHUNK_BYTES or time.monotonic() - self._flushed > FLUSH_SECONDS or self._sent == 0:
            self._flush()

    def _flush(self) -> None:
        if self._chunk:
            frames = torch.stack(self._chunk).float().numpy()
            self._channel.send(RunFrames(run=self._number, first=self._sent, frames=Array.of(frames)))
            self._sent += len(self._chunk)
            self._chunk = []
        self._flushed = time.monotonic()

    def measure(self) -> None:
        """Compare the finished run with the truth, and end it."""
        plan = self._plan
        assert plan is not None
        found = measured(plan, self._state.x, self._last_t, self._truths)
        self._channel.send(RunDone(run=self._number, step=plan.step, nfe=self._nfe, seconds=self._seconds, **found._asdict()))
        self._plan = self._loop = None
