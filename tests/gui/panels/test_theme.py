"""Both themes are readable, and each is put in force whole."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from scoreviz.gui import icons, theme
from scoreviz.gui.theme import DARK, LIGHT, Theme, Theming

READ = [("text", g) for g in ("ground", "raised", "hover")] + [("dim", g) for g in ("ground", "raised", "hover")]
READ += [("error", "ground"), ("error", "raised"), ("on_select", "select"), ("on_accent", "accent"), ("accent", "ground")]


def luminance(color: str) -> float:
    def linear(c: float) -> float:
        return c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4

    c = QColor(color)
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF())


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize(("front", "back"), READ)
def test_text_can_be_read(look: Theme, front: str, back: str) -> None:
    assert contrast(getattr(look, front), getattr(look, back)) >= 4.5


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize("name", ["predict", "correct", "loss", "distance", "track"])
def test_graphics_can_be_seen(look: Theme, name: str) -> None:
    assert contrast(getattr(look, name), look.ground) >= 3.0


def test_a_choice_overrides_the_system(qapp: QApplication) -> None:
    theming = Theming(qapp, "light")
    seen: list[Theme] = []
    theming.changed.connect(seen.append)
    assert theme.current() == LIGHT
    theming.set_mode("dark")
    theming.set_mode("dark")
    assert theme.current() == DARK
    assert seen == [DARK]
    assert qapp.palette().window().color() == QColor(DARK.ground)


def test_scale_scales_the_font(qapp: QApplication) -> None:
    theming = Theming(qapp, "dark")
    before = qapp.font().pixelSize()
    theming.set_scale(2.0)
    assert qapp.font().pixelSize() == pytest.approx(2 * before, abs=1)
    assert theme.current().px(10) == 20


@pytest.mark.parametrize("name", icons.ICONS)
def test_every_icon_draws_inside_its_square(name: str, qapp: QApplication) -> None:
    image = QImage(48, 48, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    icons.paint(painter, name, QRectF(0, 0, 48, 48), QColor("white"))
    painter.end()
    inked = [(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() > 0]
    assert len(inked) > 20
    assert all(2 <= x <= 45 and 2 <= y <= 45 for x, y in inked)
