"""The widget of the four panes: a click on a picture shows it alone, another one all of them again."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.images.picture import Content, PanesPicture, explained, range_words, title
from scoreviz.gui.transport import words
from scoreviz.gui.widgets.keys import ARROWS, KeyLine, keep_keys
from scoreviz.gui.widgets.paint import focus_ring
from scoreviz.scene.text import QT_TRANSLATE_NOOP

STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}

KEYS = (
    KeyLine(tuple(STEPS), "← → ↑ ↓", QT_TRANSLATE_NOOP("keys", "Another picture")),
    KeyLine((Qt.Key.Key_Escape,), "Esc", QT_TRANSLATE_NOOP("keys", "From one picture back to all")),
)


class Panes(QWidget):
    """Shows exactly the content it was last given. The arrow keys go through the pictures, Escape back to all of them."""

    picture_chosen = Signal(int)  # counted from 1; 0 for all of them
    painted = Signal(float)  # seconds that it took

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panes")
        self.setAccessibleName(self.tr("Pictures"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        keep_keys(self, ARROWS)
        self._by_key = False  # the focus came by Tab: only then is a ring of use
        self.picture = PanesPicture()
        self.content = Content()
        self._seen: tuple[object, ...] = ()
        self._header_room: int | None = None  # logical pixels that nothing lies over
        self._ratio = self._type_scale = 1.0

    def show_content(self, **changes: Any) -> None:
        """Another frame, picture or message. Nothing is painted where nothing of it is another."""
        self.content = content = replace(self.content, **changes)
        run = content.run
        parts = tuple(id(run.frames.get(k)) for k in run.needs(content.k)) if run is not None else ()
        seen = (id(run), content.k, content.single, content.tones, content.message, parts)
        if seen != self._seen:
            self._seen = seen
            self._describe()
            self.update()

    def set_header_room(self, room: int) -> None:
        """How far to the right the header may go."""
        if room != self._header_room:
            self._header_room = room
            self.update()

    def set_type_scale(self, scale: float) -> None:
        """Words this much larger, for a projector."""
        self._type_scale = scale
        self.update()

    def step(self, by: int) -> None:
        """The next picture alone, or the one before; from all of them, the first or the last."""
        run = self.content.run
        if run is None:
            return
        count, now = run.shape[0], self.content.single
        self.picture_chosen.emit((now - 1 + by) % count + 1 if now else 1 if by > 0 else count)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        with painting(self) as painter:
            self._ratio = painter.deviceTransform().m11()
            self._paint(painter)
        self.painted.emit(time.perf_counter() - began)

    def _paint(self, painter: QPainter) -> None:
        ratio, now = self._ratio, theme.current()
        painter.save()
        painter.scale(1.0 / ratio, 1.0 / ratio)
        room = None if self._header_room is None else round(self._header_room * ratio)
        size = (round(self.width() * ratio), round(self.height() * ratio))
        self.picture.paint(painter, self.content, size, replace(now, scale=now.scale * ratio * self._type_scale), room)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._by_key:
            focus_ring(painter, self, self.rect().toRectF().adjusted(1, 1, -1, -1), now.px(4))

    def _describe(self) -> None:
        """For who hears the picture: frame and stage, and what the panes' black and white are."""
        run, k = self.content.run, self.content.k
        if run is None or not self.content.ready:
            self.setAccessibleDescription(self.content.message)
            return
        said = [words.caption(run, k)]
        if self.content.single:
            said.insert(0, self.tr("picture {k} of {n}").format(k=self.content.single, n=run.shape[0]))
        self.setAccessibleDescription(" · ".join(said))

    # ---- mouse and keys

    def _picture_at(self, at: QPointF) -> int | None:
        return self.picture.picture_at(self.content, at.x() * self._ratio, at.y() * self._ratio)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        found = self._picture_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if found is not None:
            self.picture_chosen.emit(0 if self.content.single else found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._picture_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in STEPS:
            self.step(STEPS[key])
        elif key == Qt.Key.Key_Escape and self.content.single:
            self.picture_chosen.emit(0)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            name = self.picture.pane_at(event.pos().x() * self._ratio, event.pos().y() * self._ratio)
            if name is not None:
                pane = next(p for p in self.picture.panes(self.content) if p.name == name)
                lines = [title(name), explained(name)] + ([range_words(pane)[0]] if pane.pixels is not None else [])
                QToolTip.showText(event.globalPos(), "\n".join(lines), self)
                return True
        return super().event(event)
