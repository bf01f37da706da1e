"""Buttons that paint themselves: icons, plain words, and the round one of the transport."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractButton, QToolButton, QWidget

from scoreviz.gui import icons, theme
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined


class IconButton(QToolButton):
    """A square icon. Checked is the deep fill of the chosen one; its name is its tool tip and its accessible name."""

    def __init__(
        self, icon: str, name: str, object_name: str, parent: QWidget | None = None, *, size: int = 30, glyph: int = 18,
        checkable: bool = False, quiet: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._icon, self._size, self._glyph = icon, size, glyph
        self._quiet = quiet  # checked is an outline and the accent instead of a fill
        self.setObjectName(object_name)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS)
        self.name_it(name)

    def name_it(self, name: str, hint: str = "") -> None:
        """What the button does, and perhaps its shortcut."""
        self.setAccessibleName(name)
        self.setToolTip(f"{name}  ({hint})" if hint else name)

    def set_icon(self, icon: str) -> None:
        self._icon = icon
        self.update()

    def sizeHint(self) -> QSize:
        side = theme.current().px(self._size)
        return QSize(side, side)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        radius = now.px(7)
        tint = now.color("text")
        if not self.isEnabled():
            tint = now.color("faint", 0.7)
        elif self.isChecked() and self._quiet:
            outlined(painter, rect.adjusted(2, 2, -2, -2), radius, fill=now.color("raised"), edge=now.color("border"))
            tint = now.color("accent")
        elif self.isChecked():
            outlined(painter, rect, radius, fill=now.color("select"))
            tint = now.color("on_select")
        elif self.isDown() or self.underMouse():
            outlined(painter, rect, radius, fill=now.color("hover"))
        else:
            tint = now.color("dim")
        self._glyph_at(painter, rect, tint)
        focus_ring(painter, self, rect, radius)

    def _glyph_at(self, painter: QPainter, rect: QRectF, tint: object) -> None:
        side = theme.current().px(self._glyph)
        square = QRectF(0, 0, side, side)
        square.moveCenter(rect.center())
        icons.paint(painter, self._icon, square, tint)  # type: ignore[arg-type]


class RoundButton(IconButton):
    """The one accented button: play."""

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        fill = now.color("accent")
        if self.underMouse() and self.isEnabled():
            fill = fill.lighter(110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill if self.isEnabled() else now.color("border"))
        painter.drawEllipse(rect)
        self._glyph_at(painter, rect, now.color("on_accent"))
        focus_ring(painter, self, QRectF(self.rect()), self.width() / 2)


class WordButton(QAbstractButton):
    """Plain words that can be pressed: “More ▾”, tabs. With `chevron`, a small arrow that turns when checked."""

    def __init__(self, text: str, object_name: str, parent: QWidget | None = None, *, chevron: bool = False, strong: bool = False) -> None:
        super().__init__(parent)
        self._chevron, self._strong = chevron, strong
        self.setText(text)
        self.setObjectName(object_name)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        now, metrics = theme.current(), self.fontMetrics()
        width = metrics.horizontalAdvance(self.text()) + now.px(8) + (now.px(12) if self._chevron else 0)
        return QSize(width, metrics.height() + now.px(6))

    minimumSizeHint = sizeHint

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bright = self._strong or self.underMouse() or self.isChecked()
        tint = now.color("faint" if not self.isEnabled() else "text" if bright else "dim")
        rect = QRectF(self.rect()).adjusted(now.px(4), 0, -now.px(1) if self._chevron else -now.px(4), 0)
        painter.setPen(tint)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), self.text())
        if self._chevron:
            side = now.px(12)
            square = QRectF(rect.right() - side + now.px(1), rect.center().y() - side / 2, side, side)
            icons.paint(painter, "up" if self.isChecked() else "down", square, tint)
        focus_ring(painter, self, QRectF(self.rect()), now.px(5))


class TabButton(WordButton):
    """A tab as words with a line under the present one."""

    def __init__(self, text: str, object_name: str, parent: QWidget | None = None, *, height: int = 42) -> None:
        self._height = height
        super().__init__(text, object_name, parent)
        self.setCheckable(True)
        self.setAutoExclusive(True)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width() + theme.current().px(16), theme.current().px(self._height))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setPen(now.color("text" if self.isChecked() or self.underMouse() else "dim"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())
        if self.isChecked():
            painter.fillRect(0, self.height() - now.px(2), self.width(), now.px(2), now.color("accent"))
        focus_ring(painter, self, QRectF(self.rect()).adjusted(2, 5, -2, -5), now.px(5))
