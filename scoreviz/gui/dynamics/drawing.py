"""From gestures on the canvas to edits of the scene. Each gesture is one undo step."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal

from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.selecting.selection import Selection
from scoreviz.gui.dynamics.tool_settings import ToolSettings
from scoreviz.gui.session import Session
from scoreviz.gui.store import Store
from scoreviz.scene.density import WORLD, Area, Density, Erase, Gaussian, Mark, Preset, Stroke
from scoreviz.scene.errors import SceneError
from scoreviz.scene.solid import SolidMark

LIGHTEST = 0.02
"""Of a stroke's weight: a pen that hardly touches draws something all the same."""


class Drawing(QObject):
    """Strokes, areas, erasures, Gaussians, and marks that come ready made. The mark that starts the training also shows the network."""

    refused = Signal(str)  # a sentence: why a gesture changed nothing

    def __init__(
        self, canvas: Canvas, store: Store, session: Session, tools: ToolSettings, selection: Selection, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._canvas, self._store, self._session, self._tools, self._selection = canvas, store, session, tools, selection
        canvas.strokeFinished.connect(self._stroke)
        canvas.areaFinished.connect(self._area)
        canvas.eraseFinished.connect(self._erase)
        canvas.gaussianPlaced.connect(self._gaussian)
        canvas.strokeOutside.connect(lambda: self.refused.emit(self.tr("That stroke lies outside the canvas, so nothing was drawn.")))
        canvas.cornersMissing.connect(
            lambda: self.refused.emit(self.tr("A filled polygon needs three corners or more, so nothing was drawn."))
        )
        canvas.cameraChanged.connect(self.look)

    @property
    def centre(self) -> tuple[float, float]:
        """Where the canvas looks, within the world."""
        x, y = self._canvas.camera.x, self._canvas.camera.y
        return min(max(x, -WORLD), WORLD), min(max(y, -WORLD), WORLD)

    def place(self, mark: Mark, text: str) -> str | None:
        """Add a mark to what was drawn by hand, or put it in the place of presets. A sentence that says which; None if it was refused.

        It goes into the plane, which is on screen then.
        """
        density = self._store.scene.density
        only_presets = bool(density.marks) and all(isinstance(m, Preset) for m in density.marks)
        mark = msgspec.structs.replace(mark, layer=self._selection.layer, label=self._tools.label)
        if not self._set((mark,) if only_presets else (*density.marks, mark), text):
            return None
        told = []
        if density.dimensions != "2":
            told.append(self.tr("The drawing in the plane is shown."))
        if only_presets:
            told.append(self.tr("It takes the place of the preset; undo brings that back."))
        elif density.marks:
            told.append(self.tr("It was added to the drawing."))
        return " ".join(told)

    def place_solid(self, mark: SolidMark, text: str) -> str | None:
        """Put a mark in space in the place of what is there, as one undo step."""
        density = msgspec.structs.replace(self._store.scene.density, dimensions="3", solid=(mark,))
        return self.tr("It takes the place of what was there; undo brings that back.") if self._take(density, text) else None

    def exchange(self, old: Mark, new: Mark, text: str) -> bool:
        """Another mark in the place of one that is drawn; False if it was refused."""
        return self._set(tuple(new if mark is old else mark for mark in self._store.scene.density.marks), text)

    def _stroke(self, points: np.ndarray[Any, Any]) -> None:
        names = {"line": self.tr("Draw line"), "polygon": self.tr("Draw polygon"), "curve": self.tr("Draw curve")}
        tools = self._tools
        weight = tools.weight * max(self._canvas.pressure, LIGHTEST)
        mark = Stroke(
            points=self._blob(points),
            width=tools.width,
            weight=weight,
            hardness=tools.hardness,
            label=tools.label,
            layer=self._selection.layer,
        )
        self._add(mark, names.get(self._canvas.tool, self.tr("Draw stroke")))

    def _area(self, points: np.ndarray[Any, Any]) -> None:
        tools = self._tools
        mark = Area(outline=self._blob(points), weight=tools.weight, label=tools.label, layer=self._selection.layer)
        self._add(mark, self.tr("Draw polygon"))

    def _erase(self, points: np.ndarray[Any, Any]) -> None:
        mark = Erase(points=self._blob(points), width=self._tools.width, layer=self._selection.layer)
        self._add(mark, self.tr("Erase"))

    def _gaussian(self, x: float, y: float, std: float) -> None:
        tools = self._tools
        mark = Gaussian(x=x, y=y, std=std, weight=tools.weight, label=tools.label, layer=self._selection.layer)
        self._add(mark, self.tr("Place Gaussian"))

    def _blob(self, points: np.ndarray[Any, Any]) -> str:
        return self._store.add_blob(points.astype("<f4").tobytes())

    def _add(self, mark: Mark, text: str) -> None:
        self._set((*self._store.scene.density.marks, mark), text)

    def _set(self, marks: tuple[Mark, ...], text: str) -> bool:
        return self._take(msgspec.structs.replace(self._store.scene.density, dimensions="2", marks=marks), text)

    def _take(self, density: Density, text: str) -> bool:
        scene = msgspec.structs.replace(self._store.scene, density=density)
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
