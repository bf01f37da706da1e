"""Takes a picture of every view and of every failure, through the real window and engine: `python -m tests.screenshots.take [NAME ...]`.

Needs a display (Xvfb). The pictures are kept beside this file, in 256 colours, to be looked at when something changes; a test holds that
there is one for each name of `SHOTS`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
SIZE = (1280, 800)
Prepare = Callable[[Any], None]


class Shot(NamedTuple):
    """One picture: a scene, what is done in the window, and in which theme."""

    name: str
    document: Any
    prepare: Prepare
    theme: str = "dark"
    trained: int = 0  # steps to wait for
    at: float = 1.0  # share of the run
    size: tuple[int, int] = SIZE


def shots() -> list[Shot]:
    """Every one; imported late, so that listing names needs no Qt."""
    from tests.screenshots.scenes import all_shots

    return all_shots()


def main(names: list[str]) -> int:
    """Take those named, or all."""
    os.environ.setdefault("QT_QPA_PLATFORM", "xcb")
    home = tempfile.mkdtemp(prefix="scoreviz-shots-")
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        os.environ[f"XDG_{kind}_HOME"] = str(Path(home) / kind.lower())
    from PySide6.QtGui import QCursor
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    QCursor.setPos(0, 0)  # out of the way of what lights up under it
    for shot in shots():
        if not names or shot.name in names:
            began = time.monotonic()
            take(app, shot)
            print(f"{shot.name} {time.monotonic() - began:.1f} s", flush=True)
    return 0


def take(app: Any, shot: Shot) -> None:
    """Open a window on it, wait until it is complete, prepare, and save the picture."""
    from scoreviz.gui import theme
    from scoreviz.gui.window import Window

    window = Window(shot.document, theme.Theming(app, shot.theme))
    window.files.may_leave = lambda: True
    window.resize(*shot.size)
    window.show()
    window.dynamics.add_plots()
    window.session.start()
    window.session.opened(shot.document)
    _spin(app, lambda: window.playback.run is not None and window.playback.run.complete, 60)
    if shot.trained:
        window.session.train(True)
        _spin(app, lambda: window.progress.step >= shot.trained, 90)
        window.session.train(False)
        _spin(app, lambda: window.playback.run is not None and window.playback.run.training_step in (None, window.progress.step), 20)
    window.playback.pause()
    _spin(app, lambda: window.playback.run is not None and window.playback.run.complete, 30)
    window.playback.seek(round(shot.at * (window.playback.run.length - 1)))
    shot.prepare(window)
    _settle(app, 1.5)
    image = window.grab().toImage()
    path = HERE / f"{shot.name}.png"
    image.save(str(path))
    _quantise(path)
    window.close()
    window.deleteLater()
    app.processEvents()


def _quantise(path: Path) -> None:
    from PIL import Image

    image = Image.open(path).convert("RGB")
    image.quantize(256, kmeans=2).save(path, optimize=True)


def _spin(app: Any, until: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    for _ in _ticks(app):
        if until():
            return
        if time.monotonic() > end:
            print("  it took too long", flush=True)
            return


def _settle(app: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    for _ in _ticks(app):
        if time.monotonic() > end:
            return


def _ticks(app: Any) -> Iterator[None]:
    while True:
        app.processEvents()
        time.sleep(0.005)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
