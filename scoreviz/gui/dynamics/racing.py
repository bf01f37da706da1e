"""The race of objectives as this window knows it: who runs, what the engine said last. The page and the plot watch it."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from scoreviz.gui.questions import Questions
from scoreviz.protocol.questions import AskRace, Lane, Race, Racer
from scoreviz.scene.parameters import Invalidates

COLORS = ("predict", "loss", "distance", "correct")
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DashDotLine, Qt.PenStyle.DotLine)
COLUMNS = ("objective", "step", "seconds", "relative_fisher_divergence", "standard_error", "loss", "loss_floor", "gradient_variance")


class Racing(QObject):
    """At most one race. It goes on out of sight until it is over or stopped; its networks stay in the engine until the next."""

    changed = Signal()

    def __init__(self, questions: Questions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inquiry = questions.inquiry("race", depends=Invalidates.NOTHING)
        self._inquiry.answered.connect(self._answered)
        self._inquiry.refused.connect(self._refused)
        self._inquiry.halted.connect(self.changed)
        self._number = 0
        self.race: Race | None = None
        self.names: tuple[str, ...] = ()
        self.running = False
        self.refusal = ""

    def start(self, racers: Sequence[Racer], names: Sequence[str], steps: int) -> None:
        """A new race; the one before is forgotten."""
        self._number += 1
        self.race, self.names, self.running, self.refusal = None, tuple(names), True, ""
        self._inquiry.ask(AskRace(number=self._number, racers=tuple(racers), steps=steps))
        self.changed.emit()

    def stop(self) -> None:
        """It ends where it is."""
        self._inquiry.ask(None)
        self.running = False
        self.changed.emit()

    @property
    def pause(self) -> str:
        """Why the race stands still: a sentence while there is no engine, else empty."""
        return self._inquiry.pause

    @property
    def share(self) -> float:
        """Of the whole race that is done."""
        if self.race is None:
            return 0.0
        done = sum(self.race.steps if lane.diverged else lane.done for lane in self.race.lanes)
        return done / (self.race.steps * len(self.race.lanes))

    def csv(self) -> str:
        """Every measurement, a line each; nothing where something was not measured."""
        import csv  # the first paint does without

        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        lanes: tuple[Lane, ...] = () if self.race is None else self.race.lanes
        for name, lane in zip(self.names, lanes, strict=False):
            noise = dict(zip(lane.noise_step.numpy().tolist(), lane.noise.numpy().tolist(), strict=True))
            columns = (lane.step, lane.time, lane.divergence, lane.error, lane.loss)
            for step, *values in np.stack([column.numpy().astype(float) for column in columns], 1).tolist():
                row = [*values, lane.floor, noise.get(int(step), math.nan)]
                writer.writerow([name, int(step), *("" if math.isnan(v) else f"{v:.9g}" for v in row)])
        return out.getvalue()

    def _answered(self, answer: object) -> None:
        if not isinstance(answer, Race) or answer.number != self._number or not self.running:
            return
        self.race = answer
        if self._inquiry.share >= 1.0:
            self.stop()
        else:
            self.changed.emit()

    def _refused(self, sentence: str, _details: str) -> None:
        self.refusal = sentence
        self.stop()
