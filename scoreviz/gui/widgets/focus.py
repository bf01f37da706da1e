"""The ring about a large picture while the keyboard is on it, seen where it came by a key; after a click it would only disturb."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QPainter
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.paint import focus_ring

BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class FocusFrame(QObject):
    """Watches a widget; its paintEvent calls `paint` last, so that the ring is on screen and in no film."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self.shown = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            window = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)  # back from elsewhere: as it was
            self.shown = event.reason() in BY_KEY or (self.shown and event.reason() in window)
            self._widget.update()
        elif event.type() == QEvent.Type.FocusOut:
            self._widget.update()
        elif event.type() == QEvent.Type.MouseButtonPress and self.shown:
            self.shown = False
            self._widget.update()
        return False

    def paint(self, painter: QPainter) -> None:
        """The ring, in logical pixels, if the keyboard is here by a key."""
        if self.shown:
            focus_ring(painter, self._widget, QRectF(self._widget.rect()).adjusted(1, 1, -1, -1), theme.current().px(3))
