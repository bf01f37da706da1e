"""The four panes painted, without a widget: on screen and offline from the same code.

Sizes here are device pixels; the pictures are made of whole ones, so that nothing is blurred.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QCoreApplication, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from scoreviz.gui.canvas.caption import cells, paint_message
from scoreviz.gui.canvas.frame import Caption
from scoreviz.gui.canvas.palette import palette
from scoreviz.gui.canvas.text import SIZE, SMALL, count_text, font
from scoreviz.gui.images.run import PictureRun
from scoreviz.gui.images.tiles import Place, Spacing, places, tiled
from scoreviz.gui.images.tones import PANES, PaneName, Toned, toned
from scoreviz.gui.theme import DARK, LIGHT, Theme
from scoreviz.gui.widgets.words import figure

HEADER, MARGIN, GAP, CAPTION, LEAST = 36.0, 10.0, 10.0, 38.0, 128.0  # logical pixels
WORDY = 220.0  # the width from which a caption says black and white in words, whatever the figures are
CUT_SAID = 0.01  # share of values beyond black or white that is worth saying


def _tr(text: str) -> str:
    return QCoreApplication.translate("Panes", text)


@dataclass(frozen=True)
class Content:
    """What is shown: frame k of a run, all pictures (chosen 0) or one of them counted from 1, or a message where there is no run."""

    run: PictureRun | None = None
    k: int = 0
    chosen: int = 0
    tones: Literal["noise", "data"] = "noise"
    message: str = ""

    @property
    def single(self) -> int:
        """The picture that is shown alone, from 1; 0 for all of them."""
        return self.chosen if self.run is not None and self.chosen <= self.run.shape[0] else 0

    @property
    def ready(self) -> bool:
        """Is there a frame to show?"""
        return self.run is not None and self.run.has(self.k)


def title(name: PaneName) -> str:
    """A pane's name."""
    return {"x": "xₜ", "x0": "E[x₀ | xₜ]", "score": _tr("std · score"), "update": _tr("last update")}[name]


def explained(name: PaneName) -> str:
    """A pane in one sentence."""
    return {
        "x": _tr("xₜ: the pictures after this substep."),
        "x0": _tr("E[x₀ | xₜ] = (xₜ + std² s) / a: the clean picture expected behind xₜ = a x₀ + std z, by the score before this substep."),
        "score": _tr("std · s: the score in units of 1/std (for VE, std is σ), where this substep evaluated it. Grey is 0."),
        "update": _tr("Last update: xₜ after this substep minus xₜ before it, drift and fresh noise together. Grey is 0."),
    }[name]


def number(value: float) -> str:
    """A figure with a true minus and no idle zeros."""
    text = figure(value)
    return (text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text).replace("-", "−")


def range_words(pane: Toned) -> list[str]:
    """Which values are black and white, and what share is cut: in words, and in few."""
    cut = " · " + _tr("{percent} % cut").format(percent=figure(100 * pane.cut)) if pane.cut > CUT_SAID else ""
    low, high = number(pane.low), number(pane.high)
    plain = f"±{high}" if pane.low == -pane.high else f"{low} … {high}"
    return [_tr("black {low} … white {high}").format(low=low, high=high) + cut, plain + cut]


def caption_of(run: PictureRun, k: int) -> Caption:
    """Where the run is."""
    timed = run.axis in ("reverse", "forward")
    levels = sorted({float(s) for s in run.sigma[1:]}, reverse=True) if run.axis == "levels" else []
    at = next((i for i, level in enumerate(levels, 1) if level <= run.sigma[k]), len(levels))
    return Caption(
        label=f"{run.label} ({run.noise})" if run.noise else run.label,
        t=float(run.t[k]) if timed else None,
        sigma=float(run.sigma[k]) if math.isfinite(run.sigma[k]) else None,
        log_snr=float(run.log_snr[k]),
        position=_tr("level {k} of {n}").format(k=at, n=len(levels)) if levels else "",
    )


class PanesPicture:
    """Paints a Content. It keeps what it made for the frame and the size that it painted last."""

    def __init__(self) -> None:
        self._toned: tuple[object, list[Toned]] = ((), [])
        self._images: tuple[object, list[QImage | None]] = ((), [])
        self.places: list[Place] = []

    def panes(self, content: Content) -> list[Toned]:
        """The bytes behind the four panes, their ranges and what is cut; empty where there is no frame."""
        run = content.run
        if run is None or not content.ready:
            return []
        key = (tuple(id(run.frames.get(k)) for k in run.needs(content.k)), id(run), content.k, content.tones)
        if key != self._toned[0]:
            self._toned = (key, list(toned(run, content.k, content.tones)))
        return self._toned[1]

    def picture_at(self, content: Content, x: float, y: float) -> int | None:
        """Which picture lies there, from 1."""
        if content.run is None:
            return None
        count = 1 if content.single else content.run.shape[0]
        for place in self.places:
            if place.pictures.contains(int(x), int(y)):
                found = place.grid.picture_at(x - place.pictures.x(), y - place.pictures.y(), count)
                return None if found is None else content.single or found + 1
        return None

    def pane_at(self, x: float, y: float) -> PaneName | None:
        """Whose box lies there."""
        return next((name for name, place in zip(PANES, self.places, strict=False) if place.box.contains(int(x), int(y))), None)

    def image(self, content: Content, size: tuple[int, int], theme: Literal["dark", "light"], scale: float = 1.0) -> QImage:
        """All of it, offline."""
        image = QImage(*size, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        try:
            self.paint(painter, content, size, replace(DARK if theme == "dark" else LIGHT, scale=scale))
        finally:
            painter.end()
        return image

    def paint(self, painter: QPainter, content: Content, size: tuple[int, int], theme: Theme, header_room: int | None = None) -> None:
        """Paint at a size; `theme.scale` is device pixels for one logical one. The header keeps to the left `header_room`."""
        painter.fillRect(QRect(0, 0, *size), theme.color("ground"))
        panes, run = self.panes(content), content.run
        if run is None or not panes:
            self.places = []
            if content.message:
                paint_message(painter, content.message, size, theme.scale, palette(theme.name))
            return
        margin = theme.px(MARGIN)
        top = theme.px(HEADER)
        room = QRect(margin, top, size[0] - 2 * margin, size[1] - top - margin)
        spacing = Spacing(theme.px(CAPTION), theme.px(GAP), theme.px(LEAST))
        self.places = places(1 if content.single else run.shape[0], run.shape[3], run.shape[2], room, spacing)
        left = self.places[0].pictures.x()
        self._paint_header(painter, content, theme, left, header_room or size[0])
        for place, pane, image in zip(self.places, panes, self._made(content, panes, theme), strict=True):
            self._paint_caption(painter, place, pane, theme)
            if image is None:
                missing = _tr("not in the file") if run.file else _tr("being computed")
                self._paint_nothing(painter, place, theme, missing if content.k else _tr("from the first substep on"))
            else:
                painter.fillRect(place.pictures.adjusted(-1, -1, 1, 1), theme.color("border"))  # white pictures on a white ground end here
                painter.drawImage(place.pictures.topLeft(), image)

    def _made(self, content: Content, panes: Sequence[Toned], theme: Theme) -> list[QImage | None]:
        key = (self._toned[0], content.single, theme.name, tuple(place.grid for place in self.places))
        if key != self._images[0]:
            self._images = (key, [self._make(content, pane, place, theme) for pane, place in zip(panes, self.places, strict=True)])
        return self._images[1]

    def _make(self, content: Content, pane: Toned, place: Place, theme: Theme) -> QImage | None:
        if pane.pixels is None:
            return None
        pixels = pane.pixels[content.single - 1 : content.single] if content.single else pane.pixels
        made = tiled(pixels, place.grid, theme.color("border").rgb())
        height, width = made.shape
        return QImage(made.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()

    def _paint_header(self, painter: QPainter, content: Content, theme: Theme, left: int, room: int) -> None:
        """Sampler, t, sigma, log-SNR, and which picture, as far as there is room."""
        run = content.run
        assert run is not None
        words = cells(caption_of(run, content.k))
        if content.single:
            one = _tr("picture {k} of {n}").format(k=content.single, n=count_text(run.shape[0]))
            words.insert(1, ("", one, ""))
        type_ = font(SIZE, theme.scale)
        metrics, x = QFontMetricsF(type_), float(left)
        baseline = (theme.px(HEADER) + metrics.ascent() - metrics.descent()) / 2
        painter.setFont(type_)
        for name, value, template in words:
            gap = 4 * theme.scale if name else 0.0
            wide = metrics.horizontalAdvance(name) + gap
            needs = wide + max(metrics.horizontalAdvance(value), metrics.horizontalAdvance(template))
            if x + needs > room:
                break
            painter.setPen(theme.color("dim"))
            painter.drawText(QPointF(x, baseline), name)
            painter.setPen(theme.color("text"))
            painter.drawText(QPointF(x + wide, baseline), value)
            x += needs + 18 * theme.scale

    def _paint_caption(self, painter: QPainter, place: Place, pane: Toned, theme: Theme) -> None:
        """The title, and below it what black and white mean."""
        box, scale = QRectF(place.box), theme.scale
        bold, small = font(SIZE, scale, bold=True), font(SMALL, scale)
        metrics, small_metrics = QFontMetricsF(bold), QFontMetricsF(small)
        first = box.top() + metrics.ascent() + 1 * scale
        painter.setFont(bold)
        painter.setPen(theme.color("text"))
        painter.drawText(QPointF(box.left(), first), title(pane.name))
        painter.setFont(small)
        after = metrics.horizontalAdvance(title(pane.name)) + 8 * scale
        if pane.substep is not None:
            k = count_text(pane.substep)
            self._fit(painter, [_tr("of substep {k}").format(k=k), _tr("of {k}").format(k=k)], QPointF(box.left() + after, first),
                      box.width() - after, small_metrics, palette(theme.name).warning)  # fmt: skip
        if pane.pixels is None:
            return
        words = range_words(pane) if box.width() >= WORDY * scale else range_words(pane)[1:]
        if place.grid.zoom < 0:
            words = [f"{w} · " + _tr("means of {n} × {n} pixels").format(n=-place.grid.zoom) for w in words] + [
                f"{words[-1]} · 1 : {-place.grid.zoom}"
            ]
        second = first + metrics.descent() + small_metrics.ascent() + 1 * scale
        self._fit(painter, words, QPointF(box.left(), second), box.width(), small_metrics, theme.color("dim"))

    def _fit(self, painter: QPainter, words: Sequence[str], at: QPointF, room: float, metrics: QFontMetricsF, color: QColor) -> None:
        text = next((w for w in words if metrics.horizontalAdvance(w) <= room), words[-1])
        painter.setPen(color)
        painter.drawText(at, metrics.elidedText(text, Qt.TextElideMode.ElideRight, math.ceil(room)))

    def _paint_nothing(self, painter: QPainter, place: Place, theme: Theme, words: str) -> None:
        """A pane that has nothing yet says when it will."""
        painter.setPen(theme.color("rule"))
        painter.drawRect(QRectF(place.pictures).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setFont(font(SMALL, theme.scale))
        painter.setPen(theme.color("dim"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(place.pictures).adjusted(8, 0, -8, 0), int(flags), words)
