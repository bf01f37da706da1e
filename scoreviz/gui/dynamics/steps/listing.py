"""An algorithm as a list of lines: the one that was just carried out is lit, with its figures beneath it and its source below."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from scoreviz.gui import theme
from scoreviz.gui.dynamics.steps.markup import line_of, plain, rich, told
from scoreviz.gui.widgets.keys import KeyLine, keep_keys
from scoreviz.gui.widgets.labels import label
from scoreviz.gui.widgets.paint import focus_ring
from scoreviz.gui.widgets.words import scene_text
from scoreviz.scene.pseudocode import FIGURES, Line, Listing
from scoreviz.scene.text import QT_TRANSLATE_NOOP

INDENT, GUTTER, BAR = 14, 24, 3
UP_DOWN = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End})

KEYS = (KeyLine(tuple(UP_DOWN), "↑ ↓, Home, End", QT_TRANSLATE_NOOP("keys", "Choose a line of the listing, and read its source")),)


class LineRow(QWidget):
    """One line: number, text, figures. Lit with a bar; softly where all lines are under way at once."""

    pressed = Signal(int)

    def __init__(self, number: int, line: Line, parent: QWidget) -> None:
        super().__init__(parent)
        self.number, self.line = number, line
        self.lit = self.soft = self.chosen = False
        now = theme.current()
        row = QVBoxLayout(self)
        row.setContentsMargins(now.px(GUTTER + INDENT * line.depth), now.px(2), now.px(4), now.px(2))
        row.setSpacing(0)
        self.text = self._label(rich(line.text))
        row.addWidget(self.text)
        self.values = self._label("&nbsp;")  # its room is kept, so that nothing moves while lines are lit in turn
        self.values.setFont(now.font(0.92))
        self.values.setVisible(bool(line.values))
        row.addWidget(self.values)
        self.setToolTip(scene_text(line.source))
        self.setObjectName(f"line.{number}")
        self.setAccessibleName(f"{number}: {plain(line.text)}")

    def _label(self, text: str) -> QLabel:
        made = label("", "text", self, wrap=True)
        made.setTextFormat(Qt.TextFormat.RichText)
        made.setText(text)
        made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
        return made

    def show_state(self, lit: bool, soft: bool, pairs: list[tuple[str, str]]) -> None:
        """Whether it is the one, or one of all, and its figures (symbol, value)."""
        text = line_of(pairs, theme.current().dim) if pairs else "&nbsp;"
        if text != self.values.text():
            self.values.setText(text)
            spoken = ", ".join(f"{plain(symbol)} {value}" for symbol, value in pairs)
            self.setAccessibleDescription(spoken)
        if (lit, soft) != (self.lit, self.soft):
            self.lit, self.soft = lit, soft
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit(self.number - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme.current(), QPainter(self)
        if self.lit or self.soft:
            painter.fillRect(self.rect(), now.color("accent", 0.14 if self.lit else 0.05))
        if self.lit:
            painter.fillRect(QRectF(0, 0, now.px(BAR), self.height()), now.color("accent"))
        painter.setFont(now.font(0.85))
        painter.setPen(now.color("text" if self.chosen else "dim"))
        place = QRectF(0, now.px(3), now.px(GUTTER - 7), self.fontMetrics().height())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), str(self.number))
        painter.end()


class ListingView(QWidget):
    """All lines; the arrow keys or a click choose one, whose source is then told. Otherwise it is that of the line that is lit."""

    def __init__(self, object_name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        keep_keys(self, UP_DOWN)
        self._title = title
        self.listing: Listing | None = None
        self.rows: list[LineRow] = []
        self._chosen: int | None = None
        now = theme.current()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self._column.addLayout(self._lines)
        self._column.addSpacing(now.px(5))
        self.source = label("", "dim", self, wrap=True, name=f"{object_name}.source")
        self._column.addWidget(self.source)

    def set_listing(self, listing: Listing) -> None:
        """Another algorithm, or the same in other symbols."""
        if listing == self.listing:
            return
        self.listing, self._chosen = listing, None
        for row in self.rows:
            self._lines.removeWidget(row)
            row.hide()
            row.setParent(None)
            row.deleteLater()
        self.rows = [LineRow(k + 1, line, self) for k, line in enumerate(listing.lines)]
        for row in self.rows:
            row.pressed.connect(self._press)
            self._lines.addWidget(row)
        self._tell()

    def light(self, part: str, figures: Mapping[str, float], *, all_softly: bool = False) -> None:
        """The lines of one part of the run, with the figures that they show; figures of standing lines are always told."""
        if self.listing is None:
            return
        for row in self.rows:
            on = part in row.line.lit
            shown = told(row.line.values, figures, self.listing.notation) if on or row.line.standing else []
            row.show_state(on, all_softly, shown)
        self._tell()

    @property
    def lit(self) -> list[int]:
        """The numbers, from 0, of the lines that are lit."""
        return [k for k, row in enumerate(self.rows) if row.lit]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self._chosen if self._chosen is not None else (self.lit or [0])[0]
        last = len(self.rows) - 1
        to = {Qt.Key.Key_Up: at - 1, Qt.Key.Key_Down: at + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}.get(Qt.Key(event.key()))
        if to is None or not self.rows:
            super().keyPressEvent(event)
        else:
            self._choose(min(max(to, 0), last))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._choose(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            focus_ring(painter, self, QRectF(self.rect()), theme.current().px(4))
            painter.end()

    def _press(self, index: int) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._choose(None if index == self._chosen else index)

    def _choose(self, index: int | None) -> None:
        self._chosen = index
        for k, row in enumerate(self.rows):
            row.chosen = k == index
            row.update()
        self._tell()
        if index is not None:
            self.setAccessibleDescription(f"{self.rows[index].accessibleName()}. {self.source.text()}")

    def _tell(self) -> None:
        """The source of the line chosen or lit, and what the symbols of its figures stand for."""
        k = self._chosen if self._chosen is not None else next(iter(self.lit), None)
        if k is None or self.listing is None:
            text = self.tr("↑ ↓ or a click: the source of a line.")
        else:
            line, notation = self.rows[k].line, self.listing.notation
            meant = [f"{plain(FIGURES[name].symbol(notation))}: {scene_text(FIGURES[name].help)}" for name in line.values]
            known = meant if self._chosen is not None else []
            text = "\n".join([self.tr("Line {n}. {source}").format(n=k + 1, source=scene_text(line.source)), *known])
        if text != self.source.text():
            self.source.setText(text)
