"""Frame gaps of a window for the benchmark: `bare`, `plain`, or scoreviz itself while it trains, as `window`, with each Inspect layer
(`inspect`) or with `many` particles. Prints one JSON object.

A 16 ms timer ticks in the GUI thread and each tick draws; the gaps between its ticks are what a person feels.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from PySide6.QtCore import QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from scoreviz.scene.document import Scene

SIDE = 800
SETTLING_MS = 4000


class Gaps(QObject):
    """Collects the gaps between the ticks of the timer that draws, and calls `each` at every one, for some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = 0.0
        self.seconds = seconds
        self.each = lambda: None

    def start(self, timer: QTimer) -> None:
        """From now on; `exec` returns at the end, with every window as it is: `quit` would close them."""
        self._last = time.perf_counter()
        QTimer.singleShot(int(self.seconds * 1000), lambda: QApplication.exit(0))
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


class Shown(QObject):
    """scoreviz as a person has it, and what each frame of its canvas takes: the scene plays in a loop while the network trains."""

    def __init__(self, app: QApplication, scene: Scene) -> None:
        super().__init__()
        from scoreviz.gui import theme
        from scoreviz.gui.app import after_first_paint
        from scoreviz.gui.window import Window
        from scoreviz.scene.files import Document

        self._app = app
        self.window = Window(Document(scene=scene), theme.Theming(app, "dark"))
        self.window.files.may_leave = lambda: True  # type: ignore[method-assign]
        self.canvas = self.window.dynamics.canvas
        self.window.show()
        for _ in range(3):  # the rest of the window takes what it needs; the canvas gets what is asked
            app.processEvents()
            self.window.resize(self.window.width() + SIDE - self.canvas.width(), self.window.height() + SIDE - self.canvas.height())
        after_first_paint(self.window)
        self.window.session.ready.connect(lambda: self.window.session.train(True))
        for drawn in (self.canvas.painted, self.canvas.prepared):
            drawn.connect(self._painted)
        self._forget()

    def wait(self, done: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Until something is so; RuntimeError if it is not in time."""
        end = time.perf_counter() + seconds
        while not done():
            if time.perf_counter() > end:
                raise RuntimeError(f"{what} did not come within {seconds:.0f} s")
            self._app.processEvents()
            time.sleep(0.001)

    def measure(self, gaps: Gaps, settling_ms: int = SETTLING_MS) -> dict[str, float]:
        """Let it settle, then watch it for the seconds of `gaps`."""
        gaps.each = self._each
        QTimer.singleShot(settling_ms, self._forget)
        QTimer.singleShot(settling_ms, lambda: gaps.start(self.window.playback.timer))
        self._app.exec()
        return {
            "gap_p99": float(np.percentile(gaps.gaps, 99)),
            "paint_median": float(np.median(self._paints)),
            "paint_p99": float(np.percentile(self._paints, 99)),
            "rate": (self._steps[-1][1] - self._steps[0][1]) / (self._steps[-1][0] - self._steps[0][0]),
        }

    def close(self) -> None:
        """The window goes; RuntimeError if nothing was learned in it."""
        self.window.close()
        if not self.window.progress.step:
            raise RuntimeError("the network did not train")

    def _forget(self) -> None:
        self._paints: list[float] = []
        self._steps: list[tuple[float, int]] = []
        self._drawn, self._spent = self.window.playback.index, 0.0

    def _painted(self, seconds: float) -> None:
        self._spent += seconds * 1000.0

    def _each(self) -> None:
        index = self.window.playback.index
        if index != self._drawn:  # since the last tick that moved, all paints were of one frame
            if self._spent:
                self._paints.append(self._spent)
            self._drawn, self._spent = index, 0.0
        self._steps.append((time.perf_counter(), self.window.progress.step))


def _scene() -> Scene:
    """The first scene, with the network's arrows: the exact score samples."""
    from scoreviz.scene.document import Scene, replace_at

    return cast("Scene", replace_at(Scene(), ("view", "field"), "network"))


def window(app: QApplication, gaps: Gaps) -> dict[str, float]:
    """scoreviz: the first scene plays in a loop, the network trains, its arrows are shown, the exact score samples."""
    shown = Shown(app, _scene())
    shown.wait(lambda: shown.window.session.is_ready, "the engine")
    found = shown.measure(gaps)
    size = {"width": float(shown.canvas.width()), "height": float(shown.canvas.height())}
    shown.close()
    return found | size


LAYERS = (
    ("map", "error"), ("map", "relative"), ("map", "angle"), ("map", "weighted"), ("map", "curl"), ("map", "divergence"),
    ("map", "log_ode"), ("lines", "contours"), ("lines", "streamlines"), ("lines", "posterior_mean"), ("map", "log_network"),
)  # fmt: skip
"""Each alone; the last needs another network."""
LAYER_SETTLING_MS = 1500


def inspect(app: QApplication, gaps: Gaps) -> dict[str, float]:
    """The same with each Inspect layer on in turn: gaps and paints by the layer's name, watched for half as long each."""
    from scoreviz.scene.learning import MLP
    from scoreviz.scene.view import View

    plain: Any = View()
    shown = Shown(app, _scene())
    shown.wait(lambda: shown.window.session.is_ready, "the engine")
    found: dict[str, float] = {}
    maps = shown.window.dynamics.inspecting.maps
    for field, name in LAYERS:
        store = shown.window.store
        for other in ("map", "lines"):
            store.edit(("view", other), name if other == field else getattr(plain, other), "bench")
        if name == "log_network":
            store.edit(("network",), MLP(energy=True), "bench")
        if field == "map":
            shown.wait(lambda name=name: getattr(maps.get(0.0), "kind", "") == name, f"the map “{name}”")  # type: ignore[misc]
        measured = shown.measure(Gaps(gaps.seconds / 2), LAYER_SETTLING_MS)
        found |= {f"gap_p99.{name}": measured["gap_p99"], f"paint_p99.{name}": measured["paint_p99"]}
    shown.close()
    return found


MANY = 100_000


def many(app: QApplication, gaps: Gaps) -> dict[str, float]:
    """The same with so many particles that they are drawn as a density."""
    from scoreviz.scene.document import replace_at

    shown = Shown(app, cast("Scene", replace_at(_scene(), ("particles", "count"), MANY)))

    def complete() -> bool:
        run = shown.window.playback.run
        return run is not None and run.revision > 0 and run.complete

    shown.wait(complete, "the run", 120.0)
    found = shown.measure(gaps)
    if shown.canvas.counts.total != MANY or not shown.canvas.counts.as_density:
        raise RuntimeError(f"{shown.canvas.counts.total} particles were drawn")
    shown.close()
    return found


def main() -> int:
    """`KIND SECONDS`."""
    kind, seconds = sys.argv[1], float(sys.argv[2])
    app = QApplication(sys.argv[:1])
    print(
        json.dumps({"bare": bare, "plain": plain, "window": window, "inspect": inspect, "many": many}[kind](app, Gaps(seconds))), flush=True
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
