"""Space-time for `scoreviz render`: the window's own picture of a still, its questions answered one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtGui import QImage

from scoreviz.gui.canvas.palette import PaletteName
from scoreviz.gui.dynamics.screen import caption
from scoreviz.gui.dynamics.spacetime.axis import axis_of
from scoreviz.gui.dynamics.spacetime.content import Content
from scoreviz.gui.dynamics.spacetime.layout import Layout
from scoreviz.gui.dynamics.spacetime.picture import SpaceTimePicture
from scoreviz.gui.dynamics.spacetime.wishes import changes, wishes
from scoreviz.gui.playback import Run
from scoreviz.protocol.questions import Question
from scoreviz.scene.document import Scene


class LinePainter:
    """Draws stills of one dimension. What a click would start is not part of a scene, so not of its film."""

    def __init__(self, scene: Scene, size: tuple[int, int], scale: float, palette: PaletteName) -> None:
        view = scene.view
        self._scene, self._size, self._scale = scene, size, scale
        self._content = Content(view=view, palette=palette, x0=view.y - view.half_height, x1=view.y + view.half_height, bare=True)
        self._picture = SpaceTimePicture()
        self._run: Run | None = None
        self._answered: dict[str, tuple[Any, ...]] = {}

    def image(self, run: Run, k: int, ask: Callable[[Question], Any]) -> QImage:
        """Frame k of a run; `ask` answers of the scene, and of the network, that this run is of. It is drawn into again."""
        if run is not self._run:
            self._run = run
            self._content = replace(self._content, axis=axis_of(run), run=run)
            self._ask(run, ask)
        self._content = replace(self._content, k=k, caption=caption(run, k))
        return self._picture.image(self._content, self._size, self._scale)

    def _ask(self, run: Run, ask: Callable[[Question], Any]) -> None:
        """Whatever is not known yet of this revision; the ODE's lines also of this network."""
        content = self._content
        layout = Layout(*self._size, self._scale, content.x0, content.x1, content.axis.data_left, content.bare)
        for name, question in wishes(content, layout, self._scene.particles.seed).items():
            key = (question, run.revision, run.training_step if name == "flow" else None)
            if question is not None and self._answered.get(name) != key:
                self._answered[name] = key
                self._content = replace(self._content, **changes(ask(question)))
