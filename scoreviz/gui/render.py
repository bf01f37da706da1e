"""Videos and pictures of a scene without a display: the canvas's own drawing, the transport's own rule, everything counted in integers.

Frame k shows the time k / fps: exactly round(N k / fps) steps of training, and the run at the transport's place at that time. So two
renders of one scene are the same frames.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from PySide6.QtGui import QGuiApplication, QImage

from scoreviz.gui import theme
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.content import Content
from scoreviz.gui.canvas.picture import Picture
from scoreviz.gui.developing import RUN_SECONDS as PICTURE_RUN_SECONDS
from scoreviz.gui.developing import Developing, PictureStill
from scoreviz.gui.dynamics.fields import arrow_kind
from scoreviz.gui.dynamics.inspect_wishes import asked, wishes
from scoreviz.gui.dynamics.screen import ARROW_CELL, DENSITY_CELL, LARGEST_GRID, caption, needs_fields
from scoreviz.gui.dynamics.space.offline import NO_FIELDS, SpacePainter, SpaceShots
from scoreviz.gui.dynamics.spacetime.offline import LinePainter
from scoreviz.gui.images.picture import Content as PictureContent
from scoreviz.gui.images.picture import PanesPicture
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.offline import OfflineEngine
from scoreviz.gui.playback import Run
from scoreviz.gui.shots import REST_SECONDS, RUN_SECONDS, Cue, Shots, Still, cue, needs_network
from scoreviz.protocol.messages import Look
from scoreviz.protocol.questions import Question
from scoreviz.record.picture import write_png
from scoreviz.record.stream import LARGEST, SMALLEST
from scoreviz.record.video import VideoFile
from scoreviz.record.whole import Whole
from scoreviz.scene.document import Scene
from scoreviz.scene.errors import SceneError
from scoreviz.scene.files import Document
from scoreviz.scene.text import QT_TRANSLATE_NOOP

STEPS_PER_SECOND = 300
USUAL = (1280, 720)
"""Type, lines and points have their usual size in pictures up to this; in larger ones they grow with them."""


@dataclass(frozen=True)
class Film:
    """What is to be rendered. The suffix of `out` says whether it is one picture, at `seconds`, or a video of that length."""

    out: Path
    seconds: float
    fps: int = 30
    size: tuple[int, int] = USUAL
    steps_per_second: int = STEPS_PER_SECOND
    theme: Literal["dark", "light"] = "dark"

    @property
    def is_still(self) -> bool:
        return self.out.suffix.lower() == ".png"

    @property
    def scale(self) -> float:
        """Device pixels for a logical one."""
        return max(1.0, min(self.size[0] / USUAL[0], self.size[1] / USUAL[1]))

    def cues(self, scene: Scene) -> list[Cue]:
        """Of every frame, in order. Nothing is trained where nothing of it could be seen."""
        count = round(self.seconds * self.fps)
        numbers = [count] if self.is_still else range(max(1, count))
        if scene.view.tab == "images":
            return [cue(number, self.fps, 0, PICTURE_RUN_SECONDS) for number in numbers]
        steps = self.steps_per_second if needs_network(scene) else 0
        return [cue(number, self.fps, steps, RUN_SECONDS) for number in numbers]


def usual_seconds(scene: Scene, out: Path) -> float:
    """One turn of the transport, run and rest; for a picture the end of the run."""
    run = PICTURE_RUN_SECONDS if scene.view.tab == "images" else RUN_SECONDS
    return float(run if out.suffix.lower() == ".png" else run + REST_SECONDS)


@dataclass
class Figures:
    """What was rendered, for scripts."""

    frames: int = 0
    training_steps: int = 0
    loss: float | None = None
    distance: float | None = None  # of the last run that the video saw to its end
    distance_floor: tuple[float, float] | None = None
    nfe: int | None = None
    nearest: float | None = None  # of pictures: largest |difference| of a final one to its nearest stored one
    torch: str = ""
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    def add(self, still: Still | PictureStill, pixels: np.ndarray) -> None:
        """Count a frame."""
        self.frames += 1
        self.training_steps = still.cue.step
        run = still.run
        if isinstance(still, Still):
            self.loss = still.loss
        if isinstance(run, Run) and run.complete:
            self.distance, self.distance_floor, self.nfe = run.distance, run.distance_floor, run.nfe
        if isinstance(run, PictureRun) and run.nfe is not None:
            self.nearest, self.nfe = run.nearest, run.nfe
        self._hash.update(pixels.data)

    @property
    def sha256(self) -> str:
        """Of all the drawn frames, each B G R 255."""
        return str(self._hash.hexdigest())

    def summary(self) -> dict[str, Any]:
        """By name."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.repr} | {"sha256": self.sha256}


class Output(Protocol):
    """Where frames go."""

    def write(self, frame: np.ndarray, *, layout: Literal["bgra"]) -> None:
        """One more."""


def render(
    document: Document, film: Film, *, on_frame: Callable[[int, int], None] = lambda done, total: None,
    on_still: Callable[[Still | PictureStill], None] = lambda still: None,
) -> Figures:  # fmt: skip
    """Render `film`. on_frame(done, total) after each frame; on_still hears what was drawn.

    SceneError for a place, size or rate that will not do (before anything is computed), and for what the engine cannot do; nothing
    is left behind then, nor after any other exception.
    """
    scene = document.scene
    _application(film.theme)
    cues, figures = film.cues(scene), Figures()
    with _output(film) as output, OfflineEngine(document) as engine:
        for still, image in _pictures(engine, document, film, cues):
            pixels = pixels_of(image)
            output.write(pixels, layout="bgra")
            figures.add(still, pixels)
            on_still(still)
            on_frame(figures.frames, len(cues))
        figures.torch = engine.torch
    return figures


def _pictures(engine: OfflineEngine, document: Document, film: Film, cues: Sequence[Cue]) -> Iterator[tuple[Still | PictureStill, QImage]]:
    """What is on the scene's tab at each cue, and its picture, which is drawn into again for the next."""
    scene = document.scene
    if scene.view.tab == "images":
        panes = PanesPicture()
        for picture in Developing(engine, scene.images).stills(cues):
            content = PictureContent(run=picture.run, k=picture.index, chosen=scene.images.chosen, tones=scene.images.tones)
            yield picture, panes.image(content, film.size, film.theme, film.scale)
    elif scene.density.dim == 3:
        space = SpacePainter(scene, film.size, film.theme, film.scale)
        for seen in SpaceShots(engine, document).stills(cues):
            yield seen, space.image(seen)
    elif scene.density.dim == 1:
        line = LinePainter(scene, film.size, film.scale, film.theme)
        shots = Shots(engine, document, NO_FIELDS, ahead=0)
        for still in shots.stills(cues):
            yield still, line.image(still.run, still.index, shots.answer)
    else:
        painter = Painter(scene, film)
        shots = Shots(engine, document, painter.look(), ahead=0) if painter.inspects else Shots(engine, document, painter.look())
        for still in shots.stills(cues):
            yield still, painter.image(still, shots.answer)


def pixels_of(image: QImage) -> np.ndarray:
    """(height, width, 4) uint8, B G R 255, of its own memory."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).copy()


class Painter:
    """Draws the Dynamics tab's stills with the canvas's own code, and says which fields that takes."""

    def __init__(self, scene: Scene, film: Film) -> None:
        view, (width, height) = scene.view, film.size
        self._scene, self._film = scene, film
        self._camera = Camera(x=view.x, y=view.y, half_height=view.half_height, width_px=width, height_px=height)
        self._picture = Picture()
        self._wishes = wishes(scene, self._camera.bounds(), width / film.scale, height / film.scale)

    def look(self) -> Look:
        """The grids that the window would ask for at this size; none for a layer that is not shown."""
        view, b = self._scene.view, self._camera.bounds()
        width, height = (side / self._film.scale for side in self._film.size)
        density, arrows = needs_fields(view)

        def shape(cell: int, shown: bool) -> tuple[int, int]:
            rows, columns = (max(2, min(LARGEST_GRID, round(side / cell))) for side in (height, width))
            return (rows, columns) if shown else (0, 0)

        return Look(
            bounds=(b.x0, b.x1, b.y0, b.y1), density_shape=shape(DENSITY_CELL, density),
            arrows_shape=shape(ARROW_CELL, arrows), arrows_kind=arrow_kind(self._scene),
        )  # fmt: skip

    @property
    def inspects(self) -> bool:
        """Does the engine have to be asked for what is drawn of each frame?"""
        return any(self._wishes)

    def image(self, still: Still, answer: Callable[[Question], Any] | None = None) -> QImage:
        """The picture; it is drawn into again by the next call. answer: of the engine, where it must be asked."""
        sigma = float(still.run.sigma[still.index])
        map_, means = (None if wish is None or answer is None else asked(wish, sigma, answer) for wish in self._wishes)
        content = Content(
            view=self._scene.view, palette=self._film.theme, density=still.density, arrows=still.arrows, map=map_, means=means,
            frames=still.run, k=still.index, caption=caption(still.run, still.index),
        )  # fmt: skip
        return self._picture.image(content, self._camera, self._film.scale)


def _application(name: Literal["dark", "light"]) -> QGuiApplication:
    """Qt without a display, and the window's own font."""
    app = QGuiApplication.instance()
    if not isinstance(app, QGuiApplication):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        app = QGuiApplication(["scoreviz"])
        app.setFont((theme.LIGHT if name == "light" else theme.DARK).font())
    return app


def _output(film: Film) -> AbstractContextManager[Output]:
    if film.is_still:
        return _picture_file(film.out, film.size)
    return VideoFile(film.out, film.size, film.fps)


@contextmanager
def _picture_file(path: Path, size: tuple[int, int]) -> Iterator[Output]:
    """One picture. The place is tried before anything is computed."""
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "A picture of {width} × {height} is not possible: a side has {least} to {most} pixels."),
            width=size[0], height=size[1], least=SMALLEST, most=LARGEST,
        )  # fmt: skip
    Whole(path).discard()
    picture = _OnePicture()
    yield picture
    assert picture.frame is not None
    write_png(path, picture.frame)


class _OnePicture:
    """Keeps the frame that it is given, as RGB."""

    frame: np.ndarray | None = None

    def write(self, frame: np.ndarray, *, layout: Literal["bgra"]) -> None:
        self.frame = frame[:, :, 2::-1]
