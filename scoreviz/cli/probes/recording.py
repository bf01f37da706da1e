"""A live recording of the Dynamics tab at 1280x720 while a network trains, for the benchmark. Prints one JSON object.

First some seconds without the recording, then as many as asked for with it: frames written and dropped, the training's rate in
both, what a frame costs the window and the recorder, and the gaps between the window's own frames.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from scoreviz.gui import theme
from scoreviz.gui.app import after_first_paint
from scoreviz.gui.recording import Recorder
from scoreviz.gui.window import Window
from scoreviz.scene.document import Scene, replace_at
from scoreviz.scene.files import Document

SIZE = (1280, 720)
SETTLING_MS = 4000
ALONE_MS = 6000


class Watch(QObject):
    """Gaps between the transport's ticks, and training steps, over one span of time."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._last = 0.0
        self.begin()
        window.playback.timer.timeout.connect(self._tick)

    def begin(self) -> None:
        """From now on."""
        self._gaps: list[float] = []
        self._from = (time.perf_counter(), self._window.progress.step)
        self._last = time.perf_counter()

    def end(self, name: str) -> dict[str, float]:
        """What there was."""
        seconds, steps = time.perf_counter() - self._from[0], self._window.progress.step - self._from[1]
        gaps = np.array(self._gaps)
        return {f"rate_{name}": steps / seconds, f"gap_p99_{name}": float(np.percentile(gaps, 99)), f"gap_max_{name}": float(gaps.max())}

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps.append((now - self._last) * 1000.0)
        self._last = now


class TimedRecorder(Recorder):
    """A recorder that looks at the clock."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.costs: list[float] = []

    def _draw(self, *what: object) -> None:
        began = time.perf_counter()
        super()._draw(*what)  # type: ignore[arg-type]
        self.costs.append((time.perf_counter() - began) * 1000.0)

    def cost(self) -> dict[str, float]:
        """What drawing took, ms."""
        median, p99 = np.percentile(self.costs, (50, 99))
        return {"draw_median": float(median), "draw_p99": float(p99), "draw_max": max(self.costs)}

    def cpu_seconds(self) -> float:
        """Of the recorder's process so far; 0 where there is no /proc."""
        try:
            words = Path(f"/proc/{self._process.pid if self._process else 0}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def opened(app: QApplication) -> Window:
    """scoreviz on its first scene, the Dynamics tab of the size to be recorded; the network trains when the engine is up."""
    window = Window(Document(scene=replace_at(Scene(), ("view", "field"), "network")), theme.Theming(app, "dark"))
    window.files.may_leave = lambda: True  # type: ignore[method-assign]
    window.show()
    for _ in range(3):
        app.processEvents()
        window.resize(window.width() + SIZE[0] - window.dynamics.width(), window.height() + SIZE[1] - window.dynamics.height())
    after_first_paint(window)
    window.session.ready.connect(lambda: window.session.train(True))
    return window


def recording(app: QApplication, seconds: float, path: Path) -> dict[str, float]:
    """Settle, measure without, measure with, make the film."""
    window = opened(app)
    watch, recorder = Watch(window), TimedRecorder(window)
    found: dict[str, float] = {}
    trouble: list[str] = []

    def alone() -> None:
        watch.begin()
        QTimer.singleShot(ALONE_MS, record)

    def record() -> None:
        found.update(watch.end("without"))
        recorder.start(window.dynamics, path, 30)

    def changed() -> None:
        if recorder.state == "recording" and recorder.written <= 1:
            found["cpu_at_start"] = recorder.cpu_seconds()
            watch.begin()
        elif recorder.state == "recording" and recorder.seconds >= seconds:
            cpu = 1000.0 * (recorder.cpu_seconds() - found.pop("cpu_at_start")) / recorder.written
            found.update(watch.end("with") | {"written": recorder.written, "dropped": recorder.dropped, "encode_cpu_ms": cpu})
            recorder.stop()

    def failed(problem: str) -> None:
        trouble.append(problem)
        app.quit()

    window.session.ready.connect(lambda: QTimer.singleShot(SETTLING_MS, alone))
    recorder.changed.connect(changed)
    recorder.saved.connect(app.quit)
    recorder.failed.connect(failed)
    app.exec()
    width, height = window.dynamics.width(), window.dynamics.height()
    window.close()
    if trouble or not window.progress.step:
        raise RuntimeError(trouble[0] if trouble else "the network did not train")
    return found | recorder.cost() | {"width": width, "height": height, "seconds": seconds}


def main() -> int:
    """`SECONDS [FILM]`: the film is kept only if a name is given."""
    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory() as folder:
        film = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder) / "film.mp4"
        print(json.dumps(recording(app, float(sys.argv[1]), film)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
