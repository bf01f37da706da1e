"""Sampling without a window: the engine's own trainer and players, told what to do by a script instead of by messages."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import numpy as np
import torch

from scoreviz.engine.image_player import PictureRun, lost
from scoreviz.engine.plan import Plan, plan_of
from scoreviz.engine.player import Player
from scoreviz.engine.threads import threads, usual
from scoreviz.engine.trainer import Trainer
from scoreviz.maths.density import compile_density
from scoreviz.maths.sde import build_sde
from scoreviz.protocol.messages import Message, RunDone, RunFrames, Trained
from scoreviz.protocol.snapshots import snapshot_from_bytes
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document, encode_scene
from scoreviz.scene.images import Images
from scoreviz.scene.text import QT_TRANSLATE_NOOP

STEPS = 1000
"""Training steps where nothing else is said."""

THREADS = 1
"""Results depend on the number of threads; for points one is the fastest, too."""

SLICE, STRIDE = 0.05, 25
"""Seconds of sampling and steps of training between two reports."""

GAP = 2  # pixels between pictures
M = TypeVar("M", bound=Message)
Advance = Callable[[int, int], None]
"""Hears how much is done, of how much."""


class _Newest:
    """Stands where the pipe would be, and keeps the newest message of each kind."""

    def __init__(self) -> None:
        self._kept: dict[type[Message], Message] = {}

    def send(self, message: Message) -> None:
        self._kept[type(message)] = message

    def get(self, kind: type[M]) -> M | None:
        """The newest of that kind."""
        found: Any = self._kept.get(kind)
        return found


@dataclass(frozen=True)
class Points:
    """Samples of a scene, (n, D) float32, and how they came about. training_step and loss are None for the exact score."""

    samples: np.ndarray
    document: Document  # its scene has the number of points and the seed
    nfe: int
    training_step: int | None
    loss: float | None
    distance: float | None  # sliced Wasserstein to exact samples
    distance_floor: tuple[float, float] | None  # truth against truth: mean, standard deviation

    def figures(self) -> dict[str, Any]:
        """All but the points, by name; what does not exist is left out."""
        floor = self.distance_floor
        found = {
            "n": len(self.samples), "seed": self.document.scene.particles.seed, "nfe": self.nfe, "source": self.document.scene.score.source,
            "training_step": self.training_step, "loss": self.loss, "distance": self.distance,
            "distance_floor": None if floor is None else list(floor),
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}

    def npz(self) -> bytes:
        """Samples, figures, and the scene as JSON; the same bytes for the same samples."""
        scene = np.array(encode_scene(self.document).decode())
        return _npz({"samples": self.samples, "scene": scene}, self.figures())

    def csv(self) -> bytes:
        """x,y (in space x,y,z, on a line x) and a line a point; nine figures hold a float32."""
        out = io.StringIO()
        np.savetxt(out, self.samples, fmt="%.9g", delimiter=",", header=",".join("xyz"[: self.samples.shape[1]]), comments="")
        return out.getvalue().encode()


@dataclass(frozen=True)
class Pictures:
    """Samples of an image model, (n, C, H, W) float32 in its data's range."""

    samples: np.ndarray
    images: Images
    low: float
    high: float
    name: str
    nfe: int
    nearest: float | None  # largest |difference| of a sample to its nearest stored picture

    def figures(self) -> dict[str, Any]:
        """All but the pictures, by name; what does not exist is left out. clamped: share of the values that a PNG cannot hold."""
        grey = (self.high - self.low) / 255
        clamped = float(np.mean((self.samples < self.low - grey / 2) | (self.samples > self.high + grey / 2)))
        found = {
            "n": len(self.samples), "seed": self.images.seed, "nfe": self.nfe, "model": self.name, "shape": list(self.samples.shape[1:]),
            "low": self.low, "high": self.high, "clamped": clamped, "nearest": self.nearest,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}

    def npz(self) -> bytes:
        """Samples, figures, and the settings as JSON."""
        settings = np.array(msgspec.json.encode(self.images).decode())
        return _npz({"samples": self.samples, "images": settings}, self.figures())

    def grid(self) -> np.ndarray:
        """A near-square grid, (h, w, 3) uint8: low is 0, high is 255, what lies beyond is clamped."""
        n, channels, height, width = self.samples.shape
        columns = math.ceil(math.sqrt(n))
        rows = -(-n // columns)
        out = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), np.uint8)
        values = np.rint(np.clip((self.samples - self.low) / (self.high - self.low), 0.0, 1.0) * 255).astype(np.uint8)
        for k, picture in enumerate(np.broadcast_to(values, (n, 3, height, width)) if channels == 1 else values):
            top, left = k // columns * (height + GAP), k % columns * (width + GAP)
            out[top : top + height, left : left + width] = picture[:3].transpose(1, 2, 0)
        return out


def sample_points(
    document: Document, *, n: int | None = None, seed: int | None = None, train: int | None = None,
    on_training: Advance = lambda done, total: None, on_sampling: Advance = lambda done, total: None,
) -> Points:  # fmt: skip
    """Sample the scene. A network is the document's snapshot, or, with `train` or without a snapshot, trained anew for so many steps.

    SceneError: an empty drawing, a snapshot that does not fit, points that fly off, and `train` where no network is asked for.
    """
    document = _with_particles(document, n, seed)
    said: Any = _Newest()
    with threads(THREADS), torch.no_grad():
        plan = _plan(document, train, said, on_training)
        _play(Player(said), plan, on_sampling)
    frames, done, trained = said.get(RunFrames), said.get(RunDone), said.get(Trained)
    return Points(
        samples=frames.frames.numpy()[-1].copy(), document=document, nfe=done.nfe, training_step=plan.step,
        loss=None if trained is None else trained.loss, distance=done.distance, distance_floor=done.floor,
    )  # fmt: skip


def sample_pictures(images: Images, *, on_sampling: Advance = lambda done, total: None) -> Pictures:
    """Sample the image model. SceneError: a model that cannot be read, pictures that are lost."""
    from scoreviz.models.loading import load_model

    spec: Any = images.model
    with threads(usual()), torch.no_grad():
        model = load_model(spec)
        run = PictureRun(1, images, model)
        try:
            for index in range(1, run.total + 1):
                run.towards(index)
                on_sampling(index, run.total)
        except FloatingPointError as error:
            raise lost(error) from error
        nearest = None if model.nearest is None else float(model.nearest(run.pictures).max())
    return Pictures(
        samples=run.pictures.float().numpy().copy(), images=images, low=model.low, high=model.high, name=model.card.name,
        nfe=run.nfe, nearest=nearest,
    )  # fmt: skip


def _plan(document: Document, train: int | None, said: Any, advance: Advance) -> Plan:
    """The run to be played, with its score: exact, restored or learned now."""
    scene, learned = document.scene, document.scene.score.source == "network"
    if train is not None and not learned:
        raise SceneError(QT_TRANSLATE_NOOP("errors", "This scene samples with the exact score, so there is nothing to train."))
    target = compile_density(scene.density, document.blobs)
    sde = build_sde(scene.noise, target.diameter())
    trainer = Trainer(said)
    if not learned:
        return plan_of(scene, sde, target, trainer)
    trainer.configure(scene, target, sde, anew=True)
    if document.snapshot is not None and train is None:
        trainer.restore(snapshot_from_bytes(document.snapshot))
    else:
        _train(trainer, STEPS if train is None else train, advance)
    return plan_of(scene, sde, target, trainer)


def _with_particles(document: Document, n: int | None, seed: int | None) -> Document:
    scene: Scene = document.scene
    count, start = scene.particles.count if n is None else n, scene.particles.seed if seed is None else seed
    particles = msgspec.structs.replace(scene.particles, count=count, seed=start)
    return msgspec.structs.replace(document, scene=msgspec.structs.replace(scene, particles=particles))


def _train(trainer: Trainer, steps: int, advance: Advance) -> None:
    try:
        for step in (*range(STRIDE, steps, STRIDE), steps):
            trainer.train_to(step)
            advance(step, steps)
    except FloatingPointError as error:
        template = QT_TRANSLATE_NOOP("errors", "Training met a number that is not finite at step {step}. Lower the learning rate.")
        raise SceneError(template, step=error.args[0]) from error


def _play(player: Player, plan: Plan, advance: Advance) -> None:
    player.start(plan)
    try:
        player.foresee()
        total = len(player.sigmas)
        while not player.unmeasured:
            player.slice(SLICE)
            advance(round(player.position * total), total)
    except FloatingPointError as error:
        template = QT_TRANSLATE_NOOP(
            "errors", "The points flew off to infinity at substep {step}. Make the step smaller, or σ larger."
        )  # fmt: skip
        raise SceneError(template, step=error.args[0]) from error
    player.measure()


def _npz(arrays: dict[str, np.ndarray], figures: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    named: dict[str, Any] = {name: np.asarray(value) for name, value in figures.items() if name != "n"}
    np.savez(out, allow_pickle=False, **arrays, **named)
    return out.getvalue()
