"""The engine's loop: take messages, then work in slices of about 8 ms between polls."""

from __future__ import annotations

import functools
import logging
import os
import time
import traceback
from typing import Any

import msgspec
import torch

from scoreviz.engine.answers import World
from scoreviz.engine.desk import Desk
from scoreviz.engine.fields import Requests, arrows, density
from scoreviz.engine.image_player import ImagePlayer, lost
from scoreviz.engine.plan import Plan, field_score, plan_of
from scoreviz.engine.player import Player
from scoreviz.engine.racing import Racers
from scoreviz.engine.shooting import Shooter
from scoreviz.engine.stdio import Channel
from scoreviz.engine.threads import usual
from scoreviz.engine.trainer import Trainer
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import SDE, build_sde
from scoreviz.maths.targets import GaussianMixture
from scoreviz.protocol import messages
from scoreviz.scene.choice import decode_choice
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.errors import SceneError
from scoreviz.scene.parameters import Invalidates
from scoreviz.scene.text import QT_TRANSLATE_NOOP
from scoreviz.scene.validation import validate

log = logging.getLogger(__name__)
SLICE = 0.008
LIVE_SHARE = 0.2
"""Share of the time that re-runs may take from a network that trains."""

URGENT_SHARE = 0.8
"""Share of the time for a run that the screen waits for, while a network trains beside it."""

IMAGE_BACKLOG = 8
"""Messages under way beyond which no more frames are made: the pipe sets the pace."""

SETTLED = 0.1
"""Seconds without an edit after which a finished run is compared with the truth."""

PATIENCE = 2.0
"""Seconds after which an edit is in force though nothing of it could be shown yet: a slow run must not hold back the next edit."""

EVERYTHING = Invalidates.NETWORK | Invalidates.TRAINING | Invalidates.TARGET | Invalidates.TRAJECTORY | Invalidates.FIELD
_PART_TYPES: dict[str, Any] = {f.name: f.type for f in msgspec.structs.fields(Scene)}


class Engine:
    """Scene, target, network and run of one window."""

    def __init__(self, channel: Channel, *, threads: int | None = None, cache_bytes: int | None = None) -> None:
        """threads: of torch, by default one core is left to the window; cache_bytes: what the frames of a run may take."""
        self._channel = channel
        self._scene = Scene()
        self._revision = 0
        self._blobs: dict[str, bytes] = {}
        self._target: GaussianMixture | None = None
        self._sde: SDE | None = None
        self._trainer = Trainer(channel)
        self._threads = usual() if threads is None else threads
        self._player = Player(channel, cache_bytes)
        self._images = ImagePlayer(channel)
        self._shooter = Shooter(channel, self._trainer)
        self._desk = Desk(channel)
        self._racers = Racers()
        self._watched = True  # is the Dynamics tab on screen?
        self._requests = Requests()
        self._unacknowledged: messages.Applied | None = None
        self._run_wanted = False  # the screen waits for a run that has not begun
        self._credit = 0.0  # seconds owed to runs (positive) or to training (negative)
        self._updated = 0.0  # when the last edit came
        self._owed = EVERYTHING  # what edits invalidated and could not be applied yet
        self._failed = -1  # revision whose run failed
        self._run_step = -1  # training step of the newest run's network

    def run(self) -> None:
        """For ever; the reader thread ends the process when the window closes the pipe."""
        _be_modest(self._threads)
        torch.set_grad_enabled(False)  # the training's gradient is written out by hand
        while True:
            wait = self._idle_seconds()
            for message in self._channel.received(wait):
                self._slice("message", functools.partial(self._take, message))
            self._work()
            self._acknowledge()

    # ---- messages

    def _take(self, message: messages.ToEngine) -> None:
        match message:
            case messages.Hello():
                self._welcome()
            case messages.Blob():
                self._blobs[message.digest] = message.data
            case messages.Update():
                self._update(message)
            case messages.Look():
                self._requests.take(message)
                self._player.awaited = message.position
            case messages.Show():
                self._watched = message.tab == "dynamics"
                self._images.show(message.tab == "images")
            case messages.Develop():
                self._images.develop(message)
            case messages.Shoot():
                self._shoot(message)
            case messages.Ask():
                self._desk.take(message)
            case messages.Withdraw():
                self._desk.withdraw(message.asker)
            case messages.Train():
                self._trainer.set_running(message.running)
            case messages.Reset():
                self._trainer.reset()
                self._network_changed()
            case messages.Restore():
                self._trainer.restore(message.snapshot)
                self._network_changed()
            case messages.Pin():
                self._trainer.pin(message.step)
                self._network_changed()

    def _welcome(self) -> None:
        threads, version = torch.get_num_threads(), str(torch.__version__)
        self._channel.send(messages.Welcome(protocol=messages.PROTOCOL, device="cpu", threads=threads, torch=version, pid=os.getpid()))

    def _update(self, message: messages.Update) -> None:
        """Apply the changed parts; a scene that cannot be applied is answered and the last good one stays."""
        self._revision, self._updated = message.revision, time.monotonic()
        try:
            scene = msgspec.structs.replace(self._scene, **{n: _decode(n, p) for n, p in message.parts.items()})
            validate(scene, before=self._scene)
        except (SceneError, msgspec.ValidationError) as error:
            self._unacknowledged = self._applied()
            self._report("scene", error)
            return
        self._owed |= invalidated(self._scene, scene)
        noise_changed = self._scene.noise != scene.noise
        self._images.configure(scene.images, invalidated(self._scene.images, scene.images), message.revision)
        self._scene = scene
        try:
            self._apply(self._owed, noise_changed)
            self._owed = Invalidates.NOTHING
            self._guarded("message", self._trainer.restore_waiting)
        except SceneError as error:  # an empty drawing: there is nothing to learn or sample, but the network is kept
            self._target = self._sde = None
            self._player.stop()
            self._trainer.forget_target()
            self._report("scene", error)
        self._unacknowledged = self._applied()

    def _applied(self) -> messages.Applied:
        """The acknowledgement of the newest revision, with what is in force."""
        largest = None if self._sde is None else float(self._sde.sigma(1.0))
        components = 0 if self._target is None else len(self._target)
        return messages.Applied(revision=self._revision, step=self._trainer.step, sigma_max=largest, components=components)

    def _apply(self, what: Invalidates, noise_changed: bool) -> None:
        scene = self._scene
        if what & EVERYTHING:
            self._desk.begin_again()
        if what & Invalidates.TARGET or self._target is None:
            self._target = compile_density(scene.density, self._blobs)
            what |= Invalidates.TRAJECTORY | Invalidates.TRAINING
        if what & Invalidates.TARGET or noise_changed or self._sde is None:
            self._sde = build_sde(scene.noise, self._target.diameter())
        if what & (Invalidates.TARGET | Invalidates.NETWORK | Invalidates.TRAINING):
            self._trainer.configure(scene, self._target, self._sde, anew=bool(what & Invalidates.NETWORK))
        self._requests.forget_sent()
        driven_by_network = scene.score.source == "network" and what & Invalidates.NETWORK
        if what & (Invalidates.TARGET | Invalidates.TRAJECTORY) or driven_by_network:
            self._player.stop()
            self._run_wanted = True

    def _network_changed(self) -> None:
        self._requests.forget_sent()
        self._desk.begin_again()
        self._run_step = -1
        if self._scene.score.source == "network":
            self._player.stop()
            self._run_wanted = True

    # ---- work

    def _idle_seconds(self) -> float:
        """How long to wait for messages: not at all while there is work."""
        pending = self._requests.pending or self._images.pending or self._desk.pending
        if pending or self._trainer.active or self._run_wanted or self._network_moved():
            return 0.0
        if self._player.unmeasured:
            return max(0.0, SETTLED - (time.monotonic() - self._updated))
        return 0.0 if self._player.active else 0.2

    def _network_moved(self) -> bool:
        """The network behind the run on screen has learned more since, and training has stopped: show its last word."""
        if self._failed == self._revision or not self._watched:
            return False  # unseen, or it would fail again, and say so again, until something is changed
        return self._scene.score.source == "network" and self._target is not None and self._trainer.shown_step != self._run_step

    def _work(self) -> None:
        if self._requests.pending:
            self._slice("look", self._look)
        if self._desk.pending:
            self._slice("question", lambda: self._desk.slice(SLICE, self._world(), self._revision))
        if self._images.pending and self._channel.backlog() < IMAGE_BACKLOG:
            self._slice("pictures", self._images.work)
        renewed = self._network_moved() and self._channel.backlog() < 4
        if not self._player.active and (self._run_wanted or renewed):
            self._slice("run", self._start_run)
        training, playing = self._trainer.active, self._player.active
        if not (training or playing):
            return
        share = (LIVE_SHARE if self._player.live else URGENT_SHARE) if playing else 0.0
        if playing and self._player.unmeasured and time.monotonic() - self._updated < SETTLED:
            playing = False  # an edit may be on its way: it should not wait for a measurement of what it replaces
        if playing and (not training or self._credit >= 0):
            spent = self._slice("run", self._player.measure if self._player.unmeasured else lambda: self._player.slice(SLICE))
            self._credit -= spent * (1 - share) if training else 0.0
        elif training:
            spent = self._slice("training", lambda: self._trainer.slice(SLICE))
            self._credit = min(self._credit + spent * share, 0.1) if playing else 0.0

    def _look(self) -> None:
        wanted = self._requests.next(self._trainer.shown_step)
        look = self._requests.look
        if wanted is None or look is None or self._target is None or self._sde is None or self._target.dim != 2:
            return
        kind, sigma = wanted
        smallest, largest = float(self._sde.sigma(0.0)), float(self._sde.sigma(1.0))
        if not smallest * (1 - 1e-9) <= sigma <= largest * (1 + 1e-9):
            return  # a level of the noise before the last edit: the window asks again when it knows the new run
        if kind == "density":
            self._channel.send(density(self._target, self._sde, sigma, look, self._revision))
        else:
            exact = self._target.score_fn(self._sde)
            other, step = field_score(look.arrows_kind, self._scene, self._sde, self._target, self._trainer)
            self._channel.send(arrows(exact, other, step, self._sde, sigma, look, self._revision))

    def _world(self) -> World | None:
        """What questions are about; None while nothing is drawn."""
        if self._target is None or self._sde is None:
            return None
        return World(self._scene, self._blobs, self._target, self._sde, self._trainer, self._player, self._racers)

    def _start_run(self) -> None:
        wanted, self._run_wanted = self._run_wanted, False
        if (plan := self._plan(live=not wanted)) is not None:
            self._player.start(plan)

    def _plan(self, *, live: bool) -> Plan | None:
        """A run of the scene with the score as it is now; None while nothing is drawn."""
        if self._target is None or self._sde is None:
            return None
        self._run_step = self._trainer.shown_step
        return plan_of(self._scene, self._sde, self._target, self._trainer, revision=self._revision, live=live)

    def _shoot(self, wish: messages.Shoot) -> None:
        """A shot is all that is computed now: what the scene would have sampled by itself is not wanted."""
        self._player.stop()
        self._run_wanted = False
        self._guarded("training", lambda: self._shooter.train(wish.step))
        if (plan := self._plan(live=False)) is not None:
            self._guarded("run", lambda: self._shooter.shoot(wish, plan, self._requests.look))

    def _slice(self, doing: str, work: Any) -> float:
        began = time.monotonic()
        self._channel.begin_slice(doing)
        self._guarded(doing, work)
        self._channel.end_slice()
        return time.monotonic() - began

    def _acknowledge(self) -> None:
        """An update is in force once the screen can show something of it (see `Update`)."""
        waiting = self._unacknowledged
        if waiting is None or self._run_wanted:
            return
        needed = self._requests.look.position if self._requests.look is not None else 0.0
        seen = not self._player.active or self._player.live or self._player.position > min(needed, 0.999)
        if (seen and not self._requests.pending) or time.monotonic() - self._updated > PATIENCE:
            self._unacknowledged = None
            self._channel.send(waiting)

    # ---- errors are data

    def _guarded(self, doing: str, work: Any) -> None:
        try:
            work()
        except Exception as error:
            log.error("%s failed: %s", doing, error, exc_info=not isinstance(error, SceneError))
            if doing == "run":
                self._player.stop()
                self._failed = self._revision
            if doing == "training":
                self._trainer.set_running(False)
            self._report(doing, error)

    def _report(self, where: Any, error: Exception) -> None:
        template, params = _sentence(where, error)
        details = "" if isinstance(error, SceneError) else "".join(traceback.format_exception(error))
        self._channel.send(messages.Problem(where=where, template=template, params=params, details=details, revision=self._revision))


def _decode(name: str, part: Any) -> Any:
    if name not in _PART_TYPES:
        raise SceneError(QT_TRANSLATE_NOOP("engine", "A scene has no part called “{name}”."), name=name)
    return msgspec.convert(part, _PART_TYPES[name], dec_hook=decode_choice)


def _sentence(where: str, error: Exception) -> tuple[str, dict[str, str]]:
    """What a person is told."""
    match error:
        case SceneError():
            return error.template, {k: str(v) for k, v in error.params.items()}
        case msgspec.ValidationError():
            if isinstance(error.__cause__, SceneError):  # msgspec wraps what its hook raises
                return _sentence(where, error.__cause__)
            return QT_TRANSLATE_NOOP("engine", "The scene has a value that is not allowed: {reason}."), {"reason": str(error)}
        case FloatingPointError() if where == "pictures":
            return _sentence(where, lost(error))
        case FloatingPointError() if where == "run":
            return QT_TRANSLATE_NOOP("engine", "The points flew off to infinity at substep {step}. Make the step smaller, or σ larger."), {
                "step": str(error.args[0])
            }
        case FloatingPointError():
            return QT_TRANSLATE_NOOP(
                "engine",
                "Training met a number that is not finite; the network is back at step {step}. Lower the learning rate.",
            ), {"step": str(error.args[0])}
        case torch.OutOfMemoryError():
            return QT_TRANSLATE_NOOP("engine", "The graphics card has not enough memory for so many pictures at once. Choose fewer."), {}
        case MemoryError():
            return QT_TRANSLATE_NOOP("engine", "There is not enough memory for this. Use fewer particles or steps."), {}
        case _:
            return QT_TRANSLATE_NOOP("engine", "The engine met an error: {reason}."), {"reason": f"{type(error).__name__}: {error}"}


def _be_modest(threads: int) -> None:
    """Let the window go first."""
    torch.set_num_threads(threads)
    if hasattr(os, "nice"):
        os.nice(10)
