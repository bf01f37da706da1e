"""The race of objectives: as many networks as racers, from the same weights and batches, trained in turn for equal time.

A race outlives the question that began it: the answer to a question of the same number goes on with it, and the networks of the last
race can be sampled with until another begins.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from scoreviz.maths.denoiser import score_fn_of
from scoreviz.maths.empirical import Law
from scoreviz.maths.fields import fisher_divergence
from scoreviz.maths.objectives import build_objective
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, ScoreFn
from scoreviz.maths.training import GradientNoise, TrainState, init_training, train_step, training_floor
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.questions.race import AskRace, Lane, Race, Racer
from scoreviz.scene.learning import Training

TURN = 0.02
"""Seconds of training after which it is the next one's turn: all have had the same time when one is looked at."""

MEASURED = 1024
"""Draws at each level when a score is compared with the exact one."""

PER_DECADE = 6
NOISE_STEPS = (0, 30, 100, 300, 1000, 3000, 10000)
NOISE_BATCHES = 24


def marks(steps: int) -> list[int]:
    """Steps at which a racer is measured: 0, then evenly in log step, and the last."""
    places = {round(10 ** (k / PER_DECADE)) for k in range(math.floor(PER_DECADE * math.log10(steps)) + 1)}
    return sorted({0, steps} | {place for place in places if place <= steps})


def levels(sde: SDE, states: list[TrainState]) -> tuple[float, ...]:
    """The sigma that all of them learn alone; else three, in the middle of the thirds of ln sigma."""
    ranges = {state.objective.sigma_range for state in states}
    if len(ranges) == 1 and len(set(low_high := next(iter(ranges)))) == 1:
        return (low_high[0],)
    low, high = math.log(sde.sigma(sde.t_min)), math.log(sde.sigma(1.0))
    return tuple(math.exp(low + (k + 0.5) * (high - low) / 3) for k in range(3))


@dataclass
class Runner:
    """One racer under way."""

    state: TrainState
    shared: bool
    floor: float = math.nan  # until it is known
    seconds: float = 0.0
    diverged: bool = False
    losses: list[float] = field(default_factory=list)  # since the last measurement
    rows: list[tuple[int, float, float, float, float]] = field(default_factory=list)  # step, seconds, divergence, error, loss
    noise: list[float] = field(default_factory=list)

    def lane(self, noise_steps: list[int]) -> Lane:
        """For the window."""
        step, seconds, divergence, error, loss = zip(*self.rows, strict=True) if self.rows else ((),) * 5
        return Lane(
            done=self.state.step, seconds=self.seconds, step=Array.of(np.asarray(step, np.int64)), time=_floats(seconds),
            divergence=_floats(divergence), error=_floats(error), loss=_floats(loss), floor=self.floor,
            noise_step=Array.of(np.asarray(noise_steps[: len(self.noise)], np.int64)), noise=_floats(self.noise), shared=self.shared,
            diverged=self.diverged,
        )  # fmt: skip


def _floats(values: object) -> Array:
    return Array.of(np.asarray(values, np.float64))


class Running:
    """A race from its start to its end; `work` carries it on."""

    def __init__(self, question: AskRace, training: Training, sde: SDE, target: GaussianMixture, law: Law) -> None:
        """The networks are made at once, and nothing else."""
        self.question, self.sde, self.target, self.law = question, sde, target, law
        states = [_state_of(racer, training, sde, target, law) for racer in question.racers]
        first = question.racers[0].network
        self.runners = [Runner(state, shared=racer.network == first) for state, racer in zip(states, question.racers, strict=True)]
        self.sigmas = levels(sde, states)
        self.marks = marks(question.steps)
        self.noise_steps: list[int] = []
        self._noise_due: list[int] = [step for step in NOISE_STEPS if step <= question.steps]
        self._parts = self._work()
        self.over = False

    def work(self) -> Iterator[float | None]:
        """The share that is done, or None, at every few milliseconds; it may be left and taken up again."""
        for part in self._parts:  # noqa: UP028 - `yield from` would end the race with the question that was withdrawn
            yield part
        self.over = True

    @property
    def share(self) -> float:
        """Of all steps."""
        done = sum(self.question.steps if r.diverged else r.state.step for r in self.runners)
        return done / (self.question.steps * len(self.runners))

    def answer(self) -> Race:
        """As it stands."""
        return Race(
            number=self.question.number, steps=self.question.steps, sigmas=self.sigmas,
            lanes=tuple(runner.lane(self.noise_steps) for runner in self.runners), left=self._left(),
        )  # fmt: skip

    def score_fn(self, place: int, sde: SDE) -> ScoreFn:
        """The score of one racer's averaged weights, a copy, under any SDE. IndexError for a place without a racer."""
        state = self.runners[place].state
        return score_fn_of(state.ema.with_weights(state.buffers[1].clone()), sde)

    def _left(self) -> float:
        left = 0.0
        for r in self.runners:
            if r.diverged or r.state.step >= self.question.steps:
                continue
            if r.state.step == 0:
                return math.nan
            left += (self.question.steps - r.state.step) * r.seconds / r.state.step
        return left

    def _work(self) -> Iterator[float | None]:
        for runner in self.runners:
            runner.floor = training_floor(runner.state).total
            yield None
            yield from self._measure(runner)
        yield from self._compare_gradients()
        while running := [r for r in self.runners if not r.diverged and r.state.step < self.question.steps]:
            for runner in running:
                yield from self._turn(runner)
                yield from self._compare_gradients()
                yield self.share * 0.999  # the whole is told when all is measured
        yield 1.0

    def _turn(self, runner: Runner) -> Iterator[float | None]:
        """Train for TURN seconds, or to the next mark."""
        spent, mark = 0.0, next(m for m in self.marks if m > runner.state.step)
        while spent < TURN and runner.state.step < mark and not runner.diverged:
            began = time.perf_counter()
            _, info = train_step(runner.state)
            spent += time.perf_counter() - began
            runner.diverged = info.diverged
            runner.losses.append(info.loss)
            yield None
            if runner is self.runners[0] and self._noise_due and runner.state.step >= self._noise_due[0]:
                break
        runner.seconds += spent
        if runner.state.step == mark and not runner.diverged:
            yield from self._measure(runner)

    def _measure(self, runner: Runner) -> Iterator[float | None]:
        generator = torch.Generator().manual_seed(0)  # the same draws for all, at each mark
        score_fn = score_fn_of(runner.state.ema, self.sde)
        found = []
        for sigma in self.sigmas:
            found.append(fisher_divergence(score_fn, self.target, self.sde, self.sde.t_of_sigma(sigma), MEASURED, generator).relative)
            yield None
        value = sum(f.value for f in found) / len(found)
        error = math.sqrt(sum(f.error**2 for f in found)) / len(found)
        loss = sum(runner.losses) / len(runner.losses) if runner.losses else math.nan
        runner.losses.clear()
        runner.rows.append((runner.state.step, runner.seconds, value, error, loss))

    def _compare_gradients(self) -> Iterator[float | None]:
        """At marks of the first racer: how noisy each objective's gradient is, at the first one's weights where the network is the same."""
        first = self.runners[0]
        if not self._noise_due or first.state.step < self._noise_due[0]:
            return
        while self._noise_due and first.state.step >= self._noise_due[0]:
            self._noise_due.pop(0)
        self.noise_steps.append(first.state.step)
        weights: Tensor = first.state.buffers[0].clone()
        for runner in self.runners:
            noise = GradientNoise(runner.state, seed=1, weights=weights if runner.shared else None)
            for _ in range(NOISE_BATCHES):
                noise.add()
                yield None
            runner.noise.append(noise.value().trace)


def _state_of(racer: Racer, training: Training, sde: SDE, target: GaussianMixture, law: Law) -> TrainState:
    state = init_training(racer.network, training, racer.objective, sde, target, law)
    state.objective = build_objective(racer.objective, sde, state.network.sigma_data)
    return state


class Racers:
    """The last race, under way or over. `racers[k]` is the score of one of its networks as it is now."""

    def __init__(self) -> None:
        self._race: Running | None = None

    def __len__(self) -> int:
        """How many networks there are to sample with."""
        return 0 if self._race is None else len(self._race.runners)

    def __getitem__(self, place: int) -> ScoreFn:
        """Under the race's own noise. IndexError where there is no such racer."""
        if self._race is None:
            raise IndexError(place)
        return self._race.score_fn(place, self._race.sde)

    def score_fn(self, place: int, sde: SDE) -> ScoreFn:
        """Under another noise: what was learned is x_0 + sigma z at each sigma. IndexError where there is no such racer."""
        if self._race is None:
            raise IndexError(place)
        return self._race.score_fn(place, sde)

    def race(self, question: AskRace, training: Training, sde: SDE, target: GaussianMixture, law: Law) -> Running:
        """The race that this question asks for: the one under way if it is that, or else a new one."""
        race = self._race
        if race is None or race.question != question or race.target is not target or race.law is not law:
            race = self._race = Running(question, training, sde, target, law)
        return race
