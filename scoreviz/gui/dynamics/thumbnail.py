"""A small picture of a preset that can be pressed: the same button for a curve, a drawing and a shape in space."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QAbstractButton, QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.keys import PRESS, keep_keys
from scoreviz.gui.widgets.paint import focus_ring, outlined


class Thumbnail(QAbstractButton):
    """The present one is outlined in the accent. Its picture is kept, since a film of the tab paints it for every frame."""

    def __init__(self, text: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key: tuple[object, ...] = ()
        self._kept = QPixmap()
        self.setObjectName(object_name)
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves Space and the arrows to the window
        keep_keys(self, PRESS)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @abstractmethod
    def draw(self, painter: QPainter, rect: QRectF, now: theme.Theme, colour: str) -> None:
        """The picture itself, in a colour of the theme."""

    def sizeHint(self) -> QSize:
        side = theme.current().px(36)
        return QSize(side, side)

    minimumSizeHint = sizeHint

    def nextCheckState(self) -> None:
        """The store decides what is checked."""

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, on = QRectF(self.rect()), self.isChecked()
        edge = now.color("accent" if on else "faint" if self.underMouse() else "border")
        outlined(painter, rect, now.px(5), fill=now.color("raised"), edge=edge)
        painter.drawPixmap(0, 0, self._picture(rect, now, "accent" if on else "track" if not now.dark else "dim"))
        focus_ring(painter, self, rect, now.px(5))

    def _picture(self, rect: QRectF, now: theme.Theme, colour: str) -> QPixmap:
        key = (self.size(), self.devicePixelRatioF(), now, colour)
        if key != self._key:
            self._key = key
            self._kept = QPixmap(self.size() * self.devicePixelRatioF())
            self._kept.setDevicePixelRatio(self.devicePixelRatioF())
            self._kept.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._kept)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.draw(painter, rect, now, colour)
            painter.end()
        return self._kept
