"""Letters of a font as closed polygons."""

from __future__ import annotations

import unicodedata

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QGlyphRun, QPainterPath, QRawFont, QTextLayout

from scoreviz.scene.errors import SceneError
from scoreviz.scene.text import QT_TRANSLATE_NOOP

PIXELS = 256
"""Size at which curves become polygons: a five-hundredth of the letters' height off at most."""
LOWEST = 0.35
"""Of the font's size: a dash alone is not blown up to the height of a letter."""


def font_of(family: str, bold: bool) -> QFont:
    """The font to bake; an empty family is the system's sans. SceneError if there is no such family."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if family:
        if family not in QFontDatabase.families():
            raise SceneError(QT_TRANSLATE_NOOP("errors", "There is no font called “{family}” here. Choose another one."), family=family)
        font = QFont(family)
    font.setPixelSize(PIXELS)
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def bake_text(text: str, family: str = "", bold: bool = True) -> bytes:
    """The outline of a `Text` mark: float32 x y pairs of closed polygons, NaN NaN after each, for the even-odd rule.

    Units: the height of the ink (at least 0.35 of the font's size), its centre at 0, y upwards.
    SceneError: no letters, no such family, letters that neither the font nor one that stands in for it can draw: never a box.
    """
    font = font_of(family, bold)
    lacking = [letter for letter in _letters(text) if _drawn_by(letter, font) is None]
    if lacking or any(0 in run.glyphIndexes() for run in _glyphs(text, font)):
        raise SceneError(
            QT_TRANSLATE_NOOP("errors", "No font here draws “{letters}” as an outline. Choose another font, or leave it out."),
            letters=" ".join(f"{letter} (U+{ord(letter):04X})" for letter in lacking[:8]) or text,
        )
    path = QPainterPath()
    path.addText(0, 0, font, text)
    path.setFillRule(Qt.FillRule.WindingFill)
    rect = path.boundingRect()
    if rect.isEmpty():
        raise SceneError(QT_TRANSLATE_NOOP("errors", "There is nothing to draw yet. Write some letters."))
    scale = 1.0 / max(rect.height(), LOWEST * PIXELS)
    rows: list[tuple[float, float]] = []
    for polygon in path.simplified().toSubpathPolygons():  # without overlaps, so that the even-odd rule fills what the letters fill
        rows += [((p.x() - rect.center().x()) * scale, (rect.center().y() - p.y()) * scale) for p in polygon.toList()]
        rows.append((np.nan, np.nan))
    return np.array(rows, "<f4").tobytes()


def borrowed(text: str, family: str, bold: bool) -> list[str]:
    """Families that stand in for letters which the chosen one lacks."""
    font = font_of(family, bold)
    drawn = {_drawn_by(letter, font) for letter in _letters(text)} - {None, QRawFont.fromFont(font).familyName()}
    return sorted(name for name in drawn if name is not None)


def _letters(text: str) -> list[str]:
    """Each letter once; spaces, controls and accents that need a letter draw nothing of their own."""
    return [c for c in dict.fromkeys(text) if unicodedata.category(c) not in ("Cc", "Cf") and unicodedata.category(c)[0] not in "ZM"]


def _drawn_by(letter: str, font: QFont) -> str | None:
    """The family whose outline it is, None if there is none."""
    runs = _glyphs(letter, font)
    for run in runs:
        raw = run.rawFont()
        if any(glyph == 0 or raw.pathForGlyph(glyph).isEmpty() for glyph in run.glyphIndexes()):
            return None
    return runs[0].rawFont().familyName() if runs else None


def _glyphs(text: str, font: QFont) -> list[QGlyphRun]:
    layout = QTextLayout(text, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return layout.glyphRuns()
