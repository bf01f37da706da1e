"""From gestures on the canvas to edits of the scene. Each gesture is one undo step."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.tool_settings import ToolSettings
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.scene.density import WORLD, Density, Erase, Gaussian, Mark, Preset, Stroke
from scoreviz.scene.errors import SceneError


class Drawing(QObject):
    """Strokes, erasures, Gaussians, and marks that come ready made. The mark that starts the training also shows the network."""

    refused = Signal(str)  # a sentence: why a gesture changed nothing

    def __init__(self, canvas: Canvas, store: Store, session: Session, tools: ToolSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvas, self._store, self._session, self._tools = canvas, store, session, tools
        canvas.strokeFinished.connect(self._stroke)
        canvas.eraseFinished.connect(self._erase)
        canvas.gaussianPlaced.connect(self._gaussian)
        canvas.strokeOutside.connect(lambda: self.refused.emit(self.tr("That stroke lies outside the canvas, so nothing was drawn.")))
        canvas.cameraChanged.connect(self.look)

    @property
    def centre(self) -> tuple[float, float]:
        """Where the canvas looks, within the world."""
        x, y = self._canvas.camera.x, self._canvas.camera.y
        return min(max(x, -WORLD), WORLD), min(max(y, -WORLD), WORLD)

    def place(self, mark: Mark, text: str) -> str | None:
        """Add a mark to what was drawn by hand, or put it in the place of presets. A sentence that says which; None if it was refused."""
        marks = self._store.scene.density.marks
        only_presets = bool(marks) and all(isinstance(m, Preset) for m in marks)
        if not self._set((mark,) if only_presets else (*marks, mark), text):
            return None
        if only_presets:
            return self.tr("It takes the place of the preset; undo brings that back.")
        return self.tr("It was added to the drawing.") if marks else ""

    def exchange(self, old: Mark, new: Mark, text: str) -> bool:
        """Another mark in the place of one that is drawn; False if it was refused."""
        return self._set(tuple(new if mark is old else mark for mark in self._store.scene.density.marks), text)

    def _stroke(self, points: np.ndarray[Any, Any]) -> None:
        digest = self._store.add_blob(points.astype("<f4").tobytes())
        self._add(Stroke(points=digest, width=self._tools.width, weight=self._tools.weight), self.tr("Draw stroke"))

    def _erase(self, points: np.ndarray[Any, Any]) -> None:
        digest = self._store.add_blob(points.astype("<f4").tobytes())
        self._add(Erase(points=digest, width=self._tools.width), self.tr("Erase"))

    def _gaussian(self, x: float, y: float, std: float) -> None:
        self._add(Gaussian(x=x, y=y, std=std, weight=self._tools.weight), self.tr("Place Gaussian"))

    def _add(self, mark: Mark, text: str) -> None:
        self._set((*self._store.scene.density.marks, mark), text)

    def _set(self, marks: tuple[Mark, ...], text: str) -> bool:
        scene = msgspec.structs.replace(self._store.scene, density=Density(marks=marks))
        begins = not self._session.training_begun
        if begins:
            scene = msgspec.structs.replace(scene, score=msgspec.structs.replace(scene.score, source="network"))
        try:
            self._store.replace(scene, text, origin="canvas")
        except SceneError as error:
            self.refused.emit(str(error))
            return False
        if begins:
            self._session.train(True)
        return True

    def look(self, x: float, y: float, half_height: float) -> None:
        """Move the picture; a row of moves is one undo step."""
        view = msgspec.structs.replace(self._store.scene.view, x=x, y=y, half_height=half_height)
        self._store.edit(("view",), view, self.tr("Move picture"), origin="camera", merge="camera")
