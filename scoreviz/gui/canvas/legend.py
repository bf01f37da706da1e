"""What the colours and the lengths mean: a scale of log p, and arrows at three magnitudes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from scoreviz.gui.canvas.arrows import arrow_length, arrow_segments, paint_segments
from scoreviz.gui.canvas.frame import ArrowKind, MapKind
from scoreviz.gui.canvas.heatmap import PEAK, DensityScale
from scoreviz.gui.canvas.maps import SCALES, Symbol, unit_words
from scoreviz.gui.canvas.maps import colours as map_colours
from scoreviz.gui.canvas.palette import CanvasPalette, PaletteName
from scoreviz.gui.canvas.palette import palette as palette_named
from scoreviz.gui.canvas.paths import painting
from scoreviz.gui.canvas.text import EDGE, SMALL, font, paint_plate, signed

MAGNITUDES = (0.3, 1.0, 3.0)
_WIDTH = 150.0
_BAR = 7.0
_PAD = 9.0

# (text, is a subscript): there is no subscript theta in Unicode
_SYMBOL: dict[ArrowKind, Symbol] = {
    "exact": (("σ‖s‖", False),),
    "network": (("σ‖s", False), ("θ", True), ("‖", False)),
    "data": (("σ‖s", False), ("data", True), ("‖", False)),
    "guided": (("σ‖s", False), ("w", True), ("‖", False)),
    "difference": (("σ‖s", False), ("θ", True), (" − s‖", False)),
}


@dataclass(frozen=True)
class LegendSpec:
    """All that the legend depends on. A part whose layer is not shown is None."""

    palette: PaletteName
    scale: float
    colours: tuple[float, float] | None = None  # log p of the first and the last
    density_scale: DensityScale = "fixed"
    map: MapKind | None = None  # in the density's place
    kind: ArrowKind | None = None
    spacing: float = 0.0  # of the arrows, in pixels


def arrow_label(kind: ArrowKind) -> str:
    """The length's symbol as plain text."""
    return "".join(f"_{text}" if sub else text for text, sub in _SYMBOL[kind])


def legend_segments(spec: LegendSpec, left: float, y: float) -> tuple[np.ndarray, list[float]]:
    """The lines of the three arrows, and the middle of each: the same function as the field's own."""
    lengths = arrow_length(np.array(MAGNITUDES), spec.spacing)
    columns = np.maximum(lengths + 14 * spec.scale, (_WIDTH / len(MAGNITUDES)) * spec.scale)
    middles = left + np.cumsum(columns) - columns / 2
    tails = np.stack([middles - lengths / 2, np.full(len(lengths), y)], axis=-1)
    vectors = np.stack([np.array(MAGNITUDES), np.zeros(len(lengths))], axis=-1)
    return arrow_segments(tails, vectors, spec.spacing, spec.scale), [float(m) for m in middles]


MOST = 0.15
"""Of the picture that a legend may cover: a thumbnail goes without."""


class Legend:
    """Paints the legend once and keeps it until what it says changes."""

    def __init__(self) -> None:
        self._spec: LegendSpec | None = None
        self._image: QImage | None = None

    def image(self, spec: LegendSpec) -> QImage | None:
        """The plate with its scales, or None where no layer needs one."""
        if spec != self._spec:
            self._spec = spec
            self._image = self._draw(spec) if spec.colours or spec.map or spec.kind else None
        return self._image

    def paint(
        self, painter: QPainter, spec: LegendSpec, size: tuple[int, int], caption: QRectF, covered: QRectF | None = None
    ) -> None:  # fmt: skip
        """At the lower right of a picture of this size in pixels, above what is covered there, if there is room that the caption leaves."""
        image = self.image(spec)
        if image is None:
            return
        edge = round(EDGE * spec.scale)
        place = QRectF(size[0] - image.width() - edge, size[1] - image.height() - edge, image.width(), image.height())
        if covered is not None and place.intersects(covered):
            place.moveBottom(covered.top() - edge)
        small = image.width() * image.height() <= MOST * size[0] * size[1]
        if small and min(place.left(), place.top()) >= edge and not place.intersects(caption):
            painter.drawImage(place.topLeft().toPoint(), image)

    def _draw(self, spec: LegendSpec) -> QImage:
        scale, palette = spec.scale, palette_named(spec.palette)
        type_ = font(SMALL, scale)
        line = QFontMetricsF(type_).lineSpacing()
        pad = _PAD * scale
        inner = _WIDTH * scale
        if spec.kind:
            inner = max(inner, float(np.sum(np.maximum(arrow_length(np.array(MAGNITUDES), spec.spacing) + 14 * scale, inner / 3))))
        if spec.colours:
            inner = max(inner, QFontMetricsF(type_).horizontalAdvance(_density_title(spec)))
        blocks = [2 * line + (_BAR + 6) * scale] * bool(spec.colours or spec.map) + [2 * line + 15 * scale] * bool(spec.kind)
        height = 1.6 * pad + sum(blocks) + 8 * scale * (len(blocks) - 1)
        image = QImage(int(inner + 2 * pad), int(height) + 1, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        with painting(image) as painter:
            paint_plate(painter, QRectF(image.rect()), palette.plate, scale)
            painter.setFont(type_)
            y = 0.8 * pad
            if spec.colours or spec.map:
                (_paint_map if spec.map else _paint_colours)(painter, spec, palette, QRectF(pad, y, inner, blocks[0]), line)
                y += blocks[0] + 8 * scale
            if spec.kind:
                _paint_arrows(painter, spec, palette, QPointF(pad, y), line)
        return image


def _density_title(spec: LegendSpec) -> str:
    if spec.density_scale == "relative":
        return QCoreApplication.translate("canvas", "log p, relative to this t's peak")
    return QCoreApplication.translate("canvas", "log p, fixed range")


def _paint_colours(painter: QPainter, spec: LegendSpec, palette: CanvasPalette, box: QRectF, line: float) -> None:
    assert spec.colours is not None
    painter.setPen(palette.text_dim)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), _density_title(spec))
    used = round(256 * PEAK) if spec.density_scale == "relative" else 256  # nothing lies above the peak
    low, high = spec.colours
    if spec.density_scale == "relative":
        low, high = -PEAK * (high - low), 0.0
    ticks = [signed(value, 0 if value == round(value) else 1) for value in (low, (low + high) / 2, high)]
    _paint_bar(painter, spec, palette, box, line, palette.density[:used], ticks)


def _paint_map(painter: QPainter, spec: LegendSpec, palette: CanvasPalette, box: QRectF, line: float) -> None:
    """What is mapped at the left, its unit at the right, and the range, whose ends say where values beyond it go."""
    assert spec.map is not None
    _paint_symbol(painter, spec, palette, QPointF(box.left(), box.top() + QFontMetricsF(painter.font()).ascent()), SCALES[spec.map].symbol)
    painter.setPen(palette.text_dim)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), unit_words(spec.map))
    ticks = [text for _, text in SCALES[spec.map].ticks()]
    _paint_bar(painter, spec, palette, box, line, map_colours(spec.map, palette), ticks)


def _paint_bar(
    painter: QPainter, spec: LegendSpec, palette: CanvasPalette, box: QRectF, line: float, colours: np.ndarray, ticks: list[str]
) -> None:  # fmt: skip
    """The colours from left to right, and the values of both ends and the middle."""
    scale = spec.scale
    pixels = np.ascontiguousarray(colours)
    strip = QImage(pixels.data, len(pixels), 1, 4 * len(pixels), QImage.Format.Format_RGB32)
    bar = QRectF(box.left(), box.top() + line + 3 * scale, box.width(), _BAR * scale)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(bar, strip, QRectF(0, 0, len(pixels), 1))
    edge = QColor(palette.text_dim)
    edge.setAlphaF(0.45)
    painter.setPen(edge)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.drawRect(bar)
    painter.setPen(palette.text)
    row = QRectF(box.left(), bar.bottom() + 2 * scale, box.width(), line)
    sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    for text, side in zip(ticks, sides, strict=True):
        painter.drawText(row, int(side | Qt.AlignmentFlag.AlignVCenter), text)


def _paint_arrows(painter: QPainter, spec: LegendSpec, palette: CanvasPalette, at: QPointF, line: float) -> None:
    assert spec.kind is not None
    scale = spec.scale
    metrics = QFontMetricsF(painter.font())
    _paint_symbol(painter, spec, palette, QPointF(at.x(), at.y() + metrics.ascent()), _SYMBOL[spec.kind])
    y = at.y() + line + 7.5 * scale
    segments, middles = legend_segments(spec, at.x(), y)
    paint_segments(painter, segments, palette.legend_arrow, scale)
    painter.setPen(palette.text)
    for magnitude, middle in zip(MAGNITUDES, middles, strict=True):
        box = QRectF(middle - 40 * scale, y + 6.5 * scale, 80 * scale, line)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter), f"{magnitude:g}")


def _paint_symbol(painter: QPainter, spec: LegendSpec, palette: CanvasPalette, baseline: QPointF, symbol: Symbol) -> None:
    normal = QFont(painter.font())
    small = font(SMALL * 0.75, spec.scale)
    painter.setPen(palette.text_dim)
    for text, subscript in symbol:
        painter.setFont(small if subscript else normal)
        painter.drawText(baseline + QPointF(0, 2.5 * spec.scale if subscript else 0), text)
        baseline = baseline + QPointF(QFontMetricsF(painter.font()).horizontalAdvance(text), 0)
    painter.setFont(normal)
