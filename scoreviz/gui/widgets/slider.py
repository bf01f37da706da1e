"""Numbers: a slider and its figure on one line, and a field for numbers without a useful slider."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QSlider, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets import words
from scoreviz.gui.widgets.buttons import IconButton
from scoreviz.gui.widgets.chips import Chip
from scoreviz.gui.widgets.editor import Editor, Gesture
from scoreviz.gui.widgets.keys import ARROWS, MOVES, RESET, KeyLine, keep_keys
from scoreviz.gui.widgets.paint import focus_ring
from scoreviz.gui.widgets.span import Span
from scoreviz.scene.text import QT_TRANSLATE_NOOP


def _tr(text: str) -> str:
    return QCoreApplication.translate("widgets", text)


Key = Qt.Key
KEYS = (
    KeyLine(tuple(ARROWS), "← →, ↑ ↓", QT_TRANSLATE_NOOP("keys", "One step of a slider; the next of several choices")),
    KeyLine((Key.Key_PageUp, Key.Key_PageDown), "Page Up, Page Down", QT_TRANSLATE_NOOP("keys", "Ten steps of a slider")),
    KeyLine((Key.Key_Home, Key.Key_End), "Home, End", QT_TRANSLATE_NOOP("keys", "The least, the greatest")),
)  # fmt: skip


class Slider(QSlider):
    """A thin slider over 0..RESOLUTION. grabbed() at a press, dragged(unit) while it moves, nudged(steps) by keys and wheel."""

    RESOLUTION = 1000
    grabbed = Signal()
    dragged = Signal(float)
    nudged = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, self.RESOLUTION)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        keep_keys(self, MOVES, RESET)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.quiet = False  # drawn dim: the value is automatic
        self.valueChanged.connect(self._by_assistive_technology)
        self._told = 0

    def show_unit(self, unit: float) -> None:
        """Move the knob and say nothing."""
        self._told = round(unit * self.RESOLUTION)
        self.setValue(self._told)

    def sizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(90), now.px(22))

    def minimumSizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(36), now.px(22))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.setSliderDown(True)
            self.grabbed.emit()
            self._to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus():
            event.ignore()
            return
        notches = event.angleDelta().y() or event.angleDelta().x()
        self.nudged.emit(1 if notches > 0 else -1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key
        steps = {
            key.Key_Right: 1, key.Key_Up: 1, key.Key_Left: -1, key.Key_Down: -1,
            key.Key_PageUp: 10, key.Key_PageDown: -10, key.Key_End: 1000, key.Key_Home: -1000,
        }.get(Qt.Key(event.key()))  # fmt: skip
        if steps is None:
            event.ignore()
        else:
            self.nudged.emit(steps)

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = self._ends()
        y = self.height() / 2
        x = left + (right - left) * self.value() / self.RESOLUTION
        thick, knob = now.px(3), now.px(5.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.color("border"))
        painter.drawRoundedRect(QRectF(left, y - thick / 2, right - left, thick), thick / 2, thick / 2)
        painter.setBrush(now.color("faint" if self.quiet else "track"))
        painter.drawRoundedRect(QRectF(left, y - thick / 2, x - left, thick), thick / 2, thick / 2)
        painter.setBrush(now.color("faint" if self.quiet else "dim" if not self.isSliderDown() else "text"))
        painter.drawEllipse(QPointF(x, y), knob, knob)
        if self.hasFocus():
            ring = QRectF(0, 0, 2 * knob + 5, 2 * knob + 5)
            ring.moveCenter(QPointF(x, y))
            focus_ring(painter, self, ring, ring.width() / 2)

    def _ends(self) -> tuple[float, float]:
        knob = theme.current().px(6)
        return knob, self.width() - knob

    def _to(self, x: float) -> None:
        left, right = self._ends()
        unit = min(max((x - left) / max(right - left, 1.0), 0.0), 1.0)
        self.show_unit(unit)
        self.dragged.emit(unit)

    def _by_assistive_technology(self, value: int) -> None:
        if value != self._told:
            self._told = value
            self.dragged.emit(value / self.RESOLUTION)


class Figure(QLineEdit):
    """A number at the right of its row that becomes a field when it is touched. typed(text) when a person is done."""

    typed = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, boxed: bool = False) -> None:
        super().__init__(parent)
        if not boxed:
            self.setProperty("role", "figure")
            self.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.setTextMargins(0, 0, -3, 0)  # Qt's own inner margin: figures end where the fields of other rows end
        self._shown = self._whole = ""
        self.returnPressed.connect(self._done)

    def sizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(56), now.px(24))

    minimumSizeHint = sizeHint

    def show_value(self, shown: str, whole: str) -> None:
        """What is shown, and all its digits for when it is edited."""
        if (shown, whole) != (self._shown, self._whole) or not self.hasFocus():
            self._shown, self._whole = shown, whole
            self.setText(whole if self.hasFocus() else shown)
            self.mark("wrong", False)

    def mark(self, name: str, on: bool) -> None:
        """Set a property that the style sheet knows."""
        if bool(self.property(name)) != on:
            self.setProperty(name, on)
            self.style().unpolish(self)
            self.style().polish(self)

    def revert(self) -> None:
        """Forget what was typed."""
        self.setText(self._whole if self.hasFocus() else self._shown)
        self.mark("wrong", False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.setText(self._whole)
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.isVisible():  # else somebody has hidden it, an undo for one, and nobody is done with it
            self._done()
        self.revert()  # what is shown without the cursor is what is set

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self._whole:
            self.revert()
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def _done(self) -> None:
        if self.text().strip() != self._whole:
            self.typed.emit(self.text().strip())


class Number(Editor):
    """A number: slider, figure, and for optional ones a chip “auto”. Without `slider`, a field with a dice.

    judged: whoever hears `edited` refuses what is out of bounds, as the store does; else the span is the bounds of what can be typed, too.
    """

    asked_dice = Signal()

    def __init__(
        self, span: Span, parent: QWidget | None = None, *, optional: bool = False, slider: bool = True, dice: bool = False,
        judged: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.span, self._optional, self._judged = span, optional, judged
        self._value: float | int | None = None
        self._resolved: float | None = None
        self._gesture = Gesture()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.current().px(4))
        self.slider = Slider(self) if slider else None
        self.figure = Figure(self, boxed=not slider)
        self.figure.setObjectName("figure")
        self.figure.typed.connect(self._typed)
        self.auto: Chip | None = None
        if self.slider is not None:
            self.slider.setObjectName("slider")
            row.addWidget(self.slider, 1)
            self.slider.grabbed.connect(self._gesture.begin)
            self.slider.dragged.connect(lambda unit: self._offer(self.span.value(unit), self._gesture.token))
            self.slider.nudged.connect(self._nudged)
        if optional:
            self.auto = Chip(_tr("auto"), "auto", self, small=True)
            self.auto.setToolTip(_tr("Chosen automatically"))
            self.auto.clicked.connect(self._auto_clicked)
            row.addWidget(self.auto)
        row.addWidget(self.figure, 0 if slider else 1)
        if dice:
            row.addWidget(self._dice_button())
        self.setFocusProxy(self.slider or self.figure)

    def set_value(self, value: Any) -> None:
        changed = value != self._value or type(value) is not type(self._value)
        self._value = value
        if changed or not (self.slider and self.slider.isSliderDown()):
            self._show()

    def show_resolved(self, value: float | None) -> None:
        """What “automatic” comes to at present."""
        self._resolved = value
        if self._value is None:
            self._show()

    def refuse(self) -> None:
        """The last edit was not allowed: mark what was typed, put the knob back."""
        typed = self.figure.text()
        self._show()
        if self.figure.hasFocus() and self.figure.text() != typed:
            self.figure.setText(typed)
        if self.figure.hasFocus():
            self.figure.mark("wrong", True)
            self.figure.selectAll()

    def describe(self, name: str, help: str) -> None:
        super().describe(name, help)
        if self.auto is not None:
            self.auto.setAccessibleName(_tr("{name}: automatic").format(name=name))
        dice = self.findChild(IconButton, "dice")
        if dice is not None:
            dice.setAccessibleName(_tr("{name}: throw the dice").format(name=name))

    def _show(self) -> None:
        value = self._value if self._value is not None else self._resolved
        automatic = self._value is None
        if self.slider is not None:
            self.slider.quiet = automatic
            self.slider.show_unit(0.5 if value is None else self.span.unit(value))
            self.slider.update()
        if value is None:
            self.figure.show_value("…", "")
        else:
            self.figure.show_value(words.figure(value), words.editable(value if not automatic else words.rounded(value)))
        self.figure.mark("automatic", automatic)
        if self.auto is not None:
            self.auto.setChecked(automatic)

    def _offer(self, value: float | int | None, token: str) -> None:
        if value != self._value:
            self.edited.emit(value, token)

    def _nudged(self, steps: int) -> None:
        value = self._value if self._value is not None else self._resolved
        if value is not None:
            self._offer(self.span.step(value, steps), self._gesture.nudge())

    def _typed(self, text: str) -> None:
        if not text and self._optional:
            self._offer(None, "")
            return
        number = words.parse(text)
        if not text:
            self.trouble.emit(_tr("A number is needed here."))
        elif number is None or math.isnan(number):
            self.trouble.emit(_tr("“{text}” is not a number.").format(text=text))
        elif self.span.integer and math.isfinite(number) and round_or_none(number) is None:
            self.trouble.emit(_tr("{text} is too large.").format(text=text))
        elif self.span.integer and number != round_or_none(number):
            self.trouble.emit(_tr("{text} is not a whole number.").format(text=text))
        elif not self._judged and not self.span.start <= number <= self.span.high:
            low, high = words.figure(self.span.start), words.figure(self.span.high)
            self.trouble.emit(_tr("{text} is not between {low} and {high}.").format(text=text, low=low, high=high))
            self.refuse()
        else:
            self._offer(int(number) if self.span.integer else number, "")

    def _auto_clicked(self, on: bool) -> None:
        start = self._resolved if self._resolved is not None else self.span.value(0.5)
        self.edited.emit(None if on else self.span.snap(start), "")
        self._show()

    def _dice_button(self) -> IconButton:
        button = IconButton("dice", _tr("Throw the dice"), "dice", self, size=26, glyph=17)
        button.clicked.connect(self.asked_dice)
        return button


def round_or_none(number: float) -> int | None:
    """The whole number that a float is near, None where there is none (infinity, NaN)."""
    return round(number) if abs(number) < 2.0**53 else None
