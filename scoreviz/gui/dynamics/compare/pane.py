"""One pane: its title and figures, what can be done to it, and its picture."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas import Caption
from scoreviz.gui.dynamics.compare import words
from scoreviz.gui.dynamics.compare.comparison import Comparison
from scoreviz.gui.dynamics.compare.ground import PaneGround
from scoreviz.gui.dynamics.compare.picture import PanePicture
from scoreviz.gui.dynamics.fields import AHEAD
from scoreviz.gui.dynamics.screen import ARROW_CELL, DENSITY_CELL, LARGEST_GRID, caption
from scoreviz.gui.widgets.buttons import IconButton, WordButton
from scoreviz.gui.widgets.labels import Fitting
from scoreviz.scene.compare import MOST_PANES
from scoreviz.scene.view import View


class PaneHead(QWidget):
    """Two lines of words; use this, settings and close at the right. The scene's own has “add a pane” instead."""

    def __init__(self, comparison: Comparison, i: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison, self._i = comparison, i
        number = i + 1
        self.setObjectName(f"compare.head.{number}")
        now = theme.current()
        column = QVBoxLayout(self)
        column.setContentsMargins(now.px(10), now.px(5), now.px(6), now.px(5))
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(now.px(2))
        self.title = Fitting("text", self)
        self.title.setObjectName(f"compare.title.{number}")
        self.title.setFont(now.font(1.0, bold=True))
        row.addWidget(self.title, 1)
        self.buttons: dict[str, WordButton | IconButton] = {}
        for button in self._own_buttons() if i == 0 else self._buttons(number):
            row.addWidget(button)
        self.figures = Fitting("dim", self)
        self.figures.setObjectName(f"compare.figures.{number}")
        column.addLayout(row)
        column.addWidget(self.figures)

    def _own_buttons(self) -> list[WordButton | IconButton]:
        add = self._word("add", self.tr("Add a pane"), self.tr("Another way of sampling beside this one, from the same noise."))
        add.clicked.connect(self._comparison.doing.add)
        return [add, self._settings(1)]

    def _buttons(self, number: int) -> list[WordButton | IconButton]:
        i = self._i
        use = self._word(
            "use", self.tr("Use this"), self.tr("Make it the scene's own way of sampling; what is the scene's own now comes here.")
        )
        use.setAccessibleName(self.tr("Use pane {n}").format(n=number))
        use.clicked.connect(lambda: self._comparison.doing.use(i))
        close = IconButton("close", self.tr("Remove pane {n}").format(n=number), f"compare.remove.{number}", self, size=22, glyph=13)
        close.clicked.connect(lambda: self._comparison.doing.remove(i))
        self.buttons["remove"] = close
        return [use, self._settings(number), close]

    def _word(self, name: str, text: str, hint: str) -> WordButton:
        button = WordButton(text, f"compare.{name}.{self._i + 1}", self)
        button.setToolTip(hint)
        self.buttons[name] = button
        return button

    def _settings(self, number: int) -> IconButton:
        text = self.tr("Settings of pane {n}").format(n=number)
        button = IconButton("more", text, f"compare.settings.{number}", self, size=22, glyph=14)
        button.clicked.connect(lambda: self._comparison.open_form(self._i))
        self.buttons["settings"] = button
        return button

    def set_scale(self, scale: float) -> None:
        """Words this much larger than at a UI scale of 1."""
        now = theme.current()
        self.title.setFont(now.font(scale / now.scale, bold=True))
        self.figures.setFont(now.font(scale / now.scale))

    def set_bare(self, bare: bool) -> None:
        """Words alone."""
        for button in self.buttons.values():
            button.setVisible(not bare)

    def refresh(self) -> None:
        """Say what is shown now."""
        comparison, i = self._comparison, self._i
        self.title.set_texts([f"{i + 1}  {text}" for text in words.titles(comparison, i)])
        self.figures.set_texts(words.figures(comparison, i))
        run = comparison.run(i)
        if run is not None and run.truth:
            self.figures.setToolTip(self.tr("Sliced Wasserstein distance to {truth}, and that of truth to truth.").format(truth=run.truth))
        if i == 0:
            self.buttons["add"].setEnabled(len(comparison.ways) <= MOST_PANES)


class PaneWidget(QWidget):
    """Draws the run of its pane in step with the transport, on the ground of its own noise level."""

    def __init__(self, comparison: Comparison, ground: PaneGround, i: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"compare.pane.{i + 1}")
        self._comparison, self.ground, self._i = comparison, ground, i
        self.head = PaneHead(comparison, i, self)
        self.picture = PanePicture(i + 1, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.picture, 1)

    def refresh(self, view: View, *, playing: bool) -> None:
        """Show the frame that belongs to the one on screen."""
        comparison, i = self._comparison, self._i
        self.head.refresh()
        run, k = comparison.run(i), comparison.frame(i)
        if run is None or not run.ready or run.at(0).shape[1] != 2:  # of the line or of space, and soon replaced
            self.picture.show_frame(None, 0)
            self.picture.show_content(message=self._message(), caption=Caption(), density=None, arrows=None)
            return
        k = min(k, run.ready - 1)
        said = caption(run, k, view.notation)
        said = dataclasses.replace(said, label="", log_snr=None, notes=(*said.notes, *words.notes(comparison, i)))
        self.picture.show_frame(run, k)
        self.picture.show_content(message=None, caption=said)
        self.picture.setAccessibleDescription(f"{self.head.title.text()}. {self.head.figures.text()}")
        if run.file:
            self.picture.show_content(density=None, arrows=None)  # what a trace was sampled from is not in the file
            return
        ahead = range(k, min(k + AHEAD, run.length)) if playing else (k,)
        self.ground.show(comparison.way_shown(i), [float(run.sigma[j]) for j in ahead], view, self.picture.bounds, self._shapes())
        density, arrows = self.ground.grids(float(run.sigma[k]))
        if density is not None:
            self.picture.show_content(density=density)
        if arrows is not None:
            self.picture.show_content(arrows=arrows)

    @property
    def missing(self) -> bool:
        """Is the ground of the frame on screen still under way?"""
        run, k = self._comparison.run(self._i), self._comparison.frame(self._i)
        return run is not None and not run.file and run.has(k) and self.ground.missing(float(run.sigma[k]))

    def paint_onto(self, painter: QPainter, rect: QRectF, scale: float) -> None:
        """Head and picture in a rectangle of device pixels, without a screen."""
        now = theme.current()
        title, small = now.font(scale / now.scale, bold=True), now.font(0.92 * scale / now.scale)
        pad = 8 * scale
        lines = QFontMetricsF(title).height(), QFontMetricsF(small).height()
        painter.setFont(title)
        painter.setPen(now.color("text"))
        painter.drawText(rect.topLeft() + QPointF(pad, pad + QFontMetricsF(title).ascent()), self.head.title.text())
        painter.setFont(small)
        painter.setPen(now.color("dim"))
        painter.drawText(rect.topLeft() + QPointF(pad, pad + lines[0] + QFontMetricsF(small).ascent()), self.head.figures.text())
        inner = rect.adjusted(0, 2 * pad + sum(lines), 0, 0).toAlignedRect()
        painter.drawImage(inner.topLeft(), self.picture.render_to(inner.size(), scale))

    def _message(self) -> str:
        comparison, i = self._comparison, self._i
        if i and comparison.entries[i - 1].refusal:
            return comparison.entries[i - 1].refusal
        return words.under_way(comparison, i) or self.tr("being computed …")

    def _shapes(self) -> tuple[tuple[int, int], tuple[int, int]]:
        def cells(size: int) -> tuple[int, int]:
            rows, columns = (max(2, min(LARGEST_GRID, round(n / size))) for n in (self.picture.height(), self.picture.width()))
            return rows, columns

        return cells(DENSITY_CELL), cells(ARROW_CELL)
