"""Density and arrows behind one pane's points, by noise level: kept, asked for ahead, never shown as another level's."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from scoreviz.gui.canvas import ArrowGrid, Bounds, DensityGrid
from scoreviz.gui.progress import Progress
from scoreviz.gui.questions import Questions
from scoreviz.gui.session import Session
from scoreviz.protocol.questions import AskGround, Ground
from scoreviz.scene.compare import Pane
from scoreviz.scene.parameters import Invalidates
from scoreviz.scene.view import View

KEPT = 400
Shapes = tuple[tuple[int, int], tuple[int, int]]
"""Rows and columns of the density's grid, and of the arrows'."""

STALE_SECONDS = 0.5
"""A network's arrows may be this much training behind it."""

OF_THE_DRAWING = Invalidates.TARGET | Invalidates.FIELD


class Wanted(NamedTuple):
    """What the grids are of, but for the noise level."""

    pane: Pane
    bounds: Bounds
    density_shape: tuple[int, int]
    arrows_shape: tuple[int, int]
    view: tuple[str, bool, bool]  # field, density, arrows


class PaneGround(QObject):
    """Keeps the grids of one pane; `changed` when some have come."""

    changed = Signal()

    def __init__(self, questions: Questions, session: Session, progress: Progress, number: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._progress = session, progress
        self._inquiry = questions.inquiry(f"compare.ground.{number}", depends=OF_THE_DRAWING)
        self._inquiry.answered.connect(self._take)
        self._wanted: Wanted | None = None
        self._grids: OrderedDict[float, tuple[DensityGrid | None, ArrowGrid | None]] = OrderedDict()
        self._refused = False
        self._inquiry.refused.connect(self._refuse)

    def forget(self) -> None:
        """Something that every grid depends on changed."""
        self._grids.clear()
        self._refused = False

    def hide(self) -> None:
        """Nobody looks."""
        self._inquiry.ask(None)

    def grids(self, sigma: float) -> tuple[DensityGrid | None, ArrowGrid | None]:
        """Of this level, as far as they are there."""
        return self._grids.get(sigma, (None, None))

    def missing(self, sigma: float) -> bool:
        """Is something that is shown of this level still under way?"""
        if self._wanted is None or self._refused or not self._inquiry.waiting:
            return False
        density, arrows = self.grids(sigma)
        _, want_density, want_arrows = self._wanted.view
        return (want_density and density is None) or (want_arrows and arrows is None)

    def show(self, pane: Pane, sigmas: Sequence[float], view: View, bounds: Bounds, shapes: Shapes) -> None:
        """The level on screen (first) and those that come next; asks for what is missing of them."""
        wanted = Wanted(pane, bounds, *shapes, (view.field, view.density, view.arrows))
        if wanted != self._wanted:
            if self._wanted is None or wanted.pane != self._wanted.pane or wanted.view != self._wanted.view:
                self.forget()
            self._wanted = wanted
            self._inquiry.every = STALE_SECONDS if pane.source == "network" or view.field in ("network", "difference") else None
        missing = tuple(s for s in dict.fromkeys(sigmas) if not self._is_good(s))
        if not missing or not (view.density or view.arrows) or self._refused or self._under_way(missing[0]):
            return
        self._inquiry.ask(self._question(wanted, missing))

    def _question(self, wanted: Wanted, sigmas: tuple[float, ...]) -> AskGround:
        field, density, arrows = wanted.view
        b = wanted.bounds
        return AskGround(
            pane=wanted.pane, sigmas=sigmas[:16], bounds=(b.x0, b.x1, b.y0, b.y1), density_shape=wanted.density_shape,
            arrows_shape=wanted.arrows_shape, field=field, density=density, arrows=arrows,  # type: ignore[arg-type]
        )  # fmt: skip

    def _under_way(self, sigma: float) -> bool:
        """Has this very grid been asked for, and not come yet?"""
        question = self._inquiry.question
        if question is None or not self._inquiry.waiting or self._wanted is None:
            return False
        assert isinstance(question, AskGround)
        return sigma in question.sigmas and question == self._question(self._wanted, question.sigmas)

    def _is_good(self, sigma: float) -> bool:
        assert self._wanted is not None
        density, arrows = self.grids(sigma)
        _, want_density, want_arrows = self._wanted.view
        if want_density and (density is None or density.bounds != self._wanted.bounds):
            return False
        if not want_arrows:
            return True
        if arrows is None or arrows.bounds != self._wanted.bounds:
            return False
        if arrows.training_step is None:
            return True
        if (pinned := self._session.pinned) is not None:
            return arrows.training_step == pinned
        slack = STALE_SECONDS * self._progress.rate if self._progress.running else 0.0
        return abs(self._progress.step - arrows.training_step) <= slack

    def _take(self, answer: Ground) -> None:
        question = self._inquiry.question
        if self._inquiry.stale or not isinstance(question, AskGround) or self._wanted is None or question.pane != self._wanted.pane:
            return
        bounds = Bounds(*question.bounds)
        log_p, vectors = answer.log_p.numpy(), answer.vectors.numpy()
        for k, sigma in enumerate(answer.sigma.numpy().tolist()):
            density = DensityGrid(sigma=sigma, bounds=bounds, log_p=log_p[k]) if len(log_p) else None
            arrows = (
                ArrowGrid(sigma=sigma, bounds=bounds, kind=answer.kind, vectors=vectors[k], training_step=answer.trained)
                if len(vectors) else None
            )  # fmt: skip
            self._grids[sigma] = (density, arrows)
            self._grids.move_to_end(sigma)
        while len(self._grids) > KEPT:
            self._grids.popitem(last=False)
        self.changed.emit()

    def _refuse(self, _text: str, _details: str) -> None:
        """The run of this pane is refused for the same reason, and says it."""
        self._refused = True
