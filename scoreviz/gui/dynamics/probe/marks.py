"""The probe on the canvas: both scores, who pulls, where the data may have been, and the fan of targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from scoreviz.gui import theme
from scoreviz.gui.canvas import Canvas
from scoreviz.gui.canvas.arrows import arrow_segments
from scoreviz.gui.canvas.camera import Camera
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.dynamics.screen import ARROW_CELL, LARGEST_GRID
from scoreviz.protocol.questions import Probe

LONGER = 3.0
"""The probe's arrows are so many times as long as the field's, or a degree between them would not be seen. The page says so."""
LEAST_WEIGHT = 0.005
"""Of a component for its line to be drawn."""


def arrow_cell(canvas: Canvas) -> float:
    """Side of a cell of the field's arrows, in the drawing's units: their length is measured in it."""
    bounds, width, height = canvas.bounds, canvas.width(), canvas.height()
    across, up = (max(2, min(LARGEST_GRID, round(n / ARROW_CELL))) for n in (width, height))
    return min((bounds.x1 - bounds.x0) / across, (bounds.y1 - bounds.y0) / up)


def running_means(values: np.ndarray) -> np.ndarray:
    """(K, D) means of the first 1, 2, ... K rows."""
    return np.cumsum(values, 0) / np.arange(1, len(values) + 1)[:, None]


def ellipse(mean: np.ndarray, cov: np.ndarray, stds: float, points: int = 72) -> np.ndarray:
    """(points + 1, 2) closed: where a Gaussian's density is that of `stds` standard deviations from its mean."""
    values, axes = np.linalg.eigh(cov)
    angle = np.linspace(0.0, 2 * np.pi, points + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], -1)
    out: np.ndarray = mean + stds * (circle * np.sqrt(np.maximum(values, 0.0))) @ axes.T
    return out


@dataclass(frozen=True, eq=False)
class ProbeMarks:
    """Painted of one answer in the plane. cell: `arrow_cell`; pulls, fan: what is wanted beside the scores and the posterior."""

    probe: Probe
    cell: float
    pulls: bool = True
    fan: bool = True

    def paint(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        """From what lies farthest back: lines of who pulls, the fan, the posterior, the scores, the place itself."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.pulls:
            self._paint_pulls(painter, camera, scale, palette)
        if self.fan:
            self._paint_fan(painter, camera, scale, palette)
        self._paint_posterior(painter, camera, scale, palette)
        self._paint_scores(painter, camera, scale, palette)
        at = _point(camera, self.probe.x.numpy())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((palette.ground, 4.0), (palette.text, 1.6)):
            painter.setPen(QPen(colour, width * scale))
            painter.drawEllipse(at, 5 * scale, 5 * scale)

    def _paint_pulls(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        at = _point(camera, self.probe.x.numpy())
        for puller in self.probe.pullers:
            if puller.weight < LEAST_WEIGHT:
                continue
            end = _point(camera, np.array(puller.centre))
            width = (0.8 + 6.0 * puller.weight) * scale
            for colour, wider in ((_faint(palette.ground, 0.55), 2.0 * scale), (palette.particle, 0.0)):
                painter.setPen(QPen(colour, width + wider, c=Qt.PenCapStyle.RoundCap))
                painter.drawLine(QLineF(at, end))

    def _paint_fan(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        """Each target x + std^2 target = a x_0 to its full length, so that the mean of what is drawn is the mean that is meant."""
        x, ends = self.probe.x.numpy(), self.probe.a * self.probe.origins.numpy()
        if not len(ends):
            return
        at, means = _point(camera, x), running_means(ends)
        painter.setPen(QPen(_faint(palette.legend_arrow, 0.6), 1.0 * scale))
        tips = [_point(camera, end) for end in ends]
        painter.drawLines([QLineF(at, tip) for tip in tips])
        painter.setPen(QPen(palette.legend_arrow, 3.0 * scale, c=Qt.PenCapStyle.RoundCap))
        painter.drawPoints(QPolygonF(tips))
        mean = (theme.DARK if palette.name == "dark" else theme.LIGHT).color("predict")
        painter.setPen(QPen(_faint(mean, 0.8), 1.0 * scale))
        painter.drawPolyline(QPolygonF([_point(camera, mean) for mean in means]))
        painter.setPen(QPen(mean, 2.0 * scale))
        painter.drawLine(QLineF(at, _point(camera, means[-1])))
        _cross(painter, _point(camera, means[-1]), 4.5 * scale)
        painter.setPen(QPen(palette.text, 1.6 * scale))
        painter.drawEllipse(_point(camera, self.probe.a * self.probe.mean.numpy()), 4.5 * scale, 4.5 * scale)  # x + std^2 s

    def _paint_posterior(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        mean, cov = self.probe.mean.numpy(), self.probe.cov.numpy()
        for stds, style in ((1.0, Qt.PenStyle.SolidLine), (2.0, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(palette.brush, 1.5 * scale, style))
            painter.drawPolyline(_polygon(camera, ellipse(mean, cov, stds)))
        middle, half = _point(camera, mean), 4.0 * scale
        painter.setBrush(palette.brush)
        painter.setPen(QPen(palette.ground, 1.0 * scale))
        painter.drawPolygon(QPolygonF([middle + QPointF(*step) for step in ((half, 0), (0, half), (-half, 0), (0, -half))]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_scores(self, painter: QPainter, camera: Camera, scale: float, palette: CanvasPalette) -> None:
        probe = self.probe
        self._paint_arrow(painter, camera, scale, probe.exact.numpy(), QPen(palette.text, 2.0 * scale), palette)
        pen = QPen(palette.erase, 2.0 * scale, Qt.PenStyle.DashLine)
        self._paint_arrow(painter, camera, scale, probe.network.numpy(), pen, palette)
        if probe.data is not None:
            pen = QPen(palette.particle, 2.0 * scale, Qt.PenStyle.DotLine)
            self._paint_arrow(painter, camera, scale, probe.data.numpy(), pen, palette)

    def _paint_arrow(
        self, painter: QPainter, camera: Camera, scale: float, score: np.ndarray, pen: QPen, palette: CanvasPalette
    ) -> None:  # fmt: skip
        """std times a score, at the length that the field's arrows have times LONGER, over a halo of the ground."""
        vector = self.probe.std * score
        if not np.isfinite(vector).all():
            return  # the row says that it is not finite
        tail = camera.to_pixels(self.probe.x.numpy()[None])
        segments = arrow_segments(tail, vector[None], LONGER * self.cell * camera.pixels_per_unit, 2.2 * scale)
        lines = [QLineF(*start, *end) for start, end in segments.tolist()]
        for each in (QPen(_faint(palette.ground, 0.6), pen.widthF() + 2 * scale), pen):
            painter.setPen(each)
            painter.drawLine(lines[0])
            painter.setPen(QPen(each.color(), each.widthF()))
            painter.drawLines(lines[1:])


def _point(camera: Camera, point: np.ndarray) -> QPointF:
    return QPointF(*camera.to_pixels(np.asarray(point, np.float64)[None])[0].tolist())


def _polygon(camera: Camera, points: np.ndarray) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in camera.to_pixels(points).tolist()])


def _cross(painter: QPainter, at: QPointF, half: float) -> None:
    painter.drawLine(QLineF(at - QPointF(half, half), at + QPointF(half, half)))
    painter.drawLine(QLineF(at - QPointF(half, -half), at + QPointF(half, -half)))


def _faint(colour: QColor, alpha: float) -> QColor:
    tint = QColor(colour)
    tint.setAlphaF(alpha)
    return tint
