"""A small picture of both laws of x_s: the exact one as a ground (a curve in 1-D), the step's Gaussian as rings."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from scoreviz.gui import theme
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.dynamics.probe.figures import number
from scoreviz.protocol.questions import Backward

SIDE = 178
FOOT = 17


class KernelPicture(QWidget):
    """Equal units across and up; what lies outside of the window is not seen, and the window holds 3.5 standard deviations of both."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kernel.picture")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._answer: Backward | None = None
        self._x: tuple[float, ...] = ()

    def show_laws(self, answer: Backward | None, x: tuple[float, ...]) -> None:
        """Of one answer; x is the point that the step starts from."""
        self._answer, self._x = answer, x
        self.update()

    def sizeHint(self) -> QSize:
        now = theme.current()
        return QSize(now.px(SIDE), now.px(SIDE + FOOT))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: object) -> None:
        now, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = self.height() - now.px(FOOT)
        answer = self._answer
        line = answer is not None and answer.mean.shape == (1,)
        side = self.width() - 2 if line else height - 2
        frame = QRectF((self.width() - side) / 2, 1, side, height - 2)
        if answer is not None:
            painter.save()
            painter.setClipRect(frame)
            self._paint_line(painter, answer, frame) if line else self._paint_plane(painter, answer, frame)
            painter.restore()
            self._paint_ends(painter, answer, frame)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(now.color("border"), 1.0))
        painter.drawRect(frame.adjusted(-0.5, -0.5, 0.5, 0.5))

    def _paint_plane(self, painter: QPainter, answer: Backward, frame: QRectF) -> None:
        now, colours = theme.current(), palette(theme.current().name)
        exact = answer.exact.numpy()
        level = np.rint(255 * np.sqrt(exact / max(float(exact.max()), 1e-300))).astype(np.uint8)[::-1]
        pixels = np.ascontiguousarray(colours.density[level])
        ny, nx = pixels.shape
        image = QImage(pixels.data, nx, ny, nx * 4, QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(frame, image, QRectF(0, 0, nx, ny))
        x0, x1, _, y1 = answer.bounds
        unit = frame.width() / (x1 - x0)
        centre = QPointF(frame.left() + (answer.mean.numpy()[0] - x0) * unit, frame.top() + (y1 - answer.mean.numpy()[1]) * unit)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for stds, style in ((1, Qt.PenStyle.SolidLine), (2, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colours.particle, 1.6 * now.scale, style))
            painter.drawEllipse(centre, stds * answer.shake * unit, stds * answer.shake * unit)
        at = QPointF(frame.left() + (self._x[0] - x0) * unit, frame.top() + (y1 - self._x[1]) * unit)
        painter.setPen(QPen(colours.ground, 3.6 * now.scale))
        painter.drawEllipse(at, 4 * now.scale, 4 * now.scale)
        painter.setPen(QPen(colours.text, 1.6 * now.scale))
        painter.drawEllipse(at, 4 * now.scale, 4 * now.scale)

    def _paint_line(self, painter: QPainter, answer: Backward, frame: QRectF) -> None:
        now, colours = theme.current(), palette(theme.current().name)
        exact, (x0, x1, *_) = answer.exact.numpy(), answer.bounds
        x = x0 + (np.arange(len(exact)) + 0.5) * (x1 - x0) / len(exact)
        gaussian = np.exp(-0.5 * ((x - answer.mean.numpy()[0]) / answer.shake) ** 2) / (answer.shake * np.sqrt(2 * np.pi))
        top = 1.08 * max(float(exact.max()), float(gaussian.max()))
        for values, pen in (
            (exact, QPen(now.color("track"), 2.0 * now.scale)),
            (gaussian, QPen(colours.particle, 1.6 * now.scale, Qt.PenStyle.DashLine)),
        ):
            across = frame.left() + (x - x0) / (x1 - x0) * frame.width()
            up = frame.bottom() - values / top * frame.height()
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF([QPointF(px, py) for px, py in zip(across.tolist(), up.tolist(), strict=True)]))
        at = frame.left() + (self._x[0] - x0) / (x1 - x0) * frame.width()
        painter.setPen(QPen(now.color("text"), 1.0 * now.scale))
        painter.drawLine(QPointF(at, frame.top()), QPointF(at, frame.bottom()))

    def _paint_ends(self, painter: QPainter, answer: Backward, frame: QRectF) -> None:
        """The window's two ends along x: how large it is."""
        now = theme.current()
        painter.setFont(now.font(0.84))
        painter.setPen(now.color("dim"))
        foot = QRectF(frame.left() - now.px(20), frame.bottom() + now.px(2), frame.width() + now.px(40), now.px(FOOT - 2))
        foot = foot.intersected(QRectF(self.rect()))
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), f"x {number(answer.bounds[0])}")
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), number(answer.bounds[1]))
