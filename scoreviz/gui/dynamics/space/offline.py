"""Videos and pictures of space without a display: the view's own drawing, and a slice asked for with each frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtGui import QImage

from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.dynamics.space.asking import half_of, planes_of, slice_question
from scoreviz.gui.dynamics.space.eye import Eye, Projected
from scoreviz.gui.dynamics.space.picture import SpaceContent, SpacePicture
from scoreviz.gui.dynamics.space.plane import PlaneGrid
from scoreviz.gui.offline import OfflineEngine
from scoreviz.gui.shots import Cue, Shots, Still
from scoreviz.protocol import messages
from scoreviz.protocol.questions import AskCloud, Cloud
from scoreviz.scene.document import Scene
from scoreviz.scene.files import Document

NO_FIELDS = messages.Look(bounds=(-1.0, 1.0, -1.0, 1.0), density_shape=(0, 0), arrows_shape=(0, 0), arrows_kind="exact")


@dataclass(frozen=True)
class SpaceStill(Still):
    """A frame in space with the slice of its own noise level."""

    plane: PlaneGrid | None
    cloud: Cloud


class SpaceShots(Shots):
    """The stills of a scene in space. One frame at a time: a slice of the network is of the step that its frame is of."""

    def __init__(self, engine: OfflineEngine, document: Document) -> None:
        super().__init__(engine, document, NO_FIELDS, ahead=0)
        self._scene = document.scene
        self._cloud: Cloud | None = None

    def stills(self, cues: Sequence[Cue]) -> Iterator[SpaceStill]:
        """One for each cue, in order; their steps must not fall."""
        for still in super().stills(cues):
            if self._cloud is None:
                self._cloud = self.answer(AskCloud())
            plane = self._plane(float(still.run.sigma[still.index]), half_of(self._cloud))
            yield SpaceStill(still.cue, still.run, still.index, None, None, still.loss, plane, self._cloud)

    def _plane(self, sigma: float, half: float) -> PlaneGrid | None:
        question = slice_question(self._scene, (sigma,), half)
        if question is None:
            return None
        (plane,) = planes_of(self.answer(question))
        return plane


class SpacePainter:
    """Draws the stills with the view's own code."""

    def __init__(self, scene: Scene, size: tuple[int, int], palette: Literal["dark", "light"], scale: float) -> None:
        """size in device pixels, `scale` of them to a logical one."""
        view = scene.view
        self._view, self._palette, self._scale = view, palette, scale
        self._camera = Camera(half_height=view.space_half_height).sized(*size)
        self._eye = Eye(view.azimuth, view.elevation)
        self._picture = SpacePicture()
        self._frames: Projected | None = None
        self._points: tuple[Cloud, np.ndarray] | None = None

    def image(self, still: SpaceStill) -> QImage:
        """The picture; it is drawn into again by the next call."""
        if self._frames is None or self._frames.frames is not still.run:
            self._frames = Projected(still.run, self._eye)
        if self._points is None or self._points[0] is not still.cloud:
            self._points = (still.cloud, still.cloud.points.numpy().astype(np.float32))
        content = SpaceContent(
            view=self._view, palette=self._palette, eye=self._eye, half=half_of(still.cloud), plane=still.plane, cloud=self._points[1],
            frames=self._frames, k=still.index, caption=caption(still.run, still.index, self._view.notation),
        )  # fmt: skip
        return self._picture.image(content, self._camera, self._scale)
