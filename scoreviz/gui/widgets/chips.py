"""Pills: a chip that can be checked, and a frame that looks like one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QAbstractButton, QFrame, QWidget

from scoreviz.gui import icons, theme
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined


class Chip(QAbstractButton):
    """A pill of one word. Checked: its outline is lit and its text bright. Its ground keeps it readable on a picture."""

    def __init__(
        self, text: str, object_name: str, parent: QWidget | None = None, *,
        checkable: bool = True, chevron: bool = False, small: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._chevron, self._small = chevron, small
        self._look: tuple[object, ...] = ()
        self._shown = QPixmap()
        self.setObjectName(object_name)
        self.setCheckable(checkable)
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        now, metrics = theme.current(), self.fontMetrics()
        pad = now.px(7 if self._small else 11)
        width = metrics.horizontalAdvance(self.text()) + 2 * pad + (now.px(13) if self._chevron else 0)
        return QSize(width, now.px(20 if self._small else 26))

    minimumSizeHint = sizeHint

    def enterEvent(self, event: object) -> None:
        self.update()

    def leaveEvent(self, event: object) -> None:
        self.update()

    def paintEvent(self, event: object) -> None:
        """A chip on the canvas is painted with each of its frames, so its look is kept."""
        painter = QPainter(self)
        ratio = painter.deviceTransform().m11()
        states = (self.isChecked(), self.isEnabled(), self.isDown(), self.underMouse(), self.hasFocus())
        look = (theme.current(), self.size(), ratio, self.text(), states)
        if look != self._look:
            self._look, self._shown = look, QPixmap(self.size() * ratio)
            self._shown.setDevicePixelRatio(ratio)
            self._shown.fill(Qt.GlobalColor.transparent)
            self._draw(QPainter(self._shown))
        painter.drawPixmap(0, 0, self._shown)

    def _draw(self, painter: QPainter) -> None:
        now = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        rect = QRectF(self.rect())
        radius = rect.height() / 2 - 0.5
        on = self.isChecked() and self.isEnabled()
        fill = now.color("hover" if self.underMouse() or self.isDown() else "raised" if on else "ground", 0.94)
        outlined(painter, rect, radius, fill=fill, edge=now.color("track" if on else "border"))
        tint = now.color("faint" if not self.isEnabled() else "text" if on or not self.isCheckable() else "dim")
        painter.setPen(tint)
        text_rect = rect.adjusted(0, 0, -now.px(13) if self._chevron else 0, 0)
        painter.drawText(text_rect, int(Qt.AlignmentFlag.AlignCenter), self.text())
        if self._chevron:
            side = now.px(12)
            icons.paint(painter, "down", QRectF(rect.right() - side - now.px(9), rect.center().y() - side / 2, side, side), tint)
        focus_ring(painter, self, rect, radius)
        painter.end()


class Pill(QFrame):
    """The outline of a chip around other widgets."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.current().px(26))

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        outlined(painter, rect, rect.height() / 2 - 0.5, fill=now.color("raised"), edge=now.color("border"))
