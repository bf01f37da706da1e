"""Density and arrows for each noise level on screen: kept, asked for ahead of the transport, never shown as another's.

An entry is current if nothing that it depends on has changed since: for the exact score that is the drawing, for
the network also its training step, within half a second of training while the network trains and is not pinned.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from scoreviz.gui.canvas.frame import ArrowGrid, ArrowKind, Bounds, DensityGrid
from scoreviz.gui.progress import Progress
from scoreviz.gui.session import Session
from scoreviz.protocol import messages
from scoreviz.scene.control import ByClass
from scoreviz.scene.document import Scene, invalidated
from scoreviz.scene.parameters import Invalidates

KEPT = 768  # entries of each kind; 100 KB apiece at most
AHEAD = 10  # frames asked for before they are on screen
STALE_SECONDS = 0.5

Grid = TypeVar("Grid", DensityGrid, ArrowGrid)


def arrow_kind(scene: Scene) -> ArrowKind:
    """What the arrows of this scene show; “the sampler's score” is what drives it, under guidance too."""
    if scene.view.field != "sampler":
        return scene.view.field
    return "guided" if isinstance(scene.control, ByClass) else scene.score.source


class _Kept(Generic[Grid]):
    """The newest entries by noise level, for one bounds."""

    def __init__(self) -> None:
        self._grids: OrderedDict[float, tuple[int, Grid]] = OrderedDict()
        self.valid_from = 0  # revision since which entries are current

    def put(self, revision: int, grid: Grid) -> None:
        self._grids[grid.sigma] = (revision, grid)
        self._grids.move_to_end(grid.sigma)
        while len(self._grids) > KEPT:
            self._grids.popitem(last=False)

    def get(self, sigma: float) -> tuple[bool, Grid] | None:
        found = self._grids.get(sigma)
        return None if found is None else (found[0] >= self.valid_from, found[1])

    def clear(self) -> None:
        self._grids.clear()


class Fields(QObject):
    """What the canvas can draw behind the particles of a noise level."""

    changed = Signal()

    def __init__(self, session: Session, progress: Progress, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._progress = session, progress
        self._density: _Kept[DensityGrid] = _Kept()
        self._arrows: _Kept[ArrowGrid] = _Kept()
        self._bounds: messages.Bounds | None = None
        self._shapes = ((1, 1), (1, 1))
        self._kind: str = "exact"
        self._sigmas: tuple[float, ...] = ()
        self._wants = (True, True)
        self._position = 0.0
        self._ask = QTimer(self, singleShot=True, interval=0)
        self._ask.timeout.connect(self._send)
        session.received.connect(self._receive)
        session.ready.connect(self._ask.start)
        session.past_changed.connect(self._ask.start)

    def invalidate(self, old: Scene, new: Scene) -> None:
        """An edit: entries computed before it are current no longer, but are shown until newer ones come."""
        what = invalidated(old, new)
        next_revision = self._session.revision + 1
        if what & Invalidates.TARGET:
            self._density.valid_from = self._arrows.valid_from = next_revision
        if what & Invalidates.NETWORK and self._kind != "exact":
            self._arrows.valid_from = next_revision
        self._ask.start()

    def look(self, bounds: Bounds, density_shape: tuple[int, int], arrows_shape: tuple[int, int]) -> None:
        """The part of the plane on screen."""
        wanted = (bounds.x0, bounds.x1, bounds.y0, bounds.y1)
        if wanted != self._bounds or (density_shape, arrows_shape) != self._shapes:
            self._bounds, self._shapes = wanted, (density_shape, arrows_shape)
            self._ask.start()

    def show(self, sigmas: Sequence[float], kind: str, *, density: bool, arrows: bool, position: float) -> None:
        """The noise levels on screen now (first) and soon; which layers are shown; how far the run on screen is."""
        if kind != self._kind:
            self._kind = kind
            self._arrows.clear()
        self._sigmas, self._wants, self._position = tuple(sigmas), (density, arrows), position
        self._ask.start()

    def density(self, sigma: float) -> DensityGrid | None:
        found = self._density.get(sigma)
        return None if found is None else found[1]

    def arrows(self, sigma: float) -> ArrowGrid | None:
        found = self._arrows.get(sigma)
        return None if found is None else found[1]

    def missing(self, sigma: float) -> bool:
        """Is something that the screen shows of this level still under way?"""
        want_density, want_arrows = self._wants
        return (want_density and self._density.get(sigma) is None) or (want_arrows and self._arrows.get(sigma) is None)

    def _density_wanted(self, sigma: float) -> bool:
        found = self._density.get(sigma)
        return found is None or not found[0] or not self._covers(found[1].bounds)

    def _arrows_wanted(self, sigma: float) -> bool:
        found = self._arrows.get(sigma)
        if found is None or not found[0] or not self._covers(found[1].bounds):
            return True
        step = found[1].training_step
        if step is None:
            return False
        if (pinned := self._session.pinned) is not None:
            return step != pinned
        slack = STALE_SECONDS * self._progress.rate if self._progress.running else 0.0
        return abs(self._progress.step - step) > slack

    def _covers(self, bounds: Bounds) -> bool:
        return (bounds.x0, bounds.x1, bounds.y0, bounds.y1) == self._bounds

    def _send(self) -> None:
        if self._bounds is None or not self._session.is_ready:
            return
        density = tuple(s for s in self._sigmas if self._density_wanted(s)) if self._wants[0] else ()
        arrows = tuple(s for s in self._sigmas if self._arrows_wanted(s)) if self._wants[1] else ()
        look = messages.Look(
            bounds=self._bounds, density_shape=self._shapes[0], arrows_shape=self._shapes[1], density=density, arrows=arrows,
            arrows_kind=self._kind, position=self._position,  # type: ignore[arg-type]
        )  # fmt: skip
        self._session.send(look)

    def _receive(self, message: object) -> None:
        match message:
            case messages.Density():
                self._density.put(
                    message.revision, DensityGrid(sigma=message.sigma, bounds=Bounds(*message.bounds), log_p=message.log_p.numpy())
                )
                self.changed.emit()
            case messages.Arrows() if message.kind == self._kind:
                grid = ArrowGrid(
                    sigma=message.sigma,
                    bounds=Bounds(*message.bounds),
                    kind=message.kind,
                    vectors=message.vectors.numpy(),
                    training_step=message.step,
                )
                self._arrows.put(message.revision, grid)
                self.changed.emit()
            case messages.RunStarted() | messages.Trained():
                self._ask.start()
