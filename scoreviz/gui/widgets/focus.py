"""Where the keyboard goes and how one sees it: the order of Tab for what is made late, and the ring about a large picture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QPainter
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.widgets.paint import focus_ring

BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


def follow(after: QWidget, part: QWidget) -> None:
    """Tab goes from `after` into `part` and through it in its own order. Without this, what is made late is reached last."""
    inner = _within(part)
    after = next((w for w in reversed([after, *_within(after)]) if w.focusPolicy() & Qt.FocusPolicy.TabFocus), after)
    moved: list[QWidget] = []  # editors of several parts, which Qt moves whole
    for widget in [part, *inner]:
        proxy = widget.focusProxy()
        if any(whole.isAncestorOf(widget) for whole in moved):
            continue
        if proxy is not None and widget.isAncestorOf(proxy) and widget is not part:
            widget.setFocusPolicy(proxy.focusPolicy())  # Qt orders no widget without one
            moved.append(widget)
        elif proxy is not None or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            continue
        QWidget.setTabOrder(after, widget)
        after = widget


def reached(part: QWidget) -> bool:
    """Does Tab stop at it, or at anything in it?"""
    return any(widget.focusPolicy() & Qt.FocusPolicy.TabFocus for widget in (part, *_within(part)))


def _within(part: QWidget) -> list[QWidget]:
    """What lies in it, in the order in which it was made, which is that of Tab.

    Not by `nextInFocusChain`: PySide takes the widget that it returns for the owner of the one that was asked, and deletes with it.
    """
    whole = part.window()
    return [inner for inner in part.findChildren(QWidget) if inner.window() is whole]  # a menu of its own is another window


class FocusFrame(QObject):
    """Shown where the keyboard came by a key; after a click it would only disturb.

    Watches a widget, whose paintEvent calls `paint` last, so that the ring is on screen and in no film.
    """

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
