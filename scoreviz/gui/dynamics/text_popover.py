"""Letters for the drawing: what to write, in which font, and how it will look."""

from __future__ import annotations

import msgspec
import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontDatabase, QKeyEvent, QPainter, QPainterPath, QPolygonF, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas import Canvas
from scoreviz.gui.dynamics.drawing import Drawing
from scoreviz.gui.importing.letters import bake_text, borrowed
from scoreviz.gui.store import Store
from scoreviz.gui.widgets.buttons import IconButton, WordButton
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.combo import Combo
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.paint import outlined
from scoreviz.gui.widgets.words import sentence
from scoreviz.scene.density import WORLD, Text
from scoreviz.scene.errors import SceneError

WIDTH = 330
HEIGHT = 2.0
"""Of the letters where there is room, in the drawing's units."""
ACROSS, DOWN = 0.84, 0.6
"""Shares of the canvas that a text takes at most."""


class Thumbnail(QWidget):
    """The polygons that will be filled, by the same rule."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("text_popover.thumbnail")
        self._path = QPainterPath()

    def show_outline(self, outline: bytes) -> None:
        """As `bake_text` made it; empty for none."""
        self._path = QPainterPath()
        self._path.setFillRule(Qt.FillRule.OddEvenFill)
        points = np.frombuffer(outline, "<f4").reshape(-1, 2)
        for part in np.split(points, np.flatnonzero(np.isnan(points[:, 0])) + 1):
            self._path.addPolygon(QPolygonF([QPointF(x, -y) for x, y in part[:-1].tolist()]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.current().px(WIDTH), theme.current().px(84))

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outlined(painter, QRectF(self.rect()), now.px(5), fill=now.color("ground"), edge=now.color("rule"))
        rect, inner = self._path.boundingRect(), QRectF(self.rect()).adjusted(*(now.px(10) * s for s in (1, 1, -1, -1)))
        if rect.isEmpty():
            return
        scale = min(inner.width() / rect.width(), inner.height() / rect.height())
        painter.translate(inner.center())
        painter.scale(scale, scale)
        painter.translate(-rect.center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.color("accent"))
        painter.drawPath(self._path)


class TextPopover(QFrame):
    """Lies over the window beside its button. Opens with the drawing's last text, which it then changes; else it adds one."""

    def __init__(self, store: Store, drawing: Drawing, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store, self._drawing, self._canvas = store, drawing, canvas
        self._old: Text | None = None
        self._outline = b""
        self.setObjectName("text_popover")
        self.setAccessibleName(self.tr("Text"))
        self._lay_out()
        self.line.textChanged.connect(self._bake)
        self.family.currentIndexChanged.connect(self._bake)
        self.bold.toggled.connect(self._bake)
        self.line.returnPressed.connect(self.confirm)
        self.add.clicked.connect(self.confirm)
        self.another.clicked.connect(self._add_another)
        self.hide()

    def _lay_out(self) -> None:
        now = theme.current()
        self.close_button = IconButton("close", self.tr("Close"), "text_popover.close", self, size=24, glyph=14)
        self.close_button.clicked.connect(self.leave)
        self.line = QLineEdit(self)
        self.line.setObjectName("text_popover.line")
        self.line.setAccessibleName(self.tr("Text to draw"))
        self.line.setPlaceholderText(self.tr("Write something"))
        self.line.setMaxLength(200)
        self.family = Combo(self)
        self.family.setObjectName("text_popover.family")
        self.family.setAccessibleName(self.tr("Font"))
        self.bold = Chip(self.tr("bold"), "text_popover.bold", self)
        self.bold.setAccessibleName(self.tr("Bold"))
        self.thumbnail = Thumbnail(self)
        self.thumbnail.setAccessibleName(self.tr("What will be drawn"))
        self.said = label("", "dim", self, wrap=True, name="text_popover.said")
        self.another = WordButton(self.tr("Add as another"), "text_popover.another", self)
        self.add = QPushButton(self)
        self.add.setObjectName("text_popover.add")
        self.add.setDefault(True)
        head, choices, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(label(self.tr("Text"), "heading", self), 1)
        head.addWidget(self.close_button)
        choices.addWidget(self.family, 1)
        choices.addWidget(self.bold)
        foot.addWidget(self.another)
        foot.addStretch(1)
        foot.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(now.px(14), now.px(8), now.px(12), now.px(12))
        column.setSpacing(now.px(8))
        column.addLayout(head)
        column.addWidget(self.line)
        column.addLayout(choices)
        column.addWidget(self.thumbnail)
        column.addWidget(self.said)
        column.addLayout(foot)

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outlined(painter, QRectF(self.rect()), now.px(8), fill=now.color("raised"), edge=now.color("border"))

    # ---- opening and leaving

    def open(self, anchor: QWidget) -> None:
        """Beside its button, with the last text of the drawing if it has one."""
        window = anchor.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        if not self.family.count():
            self.family.addItem(self.tr("the system's sans"), "")
            for family in QFontDatabase.families():
                self.family.addItem(family, family)
        marks = self._store.scene.density.marks
        self._old = next((mark for mark in reversed(marks) if isinstance(mark, Text)), None)
        if self._old is not None:
            self.line.setText(self._old.text)
            self.family.setCurrentIndex(max(0, self.family.findData(self._old.font)))
        self.bold.setChecked(self._old is None or self._old.bold)
        self.another.setVisible(self._old is not None)
        self.add.setText(self.tr("Add to drawing") if self._old is None else self.tr("Change the text"))
        self.add.setAccessibleName(self.add.text())
        self._bake()
        at = anchor.mapTo(window, QPoint(anchor.width() + theme.current().px(12), -theme.current().px(6)))
        self.move(at.x(), max(0, min(at.y(), window.height() - self.height())))
        self.show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)
        self.line.selectAll()

    def leave(self) -> None:
        """Hide; the keys are the canvas's again."""
        self.hide()
        self._canvas.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    # ---- the text

    def _bake(self, *_args: object) -> None:
        """Show what the letters come to, or why they come to nothing."""
        text, family, bold = self.line.text(), str(self.family.currentData() or ""), self.bold.isChecked()
        self._outline, said, role = b"", "", "dim"
        if text.strip():
            try:
                self._outline = bake_text(text, family, bold)
                if others := borrowed(text, family, bold):
                    said = self.tr("Some letters are drawn with {fonts}.").format(fonts=", ".join(others))
            except SceneError as error:
                said, role = sentence(error), "error"
        self.thumbnail.show_outline(self._outline)
        self.said.setText(said)
        self.said.setProperty("role", role)
        self.said.style().polish(self.said)
        self.said.setVisible(bool(said))
        for button in (self.add, self.another):
            button.setEnabled(bool(self._outline))
        self.setFixedWidth(theme.current().px(WIDTH))
        self.adjustSize()

    def confirm(self) -> None:
        """Change the text that is drawn, or add this one; as one undo step."""
        if not self._outline:
            return
        old = self._old
        if old is None or not any(mark is old for mark in self._store.scene.density.marks):
            self._add_another()
            return
        height = old.height if self._aspect() * old.height <= self._canvas.bounds.x1 - self._canvas.bounds.x0 else self._fitting_height()
        if self._drawing.exchange(old, self._changed(old, height), self.tr("Change text")):
            self.leave()

    def _add_another(self) -> None:
        x, y = self._drawing.centre
        if self._drawing.place(self._mark(x, y, self._fitting_height(), 1.0), self.tr("Add text")) is not None:
            self.leave()

    def _changed(self, old: Text, height: float) -> Text:
        """The new letters where the old ones were, of their weight, class and layer."""
        new = self._mark(old.x, old.y, height, old.weight)
        return msgspec.structs.replace(new, label=old.label, layer=old.layer, place=old.place)

    def _mark(self, x: float, y: float, height: float, weight: float) -> Text:
        outline = self._store.add_blob(self._outline)
        family = str(self.family.currentData() or "")
        return Text(
            text=self.line.text(), font=family, bold=self.bold.isChecked(), outline=outline, x=x, y=y, height=height, weight=weight
        )  # fmt: skip

    def _aspect(self) -> float:
        points = np.frombuffer(self._outline, "<f4").reshape(-1, 2)
        return float(np.nanmax(points[:, 0]) - np.nanmin(points[:, 0]))

    def _fitting_height(self) -> float:
        bounds = self._canvas.bounds
        room = min(DOWN * (bounds.y1 - bounds.y0), ACROSS * (bounds.x1 - bounds.x0) / max(self._aspect(), 1e-3))
        return min(HEIGHT, room, 2 * WORLD / max(self._aspect(), 1.0))
