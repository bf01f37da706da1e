"""Live recording of a widget: its pictures are drawn straight into memory that a process of its own encodes from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, QPoint, QPointF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from scoreviz.gui import theme
from scoreviz.gui.recorder_process import RecorderProcess
from scoreviz.gui.widgets.words import sentence
from scoreviz.record.messages import Discard, Failed, Filled, Finish, Freed, Making, Ready, Record, Saved, Stop
from scoreviz.record.parts import PART, free_name, part_of
from scoreviz.record.slots import Slots
from scoreviz.scene.errors import SceneError

State = Literal["idle", "starting", "recording", "finishing"]
PIXELS = QImage.Format.Format_RGB32  # in memory: B, G, R, 255


class Recorder(QObject):
    """One recording at a time, of one widget, with the size that it has at the start.

    A picture belongs to the interval [index / fps, (index + 1) / fps) in which it was drawn. An interval in which none could be
    drawn, for the window or the recorder was busy, is `dropped`: the film then shows the picture before it for longer.
    """

    changed = Signal()  # state, seconds, dropped
    progressed = Signal(float)  # of the film, 0 to 1
    saved = Signal(Path)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = "idle"
        self.path = Path()  # of the film to be
        self.dropped = self.written = 0
        self.fraction = 0.0
        self.drawing = False  # paint events now are for the recording, not for the screen
        self._widget: QWidget | None = None
        self._process: RecorderProcess | None = None
        self._last_word: Saved | Failed | None = None
        self._slots: Slots | None = None
        self._images: list[QImage] = []
        self._free: list[int] = []
        self._fps, self._last = 30, -1
        self._clock, self._making = QElapsedTimer(), QElapsedTimer()
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    # ---- what a person does

    def start(self, widget: QWidget, path: Path, fps: int = 30) -> None:
        """Record `widget` to `path`, an MP4 or a GIF; a name that is taken is numbered. Nothing happens while it is not idle."""
        if self.state != "idle":
            return
        size = recorded_size(widget)
        self.path = free_name(path.absolute())
        try:
            self._slots = Slots.make((size.width(), size.height()))
        except OSError as error:
            self.failed.emit(self.tr("There is no memory to record with: {reason}.").format(reason=error.strerror))
            return
        self._fps, self._last, self.dropped, self.written = fps, -1, 0, 0
        self._images = [_image(self._slots.view(slot), size) for slot in range(self._slots.count)]
        for image in self._images:
            image.setDevicePixelRatio(widget.devicePixelRatioF())
        self._free = list(range(self._slots.count))
        self._widget = widget
        widget.destroyed.connect(self.stop)
        self._begin(
            Record(
                target=str(self.path), width=size.width(), height=size.height(), fps=fps,
                slots=str(self._slots.path), count=self._slots.count,
            ),
            "starting",
        )  # fmt: skip

    def finish(self, part: Path) -> None:
        """Make the film of a recording that was left over."""
        if self.state == "idle":
            self.path = part.with_name(part.name.removesuffix(PART))
            self._begin(Finish(part=str(part.absolute())), "finishing")

    def stop(self) -> None:
        """Enough is recorded: make the film. Before the first picture it is as if it never began."""
        if self.state == "recording" and self._process is not None:
            self._timer.stop()
            self._process.send(Stop())
            self._let_go()
            self._enter("finishing")
        elif self.state == "starting":
            self.cancel()

    def cancel(self) -> None:
        """While recording: forget it. While the film is made: stop that; the recording is then saved as it is, an MKV."""
        if self._process is not None and self.state != "idle":
            self._timer.stop()
            self._process.send(Discard())
            self._let_go()
            self._enter("finishing")

    def close(self) -> None:
        """The window closes. What is recorded becomes a film all the same, in a process that outlives the window."""
        process, self._process = self._process, None
        if process is not None:
            self._timer.stop()
            process.leave()
            process.deleteLater()
            self._let_go()
            self._enter("idle")

    # ---- what is shown

    @property
    def seconds(self) -> float:
        """Length of the recording so far."""
        return (self._last + 1) / self._fps

    @property
    def seconds_left(self) -> float | None:
        """Until the film is made, by what it took so far; None if that says nothing yet."""
        elapsed = self._making.elapsed() / 1000.0
        return elapsed * (1.0 - self.fraction) / self.fraction if self.fraction > 0.02 and elapsed > 0.5 else None

    # ---- its process

    def _begin(self, order: Record | Finish, state: State) -> None:
        self._process = process = RecorderProcess(order, self)
        process.received.connect(self._receive)
        process.ended.connect(lambda reason: self._ended(process, reason))
        self._enter(state)

    def _enter(self, state: State) -> None:
        self.state = state
        if state == "finishing":
            self.fraction = 0.0
            self._making.start()
        self.changed.emit()

    def _receive(self, message: object) -> None:
        match message:
            case Ready() if self.state == "starting":
                self._clock.start()
                self._enter("recording")
                self._tick()
            case Freed(slot=slot):
                self._free.append(slot)
            case Making(fraction=fraction):
                self.fraction = fraction
                self.progressed.emit(fraction)
            case Saved() | Failed():
                self._last_word = message

    def _ended(self, process: RecorderProcess, reason: str) -> None:
        process.deleteLater()
        if process is not self._process:
            return
        word, self._last_word, self._process = self._last_word, None, None
        self._timer.stop()
        self._let_go()
        self._enter("idle")
        match word:
            case Saved(path=path):
                if path:
                    self.saved.emit(Path(path))
            case Failed():
                self._tell(sentence(SceneError(word.template, **word.params)), word.kept)
            case None:
                part = part_of(self.path)
                problem = self.tr("The recording ended, for its process is gone: {reason}.").format(reason=reason or "?")
                self._tell(problem, str(part) if part.exists() else "")

    def _tell(self, problem: str, kept: str) -> None:
        if kept:
            problem += " " + self.tr("What was recorded is kept in “{name}”.").format(name=kept)
        self.failed.emit(problem)

    def _let_go(self) -> None:
        """Of the widget, and of the memory; the recorder keeps its own hold of what it has not read yet."""
        if self._widget is not None:
            self._widget.destroyed.disconnect(self.stop)
        self._widget = None
        self._images, self._free = [], []
        if self._slots is not None:
            self._slots.remove()
            self._slots = None

    # ---- the pictures

    def _tick(self) -> None:
        """Draw the present interval's picture, if it has none, and wake up as the next interval begins."""
        if self.state != "recording" or self._widget is None or self._process is None:
            return
        index = self._clock.nsecsElapsed() * self._fps // 1_000_000_000
        if index > self._last:
            second, dropped = int(self.seconds), self.dropped
            self.dropped += index - self._last - 1
            if self._free:
                slot = self._free.pop()
                self._draw(self._widget, self._images[slot])
                self._process.send(Filled(slot=slot, index=index))
                self.written += 1
            else:
                self.dropped += 1
            self._last = index
            if (int(self.seconds), self.dropped) != (second, dropped):
                self.changed.emit()
        due = (self._last + 1) * 1_000_000_000 / self._fps - self._clock.nsecsElapsed()
        self._timer.start(max(0, math.ceil(due / 1e6)))

    def _draw(self, widget: QWidget, image: QImage) -> None:
        self.drawing = True
        try:
            draw(widget, image)
        finally:
            self.drawing = False


def recorded_size(widget: QWidget) -> QSize:
    """Device pixels of a film of `widget`, rounded down to even: its colours are of two pixels each."""
    ratio = widget.devicePixelRatioF()
    return QSize(round(widget.width() * ratio) & ~1, round(widget.height() * ratio) & ~1)


def draw(widget: QWidget, image: QImage) -> None:
    """`widget` as it is now. If it no longer has the image's size, scaled to fit with bars, never distorted."""
    image.fill(theme.current().color("ground"))
    ratio = image.devicePixelRatioF()
    room, size = QSizeF(image.size()) / ratio, QSizeF(widget.size())
    if 0 <= size.width() - room.width() < 2 / ratio and 0 <= size.height() - room.height() < 2 / ratio:
        widget.render(image, QPoint())
        return
    fit = size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.translate(QPointF((room.width() - fit.width()) / 2, (room.height() - fit.height()) / 2))
    painter.scale(fit.width() / size.width(), fit.height() / size.height())
    widget.render(painter, QPoint())
    painter.end()


def still(widget: QWidget, path: Path) -> Path:
    """Save the widget's present picture as a PNG, in device pixels. SceneError if the place cannot be written."""
    from scoreviz.record.picture import write_png

    ratio = widget.devicePixelRatioF()
    image = QImage(widget.size() * ratio, PIXELS)
    image.setDevicePixelRatio(ratio)
    draw(widget, image)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    write_png(path, pixels[..., 2::-1])
    return path


def _image(memory: memoryview, size: QSize) -> QImage:
    return QImage(memory, size.width(), size.height(), 4 * size.width(), PIXELS)
