"""The row of figures under the pictures: what the engine measured in the substep on screen."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.playback import Playback
from scoreviz.gui.transport.words import stage_name
from scoreviz.gui.widgets.labels import Elided
from scoreviz.gui.widgets.words import count, figure, rounded
from scoreviz.scene.samplers import PredictorCorrector

HEIGHT = 50
NONE = "—"


def seconds_words(seconds: float) -> str:
    """3.2 s, 120 ms, 0.8 ms."""
    if seconds >= 1:
        return f"{seconds:.1f} s" if seconds < 100 else f"{count(round(seconds))} s"
    return f"{figure(1000 * seconds)} ms"


def _short(value: float) -> str:
    """Two figures: 0.00043, 7e-6."""
    return f"{value:.2g}" if value >= 1e-4 else figure(rounded(value, 2))


class Cell(QWidget):
    """A name and its value below; with a stage, a tick in its colour before the value."""

    def __init__(self, name: str, help: str, object_name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._stage = name, ""
        self.setObjectName(object_name)
        self.setToolTip(help)
        self.setAccessibleDescription(help)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.current().px(1))
        self.heading = Elided(name, "dim", self)
        self.value = Elided(NONE, "text", self)
        column.addStretch(1)
        column.addWidget(self.heading)
        column.addWidget(self.value)
        column.addStretch(1)

    def show_value(self, text: str, stage: str = "") -> None:
        """What stands there now."""
        if stage != self._stage:
            self._stage = stage
            self.value.setContentsMargins(theme.current().px(9) if stage else 0, 0, 0, 0)
            self.update()
        if text != self.value.text() or not self.accessibleName():
            self.value.setText(text)
            self.setAccessibleName(f"{self._name}: {text}")

    def paintEvent(self, event: object) -> None:
        if self._stage:
            now, at = theme.current(), self.value.geometry()
            tall = now.px(11)
            QPainter(self).fillRect(QRectF(0, at.center().y() - tall / 2 + 1, now.px(3), tall), now.color(self._stage))


class Figures(QWidget):
    """Seven cells; they follow the frame on screen."""

    def __init__(self, playback: Playback[PictureRun], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playback = playback
        self.setObjectName("figures")
        self.setAccessibleName(self.tr("Figures of this substep"))
        now = theme.current()
        self.setFixedHeight(now.px(HEIGHT))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(now.px(14), 0, now.px(14), 0)
        self._row.setSpacing(now.px(14))
        self.stage = self._cell("stage", self.tr("substep"), self.tr("Which substep made this frame, and of which stage it is."), 6)
        self.sigma = self._cell("sigma", "σ", self.tr("Noise level of the frame on screen."), 2)
        self.step = self._cell(
            "step_size", self.tr("step size ε"), self.tr("Of Langevin's rule x + ε s + √(2ε) z; none for predictors."), 3
        )
        self.snr = self._cell(
            "snr", self.tr("|drift| / |noise|"),
            self.tr("Signal to noise of this substep, norms averaged over the batch, beside the r that the corrector was asked for."), 5,
        )  # fmt: skip
        self.nfe = self._cell("nfe", self.tr("NFE"), self.tr("Evaluations of the score so far."), 2)
        self.seconds = self._cell("seconds", self.tr("evaluation"), self.tr("Time that one evaluation of the score took."), 3)
        self.nearest = self._cell(
            "nearest", self.tr("nearest stored picture"),
            self.tr("At the end: the largest difference of a value to the nearest stored picture, over all pictures of the batch."), 6,
        )  # fmt: skip
        for changed in (playback.index_changed, playback.run_changed, playback.run_grew):
            changed.connect(self._refresh)
        self._refresh()

    def _cell(self, name: str, heading: str, help: str, stretch: int) -> Cell:
        cell = Cell(heading, help, f"figures.{name}", self)
        self._row.addWidget(cell, stretch)
        return cell

    def _refresh(self, *_args: object) -> None:
        run, k = self._playback.run, self._playback.index
        frame = run.frames.get(k) if run is not None else None
        if run is None or frame is None:
            for cell in (self.stage, self.sigma, self.step, self.snr, self.nfe, self.seconds, self.nearest):
                cell.show_value(NONE)
            return
        stage = run.stage_name(k)
        words = stage_name(int(run.stage[k]))
        of = self.tr("{stage} {k} of {n}").format(stage=words, k=count(k), n=count(run.total))
        self.stage.show_value(of if k else words, "" if stage == "start" else stage)
        self.sigma.show_value(figure(float(run.sigma[k])) if math.isfinite(run.sigma[k]) else NONE)
        self.step.show_value(NONE if frame.step_size is None else figure(frame.step_size))
        self.snr.show_value(self._snr_words(run, k))
        self.nfe.show_value(count(frame.nfe))
        self.seconds.show_value(seconds_words(frame.evaluation_seconds / frame.evaluations) if frame.evaluations else NONE)
        at_end = k == run.length - 1 and run.nearest is not None
        self.nearest.show_value(self.tr("largest difference {x}").format(x=_short(run.nearest or 0.0)) if at_end else NONE)

    def _snr_words(self, run: PictureRun, k: int) -> str:
        frame = run.frames[k]
        if frame.snr is None:
            return NONE
        asked = getattr(run.images.sampler.corrector, "snr", None) if isinstance(run.images.sampler, PredictorCorrector) else None
        if run.file or run.stage_name(k) != "correct" or asked is None:
            return figure(frame.snr)
        return self.tr("{measured} · asked {asked}").format(measured=figure(frame.snr), asked=figure(asked))
