"""The figures of a race: a line for each racer under its name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.racing import COLORS, DASHES
from scoreviz.gui.widgets.labels import Elided, label
from scoreviz.gui.widgets.words import count, figure
from scoreviz.protocol.questions import Lane, Race

COLUMNS = 4


class Swatch(QWidget):
    """The line that a racer has in the plot."""

    def __init__(self, place: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._place = place
        self.setAccessibleName(self.tr("line {k}").format(k=place + 1))

    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(22), theme.current().px(12))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setPen(QPen(now.color(COLORS[self._place]), 2.0 * now.scale, DASHES[self._place]))
        rect = QRectF(self.rect())
        painter.drawLine(QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y()))


class RaceTable(QWidget):
    """Step, seconds, relative Fisher divergence, gradient variance."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("race.table")
        now = theme.current()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, now.px(4), 0, now.px(4))
        self._grid.setVerticalSpacing(now.px(1))
        heads = (
            (self.tr("step"), self.tr("Training steps so far")),
            (self.tr("seconds"), self.tr("That this racer's own steps took")),
            (
                self.tr("divergence"),
                self.tr("Relative Fisher divergence from the exact score, E|s − s*|²/E|s*|², the mean over the race's σ"),
            ),
            (self.tr("grad. var."), self.tr("Trace of the covariance of one batch's gradient, at the first racer's weights")),
        )
        for column, (text, help) in enumerate(heads):
            head = label(text, "dim", self)
            head.setToolTip(help)
            head.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(head, 0, column)
            self._grid.setColumnStretch(column, 1)
        self.names: list[Elided] = []
        self.cells: list[list[QLabel]] = []
        self._swatches: list[Swatch] = []
        for place in range(len(COLORS)):
            self._add(place)
        self.note = label("", "dim", self, wrap=True, name="race.note")
        self._grid.addWidget(self.note, 2 * len(COLORS) + 1, 0, 1, COLUMNS)

    def _add(self, place: int) -> None:
        swatch, name = Swatch(place, self), Elided("", "text", self)
        cells = [label("", "figure", self, name=f"race.cell.{place}.{column}") for column in range(COLUMNS)]
        head = QHBoxLayout()
        head.setSpacing(theme.current().px(7))
        head.addWidget(swatch)
        head.addWidget(name, 1)
        self._grid.addLayout(head, 2 * place + 1, 0, 1, COLUMNS)
        for column, cell in enumerate(cells):
            cell.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(cell, 2 * place + 2, column)
        self._swatches.append(swatch)
        self.names.append(name)
        self.cells.append(cells)

    def show_race(self, race: Race, names: tuple[str, ...]) -> None:
        """As it stands."""
        for place, (name, cells, swatch) in enumerate(zip(self.names, self.cells, self._swatches, strict=True)):
            runs = place < len(race.lanes)
            for widget in (name, swatch, *cells):
                widget.setVisible(runs)
            if runs:
                lane = race.lanes[place]
                name.setText(self.tr("{name}: diverged").format(name=names[place]) if lane.diverged else names[place])
                for cell, text in zip(cells, _figures(lane), strict=True):
                    cell.setText(text)
        levels = ", ".join(figure(sigma) for sigma in race.sigmas)
        text = self.tr("Divergence at σ {levels}.").format(levels=levels)
        if not all(lane.shared for lane in race.lanes):
            text += " " + self.tr("Networks of another kind have their gradient variance at their own weights.")
        self.note.setText(text)


def _figures(lane: Lane) -> tuple[str, str, str, str]:
    divergence, noise = lane.divergence.numpy(), lane.noise.numpy()
    return (
        count(lane.done), f"{lane.seconds:.2f}", figure(float(divergence[-1])) if len(divergence) else "",
        figure(float(noise[-1])) if len(noise) else "",
    )  # fmt: skip
