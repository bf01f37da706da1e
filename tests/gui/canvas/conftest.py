from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from scoreviz.gui.canvas import ArrowGrid, Bounds, Canvas, DensityGrid
from scoreviz.gui.canvas.frame import cell_centres


class Walk:
    """Frames of a random walk, made once."""

    def __init__(self, frames: int = 40, particles: int = 200, step: float = 0.06) -> None:
        rng = np.random.default_rng(5)
        steps = rng.normal(size=(frames, particles, 2)) * step
        steps[0] = rng.normal(size=(particles, 2))
        self.positions = np.cumsum(steps, axis=0).astype(np.float32)

    def at(self, k: int) -> np.ndarray:
        return self.positions[k]

    def __len__(self) -> int:
        return len(self.positions)


class Mouse:
    """Sends events as Qt would, at logical pixels, also where a real pointer could not be."""

    def __init__(self, widget: Canvas) -> None:
        self.widget = widget

    def _send(self, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        at = QPointF(x, y)
        QApplication.sendEvent(
            self.widget, QMouseEvent(kind, at, self.widget.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        )

    def press(self, x: float, y: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self._send(QEvent.Type.MouseButtonPress, x, y, button, button)

    def move(self, x: float, y: float, held: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self._send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, held)

    def release(self, x: float, y: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self._send(QEvent.Type.MouseButtonRelease, x, y, button, Qt.MouseButton.NoButton)

    def drag(self, *points: tuple[float, float], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.press(*points[0], button)
        for point in points[1:]:
            self.move(*point, button)
        self.release(*points[-1], button)

    def wheel(self, x: float, y: float, notches: float) -> None:
        at = QPointF(x, y)
        event = QWheelEvent(
            at, self.widget.mapToGlobal(at), QPoint(), QPoint(0, round(120 * notches)), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.widget, event)


@pytest.fixture
def walk() -> Walk:
    return Walk()


@pytest.fixture
def canvas(qtbot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(300, 200)
    return made


@pytest.fixture
def mouse(canvas) -> Mouse:
    return Mouse(canvas)


@pytest.fixture
def fields():
    """A function of bounds and sigma: the density and score of one Gaussian of std 0.5 at the origin, blurred."""

    def make(bounds: Bounds, sigma: float = 0.1, kind="exact", step: int | None = None) -> tuple[DensityGrid, ArrowGrid]:
        variance = 0.25 + sigma**2
        fine, coarse = cell_centres(bounds, 96, 64), cell_centres(bounds, 24, 16)
        log_p = -(fine**2).sum(axis=1) / (2 * variance) - np.log(2 * np.pi * variance)
        return (
            DensityGrid(sigma, bounds, log_p.reshape(64, 96).astype(np.float32)),
            ArrowGrid(sigma, bounds, kind, (-sigma * coarse / variance).reshape(16, 24, 2).astype(np.float32), step),
        )

    return make
