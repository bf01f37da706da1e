"""Frame gaps of a window for the benchmark: `bare`, `plain`, or scoreviz itself while it trains. Prints one JSON object.

A 16 ms timer ticks in the GUI thread and each tick draws; the gaps between its ticks are what a person feels.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from PySide6.QtCore import QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

SIDE = 800
SETTLING_MS = 4000


class Gaps(QObject):
    """Collects the gaps between the ticks of the timer that draws, and calls `each` at every one, for some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = 0.0
        self._seconds = seconds
        self.each = lambda: None

    def start(self, timer: QTimer) -> None:
        """From now on; the application quits at the end."""
        self._last = time.perf_counter()
        QTimer.singleShot(int(self._seconds * 1000), QApplication.quit)
        timer.timeout.connect(self._tick)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000.0)
        self._last = now
        self.each()


class Bare(QWidget):
    """The least that a window can do sixty times a second."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#101418"))
        painter.end()


def bare(app: QApplication, gaps: Gaps) -> dict[str, float]:
    """A plain widget of the canvas's size, repainted at every tick."""
    widget = Bare()
    widget.resize(SIDE, SIDE)
    widget.show()
    timer = QTimer(interval=16, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(widget.update)
    timer.start()
    QTimer.singleShot(SETTLING_MS // 2, lambda: gaps.start(timer))
    app.exec()
    return {"gap_p99": float(np.percentile(gaps.gaps, 99))}


class Plain(QWidget):
    """What the canvas draws, in plain Qt calls and without any of our code: an image scaled smoothly, 1024 arrows as one path, 2000 points,
    a fading image of trails. How long it takes, and when, tells of the machine alone."""

    def __init__(self) -> None:
        super().__init__()
        self.resize(SIDE, SIDE)
        draw = np.random.default_rng(0)
        self._shown = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
        self._ground = QImage(draw.integers(0, 255, (128, 128, 4), np.uint8).tobytes(), 128, 128, QImage.Format.Format_RGB32)
        self._points = QPolygonF([QPointF(x, y) for x, y in draw.uniform(0, SIDE, (2000, 2)).tolist()])
        self._trails = draw.uniform(0, 255, (SIDE, SIDE, 4)).astype(np.float32)
        self._arrows = [(12.0 + x * SIDE / 32, 12.0 + y * SIDE / 32) for x in range(32) for y in range(32)]
        self._ticks = 0
        self.milliseconds: list[float] = []

    def tick(self) -> None:
        """A frame at every third tick, as the window has them while it plays."""
        self._ticks += 1
        if self._ticks % 3 == 0:
            self.milliseconds.append(self.draw())
            self.update()

    def draw(self) -> float:
        """One frame; the milliseconds that it took."""
        began = time.perf_counter()
        painter = QPainter(self._shown)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self._shown.rect(), self._ground)
        path = QPainterPath()
        for x, y in self._arrows:
            path.moveTo(x - 8, y)
            path.lineTo(x + 8, y + 3)
        painter.setPen(QPen(QColor("#c0d0e0"), 1))
        painter.drawPath(path)
        self._trails *= 0.99
        faded = self._trails.astype(np.uint8)
        painter.drawImage(0, 0, QImage(faded.data, SIDE, SIDE, 4 * SIDE, QImage.Format.Format_ARGB32_Premultiplied))
        painter.setPen(QPen(QColor("#ffc060"), 3))
        painter.drawPoints(self._points)
        painter.end()
        return (time.perf_counter() - began) * 1000.0

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(0, 0, self._shown)
        painter.end()


def plain(app: QApplication, gaps: Gaps) -> dict[str, float]:
    """Plain Qt calls that draw as much: how much longer a frame takes beside training than by itself, one right after another."""
    from scoreviz.cli.bench.frames import training_engine

    widget = Plain()
    widget.show()
    app.processEvents()
    quick = float(np.percentile([widget.draw() for _ in range(100)], 10))
    timer = QTimer(interval=16, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(widget.tick)
    timer.start()
    with training_engine() as steps:
        while not steps():  # until it trains
            app.processEvents()
        widget.milliseconds.clear()
        gaps.start(timer)
        app.exec()
        counted = steps()
    counted = [(t, n) for t, n in counted if t >= counted[-1][0] - sum(gaps.gaps) / 1000.0]  # while frames were drawn
    return {
        "slowdown": float(np.median(widget.milliseconds)) / quick,
        "rate": (counted[-1][1] - counted[0][1]) / (counted[-1][0] - counted[0][0]),
    }


def window(app: QApplication, gaps: Gaps) -> dict[str, float]:
    """scoreviz: the first scene plays in a loop, the network trains, its arrows are shown, the exact score samples."""
    from scoreviz.gui import theme
    from scoreviz.gui.app import after_first_paint
    from scoreviz.gui.window import Window
    from scoreviz.scene.document import Scene, replace_at
    from scoreviz.scene.files import Document

    scene = replace_at(Scene(), ("view", "field"), "network")
    shown = Window(Document(scene=scene), theme.Theming(app, "dark"))
    shown.files.may_leave = lambda: True  # type: ignore[method-assign]
    canvas = shown.dynamics.canvas
    shown.show()
    for _ in range(3):  # the rest of the window takes what it needs; the canvas gets what is asked
        app.processEvents()
        shown.resize(shown.width() + SIDE - canvas.width(), shown.height() + SIDE - canvas.height())
    after_first_paint(shown)
    shown.session.ready.connect(lambda: shown.session.train(True))
    paints: list[float] = []
    steps: list[tuple[float, int]] = []

    drawn, spent = shown.playback.index, 0.0

    def painted(seconds: float) -> None:
        nonlocal spent
        spent += seconds * 1000.0

    def each() -> None:
        nonlocal drawn, spent
        if shown.playback.index != drawn:  # since the last tick that moved, all paints were of one frame
            if spent:
                paints.append(spent)
            drawn, spent = shown.playback.index, 0.0
        steps.append((time.perf_counter(), shown.progress.step))

    canvas.painted.connect(painted)
    gaps.each = each
    shown.session.ready.connect(lambda: QTimer.singleShot(SETTLING_MS, lambda: gaps.start(shown.playback.timer)))
    app.exec()
    size = (canvas.width(), canvas.height())
    shown.close()
    if not shown.progress.step:
        raise RuntimeError("the network did not train")
    return {
        "gap_p99": float(np.percentile(gaps.gaps, 99)),
        "paint_median": float(np.median(paints)),
        "paint_p99": float(np.percentile(paints, 99)),
        "rate": (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0]),
        "width": float(size[0]),
        "height": float(size[1]),
    }


def main() -> int:
    """`KIND SECONDS`."""
    kind, seconds = sys.argv[1], float(sys.argv[2])
    app = QApplication(sys.argv[:1])
    print(json.dumps({"bare": bare, "plain": plain, "window": window}[kind](app, Gaps(seconds))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
