"""The words on the picture: where the run is, what the layers show if that is not the same, and a message on an empty one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from scoreviz.gui.canvas.frame import ArrowGrid, Caption, DensityGrid, MapGrid, MeanGrid
from scoreviz.gui.canvas.maps import missing
from scoreviz.gui.canvas.palette import CanvasPalette
from scoreviz.gui.canvas.particles import Counts
from scoreviz.gui.canvas.text import EDGE, SIZE, SMALL, count_text, font, paint_plate, sigma_text, signed

_GAP = 18.0  # between cells
_PAD = 8.0  # within the plate


@dataclass(frozen=True)
class Line:
    """One sentence under the caption."""

    text: str
    warning: bool = False


def cells(caption: Caption) -> list[tuple[str, str, str]]:
    """The first row: name, value, and the widest value, whose room is kept so that nothing moves while numbers run."""
    out = [("", caption.label, "")] if caption.label else []
    if caption.t is not None:
        out.append(("t", signed(caption.t, 3), "0.000"))
    if caption.sigma is not None:
        out.append(("σ", sigma_text(caption.sigma), "0.000"))
    if caption.log_snr is not None and math.isfinite(caption.log_snr):
        out.append((QCoreApplication.translate("canvas", "log-SNR"), signed(caption.log_snr, 1, plus=True), "+00.0"))
    if caption.position:
        out.append(("", caption.position, ""))
    return out


def lines(
    caption: Caption | None, density: DensityGrid | None, arrows: ArrowGrid | None, counts: Counts, missing_arrows: int
) -> list[Line]:
    """What else must be said: a layer of another sigma than the particles', the network's age, what is not drawn."""
    out = _field_lines(caption, density, arrows)
    if arrows is not None and arrows.kind != "exact" and arrows.training_step is not None:
        step = count_text(arrows.training_step)
        out.append(Line(QCoreApplication.translate("canvas", "arrows: network at training step {step}").format(step=step)))
    if counts.as_density:
        text = QCoreApplication.translate("canvas", "particle density of {count} points, on log p's fixed range, no trails")
        out.append(Line(text.format(count=count_text(counts.total))))
    if counts.outside:
        text = QCoreApplication.translate("canvas", "{count} of {total} particles outside the picture")
        out.append(Line(text.format(count=count_text(counts.outside), total=count_text(counts.total))))
    if counts.not_finite:
        text = QCoreApplication.translate("canvas", "{count} of {total} particles are not finite")
        out.append(Line(text.format(count=count_text(counts.not_finite), total=count_text(counts.total)), warning=True))
    if missing_arrows:
        text = QCoreApplication.translate("canvas", "{count} arrows are not finite and not drawn")
        out.append(Line(text.format(count=count_text(missing_arrows)), warning=True))
    out += [Line(note) for note in (caption.notes if caption else ())]
    return out


def inspect_lines(caption: Caption | None, grid: MapGrid | None, means: MeanGrid | None, *, due: bool = False) -> list[Line]:
    """What must be said of a map and of the posterior means: another sigma than the frame's, the network's age, how far it is computed,
    the one figure that sums it up."""
    here = caption.sigma if caption else None
    out = []
    if due and grid is None:
        out.append(Line(QCoreApplication.translate("canvas", "the map is being computed")))
    if grid is not None:
        if not _same(grid.sigma, here):
            text = QCoreApplication.translate("canvas", "map at σ {sigma}").format(sigma=sigma_text(grid.sigma))
            out.append(Line(text, here is not None))
        if grid.training_step is not None:
            text = QCoreApplication.translate("canvas", "map: network at training step {step}")
            out.append(Line(text.format(step=count_text(grid.training_step))))
        if grid.share < 1.0:
            text = QCoreApplication.translate("canvas", "map: {percent} % computed")
            out.append(Line(text.format(percent=round(100 * grid.share))))
        if grid.figure is not None:
            out.append(Line(_figure(grid).format(value=f"{grid.figure:.3g}")))
        if count := missing(grid):
            text = QCoreApplication.translate("canvas", "{count} cells of the map have no value")
            out.append(Line(text.format(count=count_text(count)), warning=True))
    if means is not None:
        if not _same(means.sigma, here):
            text = QCoreApplication.translate("canvas", "posterior mean at σ {sigma}").format(sigma=sigma_text(means.sigma))
            out.append(Line(text, here is not None))
        if means.training_step is not None:
            text = QCoreApplication.translate("canvas", "posterior mean: network at training step {step}")
            out.append(Line(text.format(step=count_text(means.training_step))))
    return out


def _figure(grid: MapGrid) -> str:
    match grid.kind:
        case "error":
            return QCoreApplication.translate("canvas", "root mean square where the data is (weighted by p): {value}")
        case "weighted":
            return QCoreApplication.translate("canvas", "its integral over the picture, of the Fisher divergence: {value} per unit²")
        case "log_network":
            return QCoreApplication.translate("canvas", "shifted to mass 1; off log p by {value} nats RMS, weighted by p")
        case _:
            return QCoreApplication.translate("canvas", "off log p by {value} nats RMS, weighted by p")


def _field_lines(caption: Caption | None, density: DensityGrid | None, arrows: ArrowGrid | None) -> list[Line]:
    here = caption.sigma if caption else None
    off = [layer is not None and not _same(layer.sigma, here) for layer in (density, arrows)]
    warning = here is not None
    if density is not None and arrows is not None and all(off) and _same(density.sigma, arrows.sigma):
        return [Line(QCoreApplication.translate("canvas", "field at σ {sigma}").format(sigma=sigma_text(arrows.sigma)), warning)]
    out = []
    if density is not None and off[0]:
        out.append(Line(QCoreApplication.translate("canvas", "density at σ {sigma}").format(sigma=sigma_text(density.sigma)), warning))
    if arrows is not None and off[1]:
        out.append(Line(QCoreApplication.translate("canvas", "arrows at σ {sigma}").format(sigma=sigma_text(arrows.sigma)), warning))
    return out


def _same(sigma: float, other: float | None) -> bool:
    return other is not None and math.isclose(sigma, other, rel_tol=1e-4, abs_tol=1e-9)  # float32 on its way here


def paint_caption(
    painter: QPainter, caption: Caption | None, below: list[Line], size: tuple[int, int], scale: float, palette: CanvasPalette
) -> QRectF:
    """Draw the caption top left, wrapped to the width; returns its plate."""
    row = cells(caption) if caption else []
    if not row and not below:
        return QRectF()
    big, small = font(SIZE, scale), font(SMALL, scale)
    metrics, small_metrics = QFontMetricsF(big), QFontMetricsF(small)
    room = max(size[0] - 2 * (EDGE + _PAD) * scale, 1.0)
    placed, width, rows = _flow(row, metrics, room, scale)
    top = rows * metrics.lineSpacing()
    texts = [small_metrics.elidedText(line.text, Qt.TextElideMode.ElideRight, room) for line in below]
    width = max([width, *(small_metrics.horizontalAdvance(text) for text in texts)])
    leading = small_metrics.lineSpacing() * 1.12
    plate = QRectF(EDGE * scale, EDGE * scale, width + 2 * _PAD * scale, top + leading * len(texts) + 1.4 * _PAD * scale)
    paint_plate(painter, plate, palette.plate, scale)
    origin = plate.topLeft() + QPointF(_PAD, 0.7 * _PAD) * scale
    painter.setFont(big)
    for at, text, is_name in placed:
        painter.setPen(palette.text_dim if is_name else palette.text)
        painter.drawText(origin + at, text)
    painter.setFont(small)
    for i, (line, text) in enumerate(zip(below, texts, strict=True)):
        painter.setPen(palette.warning if line.warning else palette.text_dim)
        painter.drawText(origin + QPointF(0, top + leading * i + small_metrics.ascent() + 0.06 * leading), text)
    return plate


def _flow(
    row: list[tuple[str, str, str]], metrics: QFontMetricsF, room: float, scale: float
) -> tuple[list[tuple[QPointF, str, bool]], float, int]:
    """Places the cells left to right, onto further rows where they do not fit: (baseline, text, is a name), the width, the rows."""
    placed: list[tuple[QPointF, str, bool]] = []
    x = widest = 0.0
    rows = 1 if row else 0
    for name, value, template in row:
        name_width = metrics.horizontalAdvance(name + "\u2009") + 4 * scale if name else 0.0
        value_width = max(metrics.horizontalAdvance(value), metrics.horizontalAdvance(template))
        if x and x + name_width + value_width > room:
            x, rows = 0.0, rows + 1
        baseline = (rows - 1) * metrics.lineSpacing() + metrics.ascent()
        value = metrics.elidedText(value, Qt.TextElideMode.ElideRight, max(room - x - name_width, 1.0))
        if name:
            placed.append((QPointF(x, baseline), name, True))
        placed.append((QPointF(x + name_width, baseline), value, False))
        widest = max(widest, x + name_width + value_width)
        x += name_width + value_width + _GAP * scale
    return placed, widest, rows


def paint_message(
    painter: QPainter, message: str, size: tuple[int, int], scale: float, palette: CanvasPalette, *, aside: bool = False
) -> None:  # fmt: skip
    """A sentence in the middle of an empty picture; `aside`: smaller and higher, over a picture that has something to show."""
    painter.setFont(font(13.5 if aside else 17.0, scale))
    painter.setPen(palette.text)
    area = QRectF(0, 0, size[0], size[1] * (0.45 if aside else 1.0)).adjusted(24 * scale, 0, -24 * scale, 0)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    box = painter.boundingRect(area, int(flags), message)
    paint_plate(painter, box.adjusted(-18 * scale, -12 * scale, 18 * scale, 12 * scale), palette.plate, scale)
    painter.setPen(palette.text)
    painter.drawText(area, int(flags), message)
