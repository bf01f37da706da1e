"""The scrubber over a run: one tick a substep, coloured and sized by its stage, merged where they would touch."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from scoreviz.gui import theme
from scoreviz.gui.playback import STAGES, Playback, Timed
from scoreviz.gui.transport import words
from scoreviz.gui.widgets.keys import MOVES, KeyLine, keep_keys
from scoreviz.gui.widgets.paint import focus_ring
from scoreviz.scene.notation import Notation
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PITCH = 6.0  # logical pixels between ticks below which they are merged
BAND = 12.0  # height of the ticks
AHEAD, MISSING = 0.5, 0.16  # how bright: computed but not yet played; not yet computed
HEIGHTS = {"start": 0.5, "predict": 1.0, "correct": 0.62, "denoise": 1.0}

Key = Qt.Key
KEYS = (
    KeyLine((Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down), "← →, ↑ ↓", QT_TRANSLATE_NOOP("keys", "One substep back or on")),
    KeyLine((Key.Key_PageUp, Key.Key_PageDown), "Page Up, Page Down", QT_TRANSLATE_NOOP("keys", "A twentieth of the run")),
    KeyLine((Key.Key_Home, Key.Key_End), "Home, End", QT_TRANSLATE_NOOP("keys", "To the start, to the end")),
)  # fmt: skip


class Timeline(QSlider):
    """Mouse, wheel, arrows, Home and End move through the frames that there are. It watches the playback."""

    def __init__(self, playback: Playback[Timed], parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._playback = playback
        self._ticks: QPixmap | None = None
        self._key: tuple[object, ...] = ()
        self._ready = 0
        self._notation: Notation = "sde"
        self._trained: tuple[float, float] | None = None
        self.setObjectName("timeline")
        self.setAccessibleName(self.tr("Time line of the sampler"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        keep_keys(self, MOVES)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.valueChanged.connect(self._by_assistive_technology)
        playback.run_changed.connect(self.refresh)
        playback.index_changed.connect(self._moved)
        playback.run_grew.connect(self._grow)
        playback.wish_changed.connect(self.update)
        self.refresh()

    # ---- geometry

    def sizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(420), now.px(60))

    def minimumSizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(200), now.px(60))

    def x_of(self, index: float) -> float:
        """Where a frame lies."""
        left, right = self._ends()
        return left + (right - left) * index / max(self._length() - 1, 1)

    def frame_at(self, x: float) -> int:
        """The frame nearest to a place, among all that there will be."""
        left, right = self._ends()
        share = (x - left) / max(right - left, 1.0)
        return round(min(max(share, 0.0), 1.0) * max(self._length() - 1, 0))

    def set_notation(self, notation: Notation) -> None:
        """In whose symbols the words are."""
        if notation != self._notation:
            self._notation = notation
            self._moved(self._playback.index)

    def set_trained(self, levels: tuple[float, float] | None) -> None:
        """The sigmas that the network in use was trained at, least and largest; what lies outside is hatched. None: nothing is."""
        if levels != self._trained:
            self._trained = levels
            self._moved(self._playback.index)

    def is_trained(self, index: int) -> bool:
        """Was the network in use trained at this frame's noise level?"""
        run = self._playback.run
        if self._trained is None or run is None:
            return True
        return bool(self._trained[0] <= float(run.sigma[index]) <= self._trained[1])

    # ---- following the playback

    def refresh(self) -> None:
        """Another run, or another part of it."""
        run = self._playback.run
        self._ready = run.ready if run else 0
        self.setRange(0, max(self._length() - 1, 0))
        self.setEnabled(run is not None)
        self._moved(self._playback.index)

    def _grow(self) -> None:
        run = self._playback.run
        if run is not None and run.ready != self._ready:
            self._ready = run.ready
            self.update()

    def _moved(self, index: int) -> None:
        if self.value() != index:
            self.setValue(index)
        run = self._playback.run
        if run is not None and index < run.length:
            self.setAccessibleDescription(self._caption(index))
        self.update()

    def _by_assistive_technology(self, value: int) -> None:
        if value != self._playback.index:
            self._playback.seek(value)

    # ---- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._playback.seek(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._playback.seek(self.frame_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        if turn:
            self._playback.step(-1 if turn > 0 else 1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, page = Qt.Key, max(1, self._length() // 20)
        by = {key.Key_Right: 1, key.Key_Up: 1, key.Key_Left: -1, key.Key_Down: -1, key.Key_PageUp: -page, key.Key_PageDown: page}
        pressed = Qt.Key(event.key())
        if pressed in by:
            self._playback.step(by[pressed])
        elif pressed == key.Key_Home:
            self._playback.seek(0)
        elif pressed == key.Key_End:
            self._playback.seek(self._length() - 1)
        else:
            event.ignore()

    # ---- painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._ticks = None

    def paintEvent(self, event: QPaintEvent) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        run = self._playback.run
        if run is None:
            painter.setPen(now.color("dim"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.tr("No run yet."))
            return
        self._paint_band(painter)
        self._paint_untrained(painter)
        self._paint_words(painter)
        if self.hasFocus():
            focus_ring(painter, self, QRectF(self.rect()).adjusted(0, 0, 0, -1), now.px(6))

    def _paint_band(self, painter: QPainter) -> None:
        now = theme.current()
        band = self._band()
        ticks = self._tick_picture(band)
        at, ready = self.x_of(self._playback.index), self.x_of(max(self._ready - 1, 0))
        ratio = ticks.devicePixelRatio()
        edge = 2.0
        for left, right, opacity in ((0.0, at + edge, 1.0), (at + edge, ready + edge, AHEAD), (ready + edge, float(self.width()), MISSING)):
            if right > left:
                painter.setOpacity(opacity)
                part = QRectF(left, 0, right - left, band.height())
                source = QRectF(part.x() * ratio, 0, part.width() * ratio, part.height() * ratio)
                painter.drawPixmap(part.translated(0, band.top()), ticks, source)
        painter.setOpacity(1.0)
        head = QRectF(round(at) - 1, band.top() - now.px(5), 2, band.height() + now.px(10))
        if self._playback.wanted != self._playback.index:  # a frame under way: where the head is going
            ahead = head.translated(round(self.x_of(self._playback.wanted)) - round(at), 0)
            painter.fillRect(ahead, now.color("dim", 0.7))
        painter.fillRect(head.adjusted(-1, 0, 1, 0), now.color("ground", 0.8))
        painter.fillRect(head, now.color("text"))

    def _paint_untrained(self, painter: QPainter) -> None:
        """Hatching over the frames whose noise level the network was never trained at."""
        run = self._playback.run
        if self._trained is None or run is None:
            return
        now, band = theme.current(), self._band()
        untrained = [not self.is_trained(k) for k in range(run.length)]
        half = 0.5 * (self.x_of(1) - self.x_of(0))
        edges = np.flatnonzero(np.diff(np.concatenate([[False], untrained, [False]]).astype(np.int8)))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(now.color("text", 0.55), Qt.BrushStyle.BDiagPattern))
        for first, past in edges.reshape(-1, 2).tolist():
            left, right = self.x_of(first) - half, self.x_of(past - 1) + half
            painter.drawRect(QRectF(left, band.top() - now.px(3), right - left, band.height() + now.px(6)))

    def _caption(self, index: int) -> str:
        """The frame in words."""
        run = self._playback.run
        assert run is not None
        text = words.caption(run, index, self._notation)
        return text if self.is_trained(index) else text + " · " + self.tr("the network is not trained at this σ")

    def _paint_words(self, painter: QPainter) -> None:
        run = self._playback.run
        assert run is not None
        now, height = theme.current(), self.fontMetrics().height()
        left, right = self._ends()
        above = QRectF(left, 0, right - left, height + 2)
        below = QRectF(left, self.height() - height - now.px(2), right - left, height + 2)
        first, last = words.ends(run, self._notation)
        painter.setFont(now.font(0.94))
        painter.setPen(now.color("dim"))
        align = Qt.AlignmentFlag
        painter.drawText(above, int(align.AlignLeft | align.AlignVCenter), first)
        painter.drawText(above, int(align.AlignRight | align.AlignVCenter), last)
        aside = words.aside(run)
        if aside:
            painter.drawText(above, int(align.AlignHCenter | align.AlignVCenter), aside)
        caption = self._caption(min(self._playback.index, run.length - 1))
        painter.drawText(below, int(align.AlignHCenter | align.AlignVCenter), caption)

    def _tick_picture(self, band: QRectF) -> QPixmap:
        run, now = self._playback.run, theme.current()
        assert run is not None
        key = (id(run.stage), run.length, self.width(), self.devicePixelRatioF(), now)
        if self._ticks is None or key != self._key:
            self._key = key
            self._ticks = QPixmap(QSize(self.width(), int(band.height())) * self.devicePixelRatioF())
            self._ticks.setDevicePixelRatio(self.devicePixelRatioF())
            self._ticks.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._ticks)
            if self.x_of(1) - self.x_of(0) >= PITCH:
                self._single_ticks(painter, band.height())
            else:
                self._merged_ticks(painter, band.height())
            painter.end()
        return self._ticks

    def _single_ticks(self, painter: QPainter, height: float) -> None:
        run = self._playback.run
        assert run is not None
        now, width = theme.current(), 2.0
        for index, code in enumerate(run.stage.tolist()):
            stage = STAGES[code]
            tall = height * HEIGHTS[stage]
            rect = QRectF(round(self.x_of(index) - width / 2), (height - tall) / 2, width, tall)
            painter.fillRect(rect, now.color("faint" if stage == "start" else stage))

    def _merged_ticks(self, painter: QPainter, height: float) -> None:
        """Columns of which each colour has the share of its stage: no substep is left out of the picture."""
        run = self._playback.run
        assert run is not None
        now, (left, right) = theme.current(), self._ends()
        each = max(1, math.ceil(PITCH * (run.length - 1) / (right - left)))  # substeps a column, the same for all: no beats
        place = np.maximum(np.arange(run.length) - 1, 0) // each
        columns = int(place[-1]) + 1
        counts = np.zeros((columns, len(STAGES)))
        np.add.at(counts, (place, run.stage), 1)
        counts[:, 0] = 0
        shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        edges = [round(self.x_of(min(column * each, run.length - 1))) for column in range(columns + 1)]
        for column, share in enumerate(shares.tolist()):
            top = 0.0
            for stage, part in zip(STAGES, share, strict=True):
                if part:
                    width = max(edges[column + 1] - edges[column] - 2, 1)
                    painter.fillRect(QRectF(edges[column], top, width, part * height), now.color(stage))
                    top += part * height

    def _band(self) -> QRectF:
        now, tall = theme.current(), theme.current().px(BAND)
        return QRectF(0, (self.height() - tall) / 2 - now.px(1), self.width(), tall)

    def _ends(self) -> tuple[float, float]:
        edge = theme.current().px(10)
        return edge, max(self.width() - edge, edge + 1)

    def _length(self) -> int:
        return self._playback.run.length if self._playback.run else 0
