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
from scoreviz.scene.density import Density, Erase, Gaussian, Mark, Stroke
from scoreviz.scene.errors import SceneError


class Drawing(QObject):
    """Strokes, erasures and Gaussians. The stroke that starts the training also shows the network."""

    refused = Signal(str)  # a sentence: why a gesture changed nothing

    def __init__(self, canvas: Canvas, store: Store, session: Session, tools: ToolSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._session, self._tools = store, session, tools
        canvas.strokeFinished.connect(self._stroke)
        canvas.eraseFinished.connect(self._erase)
        canvas.gaussianPlaced.connect(self._gaussian)
        canvas.strokeOutside.connect(lambda: self.refused.emit(self.tr("That stroke lies outside the canvas, so nothing was drawn.")))
        canvas.cameraChanged.connect(self.look)

    def _stroke(self, points: np.ndarray[Any, Any]) -> None:
        digest = self._store.add_blob(points.astype("<f4").tobytes())
        self._add(Stroke(points=digest, width=self._tools.width, weight=self._tools.weight), self.tr("Draw stroke"))

    def _erase(self, points: np.ndarray[Any, Any]) -> None:
        digest = self._store.add_blob(points.astype("<f4").tobytes())
        self._add(Erase(points=digest, width=self._tools.width), self.tr("Erase"))

    def _gaussian(self, x: float, y: float, std: float) -> None:
        self._add(Gaussian(x=x, y=y, std=std, weight=self._tools.weight), self.tr("Place Gaussian"))

    def _add(self, mark: Mark, text: str) -> None:
        scene = self._store.scene
        scene = msgspec.structs.replace(scene, density=Density(marks=(*scene.density.marks, mark)))
        begins = not self._session.training_begun
        if begins:
            scene = msgspec.structs.replace(scene, score=msgspec.structs.replace(scene.score, source="network"))
        try:
            self._store.replace(scene, text, origin="canvas")
        except SceneError as error:
            self.refused.emit(str(error))
            return
        if begins:
            self._session.train(True)

    def look(self, x: float, y: float, half_height: float) -> None:
        """Move the picture; a row of moves is one undo step."""
        view = msgspec.structs.replace(self._store.scene.view, x=x, y=y, half_height=half_height)
        self._store.edit(("view",), view, self.tr("Move picture"), origin="camera", merge="camera")
