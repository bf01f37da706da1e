"""Shots for offline rendering: one frame of a run, by integers alone. Nothing here asks what time it is.

A run is made anew for each training step and only as far as the frame that is wanted; while neither network nor scene changes, the
present one is carried on.
"""

from __future__ import annotations

from scoreviz.engine.fields import arrows, density
from scoreviz.engine.plan import Plan, field_score
from scoreviz.engine.player import Player
from scoreviz.engine.stdio import Channel
from scoreviz.engine.threads import threads
from scoreviz.engine.trainer import Trainer
from scoreviz.protocol.messages import Look, Shoot, Shot
from scoreviz.protocol.shots import frame_of

THREADS = 1
"""Sums depend on the number of threads, and a video should not depend on how many cores a machine has."""


class Shooter:
    """Answers `Shoot` with a player of its own: the window's run is not touched."""

    def __init__(self, channel: Channel, trainer: Trainer) -> None:
        self._channel, self._trainer = channel, trainer
        self._player = Player(channel)
        self._plan: Plan | None = None

    def train(self, step: int) -> None:
        """Train to exactly `step`. FloatingPointError and ValueError as `Trainer.train_to`."""
        with threads(THREADS):
            self._trainer.train_to(step)

    def shoot(self, wish: Shoot, plan: Plan, look: Look | None) -> None:
        """Send the run up to the wanted frame, that frame's fields, and, at the run's end, its distance to the truth.

        A Look whose grid has no cells wants no such field. FloatingPointError when the points fly off.
        """
        with threads(THREADS):
            self._renew(plan)
            sigmas = self._player.sigmas
            index = frame_of(wish.position, len(sigmas))
            self._player.advance(index + 1)
            if index == len(sigmas) - 1:
                self._finish()
            if look is not None:
                self._fields(plan, look, sigmas[index])
        self._channel.send(Shot(number=wish.number, step=self._trainer.step))

    def _renew(self, plan: Plan) -> None:
        before = self._plan
        if before is not None and (before.revision, before.step) == (plan.revision, plan.step):
            return
        self._plan = None  # a run that fails is not gone on with
        self._player.start(plan)
        self._player.foresee()
        self._plan = plan

    def _finish(self) -> None:
        while self._player.active and not self._player.unmeasured:
            self._player.slice(1.0)
        if self._player.active:
            self._player.measure()

    def _fields(self, plan: Plan, look: Look, sigma: float) -> None:
        if all(look.density_shape):
            self._channel.send(density(plan.target, plan.sde, sigma, look, plan.revision))
        if all(look.arrows_shape):
            other, step = field_score(look.arrows_kind, plan.scene, plan.sde, plan.target, self._trainer)
            exact = plan.target.score_fn(plan.sde)
            self._channel.send(arrows(exact, other, step, plan.sde, sigma, look, plan.revision))
