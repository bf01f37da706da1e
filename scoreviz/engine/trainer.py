"""Trains the network in slices, reports, and takes snapshots."""

from __future__ import annotations

import time

import torch

from scoreviz.engine.history import History
from scoreviz.engine.stdio import Channel
from scoreviz.maths.control import Source, learned_source
from scoreviz.maths.denoiser import EnergyDenoiser, log_prob_fn_of, score_fn_of
from scoreviz.maths.empirical import Law, training_law
from scoreviz.maths.networks import ScoreMLP
from scoreviz.maths.sde import SDE
from scoreviz.maths.targets import GaussianMixture, LogProbFn, ScoreFn
from scoreviz.maths.training import TrainState, init_training, load_state, reconfigure, state_dict, train_step, training_floor
from scoreviz.protocol.arrays import Array
from scoreviz.protocol.messages import Kept, Snapshot, Trained
from scoreviz.scene.data import DataSet
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

REPORT_SECONDS = 0.1
SNAPSHOT_SECONDS = 2.0
KEPT_SECONDS = 0.5


class Trainer:
    """The network of one scene. Nothing restarts it but `configure(anew=True)` and `reset`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._state: TrainState | None = None
        self._scene: Scene | None = None
        self._sde: SDE | None = None
        self._target: GaussianMixture | None = None
        self._law: Law | None = None  # what batches are drawn from: the drawing, or the data set
        self._law_of: tuple[GaussianMixture, DataSet | None] | None = None  # what it was made of
        self._waiting: Snapshot | None = None  # to be restored when something is drawn
        self._running = False
        self._floor: float | None = None
        self._losses: list[float] = []
        self._steps = 0
        self._reported = self._snapped = self._told = 0.0
        self._history = History()
        self._told_of: tuple[int, ...] = ()

    @property
    def step(self) -> int:
        """Training steps so far."""
        return self._state.step if self._state is not None else 0

    @property
    def shown_step(self) -> int:
        """The step of the network that `score_fn` is of: the pinned one, or the latest."""
        return self.step if self._history.pinned is None else self._history.pinned

    @property
    def active(self) -> bool:
        """Is there something to train, and is it wanted?"""
        return self._running and self._state is not None and self._target is not None

    def configure(self, scene: Scene, target: GaussianMixture, sde: SDE, *, anew: bool) -> None:
        """Take the scene's settings; the weights are kept unless `anew`, or the drawing has another number of dimensions."""
        data = scene.data if scene.data.train else None
        if self._law is None or self._law_of is None or self._law_of[0] is not target or self._law_of[1] != data:
            self._law, self._law_of = training_law(target, scene.data), (target, data)
        self._scene, self._target, self._sde, self._floor = scene, target, sde, None
        if anew or self._state is None or self._state.network.dim != target.dim:
            self._make()
        else:
            reconfigure(self._state, scene.training, scene.objective, sde, self._law)

    def forget_target(self) -> None:
        """Nothing is drawn: pause, keep the network."""
        self._target = None

    def set_running(self, running: bool) -> None:
        """Train or pause; the window is told."""
        if self._running and not running and self._state is not None:
            self._send_snapshot()
            self._keep()  # where training rests one may come back to
        self._running = running
        self._tell_kept()
        self._report()

    def reset(self) -> None:
        """A new network from the scene's seed; as soon as something is drawn, if nothing is."""
        self._state = self._waiting = None
        self._history = History()
        self._make()
        self._tell_kept()

    def _make(self) -> None:
        if self._scene is not None and self._target is not None and self._sde is not None:
            s = self._scene
            self._state = init_training(s.network, s.training, s.objective, self._sde, self._target, self._law)
            self._begin_history()

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot, bit for bit; as soon as something is drawn, if nothing is. SceneError if it does not fit."""
        self._waiting = snapshot
        if self._scene is None or self._target is None or self._sde is None:
            return
        self._waiting = None
        tensors = {name: torch.from_numpy(array.numpy().copy()) for name, array in snapshot.tensors.items()}
        s = self._scene
        try:
            self._state = load_state(tensors, s.network, s.training, s.objective, self._sde, self._target, self._law)
        except ValueError as error:
            raise SceneError(
                QT_TRANSLATE_NOOP("engine", "The saved network does not fit this scene, so it was not used: {reason}."), reason=error
            ) from error
        self._begin_history()

    def restore_waiting(self) -> None:
        """Something is drawn again: take the snapshot that came in between, if one did. SceneError if it does not fit."""
        if self._waiting is not None:
            self.restore(self._waiting)

    def pin(self, step: int | None) -> None:
        """Sample with the kept network nearest to this step, while training goes on; None follows the latest."""
        self._history.pin(step)
        self._tell_kept()

    def score_fn(self) -> ScoreFn:
        """The score of the averaged weights at `shown_step`: a copy, so that a run has one network from end to end."""
        assert self._sde is not None
        return score_fn_of(self._shown(), self._sde)

    def source(self, sde: SDE | None = None) -> Source:
        """The same score and, of a network that was taught classes, that of each class; in the units of another SDE where one is given."""
        assert self._sde is not None
        return learned_source(self._shown(), sde or self._sde)

    def log_prob_fn(self, sde: SDE | None = None) -> LogProbFn | None:
        """The log-density that this score is the gradient of, up to a constant; None for a network that is a free field."""
        assert self._sde is not None
        network = self._shown()
        return log_prob_fn_of(network, sde or self._sde) if isinstance(network, EnergyDenoiser) else None

    def _shown(self) -> ScoreMLP:
        assert self._state is not None
        pinned = self._history.pinned
        weights = self._state.buffers[1].clone() if pinned is None else self._history.weights(pinned)
        return self._state.ema.with_weights(weights)

    def slice(self, seconds: float) -> None:
        """Train for about `seconds`. FloatingPointError if the loss is not finite; the state is then the last good one."""
        assert self._state is not None
        began = time.monotonic()
        while (now := time.monotonic()) - began < seconds:
            self._advance()
        if self._history.due(self.step):
            self._keep()
        if now - self._reported > REPORT_SECONDS:
            self._report()
        if now - self._told > KEPT_SECONDS:
            self._tell_kept()
        if now - self._snapped > SNAPSHOT_SECONDS:
            self._send_snapshot()

    def train_to(self, step: int) -> None:
        """Train to exactly `step`, and report. FloatingPointError as in `slice`; ValueError if that step is past or nothing is drawn."""
        if self._state is None or step < self.step:
            raise ValueError(f"the network is at step {self.step} and cannot go to step {step}")
        while self.step < step:
            self._advance()
        self._report()

    def _advance(self) -> None:
        assert self._state is not None
        self._state, info = train_step(self._state)
        if info.diverged:
            self._history.cut(info.step)
            self._tell_kept()
            raise FloatingPointError(info.step)
        self._losses.append(info.loss)
        self._steps += 1

    def _begin_history(self) -> None:
        """This network has no past here."""
        self._losses.clear()
        self._history = History()
        self._keep()
        self._report()
        self._tell_kept()

    def _keep(self) -> None:
        assert self._state is not None
        self._history.keep(self._state.step, self._state.buffers[1])

    def _tell_kept(self) -> None:
        if self._history.steps != self._told_of:
            self._told, self._told_of = time.monotonic(), self._history.steps
            self._channel.send(Kept(steps=self._told_of))

    def _report(self) -> None:
        if self._floor is None and self._state is not None and self._target is not None:
            self._floor = training_floor(self._state).total
        elapsed = time.monotonic() - self._reported
        self._reported = time.monotonic()
        loss = sum(self._losses) / len(self._losses) if self._losses else None
        rate = self._steps / elapsed if self._running and elapsed > 0 else 0.0
        self._channel.send(Trained(running=self._running, step=self.step, rate=rate, loss=loss, floor=self._floor))
        self._losses.clear()
        self._steps = 0

    def _send_snapshot(self) -> None:
        assert self._state is not None
        self._snapped = time.monotonic()
        tensors = {name: Array.of(tensor.numpy()) for name, tensor in state_dict(self._state).items()}
        self._channel.send(Snapshot(step=self.step, tensors=tensors))


def shown_network(trainer: Trainer) -> ScoreMLP:
    """A copy of the network that samples: the averaged weights of `shown_step`."""
    return trainer._shown()


def state_of(trainer: Trainer) -> TrainState:
    """The network in training, with its objective and the law that it learns; to be looked at."""
    assert trainer._state is not None
    return trainer._state
